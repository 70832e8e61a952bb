"""Runs an ONNX graph in PyTorch, node by node."""
import torch

from .ops import OPS
from .protobuf import read_onnx

PRODUCTS = {'MatMul', 'Gemm', 'Conv', 'ConvTranspose'}


class Graph:
    """What follows from constants alone is computed once; values are let go after their last use."""

    def __init__(self, path, device, bfloat16=False):
        nodes, constants, self.outputs = read_onnx(path)
        missing = sorted({node.op for node in nodes if node.domain or node.op not in OPS})
        if missing:
            raise SystemExit(f'{path}: no PyTorch code for {", ".join(missing)}; add it to training/steps/ops.py')
        self.bfloat16 = bfloat16
        # Shapes and axes stay on the host: they are read by Python, not by kernels.
        self.constants = {'': None}
        for name, value in constants.items():
            whole = value.dtype.name == 'int64'
            self.constants[name] = value.tolist() if whole else torch.from_numpy(value.copy()).to(device)
        self.nodes = []
        for node in nodes:
            if all(name in self.constants for name in node.inputs):
                self.constants.update(zip(node.outputs, self.run_node(node, self.constants)))
            else:
                self.nodes.append(node)
        kept, self.releases = set(self.outputs) | set(self.constants), []
        for node in reversed(self.nodes):
            names = set(node.inputs) | set(node.outputs)
            self.releases.append(names - kept)
            kept |= names
        self.releases.reverse()

    @torch.no_grad()
    def __call__(self, inputs):
        values = {**self.constants, **inputs}
        for node, done in zip(self.nodes, self.releases):
            values.update(zip(node.outputs, self.run_node(node, values)))
            for name in done:
                del values[name]
        return {name: values[name] for name in self.outputs}

    def run_node(self, node, values):
        inputs = [values[name] for name in node.inputs]
        # Products with a constant are transforms of the losses, which want all their digits.
        if self.bfloat16 and node.op in PRODUCTS and not any(name in self.constants for name in node.inputs[:2]):
            results = OPS[node.op](node.attributes, *(x.to(torch.bfloat16) for x in inputs)).float()
        else:
            results = OPS[node.op](node.attributes, *inputs)
        return results if isinstance(results, (tuple, list)) else (results,)
