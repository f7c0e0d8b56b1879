"""norms.json: layers of normalisation: what they print, results, gradients, running statistics over three steps, evaluation."""

import torch
from torch import nn

from .encode import encode
from .pooling import camel


def row(layer, x, *args, **options):
    module = getattr(nn, layer)(*(tuple(a) if isinstance(a, list) else a for a in args), **options)
    result = {"layer": layer, "args": [*args, camel(options)] if options else list(args), "text": str(module)}
    # Weights that are not 1, as in the middle of a training.
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.empty_like(parameter).uniform_(0.5, 2.0))
    result["parameters"] = {name: encode(p) for name, p in module.named_parameters()}
    result["steps"] = []
    for step in range(3 if "Batch" in layer or "Instance" in layer else 1):
        module.zero_grad()
        leaf = (x * (step + 1) + step).requires_grad_()
        output = module(leaf)
        gradient = torch.linspace(-1.0, 2.0, output.numel()).reshape(output.shape)
        output.backward(gradient)
        result["steps"].append({
            "input": encode(leaf), "output": encode(output), "gradient": encode(gradient), "grad": encode(leaf.grad),
            "grads": {name: encode(p.grad) for name, p in module.named_parameters()},
            "buffers": {name: encode(b) for name, b in module.named_buffers()},
        })
    module.eval()
    leaf = x.clone().requires_grad_()
    module.zero_grad()
    output = module(leaf)
    output.backward(torch.ones_like(output))
    result["evaluated"] = {
        "input": encode(x), "output": encode(output), "grad": encode(leaf.grad),
        "grads": {name: encode(p.grad) for name, p in module.named_parameters()},
    }
    return result


def norms():
    torch.manual_seed(22)
    images, lines, vectors = torch.randn(3, 4, 5, 3) + 1, torch.randn(2, 3, 11), torch.randn(9, 5) * 3 - 2
    rows = [
        row("BatchNorm2d", images, 4),
        row("BatchNorm2d", images, 4, momentum=None, bias=False),
        row("BatchNorm2d", images, 4, affine=False, eps=0.001),
        row("BatchNorm2d", images, 4, track_running_stats=False, momentum=0.3),
        row("BatchNorm1d", vectors, 5),
        row("BatchNorm1d", lines, 3, momentum=0.5),
        row("LayerNorm", vectors, 5),
        row("LayerNorm", images, [5, 3], eps=0.01, bias=False),
        row("LayerNorm", lines, 11, elementwise_affine=False),
        row("GroupNorm", images, 2, 4),
        row("GroupNorm", vectors[:, :4], 2, 4, affine=False),
        row("GroupNorm", images, 1, 4, bias=False),
        row("InstanceNorm2d", images, 4),
        row("InstanceNorm2d", images[0], 4, affine=True),
        row("InstanceNorm1d", lines, 3, affine=True, track_running_stats=True, momentum=0.2),
        row("InstanceNorm1d", lines, 3, track_running_stats=True, momentum=None),
        row("RMSNorm", vectors, 5),
        row("RMSNorm", images, [5, 3], eps=1e-6),
        row("RMSNorm", lines * 1e-4, 11, elementwise_affine=False),
    ]
    return {"rows": rows}
