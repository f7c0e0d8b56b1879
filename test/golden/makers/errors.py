"""errors.json: what PyTorch says about misuse, by the name of the mistake."""

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from .encode import error_of


def optimizer_errors():
    p = [nn.Parameter(torch.ones(2))]
    nan = float("nan")
    return {
        "SGD: no parameters": lambda: optim.SGD([]),
        "SGD: lr -1": lambda: optim.SGD(p, lr=-1),
        "SGD: momentum -1": lambda: optim.SGD(p, lr=0.1, momentum=-1),
        "SGD: weight decay -1": lambda: optim.SGD(p, lr=0.1, weight_decay=-1),
        "SGD: nesterov without momentum": lambda: optim.SGD(p, lr=0.1, nesterov=True),
        "SGD: nesterov with dampening": lambda: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.1, nesterov=True),
        "SGD: one parameter twice in two groups": lambda: optim.SGD([{"params": p}, {"params": p}], lr=0.1),
        "SGD: a tensor as parameters": lambda: optim.SGD(p[0], lr=0.1),
        "SGD: no tensors": lambda: optim.SGD([1], lr=0.1),
        "SGD: a result as parameter": lambda: optim.SGD([p[0] * 2], lr=0.1),
        "Adam: lr -1": lambda: optim.Adam(p, lr=-1),
        "Adam: eps -1": lambda: optim.Adam(p, eps=-1),
        "Adam: beta 0 of 1": lambda: optim.Adam(p, betas=(1.0, 0.9)),
        "Adam: beta 1 of -0.5": lambda: optim.Adam(p, betas=(0.9, -0.5)),
        "Adam: beta 0 of NaN": lambda: optim.Adam(p, betas=(nan, 0.9)),
        "Adam: weight decay -1": lambda: optim.Adam(p, weight_decay=-1),
        "AdamW: lr -1": lambda: optim.AdamW(p, lr=-1),
    }


def module_errors():
    x = torch.ones(3, 5)
    return {
        "Dropout: p -0.1": lambda: nn.Dropout(-0.1),
        "Dropout: p 1.5": lambda: nn.Dropout(1.5),
        "Dropout2d: p 2": lambda: nn.Dropout2d(2),
        "dropout: p -0.1": lambda: F.dropout(x, -0.1),
        "dropout: integers": lambda: F.dropout(torch.ones(2, dtype=torch.int32), 0.5),
        "Dropout2d: one dimension": lambda: nn.Dropout2d(0.5)(torch.ones(4)),
        "Dropout1d: four dimensions": lambda: nn.Dropout1d(0.5)(torch.ones(1, 1, 1, 1)),
        "Linear: features": lambda: nn.Linear(2, 2)(x),
        "Linear: integers": lambda: nn.Linear(5, 2)(torch.ones(3, 5, dtype=torch.long)),
        "Linear: -1 features": lambda: nn.Linear(-1, 2),
        "Sequential: a list": lambda: nn.Sequential([nn.ReLU()]),
        "Sequential: a class": lambda: nn.Sequential(nn.ReLU),
        "Sequential: index 4": lambda: nn.Sequential(nn.ReLU())[4],
        "train: not a boolean": lambda: nn.ReLU().train(1),
        "CrossEntropyLoss: target 3 of 3": lambda: F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 3])),
        "CrossEntropyLoss: target -1": lambda: F.cross_entropy(torch.ones(2, 3), torch.tensor([0, -1])),
        "CrossEntropyLoss: rows": lambda: F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1, 2])),
        "CrossEntropyLoss: smoothing 1.5": lambda: F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]), label_smoothing=1.5),
        "CrossEntropyLoss: reduction": lambda: F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]), reduction="avg"),
        "CrossEntropyLoss: weights": lambda: F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]), torch.ones(2)),
        "loadStateDict: keys and sizes": lambda: nn.Sequential(nn.Linear(3, 1), nn.ReLU(), nn.Linear(1, 1)).load_state_dict(
            {"0.weight": torch.ones(2, 2), "2.weight": torch.ones(1, 1), "2.bias": torch.ones(1), "9.weight": torch.ones(1)}
        ),
    }


def tensor_errors():
    a = torch.ones(2, 3)
    return {
        "backward: not a scalar": lambda: torch.ones(2, requires_grad=True).mul(2).backward(),
        "backward: no gradient": lambda: torch.ones(()).backward(),
        "item: two elements": lambda: torch.ones(2).item(),
        "add: shapes": lambda: a + torch.ones(4),
        "matmul: sizes": lambda: a @ torch.ones(2, 3),
        "reshape: sizes": lambda: a.reshape(4, 2),
        "reshape: two -1": lambda: a.reshape(-1, -1),
        "sum: dim 2": lambda: a.sum(2),
        "max: empty": lambda: torch.empty(0).max(),
        "max: empty dim": lambda: torch.empty(0, 2).max(0),
        "tensor: ragged": lambda: torch.tensor([[1, 2], [3]]),
        "cat: sizes": lambda: torch.cat([a, torch.ones(3, 4)]),
        "stack: shapes": lambda: torch.stack([a, torch.ones(3, 4)]),
        "uniform_: from > to": lambda: torch.empty(3).uniform_(2, 1),
        "uniform_: from NaN": lambda: torch.empty(3).uniform_(float("nan"), 1),
        "normal_: std -1": lambda: torch.empty(3).normal_(0, -1),
        "bernoulli_: p 1.5": lambda: torch.empty(3).bernoulli_(1.5),
        "randint: empty range": lambda: torch.randint(5, 5, (3,)),
        "manual_seed: 2^64": lambda: torch.manual_seed(2**64),
        "manual_seed: -2^63 - 1": lambda: torch.manual_seed(-(2**63) - 1),
    }


def data_errors():
    return {
        "TensorDataset: sizes": lambda: TensorDataset(torch.ones(3), torch.ones(4)),
        "DataLoader: shuffle nothing": lambda: DataLoader(TensorDataset(torch.ones(0)), shuffle=True),
        "DataLoader: batch size 0": lambda: DataLoader(TensorDataset(torch.ones(3)), batch_size=0),
        "DataLoader: batch size 1.5": lambda: DataLoader(TensorDataset(torch.ones(3)), batch_size=1.5),
    }


def errors():
    mistakes = {**optimizer_errors(), **module_errors(), **tensor_errors(), **data_errors()}
    return {"cases": [{"name": name, **error_of(mistake)} for name, mistake in mistakes.items()]}
