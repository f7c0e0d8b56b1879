"""tables.json: Embedding, EmbeddingBag and Bilinear: initial weights, printed form, results, gradients, rows that maxNorm shrinks."""

import torch
from torch import nn

from .encode import encode

CAMEL = {"padding_idx": "paddingIdx", "max_norm": "maxNorm", "norm_type": "normType", "scale_grad_by_freq": "scaleGradByFreq"}
CAMEL |= {"include_last_offset": "includeLastOffset"}


def row(name, sizes, inputs, call=lambda *x: x, **options):
    """inputs: what lanewise's forward gets, null for what is left out."""
    seed = 60 + len(sizes) + len(options)
    torch.manual_seed(seed)
    module = getattr(nn, name)(*sizes, **options)
    after = torch.rand(2)
    leaves = [x.clone().requires_grad_() if x is not None and x.is_floating_point() else x for x in inputs]
    cells = {"module": name, "sizes": list(sizes), "options": {CAMEL.get(k, k): v for k, v in options.items()}}
    cells |= {"seed": seed, "text": str(module), "after": encode(after)}
    cells |= {"initial": {k: encode(v) for k, v in module.state_dict().items()}}
    output = module(*leaves)
    gradient = torch.linspace(0.5, 1.5, output.numel()).reshape(output.shape)
    output.backward(gradient)
    cells |= {"inputs": [None if x is None else encode(x) for x in inputs], "output": encode(output)}
    cells |= {"gradient": encode(gradient), "weights": {k: encode(v) for k, v in module.state_dict().items()}}
    cells |= {"grads": {k: encode(v.grad) for k, v in module.named_parameters()}}
    cells["inputGrads"] = [encode(x.grad) if x is not None and x.is_floating_point() else None for x in leaves]
    return cells


def tables():
    index = torch.tensor([[1, 0, 4], [4, 2, 4]])
    flat, offsets = torch.tensor([1, 2, 4, 4, 0, 3]), torch.tensor([0, 2, 2, 5])
    cases = [
        row("Embedding", (5, 3), [index]),
        row("Embedding", (5, 4), [torch.tensor(3)]),
        row("Embedding", (5, 3), [torch.empty(0, 2, dtype=torch.long)]),
        row("Embedding", (5, 3), [index], padding_idx=-1),
        row("Embedding", (5, 3), [index], padding_idx=4, scale_grad_by_freq=True),
        row("Embedding", (5, 3), [index], max_norm=1, norm_type=1),
        row("Embedding", (5, 3), [index], max_norm=0.5, scale_grad_by_freq=True, sparse=False),
    ]
    for mode in ("sum", "mean", "max"):
        cases.append(row("EmbeddingBag", (5, 3), [index], mode=mode))
        cases.append(row("EmbeddingBag", (5, 3), [flat, offsets], mode=mode, padding_idx=4))
    cases.append(row("EmbeddingBag", (5, 3), [flat, torch.tensor([0, 3, 6])], include_last_offset=True))
    cases.append(row("EmbeddingBag", (5, 3), [flat, offsets, torch.rand(6)], mode="sum", max_norm=1.5))
    cases.append(row("EmbeddingBag", (5, 3), [index, None, torch.rand(2, 3)], mode="sum", scale_grad_by_freq=True))
    cases.append(row("Bilinear", (2, 3, 4), [torch.randn(5, 2), torch.randn(5, 3)]))
    cases.append(row("Bilinear", (2, 3, 1), [torch.randn(2, 4, 2), torch.randn(2, 4, 3)], bias=False))
    cases.append(row("Bilinear", (1, 1, 2), [torch.randn(1), torch.randn(1)]))
    return {"cases": cases}
