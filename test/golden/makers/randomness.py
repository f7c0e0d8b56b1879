"""random.json: streams of draws, in order, from one generator each; initial weights."""

import hashlib

import torch
from torch import nn

from .encode import encode, encode_named, raw

CALLS = {
    "rand": lambda g, n: torch.rand(n, generator=g),
    "rand64": lambda g, n: torch.rand(n, generator=g, dtype=torch.float64),
    "uniform": lambda g, n, a, b: torch.empty(n).uniform_(a, b, generator=g),
    "uniform64": lambda g, n, a, b: torch.empty(n, dtype=torch.float64).uniform_(a, b, generator=g),
    "randn": lambda g, n: torch.randn(n, generator=g),
    "randn64": lambda g, n: torch.randn(n, generator=g, dtype=torch.float64),
    "normal": lambda g, n, mean, std: torch.empty(n).normal_(mean, std, generator=g),
    "randperm": lambda g, n: torch.randperm(n, generator=g),
    "randint": lambda g, n, low, high: torch.randint(low, high, (n,), generator=g),
    "randintFloat": lambda g, n, low, high: torch.randint(low, high, (n,), generator=g, dtype=torch.float32),
    "bernoulli": lambda g, n, q: torch.empty(n).bernoulli_(q, generator=g),
}

SIZES = [
    ("rand", 0), ("rand", 1), ("rand", 5), ("rand", 700), ("rand64", 9), ("randn", 0), ("randn", 1), ("randn", 2),
    ("randn", 15), ("rand", 3), ("randn", 16), ("randn", 17), ("randn", 31), ("randn", 32), ("randn", 100),
    ("randn64", 3), ("randn64", 19), ("normal", 7, 0.25, 3.5), ("normal", 40, -2.0, 0.1), ("normal", 3, 1.0, 0.0),
    ("uniform", 50, -0.3, 1.9), ("uniform", 4, 2.0, 2.0), ("uniform", 30, -1e-3, 1e-3), ("uniform64", 20, 0.1, 0.7),
    ("randperm", 0), ("randperm", 1), ("randperm", 2), ("randperm", 17), ("randperm", 300),
    ("randint", 20, 0, 10), ("randint", 20, -7, 9), ("randint", 5, 0, 1), ("randint", 10, 0, 2**28 - 1),
    ("randint", 10, 0, 2**28), ("randint", 10, -(2**31), 2**31 - 1), ("randint", 10, -(2**31), 2**31),
    ("randintFloat", 10, -3, 1000),
    ("bernoulli", 40, 0.5), ("bernoulli", 40, 0.1), ("bernoulli", 5, 0.0), ("bernoulli", 5, 1.0), ("rand", 2),
]


def streams():
    cases = []
    # Only the low 32 bits count: the third and the first are one stream, and so are the last two.
    for seed in (0, 42, 2**40, 2**40 + 5, -1, 2**32 - 1):
        generator = torch.Generator().manual_seed(seed)
        calls = [
            {"call": name, "args": list(args), "result": encode(CALLS[name](generator, *args))} for name, *args in SIZES
        ]
        large = [summary(torch.empty(100_003).normal_(*args, generator=generator)) for args in ((0, 1), (-1e3, 0.3))]
        cases.append({"seed": str(seed), "initialSeed": str(generator.initial_seed()), "calls": calls, "large": large})
        if seed == 2**40:
            cases[-1]["calls"] = calls[:5]
            cases[-1]["large"] = []
    return {"cases": cases}


def mlp():
    return nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, 10),
    )  # fmt: skip


def summary(tensor):
    """Enough to prove equality to the bit without storing 200,000 weights."""
    flat = tensor.detach().flatten()
    return {
        "shape": list(tensor.shape),
        "sha256": hashlib.sha256(raw(tensor)).hexdigest(),
        "first": encode(flat[:4]),
        "last": encode(flat[-4:]),
    }


def weights():
    cases = []
    for seed in (0, 1234):
        torch.manual_seed(seed)
        model = mlp()
        cases.append({
            "name": f"784-256-128-10, seed {seed}",
            "seed": seed,
            "summaries": {name: summary(p) for name, p in model.named_parameters()},
            "after": encode(torch.rand(2)),
        })
    torch.manual_seed(7)
    small = nn.Sequential(nn.Linear(20, 16), nn.Linear(16, 8, bias=False), nn.Linear(8, 1))
    full = {
        "seed": 7,
        "sizes": [[20, 16, True], [16, 8, False], [8, 1, True]],
        "parameters": encode_named(small.named_parameters()),
        "after": encode(torch.rand(2)),
    }
    return {"cases": cases, "full": full}
