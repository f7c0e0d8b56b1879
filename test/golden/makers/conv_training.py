"""conv-training.json: losses of small convolutional networks."""

import torch
from torch import nn, optim
from torch.nn import functional as F

from .encode import encode


class Block(nn.Module):
    """The basic block of ResNet."""

    def __init__(self, ins, outs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(ins, outs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outs)
        self.conv2 = nn.Conv2d(outs, outs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outs)
        self.shortcut = nn.Identity()
        if stride != 1 or ins != outs:
            self.shortcut = nn.Sequential(nn.Conv2d(ins, outs, 1, stride, bias=False), nn.BatchNorm2d(outs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def separable(ins, outs, stride):
    """The block of MobileNet: depthwise, then pointwise."""
    return nn.Sequential(
        nn.Conv2d(ins, ins, 3, stride, 1, groups=ins, bias=False), nn.BatchNorm2d(ins), nn.ReLU(),
        nn.Conv2d(ins, outs, 1, bias=False), nn.BatchNorm2d(outs), nn.ReLU(),
    )  # fmt: skip


def strided():
    """Without layers of other concepts: strides in place of pools."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, stride=2, padding=2), nn.ReLU(), nn.Dropout2d(0.25),
        nn.Conv2d(6, 12, 3, stride=2, padding="valid", groups=2), nn.ReLU(), nn.AlphaDropout(0.1),
        nn.ConvTranspose2d(12, 8, 2, stride=2), nn.ReLU(), nn.Conv2d(8, 4, 3, padding="same", padding_mode="circular"),
        nn.Flatten(), nn.Linear(4 * 12 * 12, 10),
    )  # fmt: skip


def cnn():
    """The network of issue 11 with fewer channels, but enough for Winograd in the second convolution."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout2d(0.25), nn.Flatten(), nn.Linear(32 * 49, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10),
    )  # fmt: skip


def resnet():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        Block(8, 8, 1), Block(8, 16, 2), Block(16, 32, 2), Mean(), nn.Linear(32, 10),
    )  # fmt: skip


def mobilenet():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        separable(8, 16, 1), separable(16, 24, 2), Mean(), nn.Linear(24, 10),
    )  # fmt: skip


def run(make, steps, batch, size, dtype):
    # With 100 an input of ReLU is 1.3e-6 in the seventh step of the ResNet and 0 by other roundings: the losses part by 1e-4.
    generator = torch.Generator().manual_seed(101)
    inputs = torch.rand((steps, batch, 1, size, size), generator=generator)
    targets = torch.randint(0, 10, (steps, batch), generator=generator)
    torch.manual_seed(0)
    model = make().to(dtype)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for x, t in zip(inputs, targets):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x.to(dtype)), t)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, torch.tensor(losses, dtype=torch.float64), torch.rand(2)


def conv_training():
    cases = []
    for make, steps, batch, size in ((strided, 8, 4, 28), (cnn, 12, 4, 28), (resnet, 10, 8, 12), (mobilenet, 10, 8, 14)):
        model, losses, after = run(make, steps, batch, size, torch.float32)
        _, exact, _ = run(make, steps, batch, size, torch.float64)
        cases.append({
            "model": make.__name__,
            **{"steps": steps, "batch": batch, "size": size},
            "losses": encode(losses),
            # The same run in float64: which of two float32 runs is nearer the truth.
            "losses64": encode(exact),
            "lastBias": encode(model[-1].bias),
            "after": encode(after),
        })
    return {"cases": cases}
