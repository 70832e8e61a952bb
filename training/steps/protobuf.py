"""Reads ONNX files: the protobuf wire format, and as much of onnx.proto as graphs of this project use."""
import struct

import numpy as np

DTYPES = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """Yields (number, value): an int, a float or a memoryview."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = struct.unpack_from('<d', data, at)[0], at + 8
        elif wire == 5:
            value, at = struct.unpack_from('<f', data, at)[0], at + 4
        elif wire == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f'not an ONNX file: wire type {wire}')
        yield number, value


def signed(value):
    return value - (1 << 64) if value >= 1 << 63 else value


def integers(value):
    """A repeated int64 field: one value, or many packed."""
    if isinstance(value, int):
        return [signed(value)]
    at, found = 0, []
    while at < len(value):
        one, at = varint(value, at)
        found.append(signed(one))
    return found


def text(value):
    return bytes(value).decode()


def attribute(data):
    name, result, ints = '', None, []
    for number, value in fields(data):
        if number == 1:
            name = text(value)
        elif number == 2:
            result = value
        elif number == 3:
            result = signed(value)
        elif number == 4:
            result = text(value)
        elif number == 8:
            ints += integers(value)
    return name, ints if result is None else result


class Node:
    """One operation."""

    def __init__(self, data):
        self.inputs, self.outputs, self.attributes, self.op, self.domain = [], [], {}, '', ''
        for number, value in fields(data):
            if number == 1:
                self.inputs.append(text(value))
            elif number == 2:
                self.outputs.append(text(value))
            elif number == 4:
                self.op = text(value)
            elif number == 7:
                self.domain = text(value)
            elif number == 5:
                name, content = attribute(value)
                self.attributes[name] = content


def tensor(data):
    shape, dtype, name, raw = [], None, '', b''
    for number, value in fields(data):
        if number == 1:
            shape += integers(value)
        elif number == 2:
            dtype = DTYPES[value]
        elif number == 8:
            name = text(value)
        elif number == 9:
            raw = bytes(value)
    return name, np.frombuffer(raw, dtype).reshape(shape)


def read_onnx(path):
    """Gives (nodes in order, constants by name, names of outputs)."""
    nodes, constants, outputs = [], {}, []
    with open(path, 'rb') as file:
        model = memoryview(file.read())
    graph = next(value for number, value in fields(model) if number == 7)
    for number, value in fields(graph):
        if number == 1:
            nodes.append(Node(value))
        elif number == 5:
            name, content = tensor(value)
            constants[name] = content
        elif number == 12:
            outputs.append(next(text(v) for n, v in fields(value) if n == 1))
    return nodes, constants, outputs
