"""PyTorch as a contender: `with_pytorch.py eager|compile|channels-last`.

Float32. Tensors of op-level programs need no gradient, so nothing is recorded, and results go to memory allocated
beforehand where PyTorch offers it. The optimizers are the fused ones, the fastest that PyTorch has.
"""

import sys

import torch
import torch._inductor.config
import torch.nn.functional as F
from torch import nn

import vocabulary
from contender import Contender

COMPILES = sys.argv[1] == "compile"
FORMAT = torch.channels_last if sys.argv[1] == "channels-last" else torch.contiguous_format


def mlp(layers, dropout):
    model = nn.Sequential()
    for inputs, outputs in zip(layers, layers[1:-1]):
        model.extend([nn.Linear(inputs, outputs), nn.ReLU()])
        if dropout > 0:
            model.append(nn.Dropout(dropout))
    return model.append(nn.Linear(layers[-2], layers[-1]))


def cnn(image, channels, kernel, hidden, classes, featureDropout, dropout):
    model = nn.Sequential()
    for inputs, outputs in zip(channels, channels[1:]):
        model.extend([nn.Conv2d(inputs, outputs, kernel, padding="same"), nn.ReLU(), nn.MaxPool2d(2)])
        image //= 2
    model.extend([nn.Dropout2d(featureDropout), nn.Flatten()])
    model.extend([nn.Linear(channels[-1] * image * image, hidden), nn.ReLU(), nn.Dropout(dropout)])
    return model.append(nn.Linear(hidden, classes))


def compiled(function):
    torch._dynamo.reset()
    return torch.compile(function, dynamic=False) if COMPILES else function


def training_step(model, inputs, target, optimizer, learning_rate):
    model.train()
    update = getattr(torch.optim, optimizer)(model.parameters(), lr=learning_rate, fused=True)
    criterion = nn.CrossEntropyLoss()

    def step():
        update.zero_grad()
        criterion(model(inputs), target).backward()
        update.step()

    return compiled(step)


class PyTorch(Contender):
    def set_threads(self, count):
        if torch.get_num_threads() != count:
            torch.set_num_threads(count)

    def normal(self, rows, columns):
        return torch.randn(rows, columns)

    def product(self, a, b, transpose_a, transpose_b):
        a, b = a.t() if transpose_a else a, b.t() if transpose_b else b
        out = torch.zeros(a.shape[0], b.shape[1])
        return lambda: torch.mm(a, b, out=out)

    def relu(self, x):
        out = torch.zeros_like(x)
        return lambda: torch.clamp_min(x, 0, out=out)

    def dropout(self, x):
        return lambda: F.dropout(x, 0.5, training=True)

    def copy(self, x):
        out = torch.zeros_like(x)
        return lambda: out.copy_(x)

    def scaled_copy(self, x):
        out = torch.zeros_like(x)
        return lambda: torch.mul(x, 2.0, out=out)

    def mlp_train_step(self, layers, batch, optimizer, dropout, learningRate):
        torch.manual_seed(0)
        inputs, target = torch.randn(batch, layers[0]), torch.randint(0, layers[-1], (batch,))
        return training_step(mlp(layers, dropout), inputs, target, optimizer, learningRate)

    def cnn_train_step(self, image, channels, classes, batch, optimizer, learningRate, **rest):
        torch.manual_seed(0)
        model = cnn(image, channels, classes=classes, **rest).to(memory_format=FORMAT)
        inputs = torch.randn(batch, channels[0], image, image).to(memory_format=FORMAT)
        return training_step(model, inputs, torch.randint(0, classes, (batch,)), optimizer, learningRate)

    def layer(self, kind, sizes, channelsLast, **which):
        """Backward passes are calls of the functions that autograd calls, with the results of a forward pass."""
        x, ones = torch.randn(*sizes), torch.ones(sizes[1])
        if channelsLast:
            x = x.to(memory_format=torch.channels_last)
        forward = which["pass"] == "forward"
        if kind == "maxPool":
            out, index = F.max_pool2d(x, 2, return_indices=True)
            back = torch.ops.aten.max_pool2d_with_indices_backward
            run = lambda: F.max_pool2d(x, 2, return_indices=True)
            return run if forward else lambda: back(out, x, [2, 2], [2, 2], [0, 0], [1, 1], False, index)
        if kind == "batchNorm":
            norm = torch.ops.aten.native_batch_norm
            out, mean, rstd = norm(x, ones, ones, None, None, True, 0.1, 1e-5)
            back = torch.ops.aten.native_batch_norm_backward
            run = lambda: norm(x, ones, ones, None, None, True, 0.1, 1e-5)
            return run if forward else lambda: back(out, x, ones, None, None, mean, rstd, True, 1e-5, [True] * 3)
        norm, shape = torch.ops.aten.native_layer_norm, [sizes[1]]
        out, mean, rstd = norm(x, shape, ones, ones, 1e-5)
        back = torch.ops.aten.native_layer_norm_backward
        run = lambda: norm(x, shape, ones, ones, 1e-5)
        return run if forward else lambda: back(out, x, shape, mean, rstd, ones, ones, [True] * 3)

    def recurrent(self, kind, steps, batch, inputs, units, **which):
        layer = getattr(nn, kind)(inputs, units)
        x = torch.randn(steps, batch, inputs)
        update = torch.optim.SGD(layer.parameters(), lr=0.01, fused=True)

        def forward():
            with torch.inference_mode():
                layer(x)

        def step():
            update.zero_grad()
            layer(x)[0].square().mean().backward()
            update.step()

        return forward if which["pass"] == "forward" else step

    def vocabulary(self, **params):
        return vocabulary.program(**params)

    def forward(self, layers, batch):
        model = compiled(mlp(layers, 0).eval())
        inputs = torch.randn(batch, layers[0])

        def run():
            with torch.inference_mode():
                model(inputs)

        return run


torch.set_flush_denormal(True)
# Masks drawn by Inductor's own code take longer.
torch._inductor.config.fallback_random = True
notes = ["optimizers with fused=True, torch.set_flush_denormal(True), MKL as it is"]
if FORMAT == torch.channels_last:
    notes.append("images and filters in torch.channels_last")
if COMPILES:
    notes.insert(0, "torch.compile(step, dynamic=False) over the whole step, inductor's fallback_random")
PyTorch(
    versions={"torch": torch.__version__},
    threads=torch.get_num_threads(),
    threadSource="torch.set_num_threads",
    notes=notes,
    isa=torch.backends.cpu.get_cpu_capability().lower(),
).serve()
