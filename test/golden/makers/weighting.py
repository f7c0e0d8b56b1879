"""The key `weighted` of losses.json: training with a weight for each sample, written by hand with reduction 'none'."""

import torch
from torch import nn
from torch.nn import functional as F

from .encode import encode

BATCH, EPOCHS, RATE = 3, 2, 0.1


def train(name, kind, weights, target, **options):
    """kind(output, target) gives the losses of the rows, and what each of them weighs besides."""
    torch.manual_seed(23)
    model = nn.Linear(4, 3)
    inputs = torch.randn(7, 4)
    initial = {key: encode(value) for key, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    losses = []
    for _ in range(EPOCHS):
        numerator, denominator = 0.0, 0.0
        for rows in torch.arange(7).split(BATCH):
            optimizer.zero_grad()
            row_losses, own = kind(model(inputs[rows]), target[rows])
            w = weights[rows].reshape(-1, *[1] * (row_losses.ndim - 1))
            total, weight = (w * row_losses).sum(), (w * own).sum()
            if options.get("reduction") == "sum":
                loss, weight = total, torch.tensor(float(len(rows)))
            else:
                loss = total / weight if weight > 0 else total
            loss.backward()
            optimizer.step()
            numerator, denominator = numerator + total.item(), denominator + weight.item()
        losses.append(numerator / denominator)
    return {
        "name": name,
        "options": {**options, "weight": encode(options["weight"]) if "weight" in options else None},
        "initial": initial,
        "inputs": encode(inputs),
        "target": encode(target),
        "sampleWeight": encode(weights),
        "batchSize": BATCH,
        "lr": RATE,
        "losses": losses,
        "after": {key: encode(value) for key, value in model.state_dict().items()},
    }


def weighted():
    torch.manual_seed(22)
    weights = torch.tensor([0.5, 2.0, 0.0, 1.25, 3.0, 0.75, 1.5])
    idle = torch.tensor([1.0, 0.5, 2.0, 0.0, 0.0, 0.0, 3.0])
    labels = torch.tensor([0, 2, 1, 1, 2, 0, 2])
    ignored = torch.tensor([0, -100, 1, 1, -100, 0, 2])
    classes = torch.tensor([0.5, 2.0, 1.25])
    probabilities = torch.softmax(torch.randn(7, 3), 1)

    def cross_entropy(weight=None, smoothing=0.0):
        def rows(output, target):
            each = F.cross_entropy(output, target, weight, reduction="none", label_smoothing=smoothing)
            if target.ndim == 2:
                return each, torch.ones(len(target))
            counted = (target != -100).float()
            return each, counted if weight is None else counted * weight[target * (target != -100)]

        return rows

    def squares(output, target):
        return (output - target) ** 2, torch.ones(output.shape)

    kinds = ("crossEntropy", "mse")
    cases = [
        (kinds[0], "labels", cross_entropy(), weights, labels, {}),
        (kinds[0], "a batch without weight", cross_entropy(), idle, labels, {}),
        (kinds[0], "ignored labels", cross_entropy(), weights, ignored, {}),
        (kinds[0], "class weights, ignored labels", cross_entropy(classes), weights, ignored, {"weight": classes}),
        (kinds[0], "class weights, smoothing", cross_entropy(classes, 0.2), weights, labels,
         {"weight": classes, "labelSmoothing": 0.2}),
        (kinds[0], "a sum", cross_entropy(), weights, labels, {"reduction": "sum"}),
        (kinds[0], "losses each", cross_entropy(), weights, labels, {"reduction": "none"}),
        (kinds[0], "probabilities", cross_entropy(), weights, probabilities, {}),
        (kinds[1], "squares", squares, weights, probabilities, {}),
        (kinds[1], "a sum of squares", squares, weights, probabilities, {"reduction": "sum"}),
    ]
    return [{"kind": kind} | train(name, rows, w, target, **options) for kind, name, rows, w, target, options in cases]
