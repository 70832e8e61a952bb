"""Sound files as the project's trainer reads, splits and draws them (src/training/dataset.ts)."""
import math
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

AUDIO = re.compile(r'\.(wav|flac|ogg|opus|mp3|m4a|g722)$', re.I)


def decode(path, rate):
    command = ['ffmpeg', '-nostdin', '-v', 'error', '-i', path, '-ac', '1', '-ar', str(rate), '-f', 's16le', '-']
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        print(f'left out {path}: {done.stderr.decode(errors="replace").strip()}', file=sys.stderr)
        return None
    return np.frombuffer(done.stdout, np.int16)


def load_clips(folder, rate):
    """All clips below a folder as (name, 16-bit mono samples), in name order."""
    found = sorted(os.path.join(base, name) for base, _, names in os.walk(folder, followlinks=True)
                   for name in names if AUDIO.search(name))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        samples = pool.map(lambda path: decode(path, rate), found)
    clips = [(os.path.relpath(path, folder), each) for path, each in zip(found, samples) if each is not None]
    if not clips:
        raise SystemExit(f'there is nothing to train on in {folder}: {len(found)} sound files, none readable')
    return clips


def split_clips(clips, share, rng):
    """(training, validation) by the first part of the name, a speaker or an album."""
    def speaker(clip):
        return os.path.basename(clip[0]).split('-')[0]
    speakers = sorted({speaker(clip) for clip in clips})
    for i in range(len(speakers) - 1, 0, -1):
        j = rng.int(i + 1)
        speakers[i], speakers[j] = speakers[j], speakers[i]
    held = set(speakers[:int(len(speakers) * share)])
    train = [clip for clip in clips if speaker(clip) not in held]
    validation = [clip for clip in clips if speaker(clip) in held]
    return train, validation


class Batches:
    """Random segments, changed at random as the recipe's `training.augment` says (src/training/batches.ts)."""

    def __init__(self, clips, shape, rate, augment):
        self.clips = [samples for _, samples in clips]
        self.ends = np.cumsum([len(samples) for samples in self.clips])
        self.shape, self.rate, self.augment = shape, rate, augment

    def draw(self, rng):
        batch, length, _ = self.shape
        out, augment = np.zeros((batch, length), np.float32), self.augment
        for row in out:
            segment = self.segment(rng)
            if happens(augment['mixShare'], rng):
                segment = mixed(segment, self.segment(rng), augment['mixDb'] * rng.uniform())
            if happens(augment['bandShare'], rng):
                widest = self.rate / 2 / augment['bandHz']
                segment = band_limited(segment, augment['bandHz'] * widest ** rng.uniform() / self.rate)
            peak = max(1.0, float(np.abs(segment).max(initial=1.0)))
            gain_db = 2 * augment['gainDb'] * rng.uniform() - augment['gainDb']
            row[:] = segment.astype(np.float64) * (min(10 ** (gain_db / 20), 32767 / peak) / 32768)
        return out.reshape(self.shape)

    def segment(self, rng):
        length, augment = self.shape[1], self.augment
        at = int(np.searchsorted(self.ends, rng.uniform() * self.ends[-1], 'right'))
        clip = self.clips[min(at, len(self.clips) - 1)]
        factor = augment['speed'] ** (2 * rng.uniform() - 1) if happens(augment['speedShare'], rng) else 1
        needed = math.ceil(length * factor)
        start = rng.int(max(1, len(clip) - needed))
        taken = np.zeros(needed, np.float32)
        part = clip[start:start + needed]
        taken[:len(part)] = part
        return taken if factor == 1 else resampled(taken, factor, length)


def happens(share, rng):
    return share > 0 and rng.uniform() < share


def mixed(segment, other, softer_db):
    power, other_power = (float(np.sum(x.astype(np.float64) ** 2)) for x in (segment, other))
    if power == 0 or other_power == 0:
        return segment
    gain = math.sqrt(power / other_power) * 10 ** (-softer_db / 20)
    return (segment + gain * other.astype(np.float64)).astype(np.float32)


def hann(at):
    return 0.5 + 0.5 * np.cos(np.pi * at)


def resampled(x, factor, length, crossings=8, band_end=0.9):
    cutoff = band_end / factor if factor > 1 else 1
    reach = math.ceil(crossings / cutoff)
    place = np.arange(length) * factor
    index = np.floor(place).astype(int)[:, None] - reach + 1 + np.arange(2 * reach)
    at = (place[:, None] - index) * cutoff
    weights = np.where(np.abs(at) < crossings, np.sinc(at) * hann(at / crossings), 0) * cutoff
    weights[(index < 0) | (index >= len(x))] = 0
    return np.sum(x[np.clip(index, 0, len(x) - 1)] * weights, 1).astype(np.float32)


def band_limited(x, cutoff, taps=63):
    half = (taps - 1) // 2
    k = np.arange(taps) - half
    kernel = np.sinc(k * 2 * cutoff) * 2 * cutoff * hann(k / (half + 1))
    return np.convolve(x, kernel / kernel.sum(), 'same').astype(np.float32)
