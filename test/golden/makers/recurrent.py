"""Recurrent layers and cells: outputs, states, gradients, initial weights, printing."""

import itertools

import torch
from torch import nn

from .encode import encode


def spelled(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def layer_case(kind, sizes, options, steps, rows, state, lengths=None):
    torch.manual_seed(11)
    layer = getattr(nn, kind)(*sizes, **options)
    after = torch.rand(1)
    generator = torch.Generator().manual_seed(3)
    batch_first = options.get("batch_first", False)
    shape = [steps, sizes[0]] if rows is None else [rows, steps, sizes[0]] if batch_first else [steps, rows, sizes[0]]
    x = torch.randn(shape, generator=generator).requires_grad_()
    directions = 2 if options.get("bidirectional") else 1
    layers = options.get("num_layers", 1) * directions
    hidden = options.get("proj_size") or sizes[1]
    state_shape = lambda size: [layers, size] if rows is None else [layers, rows, size]
    given = None
    states = []
    if state:
        states = [torch.randn(state_shape(hidden), generator=generator).requires_grad_()]
        if kind == "LSTM":
            states.append(torch.randn(state_shape(sizes[1]), generator=generator).requires_grad_())
        given = tuple(states) if kind == "LSTM" else states[0]
    if lengths is None:
        output, last = layer(x, given)
    else:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=False)
        output, last = layer(packed, given)
        output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=batch_first)
    lasts = list(last) if kind == "LSTM" else [last]
    grads = [torch.randn(each.shape, generator=generator) for each in [output, *lasts]]
    sum((each * grad).sum() for each, grad in zip([output, *lasts], grads)).backward()
    return {
        "name": ", ".join([kind, *(f"{key}={value}" for key, value in options.items()), f"{shape}", "state" if state else "zeros"] + ([f"lengths {lengths}"] if lengths else [])),
        "layer": kind,
        "sizes": list(sizes),
        "options": {spelled(key): value for key, value in options.items()},
        "printed": str(layer),
        "keys": list(layer.state_dict()),
        "weights": encode(torch.cat([p.detach().flatten() for p in layer.parameters()])),
        "after": encode(after),
        "lengths": lengths,
        "input": encode(x),
        "states": [encode(each) for each in states],
        "results": [encode(each) for each in [output, *lasts]],
        "grads": [encode(each) for each in grads],
        "inputGrad": encode(x.grad),
        "stateGrads": [encode(each.grad) for each in states],
        "weightGrads": encode(torch.cat([p.grad.flatten() for p in layer.parameters()])),
    }


def cell_case(kind, sizes, options, rows):
    torch.manual_seed(5)
    cell = getattr(nn, kind)(*sizes, **options)
    generator = torch.Generator().manual_seed(9)
    shape = [sizes[0]] if rows is None else [rows, sizes[0]]
    x = torch.randn(shape, generator=generator).requires_grad_()
    states = [torch.randn([*shape[:-1], sizes[1]], generator=generator).requires_grad_() for _ in range(2 if kind == "LSTMCell" else 1)]
    results = cell(x, tuple(states) if kind == "LSTMCell" else states[0])
    results = list(results) if kind == "LSTMCell" else [results]
    grads = [torch.randn(each.shape, generator=generator) for each in results]
    sum((each * grad).sum() for each, grad in zip(results, grads)).backward()
    return {
        "name": f"{kind}, {options}, {shape}",
        "layer": kind,
        "sizes": list(sizes),
        "options": {spelled(key): value for key, value in options.items()},
        "printed": str(cell),
        "keys": list(cell.state_dict()),
        "weights": encode(torch.cat([p.detach().flatten() for p in cell.parameters()])),
        "input": encode(x),
        "states": [encode(each) for each in states],
        "results": [encode(each) for each in results],
        "grads": [encode(each) for each in grads],
        "inputGrad": encode(x.grad),
        "stateGrads": [encode(each.grad) for each in states],
        "weightGrads": encode(torch.cat([p.grad.flatten() for p in cell.parameters()])),
    }


def packing():
    x = torch.arange(24.0).reshape(3, 4, 2)
    rows = []
    for lengths, sorted_, first in [([3, 2, 2, 1], True, False), ([1, 3, 2, 3], False, False), ([2, 4, 1], False, True)]:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=sorted_)
        padded, back = nn.utils.rnn.pad_packed_sequence(packed, batch_first=first, padding_value=-1.0, total_length=5)
        none = lambda t: None if t is None else t.tolist()
        rows.append(
            {
                "lengths": lengths,
                "enforceSorted": sorted_,
                "batchFirst": first,
                "data": encode(packed.data),
                "batchSizes": packed.batch_sizes.tolist(),
                "sortedIndices": none(packed.sorted_indices),
                "unsortedIndices": none(packed.unsorted_indices),
                "padded": encode(padded),
                "back": back.tolist(),
            }
        )
    return rows


def training():
    """A GRU and an LSTM one behind the other, with dropout between layers, from one seed: losses of Adam's steps."""
    torch.manual_seed(0)
    gru = nn.GRU(6, 20, num_layers=2, dropout=0.3, batch_first=True)
    lstm = nn.LSTM(20, 24)
    head = nn.Linear(24, 3)
    parameters = [*gru.parameters(), *lstm.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    x = torch.randn(7, 5, 6)
    target = torch.randint(3, (7,))
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        output, _ = gru(x)
        _, (hidden, _) = lstm(output.transpose(0, 1))
        loss = nn.functional.cross_entropy(head(hidden[0]), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def recurrent():
    layers = []
    for kind in ["RNN", "GRU", "LSTM"]:
        extra = {"nonlinearity": "relu"} if kind == "RNN" else {}
        layers += [
            layer_case(kind, (3, 5), {}, 4, 2, False),
            layer_case(kind, (3, 17), {"num_layers": 2, "bidirectional": True, **extra}, 3, 3, True),
            layer_case(kind, (4, 6), {"bias": False, "batch_first": True}, 3, 2, True),
            layer_case(kind, (3, 5), {"bidirectional": True}, 4, None, True),
            layer_case(kind, (2, 4), {"num_layers": 2, "bidirectional": True}, 5, 4, True, [2, 5, 1, 3]),
            layer_case(kind, (2, 4), {"batch_first": True}, 4, 3, False, [4, 2, 2]),
        ]
    layers += [
        layer_case("LSTM", (3, 5), {"proj_size": 2, "num_layers": 2, "bidirectional": True}, 3, 2, True),
        layer_case("LSTM", (20, 17), {}, 3, 9, True),
    ]
    cells = [
        cell_case(kind, (3, 5), options, rows)
        for kind, options in [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu", "bias": False}), ("GRUCell", {}), ("LSTMCell", {"bias": False}), ("LSTMCell", {})]
        for rows in ([2, None] if options == {} else [3])
    ]
    return {"layers": layers, "cells": cells, "packing": packing(), "training": training()}
