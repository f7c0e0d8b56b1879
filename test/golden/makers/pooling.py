"""pooling.json: layers of pooling: what they print, results, indices, gradients."""

import torch
from torch import nn

from .encode import encode

INF, NAN = float("inf"), float("nan")


def camel(options):
    """Options in lanewise's spelling."""
    words = {name: name.split("_") for name in options}
    return {first + "".join(w.title() for w in rest): options[name] for name, (first, *rest) in words.items()}


def as_tuples(*sizes, **options):
    """What PyTorch prints as it was given, in the form in which it is given there."""
    tuples = [tuple(each) if isinstance(each, list) else each for each in [*sizes, *options.values()]]
    return tuples[: len(sizes)], dict(zip(options, tuples[len(sizes) :]))


def row(layer, x, *sizes, **options):
    """The layer called as in PyTorch; `args` is how lanewise spells what it was given."""
    takes_indices = "Max" in layer
    extra = {"return_indices": True} if takes_indices else {}
    result = {"layer": layer, "args": [*sizes, camel(options)] if options else list(sizes)}
    sizes, options = as_tuples(*sizes, **options)
    result["text"] = str(getattr(nn, layer)(*sizes, **options))
    leaf = x.clone().requires_grad_()
    module = getattr(nn, layer)(*sizes, **options, **extra)
    output, indices = module(leaf) if takes_indices else (module(leaf), None)
    gradient = torch.linspace(-1.0, 2.0, output.numel()).reshape(output.shape)
    output.backward(gradient)
    result["input"] = encode(x)
    result["output"] = encode(output)
    result["indices"] = None if indices is None else encode(indices)
    result["gradient"] = encode(gradient)
    result["grad"] = encode(leaf.grad)
    return result


def unpooled(dims, x, size, **options):
    """MaxUnpool behind MaxPool, with the sizes that there were."""
    output, indices = getattr(nn, f"MaxPool{dims}d")(size, **options, return_indices=True)(x)
    layer = getattr(nn, f"MaxUnpool{dims}d")(size, **options)
    sizes = list(x.shape if x.dim() == dims + 2 else x.shape[1:])
    back = layer(output, indices, output_size=sizes)
    return {
        "layer": f"MaxUnpool{dims}d", "args": [size, camel(options)] if options else [size], "text": str(layer),
        "input": encode(output), "indices": encode(indices), "outputSize": sizes, "output": encode(back),
    }


def pooling():
    torch.manual_seed(21)
    images, small, lines = torch.randn(2, 3, 9, 13), torch.randn(2, 17, 7, 7), torch.randn(2, 3, 23)
    # Ties and what is not finite.
    special = torch.tensor([1.0, NAN, 1.0, -INF, NAN, 2.0, 2.0, INF, 0.0, -0.0, -INF, -INF]).repeat(6).reshape(1, 2, 6, 6)
    ties = torch.randint(0, 2, (2, 2, 8, 8)).float()
    volumes = torch.randn(1, 2, 4, 5, 6)
    rows = [
        row("MaxPool2d", images, 2),
        row("MaxPool2d", small, 2),
        row("MaxPool2d", images, [3, 2], stride=[2, 1], padding=[1, 0]),
        row("MaxPool2d", images, 3, stride=2, padding=1, ceil_mode=True),
        row("MaxPool2d", images, 2, dilation=2, stride=3),
        row("MaxPool2d", images[0], 2, ceil_mode=True),
        row("MaxPool2d", special, 2),
        row("MaxPool2d", special, 3, stride=1, padding=1),
        row("MaxPool2d", ties, 3, stride=1),
        row("MaxPool1d", lines, 3),
        row("MaxPool1d", lines[0], 2, stride=1, padding=1),
        row("MaxPool1d", lines, 4, stride=3, dilation=2, ceil_mode=True),
        row("MaxPool3d", volumes, 2),
        row("MaxPool3d", volumes, [1, 2, 3], stride=2, padding=[0, 1, 1], ceil_mode=True),
        row("AvgPool2d", images, 2),
        row("AvgPool2d", small, [3, 2], stride=1),
        row("AvgPool2d", images, 3, stride=2, padding=1),
        row("AvgPool2d", images, 3, stride=2, padding=1, ceil_mode=True),
        row("AvgPool2d", images, 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
        row("AvgPool2d", images[1], 2, divisor_override=3),
        row("AvgPool2d", special, 2),
        row("AvgPool1d", lines, 3),
        row("AvgPool1d", torch.ones(1, 1, 5), 3, stride=3, ceil_mode=True),
        row("AvgPool1d", lines[0], 5, stride=2, padding=2, count_include_pad=False),
        row("AvgPool3d", volumes, 2),
        row("AvgPool3d", volumes, [2, 3, 1], stride=2, divisor_override=-5),
        row("AdaptiveAvgPool2d", small, 1),
        row("AdaptiveAvgPool2d", small, [3, 5]),
        row("AdaptiveAvgPool2d", images[0], [None, 20]),
        row("AdaptiveAvgPool1d", lines, 5),
        row("AdaptiveMaxPool2d", small, [3, None]),
        row("AdaptiveMaxPool2d", special, 4),
        row("AdaptiveMaxPool1d", lines, 7),
    ]
    unpool = [unpooled(2, images, 2), unpooled(1, lines, 3, stride=2), unpooled(2, images[0], [2, 3], padding=1)]
    return {"rows": rows, "unpool": unpool}
