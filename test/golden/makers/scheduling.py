"""schedules-rest.json: the schedulers that schedules.json has not, chains, jumps, and trainings that are taken up by last_epoch."""

import math

from torch.optim import SGD, Adam, lr_scheduler
from torch.optim.swa_utils import SWALR

from .schedules import CASES as OTHERS
from .schedules import camels, make_optimizer, momentum_of, run
from .encode import encode

import torch

FUNCTIONS = {
    "powers": lambda epoch: 0.95**epoch,
    "quotients": lambda epoch: 1 / (epoch + 1),
    "waves": lambda x: 0.5 * (1 + math.sin(x * math.pi / 2)),
}

CASES = [
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4}, SGD),
    ("CyclicLR", {"base_lr": [0.01, 0.02], "max_lr": 0.3, "step_size_up": 3, "step_size_down": 5, "mode": "triangular2"}, SGD),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 2, "mode": "exp_range", "gamma": 0.9}, Adam),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 2, "scale_fn": "waves", "scale_mode": "iterations",
                  "base_momentum": [0.7, 0.6], "max_momentum": 0.95}, SGD),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 2, "scale_fn": "waves", "cycle_momentum": False}, SGD),
    ("CosineAnnealingWarmRestarts", {"T_0": 5}, SGD),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.001}, SGD),
    ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 3}, SGD),
    ("MultiplicativeLR", {"lr_lambda": "powers"}, SGD),
    ("MultiplicativeLR", {"lr_lambda": ["powers", "quotients"]}, SGD),
    ("SWALR", {"swa_lr": 0.05}, SGD),
    ("SWALR", {"swa_lr": [0.5, 0.001], "anneal_epochs": 7, "anneal_strategy": "linear"}, SGD),
    ("SWALR", {"swa_lr": 0.05, "anneal_epochs": 0}, SGD),
]

CHAINS = [
    [("ExponentialLR", {"gamma": 0.95}), ("StepLR", {"step_size": 4})],
    [("ConstantLR", {"factor": 0.5, "total_iters": 6}), ("MultiplicativeLR", {"lr_lambda": "powers"}), ("LinearLR", {})],
    [("ExponentialLR", {"gamma": 0.9}), ("LambdaLR", {"lr_lambda": "quotients"})],
    [("LambdaLR", {"lr_lambda": "quotients"}), ("CosineAnnealingLR", {"T_max": 6})],
]

SEQUENCES = [
    ([("LinearLR", {"start_factor": 0.1, "total_iters": 4}), ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2})], [4]),
    ([("ExponentialLR", {"gamma": 0.9}), ("MultiplicativeLR", {"lr_lambda": "powers"})], [6]),
]

# epochs that step() of CosineAnnealingWarmRestarts is given; None for none
JUMPS = [None, 0.5, 1.25, 7, None, None, 2, 26, None, 3.75, None, 0, None]


def functions(options):
    look_up = lambda value: FUNCTIONS[value] if isinstance(value, str) else [FUNCTIONS[each] for each in value]
    return {k: look_up(v) if k in ("lr_lambda", "scale_fn") else v for k, v in options.items()}


def make(name, optimizer, options, **rest):
    kind = SWALR if name == "SWALR" else getattr(lr_scheduler, name)
    return kind(optimizer, **functions(options), **rest)


def renamed(options):
    names = {"t_0": "t0", "T_0": "t0", "T_mult": "tMult"}
    return {names.get(k, k): v for k, v in camels({names.get(k, k): v for k, v in options.items()}).items()}


def jumps(options):
    optimizer = make_optimizer(SGD)
    scheduler = make("CosineAnnealingWarmRestarts", optimizer, options)
    rows = []
    for epoch in JUMPS:
        scheduler.step(*([] if epoch is None else [epoch]))
        rows.append([group["lr"] for group in optimizer.param_groups] + [scheduler.last_epoch])
    return encode(torch.tensor(rows, dtype=torch.float64))


def resumed(name, options, kind):
    optimizer = make_optimizer(kind)
    for group in optimizer.param_groups:
        group["initial_lr"] = 3 * group["lr"]
    return run(optimizer, make(name, optimizer, options, last_epoch=4))


def schedules_rest():
    cases = []
    for name, options, kind in CASES:
        optimizer = make_optimizer(kind)
        rates = run(optimizer, make(name, optimizer, options))
        cases.append({"scheduler": name, "options": renamed(options), "optimizer": kind.__name__, "rates": rates})
    compounds = []
    for members in CHAINS:
        optimizer = make_optimizer(SGD)
        made = [make(name, optimizer, options) for name, options in members]
        rates = run(optimizer, lr_scheduler.ChainedScheduler(made))
        named = [{"scheduler": name, "options": renamed(options)} for name, options in members]
        compounds.append({"members": named, "milestones": None, "rates": rates})
    for members, milestones in SEQUENCES:
        optimizer = make_optimizer(SGD)
        made = [make(name, optimizer, options) for name, options in members]
        rates = run(optimizer, lr_scheduler.SequentialLR(optimizer, made, milestones))
        named = [{"scheduler": name, "options": renamed(options)} for name, options in members]
        compounds.append({"members": named, "milestones": milestones, "rates": rates})
    resumable = [each for each in OTHERS + CASES if each[0] not in ("ReduceLROnPlateau", "OneCycleLR", "CyclicLR")]
    taken_up = [
        {"scheduler": n, "options": renamed(o), "optimizer": k.__name__, "rates": resumed(n, o, k)}
        for n, o, k in resumable
    ]
    restarts = [{"T_0": 5}, {"T_0": 3, "T_mult": 2, "eta_min": 0.001}]
    jumped = [{"options": renamed(options), "rows": jumps(options)} for options in restarts]
    return {"cases": cases, "compounds": compounds, "resumed": taken_up, "jumps": JUMPS, "jumped": jumped}
