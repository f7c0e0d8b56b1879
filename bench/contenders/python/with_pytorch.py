"""PyTorch as a contender: `with_pytorch.py eager|compile`.

Float32. Tensors of op-level programs need no gradient, so nothing is recorded, and results go to memory allocated
beforehand where PyTorch offers it. The optimizers are the fused ones, the fastest that PyTorch has.
"""

import sys

import torch
import torch._inductor.config
import torch.nn.functional as F
from torch import nn

from contender import Contender, layer_pairs, layer_sizes, python_version

COMPILES = sys.argv[1] == "compile"


def gemm(params):
    m, n, k = params["m"], params["n"], params["k"]
    out = torch.zeros(m, n)
    if params["form"] == "nt":
        a, b = torch.randn(m, k), torch.randn(n, k).t()
    elif params["form"] == "tn":
        a, b = torch.randn(k, m).t(), torch.randn(k, n)
    else:
        a, b = torch.randn(m, k), torch.randn(k, n)
    return lambda: torch.mm(a, b, out=out)


def relu(params):
    x = torch.randn(params["rows"], params["columns"])
    out = torch.zeros_like(x)
    return lambda: torch.clamp_min(x, 0, out=out)


def dropout(params):
    x = torch.randn(params["rows"], params["columns"])
    return lambda: F.dropout(x, 0.5, training=True)


def copy(params):
    x = torch.randn(params["rows"], params["columns"])
    out = torch.zeros_like(x)
    if params["what"] == "scaled copy":
        return lambda: torch.mul(x, 2.0, out=out)
    return lambda: out.copy_(x)


def mlp(params, dropout=0):
    pairs = layer_pairs(params)
    model = nn.Sequential()
    for i, (inputs, outputs) in enumerate(pairs):
        model.append(nn.Linear(inputs, outputs))
        if i < len(pairs) - 1:
            model.extend([nn.ReLU(), nn.Dropout(dropout)] if dropout > 0 else [nn.ReLU()])
    return model


def mlp_train_step(params):
    torch.manual_seed(0)
    sizes = layer_sizes(params)
    model = mlp(params, params["dropout"])
    optimizer = getattr(torch.optim, params["optimizer"])(model.parameters(), lr=params["learningRate"], fused=True)
    criterion = nn.CrossEntropyLoss()
    inputs = torch.randn(params["batch"], sizes[0])
    target = torch.randint(0, sizes[-1], (params["batch"],))
    model.train()

    def step():
        optimizer.zero_grad()
        loss = criterion(model(inputs), target)
        loss.backward()
        optimizer.step()

    if COMPILES:
        torch._dynamo.reset()
        return torch.compile(step, dynamic=False)
    return step


def forward(params):
    model = mlp(params).eval()
    inputs = torch.randn(params["batch"], layer_sizes(params)[0])
    if COMPILES:
        torch._dynamo.reset()
        model = torch.compile(model, dynamic=False)

    def run():
        with torch.inference_mode():
            model(inputs)

    return run


def set_threads(count):
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)


def main():
    torch.set_flush_denormal(True)
    # Masks drawn by Inductor's own code take longer.
    torch._inductor.config.fallback_random = True
    steps = {"mlp-train-step": mlp_train_step, "forward": forward}
    ops = {"gemm": gemm, "relu": relu, "dropout": dropout, "copy": copy}
    eager = ["optimizers with fused=True, torch.set_flush_denormal(True), MKL as it is"]
    compiled = ["torch.compile(step, dynamic=False) over the whole step, inductor's fallback_random", *eager]
    description = {
        "versions": {"torch": torch.__version__, "python": python_version()},
        "isa": torch.backends.cpu.get_cpu_capability().lower(),
        "threads": torch.get_num_threads(),
        "threadSource": "torch.set_num_threads",
        "notes": compiled if COMPILES else eager,
    }
    Contender(description, steps if COMPILES else {**ops, **steps}, set_threads).serve()


if __name__ == "__main__":
    main()
