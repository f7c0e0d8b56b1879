"""objectives.json: each loss but CrossEntropyLoss and MSELoss, with every option, and distances: results and gradients."""

import torch
from torch import nn

from .encode import decode, encode

INF, NAN = float("inf"), float("nan")
CAMEL = {"zero_infinity": "zeroInfinity", "pos_weight": "posWeight", "ignore_index": "ignoreIndex", "log_target": "logTarget", "log_input": "logInput"}


def row(module, function, options, inputs, wants, tensors, note):
    leaves = [x.clone().requires_grad_() if i in wants else x.clone() for i, x in enumerate(inputs)]
    output = module(*leaves)
    gradient = torch.linspace(0.5, 1.5, output.numel()).reshape(output.shape)
    output.backward(gradient)
    kept = {"module": type(module).__name__, "function": function, "note": note, "text": str(module)}
    kept |= {"options": {CAMEL.get(k, k): v for k, v in options.items()}}
    kept |= {"tensors": {CAMEL.get(k, k): encode(v) for k, v in tensors.items()}, "inputs": [encode(x) for x in inputs]}
    grads = [encode(x.grad) if i in wants else None for i, x in enumerate(leaves)]
    return kept | {"output": encode(output), "gradient": encode(gradient), "grads": grads}


def losses():
    cases = []

    def add(name, function, *inputs, wants=(0,), tensors=None, note="", reductions=("none", "mean", "sum"), **options):
        tensors = tensors or {}
        for reduction in reductions:
            module = getattr(nn, name)(**tensors, **options, reduction=reduction)
            cases.append(row(module, function, options | {"reduction": reduction}, inputs, wants, tensors, note))

    none = {"reductions": ("none",)}
    x, y, p = torch.randn(3, 4) * 2, torch.randn(3, 4) * 2, torch.rand(3, 4)
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0]).repeat(3, 1)
    weight, classes = torch.tensor([0.5, 2.0, 0.0, 1.5]), torch.tensor([0.5, 2.0, 1.0, 0.25])
    labels = torch.tensor([0, 3, 1])
    edges = torch.tensor([-INF, -200.0, -1.0, -0.75, -0.0, 0.0, 0.5, 0.75, 1.0, 200.0, INF, NAN])

    add("L1Loss", "l1Loss", x, y, wants=(0, 1))
    add("SmoothL1Loss", "smoothL1Loss", x, y, wants=(0, 1))
    add("SmoothL1Loss", "smoothL1Loss", x, y, beta=0.75, **none)
    add("SmoothL1Loss", "smoothL1Loss", torch.tensor([0.0, 0.5, -2.0]), torch.zeros(3), beta=0.0, **none)
    add("HuberLoss", "huberLoss", x, y, wants=(0, 1), delta=0.75)
    for name, function, options in (("L1Loss", "l1Loss", {}), ("SmoothL1Loss", "smoothL1Loss", {"beta": 0.75}), ("HuberLoss", "huberLoss", {"delta": 0.75})):
        add(name, function, edges, torch.zeros(12), note="edges", **options, **none)
    for log_input in (True, False):
        for full in (True, False):
            add("PoissonNLLLoss", "poissonNllLoss", x if log_input else p, p * 3, wants=(0, 1), log_input=log_input, full=full)
    for shape in ((3, 4), (3,), (3, 1)):
        add("GaussianNLLLoss", "gaussianNllLoss", x, y, torch.rand(shape) + 0.1, wants=(0, 1, 2))
    add("GaussianNLLLoss", "gaussianNllLoss", x, y, torch.rand(3, 4) + 0.1, full=True, **none)
    add("GaussianNLLLoss", "gaussianNllLoss", torch.ones(3), torch.zeros(3), torch.tensor([0.0, 1e-7, 1.0]), wants=(0, 1, 2), note="edges", **none)

    add("BCELoss", "binaryCrossEntropy", p, torch.rand(3, 4), wants=(0, 1))
    add("BCELoss", "binaryCrossEntropy", p, torch.rand(3, 4), tensors={"weight": weight})
    ends = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.5, 1e-20])
    add("BCELoss", "binaryCrossEntropy", ends, torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0]), wants=(0, 1), note="edges", **none)
    add("BCEWithLogitsLoss", "binaryCrossEntropyWithLogits", x, torch.rand(3, 4))
    add("BCEWithLogitsLoss", "binaryCrossEntropyWithLogits", x, torch.rand(3, 4), tensors={"weight": weight}, **none)
    add("BCEWithLogitsLoss", "binaryCrossEntropyWithLogits", x, torch.rand(3, 4), tensors={"pos_weight": classes})
    add("BCEWithLogitsLoss", "binaryCrossEntropyWithLogits", x, torch.rand(3, 4), tensors={"weight": weight, "pos_weight": classes}, **none)
    for targets in (torch.zeros(12), torch.ones(12), torch.full((12,), 2.5)):
        add("BCEWithLogitsLoss", "binaryCrossEntropyWithLogits", edges, targets, note="edges", **none)
    add("MultiLabelSoftMarginLoss", "multilabelSoftMarginLoss", x, (p > 0.5).float())
    add("MultiLabelSoftMarginLoss", "multilabelSoftMarginLoss", x, (p > 0.5).float(), tensors={"weight": weight})
    add("MultiLabelSoftMarginLoss", "multilabelSoftMarginLoss", torch.randn(2, 3, 4), torch.ones(2, 3, 4), **none)
    logs, q = torch.log_softmax(x, 1), torch.softmax(y, 1)
    add("KLDivLoss", "klDiv", logs, q, wants=(0, 1), reductions=("none", "mean", "sum", "batchmean"))
    add("KLDivLoss", "klDiv", logs, torch.log_softmax(y, 1), wants=(0, 1), log_target=True, reductions=("none", "mean", "sum", "batchmean"))
    add("KLDivLoss", "klDiv", torch.tensor([-1.0, -2.0, -INF]), torch.tensor([0.0, 0.5, 0.25]), wants=(0, 1), note="edges", **none)

    add("NLLLoss", "nllLoss", logs, labels)
    add("NLLLoss", "nllLoss", logs, torch.tensor([0, -100, 1]))
    add("NLLLoss", "nllLoss", logs, labels, tensors={"weight": weight}, ignore_index=3)
    add("NLLLoss", "nllLoss", logs, torch.tensor([2, 2, 2]), tensors={"weight": weight}, note="weight 0")
    add("NLLLoss", "nllLoss", logs, torch.full((3,), -100), note="all ignored")
    add("NLLLoss", "nllLoss", torch.randn(2, 3, 4), torch.randint(0, 3, (2, 4)), tensors={"weight": weight[:3]})
    add("NLLLoss", "nllLoss", torch.randn(2, 3, 2, 2), torch.randint(0, 3, (2, 2, 2)), **none)
    add("NLLLoss", "nllLoss", torch.randn(5), torch.tensor(3))
    add("NLLLoss", "nllLoss", torch.tensor([[-INF, 0.0], [-INF, 0.0]]), torch.tensor([0, -100]), note="edges", **none)

    add("HingeEmbeddingLoss", "hingeEmbeddingLoss", x, signs)
    add("HingeEmbeddingLoss", "hingeEmbeddingLoss", edges, torch.full((12,), -1.0), margin=0.75, note="edges", **none)
    add("HingeEmbeddingLoss", "hingeEmbeddingLoss", torch.tensor([-1.0, 0.5, 2.0]), torch.tensor([0.5, 0.5, 0.5]), note="another target", **none)
    add("SoftMarginLoss", "softMarginLoss", x, signs)
    add("SoftMarginLoss", "softMarginLoss", torch.tensor([-50.0, -0.0, 50.0]), torch.ones(3), note="edges", **none)
    add("MultiMarginLoss", "multiMarginLoss", x, labels)
    add("MultiMarginLoss", "multiMarginLoss", x, labels, tensors={"weight": weight}, p=2, margin=0.5)
    add("MultiMarginLoss", "multiMarginLoss", torch.randn(4), torch.tensor(2))
    add("MultiMarginLoss", "multiMarginLoss", torch.tensor([[0.0, 1.0, 2.0]]), torch.tensor([1]), note="kink", **none)
    several = torch.tensor([[3, 0, -1, 1], [-1, 2, 2, 2], [0, 1, 2, 3]])
    add("MultiLabelMarginLoss", "multilabelMarginLoss", x, several)
    add("MultiLabelMarginLoss", "multilabelMarginLoss", torch.randn(4), torch.tensor([1, 1, -1, 0]))
    ones = torch.tensor([1.0, -1.0, 1.0])
    add("CosineEmbeddingLoss", "cosineEmbeddingLoss", x, y, ones, wants=(0, 1))
    add("CosineEmbeddingLoss", "cosineEmbeddingLoss", x, y + x, torch.tensor([-1.0, -1.0, 0.0]), wants=(0, 1), margin=0.2, **none)
    add("CosineEmbeddingLoss", "cosineEmbeddingLoss", torch.randn(4), torch.zeros(4), torch.tensor(1.0), wants=(0,), **none)
    add("MarginRankingLoss", "marginRankingLoss", x, y, signs, wants=(0, 1), margin=0.5)
    add("MarginRankingLoss", "marginRankingLoss", torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0]), torch.tensor([1.0, -1.0]), wants=(0, 1), note="kink", **none)
    for options in ({}, {"margin": 0.5, "p": 1.0}, {"swap": True, "eps": 1e-3}, {"p": 3.0}):
        add("TripletMarginLoss", "tripletMarginLoss", x, y, torch.randn(3, 4), wants=(0, 1, 2), **options, **({} if options == {} else none))
    return cases


def distances():
    x, y = torch.randn(3, 4), torch.randn(3, 4)
    zero = torch.zeros(3, 4)
    for a, b, options in ((x, y, {}), (x, y, {"dim": 0}), (x, zero, {}), (x, torch.randn(4), {"eps": 10.0}), (torch.randn(2, 3, 4), torch.randn(2, 3, 1), {"dim": 1})):
        yield row(nn.CosineSimilarity(**options), "cosineSimilarity", options, [a, b], (0, 1), {}, "")
    for a, b, options in ((x, y, {}), (x, y, {"p": 1.0, "keepdim": True}), (x, torch.randn(4), {"p": 3.0, "eps": 1e-2}), (torch.randn(4), torch.randn(4), {"p": INF})):
        given = {k: v for k, v in options.items() if v != INF}
        yield row(nn.PairwiseDistance(**options), "pairwiseDistance", given, [a, b], (0, 1), {}, "p = inf" if INF in options.values() else "")


def ctc():
    """Padded and concatenated targets, repeated labels, samples without a label, a step or a path; one sample."""

    def rows(log_probs, targets, inputs, lengths, note, reductions, **options):
        for reduction in reductions:
            settings = options | {"reduction": reduction}
            tensors = [log_probs, torch.tensor(targets, dtype=torch.int64), torch.tensor(inputs), torch.tensor(lengths)]
            yield row(nn.CTCLoss(**settings), "ctcLoss", settings, tensors, (0,), {}, note)

    every, none = ("none", "mean", "sum"), ("none",)
    logs = torch.log_softmax(torch.randn(7, 3, 5) * 2, 2)
    padded = [[1, 2, 3, 0], [4, 4, 1, 4], [2, 0, 0, 0]]
    yield from rows(logs, padded, [7, 7, 7], [3, 4, 1], "padded", every)
    yield from rows(logs, padded, [7, 7, 7], [3, 4, 1], "padded", ("mean",), zero_infinity=True)
    yield from rows(logs, [1, 2, 3, 4, 4, 1], [5, 7, 6], [3, 3, 0], "concatenated", every)
    yield from rows(logs, [1, 2, 3, 4, 2, 0, 1, 0], [6, 7, 3], [4, 4, 0], "blank 3", every, blank=3)
    yield from rows(logs, padded, [2, 5, 1], [3, 4, 1], "no path", every)
    yield from rows(logs, padded, [2, 5, 1], [3, 4, 1], "no path", every, zero_infinity=True)
    yield from rows(logs, padded, [0, 6, 0], [0, 2, 1], "no steps", none, zero_infinity=True)
    yield from rows(logs[:, 0], padded[0][:3], 7, 3, "one sample", every)
    yield from rows(logs[:, 0], padded[:1], [6], [2], "one sample, padded", every)
    yield from rows(logs[:, :1], [[]], [4], [0], "no labels", none)
    yield from rows(torch.log_softmax(torch.randn(1, 2, 2), 2), [[1], [0]], [1, 1], [1, 1], "one step", none)
    # In float64, rounded: in float32 PyTorch's errors grow with the steps, here to 5e-6.
    long = torch.log_softmax(torch.randn(60, 2, 28) * 3, 2)
    for case in rows(long.double(), torch.randint(1, 28, (2, 21)).tolist(), [60, 53], [21, 19], "60 steps", none):
        rounded = {"inputs": [encode(long)] + case["inputs"][1:]}
        for key in ("output", "gradient"):
            rounded[key] = encode(decode(case[key]).float())
        yield case | rounded | {"grads": [g and encode(decode(g).float()) for g in case["grads"]]}


def objectives():
    torch.manual_seed(29)
    return {"losses": losses(), "distances": list(distances()), "ctc": list(ctc())}
