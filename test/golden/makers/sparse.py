"""sparse.json: tables with `sparse` and the optimizers that take their gradients: losses, weights, state, gradients."""

import torch
from torch import nn, optim

from .encode import encode, encode_named
from .tables import CAMEL
from .training import camel

# Steps of one or more backward passes each: an index that repeats rows, one without rows, padding (row 4) alone.
BATCHES = [
    [[[1, 0, 4], [4, 2, 4]]],
    [[[5, 5, 5]], [[1, 3, 5]]],
    [[]],
    [[[4, 4]]],
    [[[0, 1, 2], [3, 3, 0]], [[5, 0]]],
    [[[2, 2], [2, 6]]],
]

RUNS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "maximize": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.3, "initial_accumulator_value": 0.2, "eps": 1e-4}),
    ("Adagrad", {"lr": 0.1, "maximize": True}),
    ("SparseAdam", {}),
    ("SparseAdam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-3}),
    ("SparseAdam", {"lr": 0.05, "maximize": True}),
]

TABLES = [
    ("Embedding", {}),
    ("Embedding", {"padding_idx": 4}),
    ("Embedding", {"max_norm": 1.0}),
    ("EmbeddingBag", {"mode": "sum", "padding_idx": 4}),
    ("EmbeddingBag", {"mode": "mean"}),
]


def dense(value):
    if isinstance(value, torch.Tensor):
        return value.to_dense().detach()
    return torch.tensor(float(value))


def run(kind, options, name, settings, dtype, to_none):
    torch.manual_seed(70)
    table = getattr(nn, kind)(7, 3, sparse=True, dtype=dtype, **options)
    initial = table.weight.detach().clone()
    optimizer = getattr(optim, name)(table.parameters(), **settings)
    losses, grads = [], []
    for step in BATCHES:
        optimizer.zero_grad(set_to_none=to_none)
        total = 0
        for index in step:
            output = table(torch.tensor(index, dtype=torch.long).reshape(len(index), -1 if index else 2))
            loss = (output + output.square()).sum()
            loss.backward()
            total += loss.item()
        grads.append(table.weight.grad.to_dense().detach())
        optimizer.step()
        losses.append(total)
    state = optimizer.state_dict()["state"].get(0, {})
    return {
        "text": str(table),
        "optimizerText": str(optimizer),
        "initial": encode(initial),
        "losses": encode(torch.tensor(losses, dtype=dtype)),
        "grads": encode(torch.stack(grads)),
        "weight": encode(table.weight),
        # Momentum is kept as a sparse tensor there. None is left out, as in dense runs.
        "state": encode_named((k, dense(v)) for k, v in state.items() if v is not None),
    }


def refusal(make):
    try:
        make()
    except (RuntimeError, ValueError, NotImplementedError) as error:
        return str(error)
    return None


def looked_up(**options):
    table = nn.Embedding(7, 3, sparse=True, **options)
    table(torch.tensor([1, 2])).sum().backward()
    return table


def stepped(name, **settings):
    return refusal(lambda: getattr(optim, name)(looked_up().parameters(), **settings).step())


def dense_step():
    linear = nn.Linear(2, 2)
    linear(torch.ones(1, 2)).sum().backward()
    optim.SparseAdam(linear.parameters()).step()


def sparse():
    cases = []
    for kind, options in TABLES:
        for name, settings in RUNS:
            # Every setting of the plain table, one of each optimizer of the others.
            chosen = settings in ({"lr": 0.1}, {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-3})
            plain = options == {}
            if not plain and not chosen:
                continue
            for to_none in (True, False) if plain and chosen else (True,):
                runs = [run(kind, options, name, settings, dtype, to_none) for dtype in (torch.float32, torch.float64)]
                single, double = runs
                cells = {"module": kind, "options": {CAMEL.get(k, k): v for k, v in options.items()}}
                cells |= {"optimizer": name, "settings": {camel(k): v for k, v in settings.items()}, "toNone": to_none}
                cells |= single
                cells |= {"losses64": double["losses"], "weight64": double["weight"], "initial64": double["initial"]}
                cases.append(cells)
    names = ["Adam", "AdamW", "RMSprop", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop", "ASGD", "Muon"]
    refused = [{"optimizer": name, "settings": {}, "sentence": stepped(name)} for name in names]
    for name in ("SGD", "Adagrad"):
        sentence = stepped(name, weight_decay=0.1)
        refused.append({"optimizer": name, "settings": {"weightDecay": 0.1}, "sentence": sentence})
    return {
        "batches": BATCHES,
        "cases": cases,
        "refused": refused,
        "dense": refusal(dense_step),
        "scaled": refusal(lambda: looked_up(scale_grad_by_freq=True)),
    }
