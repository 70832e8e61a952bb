"""The project's seeded random numbers (src/core/rng.ts): xoshiro128**, seeded by splitmix32. The same draws on both sides."""
import math

MASK = 0xFFFFFFFF


class Rng:
    def __init__(self, seed=0, state=None):
        self.state = list(state) if state is not None else []
        z = seed & MASK
        while len(self.state) < 4:
            z = (z + 0x9E3779B9) & MASK
            x = ((z ^ z >> 16) * 0x85EBCA6B) & MASK
            x = ((x ^ x >> 13) * 0xC2B2AE35) & MASK
            self.state.append(x ^ x >> 16)

    def uint32(self):
        s = self.state
        x = s[1] * 5 & MASK
        result = ((x << 7 | x >> 25) & MASK) * 9 & MASK
        t = s[1] << 9 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = (s[3] << 11 | s[3] >> 21) & MASK
        return result

    def uniform(self):
        return self.uint32() / 2 ** 32

    def int(self, n):
        return math.floor(self.uniform() * n)
