"""Which codebooks each segment of a batch uses: quantizer dropout (src/training/segment-codebooks.ts)."""
import numpy as np
import torch


class Segments:
    """`rules` is the manifest's. A segment that uses 0 codebooks skips the quantizer."""

    def __init__(self, rules, device):
        self.rules, self.device = rules, device
        self.rows = rules['batch'] * rules['segmentFrames']

    def drawn(self, rng, share):
        """Codebooks of a bitrate drawn at random for each segment; 0, with probability `share`."""
        counts = list(self.rules['bitrates'].values())
        return [0 if rng.uniform() < share else counts[rng.int(len(counts))] for _ in range(self.rules['batch'])]

    def alike(self, count):
        return [count] * self.rules['batch']

    def feed(self, counts):
        frames = self.rules['segmentFrames']
        mask = np.zeros((self.rules['codebooks'], self.rows, 1), np.float32)
        bypass = np.zeros((self.rows, 1), np.float32)
        for segment, used in enumerate(counts):
            span = slice(segment * frames, (segment + 1) * frames)
            bypass[span] = used == 0
            mask[:used, span] = 1
        if bypass.all():
            mask[:] = 1e-6
        feed = {'mask': mask, 'bypass': bypass}
        if 'truth' in self.rules:
            feed[self.rules['truth']] = np.array([count == 0 for count in counts], np.float32).reshape(-1, 1, 1)
        return {name: torch.from_numpy(value).to(self.device) for name, value in feed.items()}
