"""nodes.json: the nodes of pointwise programs in float64, with their gradients, at kinks and on the edges of the range."""

import torch

from .encode import encode

INF, NAN = float("inf"), float("nan")
ORDINARY = [-7.5, -3.0, -2.5, -1.75, -1.5, -1.0, -0.75, -0.5, -0.3, 0.3, 0.5, 0.75, 1.0, 1.5, 1.75, 2.5, 3.0, 7.5]
EDGES = [-INF, -1e200, -1e10, -745.5, -100.0, -20.0, -1e-8, -1e-30, -0.0, 0.0, 1e-30, 1e-8, 20.0, 100.0, 709.5, 1e10, 1e200]
GRID = torch.tensor([*ORDINARY, *EDGES, INF, NAN], dtype=torch.float64)
FEW = torch.tensor([-INF, -3.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 1e200, INF, NAN], dtype=torch.float64)

UNARY = {name: getattr(torch, name) for name in (
    "neg", "abs", "sign", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "erf", "floor", "ceil",
    "round", "relu",
)}  # fmt: skip
BINARY = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "pow": torch.pow,
    "max": torch.maximum,
    "min": torch.minimum,
}
CHOICES = {
    "selectLess": lambda a, b, c, d: torch.where(a < b, c, d),
    "selectLessEqual": lambda a, b, c, d: torch.where(a <= b, c, d),
    "selectEqual": lambda a, b, c, d: torch.where(a == b, c, d),
}


def case(node, function, inputs):
    leaves = [x.clone().requires_grad_() for x in inputs]
    output = function(*leaves)
    gradient = torch.linspace(0.5, 2.0, output.numel(), dtype=torch.float64)
    output.backward(gradient)
    grads = [None if x.grad is None else encode(x.grad) for x in leaves]
    return {
        "node": node,
        "inputs": [encode(x) for x in inputs],
        "output": encode(output),
        "gradient": encode(gradient),
        "grads": grads,
    }


def nodes():
    a, b = (each.flatten() for each in torch.meshgrid(FEW, FEW, indexing="ij"))
    turned = [FEW[torch.arange(a.numel()).mul(step) % FEW.numel()] for step in (5, 3)]
    rows = [case(name, function, [GRID]) for name, function in UNARY.items()]
    rows += [case(name, function, [a, b]) for name, function in BINARY.items()]
    rows.append(case("fma", lambda x, y, z: x * y + z, [a, b, turned[0]]))
    rows += [case(name, function, [a, b, *turned]) for name, function in CHOICES.items()]
    bounds = [torch.tensor(x, dtype=torch.float64) for x in (-0.5, 1.5)]
    clamp = case("clamp", lambda x: x.clamp(-0.5, 1.5), [GRID])
    return {"cases": [*rows, {**clamp, "inputs": [*clamp["inputs"], *map(encode, bounds)]}]}
