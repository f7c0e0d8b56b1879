"""losses.json: values and gradients of CrossEntropyLoss and MSELoss; training with them and weights of samples."""

import torch
from torch import nn

from .encode import encode
from .weighting import weighted


def run(loss, inputs, target):
    inputs = inputs.clone().requires_grad_()
    value = loss(inputs, target)
    gradient = torch.linspace(0.5, 1.5, value.numel()).reshape(value.shape)
    value.backward(gradient)
    return {
        "input": encode(inputs),
        "target": encode(target),
        "loss": encode(value),
        # What backward() was given: one number, or one for each row.
        "gradient": encode(gradient),
        "grad": encode(inputs.grad),
    }


def cross_entropy():
    torch.manual_seed(17)
    logits = torch.randn(6, 5) * 3
    labels = torch.tensor([0, 4, 2, 2, 1, 3])
    with_ignored = torch.tensor([0, -100, 2, -100, 1, 3])
    weight = torch.tensor([0.5, 2.0, 0.0, 1.25, 3.0])
    probabilities = torch.softmax(torch.randn(6, 5), 1)
    cases = []

    def add(name, inputs, target, weight=None, **options):
        kept = {"weight": None if weight is None else encode(weight)}
        kept |= {"ignoreIndex": options.get("ignore_index"), "labelSmoothing": options.get("label_smoothing")}
        for reduction in ("mean", "sum", "none"):
            loss = nn.CrossEntropyLoss(weight, reduction=reduction, **options)
            cases.append({"name": name, "reduction": reduction, **kept, **run(loss, inputs, target)})

    add("labels", logits, labels)
    add("ignored rows", logits, with_ignored)
    add("another ignored label", logits, labels, ignore_index=2)
    add("weights", logits, labels, weight)
    add("weights, ignored rows", logits, with_ignored, weight)
    add("smoothing", logits, labels, label_smoothing=0.1)
    add("smoothing, weights, ignored rows", logits, with_ignored, weight, label_smoothing=0.3)
    add("smoothing 1", logits, labels, label_smoothing=1.0)
    add("all rows ignored", logits, torch.full((6,), -100))
    add("only rows of weight 0", logits, torch.full((6,), 2), weight)
    add("probabilities", logits, probabilities)
    add("probabilities, weights", logits, probabilities, weight)
    add("probabilities, smoothing, weights", logits, probabilities, weight, label_smoothing=0.2)
    add("no rows", torch.empty(0, 5), torch.empty(0, dtype=torch.long))
    add("one class", torch.randn(4, 1), torch.zeros(4, dtype=torch.long))
    add("one sample without a batch", torch.randn(5), torch.tensor(3))
    add("large logits", logits * 1000, labels)
    special = logits.clone()
    special[0, 1], special[1, 2], special[2, 0], special[4, 1] = float("-inf"), float("nan"), float("inf"), float("-inf")
    add("special values", special, labels)
    add("33 rows of 10", torch.randn(33, 10), torch.arange(33) % 10)
    for offset in (1e4, -1e5, 1e7):
        name = f"logits near {offset:.0e}"
        add(name, logits + offset, labels)
        add(f"{name}, weights, smoothing, ignored rows", logits + offset, with_ignored, weight, label_smoothing=0.3)
        add(f"{name}, probabilities", logits + offset, probabilities)
    return cases


def mse():
    torch.manual_seed(18)
    cases = []
    for name, shape in (("matrix", (4, 3)), ("scalar", ()), ("empty", (0, 2)), ("odd", (17,))):
        a, b = torch.randn(shape), torch.randn(shape)
        for reduction in ("mean", "sum", "none"):
            cases.append({"name": name, "reduction": reduction, **run(nn.MSELoss(reduction=reduction), a, b)})
    return cases


def losses():
    return {"crossEntropy": cross_entropy(), "mse": mse(), "weighted": weighted()}
