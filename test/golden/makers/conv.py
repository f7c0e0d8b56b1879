"""conv.json: layers over space: reprs, initial weights, outputs and gradients. Inputs are drawn after the weights, so that the
generator is seen to be in step."""

import torch
from torch import nn

from .encode import encode, encode_named


def numbers(shape):
    """Exact in float32, different for neighbours: what backward() is given."""
    count = torch.Size(shape).numel()
    return ((torch.arange(count) * 7 % 11 - 5) / 4).reshape(shape)


def camel(word):
    first, *rest = word.split("_")
    return first + "".join(part.capitalize() for part in rest)


def plain(value):
    return list(value) if isinstance(value, tuple) else value


def case(name, args, shape, **options):
    torch.manual_seed(5)
    layer = getattr(nn, name)(*args, **options)
    x = (torch.rand(shape) * 4 - 2).requires_grad_()
    state = encode_named(layer.state_dict().items())
    y = layer(x)
    y.backward(numbers(y.shape))
    return {
        "layer": name,
        "args": [plain(arg) for arg in args],
        "options": {camel(key): plain(value) for key, value in options.items()},
        "shape": list(shape),
        "text": str(layer),
        "state": state,
        "output": encode(y),
        "grad": encode(x.grad),
        "grads": encode_named((key, value.grad) for key, value in layer.named_parameters()),
    }


def convolutions():
    yield case("Conv1d", (3, 4, 3), (2, 3, 7))
    yield case("Conv1d", (4, 6, 4), (2, 4, 9), stride=2, padding=3, dilation=2, groups=2)
    yield case("Conv1d", (2, 3, 1), (2, 11), bias=False)
    yield case("Conv1d", (2, 3, 4), (2, 2, 7), padding="same")
    yield case("Conv1d", (2, 3, 3), (2, 2, 7), padding=2, padding_mode="circular")
    yield case("Conv2d", (3, 4, 3), (2, 3, 7, 6))
    yield case("Conv2d", (3, 5, 3), (2, 3, 7, 6), padding=1)
    yield case("Conv2d", (3, 4, (3, 2)), (2, 3, 7, 6), stride=(2, 1), padding=(1, 2), bias=False)
    yield case("Conv2d", (4, 6, 3), (2, 4, 8, 9), stride=2, padding=1, dilation=2, groups=2)
    yield case("Conv2d", (4, 8, 3), (2, 4, 5, 6), padding=1, groups=4)
    yield case("Conv2d", (4, 4, 3), (1, 4, 6, 5), stride=2, padding=1, groups=4)
    yield case("Conv2d", (5, 7, 1), (2, 5, 3, 4))
    yield case("Conv2d", (5, 3, 1), (2, 5, 5, 4), stride=2)
    yield case("Conv2d", (1, 6, 5), (2, 1, 8, 8), padding=2)
    yield case("Conv2d", (3, 4, (4, 3)), (2, 3, 5, 6), padding="same", dilation=(1, 2))
    yield case("Conv2d", (3, 4, 3), (2, 3, 5, 6), padding="valid")
    yield case("Conv2d", (3, 4, 3), (3, 5, 6), padding=1)
    yield case("Conv2d", (3, 4, 3), (0, 3, 5, 6), padding=1)
    yield case("Conv2d", (2, 3, 7), (1, 2, 7, 7))
    for mode in ("reflect", "replicate", "circular"):
        yield case("Conv2d", (2, 3, 3), (2, 2, 5, 6), padding=(1, 2), padding_mode=mode)
    yield case("Conv2d", (2, 3, (2, 4)), (2, 5, 6), padding="same", padding_mode="reflect")
    yield case("Conv2d", (32, 33, 3), (1, 32, 5, 4), padding=1, bias=False)
    yield case("Conv3d", (2, 3, 3), (2, 2, 4, 5, 3), padding=1)
    yield case("Conv3d", (4, 2, (1, 2, 3)), (4, 3, 5, 6), stride=(1, 2, 1), padding=(0, 1, 2), groups=2)
    yield case("Conv3d", (2, 2, 3), (1, 2, 3, 4, 3), padding=1, padding_mode="replicate")
    yield case("ConvTranspose1d", (3, 4, 3), (2, 3, 5), stride=2, padding=1, output_padding=1)
    yield case("ConvTranspose1d", (4, 6, 4), (4, 5), groups=2, dilation=2, bias=False)
    yield case("ConvTranspose2d", (3, 4, 3), (2, 3, 4, 5))
    yield case("ConvTranspose2d", (4, 6, (3, 2)), (2, 4, 4, 3), stride=(3, 2), padding=(1, 0), output_padding=(2, 1), groups=2)
    yield case("ConvTranspose2d", (3, 2, 3), (2, 3, 4, 5), padding=2, output_padding=1, dilation=2)
    yield case("ConvTranspose2d", (4, 4, 4), (1, 4, 3, 3), stride=2, padding=1, groups=4)
    yield case("ConvTranspose2d", (3, 2, 2), (3, 4, 5), stride=2)
    yield case("ConvTranspose2d", (3, 2, 2), (0, 3, 4, 5), stride=2)
    yield case("ConvTranspose3d", (2, 3, 2), (1, 2, 3, 2, 3), stride=2, padding=(1, 0, 0), output_padding=1)


def shapes():
    for name, value in (("Zero", ()), ("Constant", (3.5,)), ("Reflection", ()), ("Replication", ()), ("Circular", ())):
        yield case(f"{name}Pad1d", (2, *value), (2, 3, 5))
        yield case(f"{name}Pad1d", ((3, 1), *value), (3, 5))
        yield case(f"{name}Pad1d", ((-1, 2), *value), (2, 5))
        yield case(f"{name}Pad2d", (1, *value), (2, 3, 4, 5))
        yield case(f"{name}Pad2d", ((1, 2, 3, 0), *value), (3, 4, 5))
        yield case(f"{name}Pad2d", ((2, -1, -2, 1), *value), (2, 2, 4, 5))
        yield case(f"{name}Pad3d", ((1, 0, 2, 1, 0, 1), *value), (1, 2, 3, 4, 3))
    yield case("ReplicationPad1d", ((7, 9),), (2, 3, 5))
    yield case("PixelShuffle", (2,), (2, 8, 3, 2))
    yield case("PixelShuffle", (3,), (9, 2, 1))
    yield case("PixelUnshuffle", (2,), (2, 3, 4, 6))
    yield case("PixelUnshuffle", (3,), (1, 2, 2, 3, 6))
    yield case("Unflatten", (1, (2, 3)), (4, 6, 2))
    yield case("Unflatten", (-1, (2, -1, 1)), (3, 6))
    yield case("Unfold", (2,), (2, 3, 4, 5))
    yield case("Unfold", ((2, 3),), (3, 6, 7), dilation=(1, 2), padding=(1, 0), stride=(2, 1))
    yield case("Fold", (5, 2), (2, 12, 16))
    yield case("Fold", ((6, 7), (2, 3)), (18, 12), dilation=(1, 2), padding=(1, 0), stride=(2, 1))


def interpolations():
    for size in ({"size": 8}, {"size": 3}, {"scale_factor": 1.3}, {"scale_factor": 0.6}):
        for mode in ("nearest", "nearest-exact", "linear"):
            yield case("Upsample", (), (2, 2, 5), mode=mode, **size)
    yield case("Upsample", (), (2, 2, 5), mode="linear", scale_factor=1.3, align_corners=True)
    yield case("Upsample", (), (2, 2, 5), mode="linear", scale_factor=1.3, recompute_scale_factor=True)
    yield case("Upsample", (), (2, 2, 5), scale_factor=2)
    yield case("Upsample", (), (2, 2, 4, 3), size=(7, 2))
    yield case("Upsample", (), (2, 2, 4, 3), scale_factor=(2, 1.5))
    for corners in (False, True):
        yield case("Upsample", (), (2, 2, 4, 3), scale_factor=2, mode="bilinear", align_corners=corners)
        yield case("Upsample", (), (1, 2, 4, 3), size=(7, 2), mode="bicubic", align_corners=corners)
        yield case("Upsample", (), (1, 1, 3, 2, 3), size=(4, 5, 2), mode="trilinear", align_corners=corners)
    yield case("Upsample", (), (2, 2, 4, 3), size=(1, 6), mode="bilinear", align_corners=True)
    yield case("Upsample", (), (1, 2, 2, 3, 2), scale_factor=(1, 2, 3))


def conv():
    return {"convolutions": [*convolutions()], "shapes": [*shapes(), *interpolations()]}
