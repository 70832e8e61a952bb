"""Runs an ONNX graph in PyTorch, node by node."""
import torch

from .ops import OPS
from .protobuf import read_onnx

PRODUCTS = {'MatMul', 'Gemm', 'Conv', 'ConvTranspose'}
CHOICES = {'ArgMin', 'ArgMax', 'TopK'}
ON_THE_WAY = {'Add', 'Sub', 'Mul', 'Neg', 'Reshape', 'Sum'}


class Graph:
    """
    What follows from constants alone is computed once; values are let go after their last use. `precision` is that of matrix
    products, but for transforms (a factor is constant) and distances (the nearest is chosen), which want all their digits.
    """

    def __init__(self, path, device, precision='float32'):
        nodes, constants, self.outputs = read_onnx(path)
        missing = sorted({node.op for node in nodes if node.domain or node.op not in OPS})
        if missing:
            raise SystemExit(f'{path}: no PyTorch code for {", ".join(missing)}; add it to training/steps/ops.py')
        self.precision, self.coarse = precision, set()
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
        if precision != 'float32':
            self.coarse = self.coarse_products()

    def coarse_products(self):
        chosen, coarse = set(), set()
        for node in reversed(self.nodes):
            choosing = bool(chosen.intersection(node.outputs))
            if node.op in CHOICES or (choosing and node.op in ON_THE_WAY):
                chosen.update(node.inputs)
            elif node.op in PRODUCTS and not choosing and not any(name in self.constants for name in node.inputs[:2]):
                coarse.add(node.outputs[0])
        return coarse

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
        coarse = node.op in PRODUCTS and node.outputs[0] in self.coarse
        if self.precision == 'tf32' and node.op in PRODUCTS:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = coarse
        if self.precision == 'bf16' and coarse:
            inputs = [x.to(torch.bfloat16) for x in inputs]
            # PyTorch 1.13's convolutions in bfloat16 fail on some processors: there only what goes in is rounded.
            if node.op not in ('MatMul', 'Gemm') and inputs[0].device.type == 'cpu':
                inputs = [x.float() for x in inputs]
            results = OPS[node.op](node.attributes, *inputs).float()
        else:
            results = OPS[node.op](node.attributes, *inputs)
        return results if isinstance(results, (tuple, list)) else (results,)
