"""functions.json: results and gradients of tensor functions, under lanewise's names."""

import torch

from .elementwise import elementwise
from .encode import encode
from .integers import integers
from .moving import orders, shapes
from .products import equations, statistics

INF, NAN = float("inf"), float("nan")
SPECIAL = [-INF, -1e38, -1.5, -1.0, -1e-40, -0.0, 0.0, 1e-40, 0.5, 1.0, 2.0, 88.0, 100.0, 1e38, INF, NAN]


def rng(*shape, low=-2.0, high=2.0):
    return torch.empty(shape).uniform_(low, high)


def case(name, function, operands, args=(), note=""):
    """args: what follows the operands in lanewise's call; the function here closes over their PyTorch form."""
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in operands]
    result = function(*leaves)
    row = {"function": name, "note": note, "args": list(args), "inputs": [encode(x) for x in operands]}
    row["output"] = encode(result)
    if result.is_floating_point() and result.requires_grad:
        gradient = torch.linspace(-1.0, 2.0, result.numel()).reshape(result.shape)
        result.backward(gradient)
        row["gradient"] = encode(gradient)
        row["grads"] = [None if x.grad is None else encode(x.grad) for x in leaves]
    return row


def unary():
    special = torch.tensor(SPECIAL)
    for name in ("neg", "exp", "log", "sqrt", "abs", "relu", "sigmoid", "tanh"):
        function = getattr(torch, name)
        yield case(name, function, [rng(3, 5)])
        yield case(name, function, [rng(17, low=0.1, high=3.0)], note="positive")
        yield case(name, function, [special], note="special values")
        yield case(name, function, [torch.empty(0, 3)], note="empty")
    yield case("sign", torch.sign, [special], note="special values")
    for low, high in ((-0.5, 0.5), (0.0, 0.0), (None, 1.0), (-1.0, None), (1.0, -1.0)):
        edges = torch.tensor([-1.0, -0.5, -0.25, -0.0, 0.0, 0.25, 0.5, 1.0, INF, -INF, NAN])
        yield case("clamp", lambda x: x.clamp(low, high), [edges], [low, high], note="edges")


def binary():
    shapes = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (4,)), ((3, 1, 2), (4, 1)), ((0, 2), (2,))]
    for name in ("add", "sub", "mul", "div", "pow"):
        function = getattr(torch, name)
        low = 0.2 if name in ("div", "pow") else -2.0
        for a, b in shapes:
            yield case(name, function, [rng(*a, low=low), rng(*b, low=low)])
    pairs = torch.tensor([0.0, -0.0, 1.0, 2.0, INF, -INF, NAN, -3.0])
    for name in ("add", "sub", "mul", "div"):
        yield case(name, getattr(torch, name), [pairs[:, None], pairs[None, :]], note="special values")
    bases = torch.tensor([-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, INF, -INF, NAN])
    powers = torch.tensor([-INF, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, INF, NAN])
    yield case("pow", torch.pow, [bases[:, None], powers[None, :]], note="special values")
    for power in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0):
        yield case("pow", lambda x: x.pow(power), [bases], [power], note="a number as exponent")


def reductions():
    x, ties = rng(3, 4, 5), torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [NAN, 5.0, NAN], [-INF, -INF, INF]])
    for name in ("sum", "mean"):
        function = getattr(torch, name)
        yield case(name, function, [x])
        for dim, keepdim in ((0, False), (1, True), (-1, False), (2, True)):
            yield case(name, lambda t: function(t, dim, keepdim), [x], [dim, keepdim])
        yield case(name, lambda t: function(t, (0, 2), False), [x], [[0, 2], False])
        yield case(name, function, [torch.empty(0, 3)], note="empty")
        yield case(name, lambda t: function(t, 0), [torch.empty(0, 3)], [0, False], note="empty")
    for name in ("max", "min"):
        for dim, keepdim in ((0, False), (1, True), (-1, False)):
            yield case(name, lambda t: getattr(t, name)(dim, keepdim).values, [x], [dim, keepdim], note="values")
        yield case(name, lambda t: getattr(t, name)(1).values, [ties], [1, False], note="values, ties")
        yield case(name, lambda t: getattr(t, name)(1).indices, [ties], [1, False], note="indices, ties")
        # Without a dim PyTorch shares the gradient evenly among ties.
        yield case(name, getattr(torch, name), [x])
        yield case(name, getattr(torch, name), [torch.tensor([1.0, 3.0, 3.0, 0.0, 3.0, 0.0])], note="ties")
    yield case("argmax", torch.argmax, [x])
    yield case("argmax", lambda t: t.argmax(1), [ties], [1, False], note="ties")
    yield case("argmax", lambda t: t.argmax(1, True), [x], [1, True])
    special = torch.tensor([[1.0, 2.0, INF], [1.0, -INF, 2.0], [NAN, 1.0, 2.0], [-INF, -INF, -INF], [1e4, -1e4, 0.0]])
    for name, function in (("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)):
        for dim in (0, 1, -1):
            yield case(name, lambda t: function(t, dim), [x], [dim])
        yield case(name, lambda t: function(t, 1), [special], [1], note="special values")
        yield case(name, lambda t: function(t, 1), [torch.empty(0, 3)], [1], note="empty")


def matrices():
    shapes = [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)),
        ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (6, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((0, 3), (3, 2)),
        ((2, 0), (0, 3)), ((1, 1), (1, 1)), ((17, 33), (33, 9)),
    ]  # fmt: skip
    for a, b in shapes:
        yield case("matmul", torch.matmul, [rng(*a), rng(*b)])
    x, w, b = rng(4, 3), rng(5, 3), rng(5)
    yield case("linear", torch.nn.functional.linear, [x, w, b])
    yield case("linear", torch.nn.functional.linear, [x, w], note="no bias")
    yield case("linear", torch.nn.functional.linear, [rng(2, 4, 3), w, b], note="three dimensions")
    yield case("linear", torch.nn.functional.linear, [rng(3), w, b], note="one dimension")


def activations():
    """Rows are added at the end, so that what is drawn for the others stays the same."""
    for slope in (0.01, 0.3):
        leaky = torch.nn.LeakyReLU(slope)
        yield case("leakyRelu", leaky, [rng(3, 5)], [slope])
        yield case("leakyRelu", leaky, [torch.tensor(SPECIAL)], [slope], note="special values")


def losses():
    for reduction in ("none", "mean", "sum"):
        huber = torch.nn.HuberLoss(reduction=reduction, delta=0.75)
        options = {"reduction": reduction, "delta": 0.75}
        yield case("huberLoss", huber, [rng(4, 5), rng(4, 5)], [options])
    edges = torch.tensor([0.0, 0.75, -0.75, 0.5, 3.0, INF, NAN])
    huber = torch.nn.HuberLoss(reduction="none", delta=0.75)
    yield case("huberLoss", huber, [edges, torch.zeros(7)], [{"reduction": "none", "delta": 0.75}], note="edges")


def functions():
    torch.manual_seed(19)
    makers = (shapes, orders, statistics, equations, integers)
    # The old ones first: what is drawn for them stays the same.
    old = [*unary(), *binary(), *reductions(), *matrices()]
    new = (row for make in makers for row in make(case, rng))
    return {"cases": [*old, *new, *activations(), *losses(), *elementwise(case, rng)]}
