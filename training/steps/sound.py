"""Sound files as the project's trainer reads, splits and draws them (src/training/dataset.ts)."""
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
    """Random segments with a random gain."""

    def __init__(self, clips, shape, gain_db):
        self.clips = [samples for _, samples in clips]
        self.ends = np.cumsum([len(samples) for samples in self.clips])
        self.shape = shape
        self.gain_db = gain_db

    def draw(self, rng):
        batch, length, _ = self.shape
        out = np.zeros((batch, length), np.float32)
        for row in out:
            at = int(np.searchsorted(self.ends, rng.uniform() * self.ends[-1], 'right'))
            clip = self.clips[min(at, len(self.clips) - 1)]
            start = rng.int(max(1, len(clip) - length))
            segment = clip[start:start + length].astype(np.float64)
            peak = max(1.0, np.abs(segment).max(initial=1.0))
            gain = min(10 ** ((2 * self.gain_db * rng.uniform() - self.gain_db) / 20), 32767 / peak) / 32768
            row[:len(segment)] = segment * gain
        return out.reshape(self.shape)
