"""printing.json: print(model) and str(tensor)."""

from collections import OrderedDict

import torch
from torch import nn

from .encode import encode
from .randomness import mlp


class Residual(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(features, features), nn.ReLU())
        self.dropout = nn.Dropout2d(0.25)


class Bare(nn.Module):
    pass


def modules():
    models = {
        "mlp": mlp(),
        "linear": nn.Linear(2, 3),
        "linear without bias": nn.Linear(2, 3, bias=False),
        "relu": nn.ReLU(),
        "relu in place": nn.ReLU(inplace=True),
        "dropout p=0.5": nn.Dropout(),
        "dropout p=1": nn.Dropout(1),
        "dropout p=0.00001": nn.Dropout(0.00001),
        "dropout p=0.1": nn.Dropout(0.1),
        "dropout2d": nn.Dropout2d(0.2),
        "dropout in place": nn.Dropout(0.25, True),
        "dropouts in place": nn.Sequential(*(layer(0.5, inplace=True) for layer in (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout))),
        "flatten": nn.Flatten(),
        "flatten 0 to 2": nn.Flatten(0, 2),
        "identity": nn.Identity(),
        "cross entropy": nn.CrossEntropyLoss(),
        "mse": nn.MSELoss(),
        "empty sequential": nn.Sequential(),
        "nested": nn.Sequential(
            nn.Flatten(),
            nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU(), nn.Dropout(0.3)), nn.Sequential()),
            nn.Linear(4, 2, bias=False),
        ),
        "named": nn.Sequential(
            OrderedDict([("hidden", nn.Linear(4, 3)), ("act", nn.ReLU()), ("out", nn.Sequential(nn.Linear(3, 1)))])
        ),
        "residual": nn.Sequential(nn.Linear(3, 5), Residual(5), Residual(5)),
        "bare": Bare(),
    }
    return [{"name": name, "text": str(model)} for name, model in models.items()]


def tensors():
    inf, nan = float("inf"), float("nan")
    torch.manual_seed(20)
    values = [
        torch.tensor(1.0), torch.tensor(-0.5), torch.tensor(0.1), torch.tensor(1e10), torch.tensor(nan), torch.tensor(7),
        torch.tensor(123456789.0), torch.tensor(1e-5), torch.tensor(0.0),
        torch.tensor([]), torch.empty(0, 3), torch.empty(2, 0), torch.empty(0, dtype=torch.int32),
        torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, -2.0, 10.0]), torch.tensor([1.5, 2.25, -3.125]),
        torch.tensor([0.1, 0.25, 100.0]), torch.tensor([0.001, 1000.0]), torch.tensor([0.0001, 1.0]),
        torch.tensor([0.00009, 1.0]), torch.tensor([1e-4, 9.9e-5]), torch.tensor([1.0, 1000.5]), torch.tensor([1.0, 1001.5]),
        torch.tensor([1e8, 1.0]), torch.tensor([1e8, 2e8]), torch.tensor([1.1e8, 2e8]), torch.tensor([123456.0, 1.0]),
        torch.tensor([100000.5, 200000.5]), torch.tensor([1e38, -1e-38]), torch.tensor([1e-45]), torch.tensor([9.99995, 1.0]),
        torch.tensor([0.99999, 0.00005]), torch.tensor([0.00015, 0.5]), torch.tensor([-0.0, 0.0, 1.5]), torch.tensor([-0.0, 0.0]),
        torch.tensor([nan, 1.0]), torch.tensor([inf, -inf]), torch.tensor([nan, inf, -1.5]), torch.tensor([nan, nan]),
        torch.tensor([inf, 1e10]), torch.tensor([-inf, 2.0, 3.0]), torch.tensor([0.125, 0.00012207031]),
        torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.5, -2.0], [1e6, 4.0]]), torch.tensor([[[1.0], [2.0]], [[3.0], [4.5]]]),
        torch.rand(3, 4), torch.randn(2, 3, 4), torch.randn(2, 2, 2, 2), torch.randn(30), torch.randn(4, 15),
        torch.tensor([1, 2, 3]), torch.tensor([[-1, 100], [5, 6]]), torch.arange(40), torch.tensor([2147483647, -2147483648]),
        torch.arange(1000.0), torch.arange(1001.0), torch.arange(1001), torch.rand(40, 40), torch.arange(1200.0).reshape(100, 12),
        torch.arange(1331.0).reshape(11, 11, 11), torch.arange(1030.0).reshape(2, 515), torch.arange(1100.0).reshape(1100, 1),
        torch.rand(3, dtype=torch.float64), torch.rand(2, 9, dtype=torch.float64), torch.arange(3, dtype=torch.float64),
        torch.tensor([1.0] * 12, dtype=torch.float64), torch.tensor([1.0] * 13), torch.tensor([0.5] * 10),
    ]  # fmt: skip
    rows = []
    for value in values:
        # lanewise's integers are int32, which PyTorch names; its own default, int64, it does not.
        value = value.int() if value.dtype == torch.int64 else value
        rows.append({"tensor": encode(value), "requiresGrad": False, "text": str(value)})
    for value in (torch.tensor([1.0, 2.0]), torch.tensor(0.5), torch.rand(2, 8), torch.rand(9), torch.empty(0, 2)):
        rows.append({"tensor": encode(value), "requiresGrad": True, "text": str(value.requires_grad_())})
    return rows


def printing():
    return {"modules": modules(), "tensors": tensors()}
