"""ONNX operations (opset 17) in PyTorch: those the project's engine writes. Shapes, axes and the like are lists of ints."""
import torch
import torch.nn.functional as F

TYPES = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool}
OPS = {}


def op(*names):
    def add(fn):
        for name in names:
            OPS[name] = fn
        return fn
    return add


def unary(**fns):
    for name, fn in fns.items():
        OPS[name] = lambda a, x, fn=fn: fn(x)


unary(
    Abs=torch.abs, Acos=torch.acos, Asin=torch.asin, Atan=torch.atan, Ceil=torch.ceil, Cos=torch.cos, Cosh=torch.cosh,
    Erf=torch.erf, Exp=torch.exp, Floor=torch.floor, Identity=lambda x: x, Log=torch.log, Neg=torch.neg,
    Not=torch.logical_not, Reciprocal=torch.reciprocal, Relu=torch.relu, Round=torch.round, Sigmoid=torch.sigmoid,
    Sign=torch.sign, Sin=torch.sin, Sinh=torch.sinh, Softplus=F.softplus, Sqrt=torch.sqrt, Tan=torch.tan,
    Tanh=torch.tanh)


def binary(**fns):
    for name, fn in fns.items():
        OPS[name] = lambda a, x, y, fn=fn: fn(x, y)


binary(
    Add=torch.add, Sub=torch.sub, Mul=torch.mul, Max=torch.maximum, Min=torch.minimum, Pow=torch.pow, And=torch.logical_and,
    Or=torch.logical_or, Equal=torch.eq, Greater=torch.gt, GreaterOrEqual=torch.ge, Less=torch.lt, LessOrEqual=torch.le,
    Mod=torch.remainder)


@op('Div')
def div(a, x, y):
    return torch.div(x, y) if x.is_floating_point() else torch.div(x, y, rounding_mode='trunc')


@op('Sum')
def add_all(a, *terms):
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@op('Clip')
def clip(a, x, low, high):
    return torch.minimum(torch.maximum(x, low), high)


@op('LeakyRelu')
def leaky_relu(a, x):
    return F.leaky_relu(x, a['alpha'])


@op('Where')
def where(a, condition, x, y):
    return torch.where(condition, x, y)


@op('Cast')
def cast(a, x):
    return x.to(TYPES[a['to']])


@op('Softmax')
def softmax(a, x):
    return torch.softmax(x, a['axis'])


@op('CumSum')
def cumsum(a, x, axis):
    axis = int(axis)
    y = torch.flip(x, [axis]) if a.get('reverse') else x
    total = torch.cumsum(y, axis)
    if a.get('exclusive'):
        total = total - y
    total = torch.flip(total, [axis]) if a.get('reverse') else total
    return total.to(x.dtype)


def reducing(fn):
    def reduce(a, x, axes=None):
        axes = axes if axes is not None else a.get('axes', list(range(x.dim())))
        return fn(x, axes, bool(a.get('keepdims', 1))) if len(axes) else x
    return reduce


def product(x, axes, keep):
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = torch.prod(x, axis, keep)
    return x


OPS['ReduceSum'] = reducing(lambda x, axes, keep: torch.sum(x, axes, keep, dtype=x.dtype))
OPS['ReduceMean'] = reducing(lambda x, axes, keep: torch.mean(x, axes, keep))
OPS['ReduceMax'] = reducing(lambda x, axes, keep: torch.amax(x, axes, keep))
OPS['ReduceMin'] = reducing(lambda x, axes, keep: torch.amin(x, axes, keep))
OPS['ReduceProd'] = reducing(product)


@op('ArgMax')
def argmax(a, x):
    return torch.argmax(x, a['axis'], bool(a.get('keepdims', 1)))


@op('ArgMin')
def argmin(a, x):
    return torch.argmin(x, a['axis'], bool(a.get('keepdims', 1)))


@op('TopK')
def topk(a, x, k):
    return torch.topk(x, k[0], a.get('axis', -1), bool(a.get('largest', 1)), bool(a.get('sorted', 1)))


@op('Reshape')
def reshape(a, x, shape):
    return x.reshape(shape)


@op('Transpose')
def transpose(a, x):
    return x.permute(a['perm'])


@op('Einsum')
def einsum(a, *xs):
    return torch.einsum(a['equation'], *xs)


@op('Expand')
def expand(a, x, shape):
    return torch.broadcast_to(x, torch.broadcast_shapes(tuple(shape), tuple(x.shape)))


@op('Tile')
def tile(a, x, repeats):
    return x.repeat(repeats)


@op('Concat')
def concat(a, *parts):
    return torch.cat(parts, a['axis'])


@op('Split')
def split(a, x, sizes):
    return torch.split(x, sizes, a['axis'])


@op('Slice')
def slice_box(a, x, starts, ends, axes=None, steps=None):
    axes = axes if axes is not None else list(range(len(starts)))
    steps = steps if steps is not None else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps):
        size = x.shape[axis]
        start, stop, stride = slice(start, end if step > 0 or end >= -size else None, step).indices(size)
        if stride == 1:
            x = x.narrow(axis, start, max(0, stop - start))
        elif stride == -1 and start == size - 1 and stop == -1:
            x = torch.flip(x, [axis])
        else:
            at = torch.tensor(range(start, stop, stride), device=x.device, dtype=torch.long)
            x = torch.index_select(x, axis, at)
    return x


@op('Pad')
def pad(a, x, pads, value=None):
    mode, rank = a.get('mode', 'constant'), x.dim()
    if mode == 'constant':
        sides = [side for axis in reversed(range(rank)) for side in (pads[axis], pads[rank + axis])]
        return F.pad(x, sides, value=0.0 if value is None else float(value))
    for axis in range(rank):
        before, after = pads[axis], pads[rank + axis]
        if before or after:
            size = x.shape[axis]
            order = [abs(i) if i < size else 2 * size - 2 - i for i in range(-before, size + after)]
            x = torch.index_select(x, axis, torch.tensor(order, device=x.device))
    return x


@op('Gather')
def gather(a, x, indices):
    axis = a.get('axis', 0)
    flat = torch.index_select(x, axis, indices.reshape(-1).long())
    return flat.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1:])


@op('OneHot')
def one_hot(a, indices, depth, values):
    hot = F.one_hot(indices.long(), int(depth)).to(values.dtype)
    return values[0] + (values[1] - values[0]) * hot


@op('MatMul')
def matmul(a, x, y):
    return torch.matmul(x, y)


@op('Gemm')
def gemm(a, x, y, bias=None):
    x = x.t() if a.get('transA') else x
    y = y.t() if a.get('transB') else y
    scale = a.get('alpha', 1.0)
    z = torch.mm(x, y) if scale == 1.0 else scale * torch.mm(x, y)
    return z if bias is None else z + a.get('beta', 1.0) * bias


@op('Conv')
def conv(a, x, weight, bias=None):
    top, left, bottom, right = a['pads']
    return F.conv2d(F.pad(x, (left, right, top, bottom)), weight, bias, a['strides'], 0, a['dilations'], a.get('group', 1))


@op('ConvTranspose')
def conv_transpose(a, x, weight):
    top, left, bottom, right = a['pads']
    extra = a.get('output_padding', [0, 0])
    y = F.conv_transpose2d(x, weight, None, a['strides'], 0, 0, a.get('group', 1), a.get('dilations', [1, 1]))
    y = F.pad(y, (0, extra[1], 0, extra[0]))
    return y[:, :, top:y.shape[2] - bottom, left:y.shape[3] - right]


@op('LSTM')
def lstm(a, x, weight_input, weight_hidden, bias, lengths, h, c):
    """One direction; gates come as input, output, forget, cell, PyTorch has input, forget, cell, output."""
    hidden = a['hidden_size']

    def ordered(t):
        i, o, f, g = torch.split(t, hidden, 0)
        return torch.cat((i, f, g, o), 0)

    biases = torch.split(bias[0], 4 * hidden)
    weights = [ordered(t) for t in (weight_input[0], weight_hidden[0], *biases)]
    y, last, cell = torch._VF.lstm(x, (h.contiguous(), c.contiguous()), weights, True, 1, 0.0, False, False, False)
    return y.unsqueeze(1), last, cell
