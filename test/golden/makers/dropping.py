"""dropout.json: outputs of the dropout modules by seed."""

import warnings

import torch
from torch import nn

from .encode import encode


def case(module, p, shape, seed, training=True, special=False):
    torch.manual_seed(seed)
    layer = getattr(nn, module)(p)
    layer.train(training)
    x = torch.ones(shape)
    if special:
        flat = x.flatten()
        flat[::3] = float("nan")
        flat[1::3] = float("inf")
    # All ones unless special, so the output is the mask times its scale. Two calls: the stream goes on.
    x.requires_grad_()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outputs = [layer(x), layer(x)]
    outputs[0].sum().backward()
    return {
        "module": module,
        "p": p,
        "shape": list(shape),
        "seed": seed,
        "training": training,
        "special": special,
        "input": encode(x) if special else None,
        "outputs": [encode(output) for output in outputs],
        "grad": encode(x.grad),
        "sameTensor": outputs[0] is x,
        "warnings": sorted({str(warning.message) for warning in caught}),
        "after": encode(torch.rand(2)),
    }


def dropout():
    cases = [case("Dropout", p, (7, 13), 42) for p in (0, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.7, 0.9, 0.999, 1)]
    cases += [case("Dropout", 0.5, shape, 0) for shape in ((0,), (1,), (), (5, 0), (2, 3, 4), (500,))]
    cases += [case("Dropout", p, (4, 6), 1, special=True) for p in (0.5, 1)]
    cases += [case("Dropout", 0.5, (4, 6), 1, training=False)]
    cases += [case("Dropout2d", p, (4, 3, 5, 2), 42) for p in (0, 0.2, 0.5, 1)]
    cases += [case("Dropout2d", 0.5, shape, 3) for shape in ((4, 3, 5), (9, 4), (2, 3, 2, 2, 2), (0, 3, 2, 2))]
    cases += [case("Dropout2d", 0.5, (2, 3, 2, 2), 3, training=False)]
    cases += [case("Dropout1d", 0.5, shape, 3) for shape in ((4, 3, 5), (9, 4))]
    cases += [case("Dropout3d", 0.5, shape, 3) for shape in ((2, 3, 2, 2, 2), (9, 4, 2, 2))]
    cases += [case("AlphaDropout", p, (6, 7), 5) for p in (0, 0.2, 0.5, 1)]
    cases += [case("FeatureAlphaDropout", 0.3, (4, 5, 2, 2), 5)]
    # At the end, so that the rows before stay as they are.
    cases += [case("Dropout1d", p, (4, 3, 5), 7) for p in (0.2, 1)]
    cases += [case("Dropout3d", 0.5, shape, 3) for shape in ((3, 2, 5), (9, 4), (7,), (5, 2, 1, 2, 1, 2))]
    cases += [case("FeatureAlphaDropout", p, shape, 5) for p, shape in ((0.5, (4, 5, 3)), (0.2, (6, 7)), (1, (2, 3, 2)))]
    cases += [case("AlphaDropout", 0.3, (3, 5), 8, special=True)]
    return {"cases": cases}
