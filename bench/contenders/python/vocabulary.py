"""PyTorch's code for the case `vocabulary`: see bench/contenders/vocabulary.ts."""

import torch
import torch.nn.functional as F
from torch import nn

FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}


def updater(name, parameters, lr):
    # The fused form where there is one; the others take all parameters at once.
    return getattr(torch.optim, name)(parameters, lr=lr, **({"fused": True} if name in FUSED else {"foreach": True}))


def stepping(optimizer, loss_of, after=None, parameters=None):
    def step():
        optimizer.zero_grad()
        loss_of().backward()
        if parameters is not None:
            nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if after is not None:
            after()

    return step


def encoder(sizes, **_):
    batch, length, features, heads = sizes
    layer = nn.TransformerEncoderLayer(features, heads, batch_first=True)
    x = torch.randn(batch, length, features)
    return stepping(updater("SGD", layer.parameters(), 1e-5), lambda: layer(x).square().mean())


def attention(sizes, name):
    query, key, value, grad = (torch.randn(*sizes) for _ in range(4))
    leaves = [each.requires_grad_() for each in (query, key, value)]

    def run():
        for each in leaves:
            each.grad = None
        F.scaled_dot_product_attention(*leaves, is_causal=name == "causal").backward(grad)

    return run


def embedding(sizes, name):
    entries, width, batch, tokens = sizes
    table = nn.Embedding(entries, width)
    index, grad = torch.randint(0, entries, (batch, tokens)), torch.randn(batch, tokens, width)
    if name == "forward":

        def forward():
            with torch.inference_mode():
                table(index)

        return forward
    optimizer = updater("SGD", table.parameters(), 1e-5)

    def step():
        optimizer.zero_grad()
        table(index).backward(grad)
        optimizer.step()

    return step


def sparse(sizes, name):
    entries, width, batch, tokens = sizes
    table = nn.Embedding.from_pretrained(torch.zeros(entries, width), freeze=False, sparse=True)
    index, grad = torch.randint(0, entries, (batch, tokens)), torch.randn(batch, tokens, width)
    # Neither has a fused form for sparse gradients.
    optimizer = getattr(torch.optim, name)(table.parameters(), lr=1e-5)

    def step():
        optimizer.zero_grad()
        output = table(index)
        output.backward(grad)
        optimizer.step()
        return output.sum()

    return step


def activation(sizes, name):
    args = [0.1, 0.0] if name == "Threshold" else [1] if name in ("Softmax", "Softmin", "LogSoftmax") else []
    layer = getattr(nn, name)(*args)
    x = torch.randn(*sizes, requires_grad=True)
    grad = torch.randn(sizes[0], sizes[1] // 2 if name == "GLU" else sizes[1])

    def run():
        x.grad = None
        layer.zero_grad()
        layer(x).backward(grad)

    return run


def loss(sizes, name):
    rows, columns = sizes
    labels = lambda: torch.randint(0, columns, (rows,))
    signs = lambda *shape: torch.randint(0, 2, shape).float() * 2 - 1
    normal = lambda: torch.randn(rows, columns)
    probabilities = torch.rand(rows, columns) * 0.9 + 0.05
    targets = {
        "CrossEntropyLoss": lambda: [labels()],
        "NLLLoss": lambda: [labels()],
        "MultiMarginLoss": lambda: [labels()],
        "GaussianNLLLoss": lambda: [normal(), probabilities],
        "HingeEmbeddingLoss": lambda: [signs(rows, columns)],
        "SoftMarginLoss": lambda: [signs(rows, columns)],
        "CosineEmbeddingLoss": lambda: [normal(), signs(rows)],
        "MarginRankingLoss": lambda: [normal(), signs(rows, columns)],
        "TripletMarginLoss": lambda: [normal(), normal()],
    }
    criterion, x = getattr(nn, name)(), probabilities.clone() if name == "BCELoss" else normal()
    others = targets.get(name, lambda: [torch.rand(rows, columns)])()
    x.requires_grad_()

    def run():
        x.grad = None
        criterion(x, *others).backward()

    return run


def ctc(sizes, **_):
    steps, rows, classes, labels = sizes
    x = torch.randn(steps, rows, classes, requires_grad=True)
    targets = torch.randint(1, classes, (rows, labels))
    lengths = [torch.full((rows,), length) for length in (steps, labels)]

    def run():
        x.grad = None
        F.ctc_loss(F.log_softmax(x, 2), targets, *lengths).backward()

    return run


def optimizer(sizes, name):
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    x, y = torch.randn(sizes[0], 784), torch.randint(0, 10, (sizes[0],))
    return stepping(updater(name, model.parameters(), 1e-5), lambda: F.cross_entropy(model(x), y))


def regularized(sizes, **_):
    block = lambda inputs, outputs: [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.GELU(), nn.Dropout(0.3)]
    model = nn.Sequential(*block(784, 256), *block(256, 128), nn.Linear(128, 10))
    parameters = list(model.parameters())
    adamw = updater("AdamW", parameters, 1e-5)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(adamw, max_lr=1e-5, total_steps=10**9)
    x, y = torch.randn(sizes[0], 784), torch.randint(0, 10, (sizes[0],))
    return stepping(adamw, lambda: F.cross_entropy(model(x), y), scheduler.step, parameters)


KINDS = {each.__name__: each for each in (encoder, attention, embedding, sparse, activation, loss, ctc, optimizer, regularized)}


def program(kind, sizes, name=None):
    torch.manual_seed(0)
    return KINDS[kind](sizes=sizes, name=name)
