"""optimizers.json: ten steps of each optimizer. dropout-training.json: eight steps of the dropout MLP."""

import re

import torch
from torch import nn, optim
from torch.nn import functional as F

from .encode import encode, encode_named
from .randomness import mlp

OPTIMIZERS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True}),
    ("Adam", {"lr": 0.01}),
    ("Adam", {}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "amsgrad": True}),
    ("AdamW", {"lr": 0.01}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.5}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}),
    ("RMSprop", {"lr": 0.005}),
    ("RMSprop", {"lr": 0.005, "alpha": 0.9, "eps": 1e-6, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.005, "momentum": 0.9, "eps": 1e-2}),
    ("RMSprop", {"lr": 0.005, "centered": True}),
    ("RMSprop", {"lr": 0.005, "centered": True, "momentum": 0.5, "eps": 1e-2}),
]


def camel(name):
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def small_net(dtype):
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)).to(dtype)


def trajectory(name, options, dtype, inputs, targets, net=small_net):
    model = net(dtype)
    kind = name if isinstance(name, type) else getattr(optim, name)
    optimizer = kind(model.parameters(), **options)
    losses = []
    for x, y in zip(inputs, targets):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return model, optimizer, torch.stack(losses)


def run_cases(runs, inputs, targets, net):
    cases = []
    for name, options in runs:
        model, optimizer, losses = trajectory(name, options, torch.float32, inputs, targets, net)
        exact_model, _, exact_losses = trajectory(name, options, torch.float64, inputs.double(), targets, net)
        state = optimizer.state_dict()["state"]
        group = {k: v for k, v in optimizer.state_dict()["param_groups"][0].items()}
        cases.append({
            "optimizer": getattr(name, "__name__", name),
            "options": {camel(k): v for k, v in options.items()},
            "losses": encode(losses),
            "losses64": encode(exact_losses),
            "parameters": encode_named(model.named_parameters()),
            "parameters64": encode_named(exact_model.named_parameters()),
            # By parameter: momentum_buffer, or step, exp_avg, exp_avg_sq and max_exp_avg_sq.
            "state": [
                {k: encode(v) for k, v in state[i].items() if v is not None} if i in state else {}
                for i in range(len(group["params"]))
            ],
            "paramGroup": group,
        })
    return cases


def optimizers():
    generator = torch.Generator().manual_seed(5)
    inputs = torch.rand(10, 16, 20, generator=generator)
    targets = torch.randint(0, 4, (10, 16), generator=generator)
    return {
        "layers": [20, 16, 8, 4],
        "modelSeed": 3,
        "dataSeed": 5,
        "initial": encode_named(small_net(torch.float32).named_parameters()),
        "inputs": encode(inputs),
        "targets": encode(targets),
        "cases": run_cases(OPTIMIZERS, inputs, targets, small_net),
    }


def dropout_run(make_optimizer, dtype):
    generator = torch.Generator().manual_seed(100)
    inputs = torch.rand(8, 32, 784, generator=generator).to(dtype)
    targets = torch.randint(0, 10, (8, 32), generator=generator)
    torch.manual_seed(0)
    model = mlp().to(dtype)
    optimizer = make_optimizer(model.parameters())
    losses = []
    for x, y in zip(inputs, targets):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return model, torch.stack(losses), torch.rand(2)


def dropout_training():
    cases = []
    for name, options in (("SGD", {"lr": 0.01, "momentum": 0.9}), ("SGD", {"lr": 0.1}), ("Adam", {"lr": 1e-3})):
        make = lambda parameters: getattr(optim, name)(parameters, **options)
        model, losses, after = dropout_run(make, torch.float32)
        _, exact, _ = dropout_run(make, torch.float64)
        cases.append({
            "optimizer": name,
            "options": options,
            "losses": encode(losses),
            # The same run in float64 (same weights, inputs and masks): which of two float32 runs is nearer the truth.
            "losses64": encode(exact),
            "lastBias": encode(model[6].bias),
            "after": encode(after),
        })
    return {"modelSeed": 0, "dataSeed": 100, "steps": 8, "batch": 32, "cases": cases}
