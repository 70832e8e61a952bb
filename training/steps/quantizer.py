"""Codebooks as running averages (src/training/codebook-averages.ts, quantizer-training.ts)."""
import torch


def nearest(points, vectors):
    """Index of the nearest vector to each point, as the graph finds it."""
    return torch.argmin(points @ (-2 * vectors).t() + torch.sum(vectors * vectors, 1), 1)


class Quantizer:
    """`rules` is the manifest's; `tensors` are the checkpoint's, by name, on the device, changed in place."""

    def __init__(self, rules, segments, tensors, device):
        self.rules, self.segments, self.tensors, self.device = rules, segments, tensors, device
        self.rows = segments.rows

    def parts(self):
        for book in self.rules['codebooks']:
            yield tuple(self.tensors[book[part]] for part in ('vectors', 'counts', 'sums'))

    @property
    def empty(self):
        return all(not counts.any() for _, counts, _ in self.parts())

    def uses_codes(self, step):
        return step > self.rules['unquantizedSteps']

    def prepare(self, step, share, probe, rng):
        """Fills the codebooks when they come in. Gives the share of segments that skip them: all before that."""
        share = share if self.uses_codes(step) else 1
        if share < 1 and self.empty:
            self.initialise(probe, rng)
        return share

    def feed(self):
        return {book['input']: self.tensors[book['vectors']] for book in self.rules['codebooks']}

    def initialise(self, probe, rng):
        unquantized = {**self.feed(), **self.segments.feed(self.segments.alike(0))}
        points = torch.cat([probe(unquantized)['latents'] for _ in range(self.rules['initialBatches'])])
        size, rows = self.rules['codebookSize'], len(points)
        for vectors, counts, sums in self.parts():
            vectors.copy_(points[[rng.int(rows) for _ in range(size)]])
            for turn in range(self.rules['kmeansRounds'] + 1):
                chosen = nearest(points, vectors)
                if turn == self.rules['kmeansRounds']:
                    break
                used, total = self.gathered(points, chosen)
                vectors.copy_(total / used.clamp(min=1)[:, None])
                for k in torch.nonzero(used == 0)[:, 0].tolist():
                    vectors[k] = points[rng.int(rows)]
            counts.fill_(rows / size)
            sums.copy_(vectors * (rows / size))
            points = points - vectors[chosen]

    def update(self, step, outputs, rng):
        """Takes a step's outputs into the averages. Gives how many vectors were replaced."""
        if not self.uses_codes(step):
            return {'replacedCodes': 0}
        rules, residual, replaced = self.rules, outputs['latents'], 0
        size, decay = rules['codebookSize'], rules['decay']
        for (vectors, counts, sums), chosen in zip(self.parts(), outputs['codes'].long()):
            used, total = self.gathered(residual, chosen)
            counts.mul_(decay).add_(used, alpha=1 - decay)
            sums.mul_(decay).add_(total, alpha=1 - decay)
            left = residual - vectors[chosen]
            alive = counts >= rules['deadShare'] * self.rows / size
            vectors.copy_(torch.where(alive[:, None], sums / (counts + rules['smoothing'])[:, None], vectors))
            for k in torch.nonzero(~alive)[:, 0].tolist():
                vectors[k] = residual[rng.int(self.rows)]
                counts[k] = self.rows / size
                sums[k] = vectors[k] * (self.rows / size)
                replaced += 1
            residual = left
        return {'replacedCodes': replaced}

    def gathered(self, points, chosen):
        size, dimension = self.rules['codebookSize'], self.rules['dimension']
        used = torch.bincount(chosen, minlength=size).float()
        return used, torch.zeros(size, dimension, device=self.device).index_add_(0, chosen, points)
