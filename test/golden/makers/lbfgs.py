"""lbfgs.json: LBFGS on Rosenbrock's function and on a small network, in float64: losses, calls, parameters, state."""

import torch
from torch import nn, optim

from .encode import encode, encode_named
from .optimizing import tiny_net

OPTIONS = [
    {},
    {"lr": 0.05, "max_iter": 5},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "history_size": 3, "max_iter": 7},
    {"line_search_fn": "strong_wolfe", "max_eval": 4, "lr": 0.5},
    {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-2},
    {"lr": 0.1, "tolerance_change": 1e-3, "history_size": 2},
]


def rosenbrock(options):
    start = torch.tensor([-1.2, 1.0, -0.5], dtype=torch.float64)
    return [start.requires_grad_()], lambda x: ((1 - x[0][:-1]) ** 2 + 100 * (x[0][1:] - x[0][:-1] ** 2) ** 2).sum()


def network(options):
    model = tiny_net(torch.float64)
    generator = torch.Generator().manual_seed(9)
    inputs = torch.rand(8, 7, generator=generator).double()
    targets = torch.randint(0, 3, (8,), generator=generator)
    return list(model.parameters()), lambda _: nn.functional.cross_entropy(model(inputs), targets)


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.item() if value.ndim == 0 else encode(value)
    return [plain(item) for item in value] if isinstance(value, list) else value


def train(make, options, steps, shift):
    """Losses of all calls; the start is moved by `shift` roundings."""
    params, function = make(options)
    with torch.no_grad():
        for p in params:
            p.mul_(1 + shift * 2**-52)
    optimizer = optim.LBFGS(params, **options)
    calls = []

    def closure():
        optimizer.zero_grad()
        loss = function(params)
        loss.backward()
        calls.append(loss.item())
        return loss

    losses = [optimizer.step(closure).item() for _ in range(steps)]
    return optimizer, params, losses, calls


def run(name, make, options, steps):
    optimizer, params, losses, calls = train(make, options, steps, 0)
    # How far roundings of the start carry: no other implementation can be nearer.
    others = [train(make, options, steps, shift) for shift in (-4, -2, 2, 4)]
    assert all(len(other[3]) == len(calls) for other in others), (name, options)
    spread = [max(abs(other[3][i] - call) for other in others) for i, call in enumerate(calls)]
    flat = nn.utils.parameters_to_vector
    distance = max((flat(other[1]) - flat(params)).abs().max().item() for other in others)
    saved = optimizer.state_dict()
    state = {key: plain(value) for key, value in saved["state"][0].items() if key != "al"}
    return {
        "function": name,
        "options": {"".join(w if i == 0 else w.title() for i, w in enumerate(k.split("_"))): v for k, v in options.items()},
        "steps": steps,
        "losses": losses,
        "calls": calls,
        "spread": spread,
        "parameters": [encode(p) for p in params],
        "parameterSpread": distance,
        "state": state,
        "group": {k: v for k, v in saved["param_groups"][0].items()},
        "text": str(optimizer),
    }


def lbfgs():
    generator = torch.Generator().manual_seed(9)
    return {
        "initial": encode_named(tiny_net(torch.float32).named_parameters()),
        "inputs": encode(torch.rand(8, 7, generator=generator)),
        "targets": encode(torch.randint(0, 3, (8,), generator=generator)),
        "cases": [
            run(name, make, options, 1 if options.get("max_iter", 20) == 20 else 3)
            for name, make in (("rosenbrock", rosenbrock), ("network", network))
            for options in OPTIONS
        ],
    }
