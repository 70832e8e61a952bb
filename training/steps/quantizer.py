"""Codebooks as running averages, and which of them a segment uses (src/training/codebook-averages.ts, quantizer-training.ts)."""
import numpy as np
import torch


def nearest(points, vectors):
    """Index of the nearest vector to each point, as the graph finds it."""
    return torch.argmin(points @ (-2 * vectors).t() + torch.sum(vectors * vectors, 1), 1)


class Quantizer:
    """`rules` is the manifest's; `tensors` are the checkpoint's, by name, on the device, changed in place."""

    def __init__(self, rules, tensors, device):
        self.rules, self.tensors, self.device = rules, tensors, device
        self.rows = rules['batch'] * rules['segmentFrames']

    def parts(self):
        for book in self.rules['codebooks']:
            yield tuple(self.tensors[book[part]] for part in ('vectors', 'counts', 'sums'))

    @property
    def empty(self):
        return all(not counts.any() for _, counts, _ in self.parts())

    def uses_codes(self, step):
        return step > self.rules['unquantizedSteps']

    def inputs(self, step, rng, probe):
        share = self.rules['bypassShare'] if self.uses_codes(step) else 1
        if share < 1 and self.empty:
            self.initialise(probe, rng)
        counts = list(self.rules['bitrates'].values())
        return self.feed(lambda: 0 if rng.uniform() < share else counts[rng.int(len(counts))])

    def conditions(self):
        counts = {'none': 0, **({} if self.empty else self.rules['bitrates'])}
        return {name: self.feed(lambda count=count: count) for name, count in counts.items()}

    def feed(self, codebooks_of):
        frames = self.rules['segmentFrames']
        mask = np.zeros((len(self.rules['codebooks']), self.rows, 1), np.float32)
        bypass = np.zeros((self.rows, 1), np.float32)
        for segment in range(self.rules['batch']):
            used, span = codebooks_of(), slice(segment * frames, (segment + 1) * frames)
            bypass[span] = used == 0
            mask[:used, span] = 1
        if bypass.all():
            mask[:] = 1e-6
        feed = {book['input']: self.tensors[book['vectors']] for book in self.rules['codebooks']}
        return {**feed, 'mask': torch.from_numpy(mask).to(self.device), 'bypass': torch.from_numpy(bypass).to(self.device)}

    def initialise(self, probe, rng):
        unquantized = self.feed(lambda: 0)
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
