"""Reads and writes safetensors files with float32 and int32 tensors."""
import json
import os
import struct

import numpy as np

DTYPES = {'F32': np.float32, 'I32': np.int32, 'F16': np.float16}
NAMES = {'float32': 'F32', 'int32': 'I32'}


def read_safetensors(path):
    with open(path, 'rb') as file:
        size, = struct.unpack('<Q', file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    metadata = header.pop('__metadata__', {})
    tensors = {}
    for name, entry in header.items():
        start, end = entry['data_offsets']
        tensors[name] = np.frombuffer(data[start:end], DTYPES[entry['dtype']]).reshape(entry['shape']).copy()
    return tensors, metadata


def write_safetensors(path, tensors, metadata):
    """Replaces the file in one go: stopped half-way, the old one is still there."""
    header, at = {'__metadata__': metadata}, 0
    for name, value in tensors.items():
        header[name] = {'dtype': NAMES[value.dtype.name], 'shape': list(value.shape), 'data_offsets': [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(f'{path}.tmp', 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for value in tensors.values():
            file.write(np.ascontiguousarray(value).tobytes())
    os.replace(f'{path}.tmp', path)
