"""schedules.json: the rates that each scheduler gives two groups over 24 steps."""

import re

import torch
from torch.optim import SGD, Adam, lr_scheduler

from .encode import encode

STEPS = 24
# What ReduceLROnPlateau is shown: falls, stands, falls a little, rises, NaN.
METRICS = [1, 0.8, 0.7, 0.7, 0.69999, 0.7, 0.71, 0.72, 0.6, 0.6, 0.6, 0.6, 0.6, float("nan"), 0.6, 0.6, 0.5, 0.5, 0.5]
METRICS += [0.5] * (STEPS - len(METRICS))

# name, options, optimizer
CASES = [
    ("StepLR", {"step_size": 3}, SGD),
    ("StepLR", {"step_size": 1, "gamma": 0.9}, SGD),
    ("MultiStepLR", {"milestones": [2, 5, 5, 11], "gamma": 0.5}, SGD),
    ("MultiStepLR", {"milestones": [7, 0, 3]}, SGD),
    ("ExponentialLR", {"gamma": 0.93}, SGD),
    ("ConstantLR", {}, SGD),
    ("ConstantLR", {"factor": 0.3, "total_iters": 9}, SGD),
    ("ConstantLR", {"factor": 0.3, "total_iters": 0}, SGD),
    ("LinearLR", {}, SGD),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.25, "total_iters": 13}, SGD),
    ("PolynomialLR", {}, SGD),
    ("PolynomialLR", {"total_iters": 17, "power": 2.5}, SGD),
    ("CosineAnnealingLR", {"T_max": 10}, SGD),
    ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.005}, SGD),
    ("CosineAnnealingLR", {"T_max": 1}, SGD),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": STEPS}, SGD),
    ("OneCycleLR", {"max_lr": [0.5, 0.3], "epochs": 5, "steps_per_epoch": 5, "anneal_strategy": "linear"}, SGD),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 40, "pct_start": 0.25, "three_phase": True}, SGD),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": STEPS, "div_factor": 10, "final_div_factor": 100}, Adam),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": STEPS, "base_momentum": [0.8, 0.7], "max_momentum": 0.9}, Adam),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": STEPS, "pct_start": 0.0, "cycle_momentum": False}, SGD),
    ("ReduceLROnPlateau", {"patience": 2}, SGD),
    ("ReduceLROnPlateau", {"patience": 0, "factor": 0.5, "cooldown": 2, "min_lr": [0.03, 0.001]}, SGD),
    ("ReduceLROnPlateau", {"patience": 1, "mode": "max", "threshold": 0.05, "threshold_mode": "abs"}, SGD),
    ("ReduceLROnPlateau", {"patience": 1, "threshold": 0.2, "eps": 0.005}, SGD),
]

# names, options and milestones of SequentialLR
SEQUENCES = [
    ([("LinearLR", {"start_factor": 0.1, "total_iters": 4}), ("CosineAnnealingLR", {"T_max": 12})], [5]),
    ([("ConstantLR", {"factor": 0.5}), ("ExponentialLR", {"gamma": 0.9}), ("StepLR", {"step_size": 2})], [3, 12]),
    ([("PolynomialLR", {}), ("MultiStepLR", {"milestones": [0, 2, 4]}), ("LinearLR", {})], [6, 15]),
    ([("ExponentialLR", {"gamma": 0.9}), ("OneCycleLR", {"max_lr": 0.2, "total_steps": 20})], [9]),
]


def camel(name):
    return "tMax" if name == "T_max" else re.sub("_(.)", lambda match: match[1].upper(), name)


def camels(options):
    return {camel(key): value for key, value in options.items()}


def make_optimizer(kind):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.1, 0.02)]
    return kind(groups, **({"momentum": 0.9} if kind is SGD else {}))


def momentum_of(group):
    return group["betas"][0] if "betas" in group else group["momentum"]


def run(optimizer, scheduler):
    """After each of 0 to STEPS steps: rates of the groups, and momenta (or beta1)."""
    plateau = isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)
    rows = []
    for step in range(STEPS + 1):
        assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        rows.append([f(group) for f in (lambda g: g["lr"], momentum_of) for group in optimizer.param_groups])
        optimizer.step()
        if step < STEPS:
            scheduler.step(METRICS[step]) if plateau else scheduler.step()
    return encode(torch.tensor(rows, dtype=torch.float64))


def schedules():
    cases = []
    for name, options, kind in CASES:
        optimizer = make_optimizer(kind)
        rates = run(optimizer, getattr(lr_scheduler, name)(optimizer, **options))
        cases.append({"scheduler": name, "options": camels(options), "optimizer": kind.__name__, "rates": rates})
    sequences = []
    for members, milestones in SEQUENCES:
        optimizer = make_optimizer(SGD)
        made = [getattr(lr_scheduler, name)(optimizer, **options) for name, options in members]
        rates = run(optimizer, lr_scheduler.SequentialLR(optimizer, made, milestones))
        members = [{"scheduler": name, "options": camels(options)} for name, options in members]
        sequences.append({"members": members, "milestones": milestones, "rates": rates})
    optimizer = make_optimizer(SGD)
    factors = [lambda epoch: 0.95**epoch, lambda epoch: 1 / (epoch + 1)]
    lambdas = run(optimizer, lr_scheduler.LambdaLR(optimizer, factors))
    metrics = encode(torch.tensor(METRICS, dtype=torch.float64))
    return {"cases": cases, "sequences": sequences, "lambdas": lambdas, "metrics": metrics}
