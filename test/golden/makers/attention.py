"""Attention: scaled_dot_product_attention, MultiheadAttention, the layers of a transformer's encoder."""

import torch
from torch import nn
from torch.nn import functional as F

from .encode import encode
from .recurrent import spelled


def draw(shape, generator):
    return torch.randn(shape, generator=generator).requires_grad_()


def optional(tensor):
    return None if tensor is None else encode(tensor)


def dot_case(name, query, key, value, mask=None, **options):
    generator = torch.Generator().manual_seed(21)
    inputs = [draw(query, generator), draw(key, generator), draw(value, generator)]
    if mask == "float":
        mask = draw([query[-2], key[-2]], generator)
        inputs.append(mask)
    torch.manual_seed(4)
    output = F.scaled_dot_product_attention(*inputs[:3], attn_mask=mask, **options)
    after = torch.rand(1)
    grad = torch.randn(output.shape, generator=generator)
    output.backward(grad)
    return {
        "name": name,
        "options": {spelled(key): value for key, value in options.items()},
        "inputs": [encode(each) for each in inputs],
        "mask": optional(mask) if len(inputs) == 3 else None,
        "output": encode(output),
        "grad": encode(grad),
        "grads": [encode(each.grad) for each in inputs],
        "after": encode(after),
    }


def module_case(name, make, args, shapes, masks=None, training=True, **options):
    """`make` with `args`; the module's inputs are of these shapes, its options tensors and settings."""
    module_args, module_options = args
    torch.manual_seed(12)
    module = make(*module_args, **module_options)
    made = torch.rand(1)
    module.train(training)
    generator = torch.Generator().manual_seed(22)
    inputs = [draw(shape, generator) for shape in shapes]
    masks = masks or {}
    torch.manual_seed(6)
    result = module(*inputs, **masks, **options)
    after = torch.rand(1)
    results = [each for each in result if each is not None] if isinstance(result, tuple) else [result]
    grads = [torch.randn(each.shape, generator=generator) for each in results]
    sum((each * grad).sum() for each, grad in zip(results, grads)).backward()
    return {
        "name": name,
        "args": list(module_args),
        "options": {spelled(key): value for key, value in module_options.items()},
        "printed": str(module),
        "keys": list(module.state_dict()),
        "weights": encode(torch.cat([p.detach().flatten() for p in module.parameters()])),
        "made": encode(made),
        "training": training,
        "inputs": [encode(each) for each in inputs],
        "masks": {spelled(key): encode(mask) for key, mask in masks.items()},
        "call": {spelled(key): value for key, value in options.items()},
        "results": [encode(each) for each in results],
        "grads": [encode(each) for each in grads],
        "inputGrads": [encode(each.grad) for each in inputs],
        "weightGrads": encode(torch.cat([p.grad.flatten() for p in module.parameters()])),
        "after": encode(after),
    }


def heads(name, args, shapes, masks=None, training=True, **options):
    return module_case(name, nn.MultiheadAttention, args, shapes, masks, training, **options)


def layer(name, options, shape, masks=None, training=True, **call):
    return module_case(name, nn.TransformerEncoderLayer, ((6, 2), {"dim_feedforward": 9, **options}), [shape], masks, training, **call)


def encoder(d_model, nhead, num_layers, norm=False, **options):
    return nn.TransformerEncoder(
        nn.TransformerEncoderLayer(d_model, nhead, **options), num_layers, nn.LayerNorm(d_model) if norm else None, enable_nested_tensor=False
    )


def causal(size):
    return torch.triu(torch.full((size, size), float("-inf")), 1)


def attention():
    holes = torch.tensor([[1, 0, 1, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]]).bool()
    dots = [
        dot_case("plain", (2, 3, 4), (2, 5, 4), (2, 5, 6)),
        dot_case("plain, heads", (2, 2, 37, 8), (2, 2, 41, 8), (2, 2, 41, 8)),
        dot_case("grouped heads", (2, 4, 5, 3), (2, 2, 7, 3), (2, 2, 7, 2), enable_gqa=True),
        dot_case("two dimensions, scale", (3, 4), (5, 4), (5, 2), scale=0.3),
        dot_case("batch broadcasts", (2, 3, 4), (1, 5, 4), (1, 5, 6)),
        dot_case("mask with a row of nothing", (2, 3, 4), (2, 5, 4), (2, 5, 6), holes),
        dot_case("mask with a row of nothing, heads", (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), holes),
        dot_case("added mask", (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), "float"),
        dot_case("causal, fewer keys", (2, 5, 4), (2, 3, 4), (2, 3, 4), is_causal=True),
        dot_case("causal, more keys", (2, 1, 3, 4), (2, 1, 5, 4), (2, 1, 5, 4), is_causal=True),
        dot_case("dropout", (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), dropout_p=0.4),
        dot_case("dropout of everything", (2, 3, 4), (2, 5, 4), (2, 5, 4), dropout_p=1.0),
    ]
    padding = torch.tensor([[0, 0, 0, 1], [0, 1, 1, 1]]).bool()
    later = torch.ones(3, 4).triu(2).bool()
    same = [(4, 2, 6)] * 3
    apart = [(3, 2, 6), (4, 2, 6), (4, 2, 6)]
    first = [(2, 3, 6), (2, 4, 6), (2, 4, 6)]
    mha = [
        heads("plain", ((6, 2), {}), apart),
        heads("no weights", ((6, 3), {}), same, need_weights=False),
        heads("weights of each head", ((6, 2), {"bias": False}), apart, average_attn_weights=False),
        heads("padding", ((6, 2), {}), apart, {"key_padding_mask": padding}),
        heads("padding, no weights, batch first", ((6, 2), {"batch_first": True}), first, {"key_padding_mask": padding}, need_weights=False),
        heads("both masks", ((6, 2), {"batch_first": True}), first, {"key_padding_mask": padding, "attn_mask": later}),
        heads("added masks", ((6, 2), {}), apart, {"key_padding_mask": padding.float() * -2, "attn_mask": torch.arange(48.0).reshape(4, 3, 4) / 40}),
        heads("a mask for each head, no weights", ((6, 2), {}), apart, {"attn_mask": torch.arange(48.0).reshape(4, 3, 4) / 40}, need_weights=False),
        heads("causal hint", ((6, 2), {}), same, {"attn_mask": causal(4)}, need_weights=False, is_causal=True),
        heads("other sizes of keys and values", ((6, 2), {"kdim": 3, "vdim": 5}), [(3, 2, 6), (4, 2, 3), (4, 2, 5)]),
        heads("learnt key and value, a zero key", ((6, 2), {"add_bias_kv": True, "add_zero_attn": True}), apart, {"attn_mask": later, "key_padding_mask": padding}),
        heads("unbatched", ((6, 2), {"batch_first": True}), [(3, 6), (4, 6), (4, 6)], {"key_padding_mask": padding[0]}),
        heads("unbatched, no weights", ((6, 2), {}), [(3, 6), (4, 6), (4, 6)], need_weights=False),
        heads("dropout", ((6, 2), {"dropout": 0.4}), apart),
        heads("dropout, no weights", ((6, 2), {"dropout": 0.4, "batch_first": True}), first, need_weights=False),
        heads("evaluation", ((6, 2), {"dropout": 0.4}), apart, training=False),
    ]
    layers = [
        layer("layer", {}, (4, 2, 6)),
        layer("layer, batch first", {"batch_first": True}, (2, 4, 6), {"src_key_padding_mask": padding}),
        layer("layer, norm first, GELU", {"norm_first": True, "activation": "gelu", "dropout": 0, "layer_norm_eps": 0.01}, (4, 2, 6), {"src_mask": causal(4)}, is_causal=True),
        layer("layer, norm first, batch first, no bias", {"norm_first": True, "batch_first": True, "bias": False, "dropout": 0.3}, (2, 4, 6)),
        layer("layer, evaluation", {}, (4, 2, 6), {"src_mask": causal(4)}, training=False),
        layer("layer, unbatched", {"batch_first": True}, (4, 6)),
    ]
    options = {"dim_feedforward": 5, "dropout": 0.2, "batch_first": True}
    encoders = [
        module_case("encoder", encoder, ((6, 2, 2), {"norm": True, **options}), [(2, 4, 6)], {"src_key_padding_mask": padding}),
        module_case("encoder, mask", encoder, ((6, 2, 3), {**options, "dropout": 0}), [(2, 4, 6)], {"mask": causal(4)}),
    ]
    return {"dots": dots, "heads": mha, "layers": layers, "encoders": encoders}
