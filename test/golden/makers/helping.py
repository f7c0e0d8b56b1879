"""helpers.json: clipping of gradients, weight norm, averages of weights."""

import copy

import torch
from torch import nn, optim
from torch.nn import utils
from torch.optim import swa_utils

from .encode import encode, encode_named

NORMS = [(1.0, 2.0), (1e3, 2.0), (0.5, 1.0), (0.5, float("inf")), (0.5, 3.0), (0.5, 0.0), (0.5, -1.5)]


def leaves(dtype, special=None):
    generator = torch.Generator().manual_seed(4)
    params = [torch.zeros(shape, dtype=dtype, requires_grad=True) for shape in ((3, 5), (7,), (), (2,))]
    for p in params[:3]:
        p.grad = torch.randn(p.shape, generator=generator, dtype=torch.float64).to(dtype)
    if special is not None:
        params[1].grad[2] = special
    return params


def clip_norm(max_norm, norm_type, special=None):
    params = leaves(torch.float64, special)
    before = [encode(p.grad) for p in params[:3]]
    total = utils.clip_grad_norm_(params, max_norm, norm_type)
    after = [encode(p.grad) for p in params[:3]]
    return {"maxNorm": max_norm, "normType": str(norm_type), "before": before, "total": encode(total), "after": after}


def clip_value(value, special=None):
    params = leaves(torch.float64, special)
    before = [encode(p.grad) for p in params[:3]]
    utils.clip_grad_value_(params, value)
    return {"clipValue": value, "before": before, "after": [encode(p.grad) for p in params[:3]]}


def data():
    generator = torch.Generator().manual_seed(6)
    return torch.rand(6, 8, 4, generator=generator, dtype=torch.float64)


def weight_norm(dim):
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    initial = encode_named(model.state_dict().items())
    utils.weight_norm(model[0], dim=dim)
    normed = encode_named(model.state_dict().items())
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x in data():
        optimizer.zero_grad()
        model(x).pow(2).sum().backward()
        optimizer.step()
    trained = encode_named(model.state_dict().items())
    utils.remove_weight_norm(model[0])
    removed = encode_named(model.state_dict().items())
    return {"dim": dim, "initial": initial, "normed": normed, "trained": trained, "removed": removed}


def averaged(name):
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    initial = encode_named(model.state_dict().items())
    options = {
        "mean": {},
        "emaMulti": {"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.9)},
        "ema": {"avg_fn": swa_utils.get_ema_avg_fn(0.3)},
        "swaMulti": {"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()},
    }[name]
    average = swa_utils.AveragedModel(model, **options)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    states = []
    for x in data():
        optimizer.zero_grad()
        model(x).pow(2).sum().backward()
        optimizer.step()
        average.update_parameters(model)
        states.append(encode_named(average.state_dict().items()))
    return {"name": name, "initial": initial, "states": [states[0], states[1], states[-1]]}


def helpers():
    nan, inf = float("nan"), float("inf")
    norms = [clip_norm(*each) for each in NORMS] + [clip_norm(1.0, 2.0, nan), clip_norm(1.0, inf, inf), clip_norm(1.0, 2.0, inf)]
    return {
        "data": encode(data()),
        "norms": norms,
        "values": [clip_value(0.4), clip_value(0.0), clip_value(0.4, nan), clip_value(0.4, inf)],
        "weightNorms": [weight_norm(dim) for dim in (0, 1, None)],
        "averages": [averaged(name) for name in ("mean", "emaMulti", "ema", "swaMulti")],
    }
