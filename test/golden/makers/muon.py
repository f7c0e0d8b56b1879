"""muon.json: four steps of Muon with given gradients; in float64 without the rounding to bfloat16, and as PyTorch rounds."""

from unittest import mock

import torch
from torch import optim

from .encode import encode

OPTIONS = [
    {},
    {"lr": 0.1, "momentum": 0.7, "weight_decay": 0.3},
    {"lr": 0.05, "nesterov": False, "adjust_lr_fn": "match_rms_adamw"},
    {"lr": 0.05, "adjust_lr_fn": "original", "ns_steps": 3, "ns_coefficients": (2.0, -1.5, 0.5), "eps": 1.0},
]
SHAPES = [(4, 6), (7, 3), (5, 5), (1, 3)]


def run(options, dtype, exact):
    generator = torch.Generator().manual_seed(12)
    params = [torch.randn(shape, generator=generator).to(dtype).requires_grad_() for shape in SHAPES]
    start = [p.detach().clone() for p in params]
    gradients = [[torch.randn(shape, generator=generator) for shape in SHAPES] for _ in range(4)]
    optimizer = optim.Muon(params, **options)
    plain = lambda tensor: tensor.clone() if exact else tensor.to(torch.bfloat16)
    with mock.patch.object(torch.Tensor, "bfloat16", plain):
        for step in gradients:
            for p, grad in zip(params, step):
                p.grad = grad.to(dtype)
            optimizer.step()
    return params, start, gradients, optimizer.state_dict()


def muon():
    cases = []
    for options in OPTIONS:
        params, start, gradients, saved = run(options, torch.float64, True)
        rounded, _, _, _ = run(options, torch.float32, False)
        cases.append({
            "options": {"".join(w if i == 0 else w.title() for i, w in enumerate(k.split("_"))): v for k, v in options.items()},
            "parameters": [encode(p) for p in params],
            "rounded": [encode(p) for p in rounded],
            "momenta": [encode(saved["state"][i]["momentum_buffer"]) for i in range(len(SHAPES))],
            "group": saved["param_groups"][0],
        })
    return {
        "start": [encode(p.float()) for p in start],
        "gradients": [[encode(grad) for grad in step] for step in gradients],
        "cases": cases,
    }
