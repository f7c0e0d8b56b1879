"""activations.json: each activation as function and module, under lanewise's names: results, gradients, printed form, special values."""

import torch
from torch import nn

from .encode import encode

INF, NAN = float("inf"), float("nan")
# Kinks, ends of the range of exp, and what is no number.
SPECIAL = [-INF, -1e38, -1e4, -100.0, -20.5, -6.0, -3.0, -1.0, -0.5, -1e-3, -0.0, 0.0, 1e-3, 0.5, 1.0, 3.0, 6.0, 19.5, 20.0, 20.5, 88.0, 100.0, 1e4, 1e38, INF, NAN]

# Module, function, PyTorch's arguments of the module, lanewise's.
PLAIN = [
    ("ReLU", "relu", {}, []),
    ("ReLU6", "relu6", {}, []),
    ("LeakyReLU", "leakyRelu", {}, []),
    ("LeakyReLU", "leakyRelu", {"negative_slope": 0.2}, [0.2]),
    ("ELU", "elu", {}, []),
    ("ELU", "elu", {"alpha": 2}, [2]),
    ("SELU", "selu", {}, []),
    ("CELU", "celu", {}, []),
    ("CELU", "celu", {"alpha": 0.5}, [{"alpha": 0.5}]),
    ("SiLU", "silu", {}, []),
    ("Mish", "mish", {}, []),
    ("Hardtanh", "hardtanh", {}, []),
    ("Hardtanh", "hardtanh", {"min_val": -0.5, "max_val": 3}, [-0.5, 3]),
    ("Hardswish", "hardswish", {}, []),
    ("Hardsigmoid", "hardsigmoid", {}, []),
    ("Threshold", "threshold", {"threshold": 0.5, "value": 20}, [0.5, 20]),
    ("Sigmoid", "sigmoid", {}, []),
    ("Tanh", "tanh", {}, []),
    ("Softplus", "softplus", {}, []),
    ("Softplus", "softplus", {"beta": 2, "threshold": 10}, [2, 10]),
    ("Softsign", "softsign", {}, []),
    ("LogSigmoid", "logsigmoid", {}, []),
    ("Tanhshrink", "tanhshrink", {}, []),
    ("Hardshrink", "hardshrink", {}, []),
    ("Hardshrink", "hardshrink", {"lambd": 3}, [3]),
    ("Softshrink", "softshrink", {}, []),
    ("Softshrink", "softshrink", {"lambd": 1.5}, [{"lambd": 1.5}]),
    ("GELU", "gelu", {}, []),
    ("GELU", "gelu", {"approximate": "tanh"}, [{"approximate": "tanh"}]),
]

SHAPED = [
    ("GLU", "glu", {}, [], (3, 4)),
    ("GLU", "glu", {"dim": 1}, [1], (2, 6, 5)),
    ("GLU", "glu", {"dim": 0}, [0], (2,)),
    ("Softmin", "softmin", {"dim": 1}, [1], (3, 5)),
    ("Softmax2d", None, {}, [], (2, 3, 2, 2)),
    ("Softmax2d", None, {}, [], (3, 2, 2)),
]

INPLACE = ["ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "SiLU", "Mish", "Hardtanh", "Hardsigmoid", "Hardswish", "RReLU"]


def row(module, function, args, given, x):
    x = x.clone().requires_grad_()
    output = module(x)
    gradient = torch.linspace(-1.0, 2.0, output.numel()).reshape(output.shape)
    output.backward(gradient)
    kept = {"module": type(module).__name__, "function": function, "args": given, "text": str(module)}
    return kept | {"input": encode(x), "output": encode(output), "gradient": encode(gradient), "grad": encode(x.grad)}


def learnt():
    """PReLU: also the gradient of its weight."""
    for count, shape in ((1, (3, 5)), (1, ()), (5, (3, 5)), (3, (2, 3, 4)), (1, (4,)), (2, (2, 2, 3, 2))):
        module = nn.PReLU(count)
        with torch.no_grad():
            module.weight.copy_(torch.linspace(0.1, 0.6, count))
        cells = row(module, None, {}, [count], torch.randn(shape))
        yield cells | {"weight": encode(module.weight), "weightGrad": encode(module.weight.grad)}


def drawn():
    """RReLU: what it draws for elements that are not positive, and what the generator gives afterwards."""
    for seed, shape, training in ((3, (4, 5), True), (4, (17,), True), (5, (3, 3), False)):
        torch.manual_seed(seed)
        x = torch.linspace(-2.0, 2.0, torch.Size(shape).numel()).reshape(shape)
        module = nn.RReLU(0.1, 0.5) if seed == 4 else nn.RReLU()
        cells = row(module.train(training), None, {}, [0.1, 0.5] if seed == 4 else [], x)
        yield cells | {"seed": seed, "training": training, "after": encode(torch.rand(2))}


def activations():
    torch.manual_seed(23)
    special = torch.tensor(SPECIAL)
    cases = []
    for name, function, kwargs, given in PLAIN:
        module = getattr(nn, name)(**kwargs)
        # At infinity PyTorch's exact GELU gives NaN, and so does the gradient of its Mish.
        points = special[special != INF] if (kwargs == {} and name == "GELU") or name == "Mish" else special
        cases += [row(module, function, kwargs, given, x) for x in (torch.randn(3, 5) * 2, points)]
    for name, function, kwargs, given, shape in SHAPED:
        cases.append(row(getattr(nn, name)(**kwargs), function, kwargs, given, torch.randn(shape)))
    cases.append(row(nn.ELU(), "elu", {}, [], torch.empty(0, 3)))
    inplace = [{"module": name, "text": str(getattr(nn, name)(inplace=True))} for name in INPLACE]
    return {"cases": cases, "learnt": list(learnt()), "drawn": list(drawn()), "inplace": inplace}
