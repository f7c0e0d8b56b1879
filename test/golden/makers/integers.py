"""Functions of int32 tensors, for functions.json: arithmetic modulo 2^32, promotion to float32, order, places."""

import torch

LEAST, MOST = -(2**31), 2**31 - 1


def ints(*numbers):
    return torch.tensor(numbers, dtype=torch.int32)


def integers(case, rng):
    edges = ints(LEAST, LEAST + 1, -65536, -7, -1, 0, 1, 2, 3, 65536, MOST - 1, MOST)
    a = torch.randint(-9, 10, (2, 3, 4), dtype=torch.int32)
    b, row = torch.randint(-9, 10, (3, 1), dtype=torch.int32), ints(3, -1, 0, 7)
    floats = rng(3, 1)
    for name in ("add", "sub", "mul"):
        function = getattr(torch, name)
        yield case(name, function, [edges[:, None], edges[None, :]], note="int32, edges")
        yield case(name, function, [a, b], note="int32")
        yield case(name, function, [a, floats], note="int32 and float32")
        yield case(name, function, [floats, a], note="float32 and int32")
        for number in (3, -2, 2.5):
            yield case(name, lambda x: function(x, number), [a], [number], note="int32 and a number")
    yield case("div", torch.div, [a, row], note="int32, by 0")
    yield case("div", torch.div, [edges[:, None], edges[None, :]], note="int32, edges")
    for number in (4, -0.5):
        yield case("div", lambda x: x / number, [a], [number], note="int32 and a number")
    exponents = ints(-3, -2, -1, 0, 1, 2, 5, 31, 32, 33, MOST)
    yield case("pow", torch.pow, [edges[:, None], exponents[None, :]], note="int32, edges")
    for power in (0, 1, 2, 3, 31):
        yield case("pow", lambda x: x.pow(power), [edges], [power], note="int32, a number as exponent")
    # Of a float exponent, the numbers that float32 holds.
    yield case("pow", lambda x: x.pow(0.5), [a], [0.5], note="int32, a fraction as exponent")
    for name in ("neg", "abs", "sign", "relu", "exp", "log", "sqrt", "sigmoid", "tanh"):
        yield case(name, getattr(torch, name), [edges], note="int32, edges")
        yield case(name, getattr(torch, name), [torch.empty(0, 3, dtype=torch.int32)], note="int32, empty")
    for low, high in ((-2, 2), (None, 0), (-1, None), (3, -3), (LEAST, MOST), (-1.5, 1.5)):
        yield case("clamp", lambda x: x.clamp(low, high), [edges], [low, high], note="int32")
    # PyTorch sums in int64: only sums that int32 holds.
    yield case("sum", torch.sum, [a], note="int32")
    yield case("sum", torch.sum, [edges], note="int32, edges")
    yield case("sum", torch.sum, [torch.empty(0, 3, dtype=torch.int32)], note="int32, empty")
    for dim, keepdim in ((0, False), (1, True), (-1, False)):
        yield case("sum", lambda x: x.sum(dim, keepdim), [a], [dim, keepdim], note="int32")
        for name in ("max", "min"):
            yield case(name, lambda x: getattr(x, name)(dim, keepdim).values, [a], [dim, keepdim], note="values, int32")
    ties = torch.stack([edges[:4], ints(5, 5, 3, 5), ints(MOST, LEAST, MOST, LEAST)])
    for name in ("max", "min"):
        yield case(name, getattr(torch, name), [edges], note="int32")
        yield case(name, lambda x: getattr(x, name)(1).indices, [ties], [1, False], note="indices, int32, ties")
    yield case("argmax", torch.argmax, [edges], note="int32")
    yield case("argmin", torch.argmin, [edges], note="int32")
    for dim in (0, 1, -1):
        yield case("cumsum", lambda x: x.cumsum(dim).to(torch.int32), [a], [dim], note="int32")
        for down in (False, True):
            sort = lambda x: x.sort(dim=dim, descending=down, stable=True)  # noqa: E731
            yield case("sort", lambda x: sort(x).values, [a], [dim, down], note="values, int32")
            yield case("sort", lambda x: sort(x).indices, [a], [dim, down], note="indices, int32")
    yield case("sort", lambda x: x.sort(dim=1, stable=True).indices, [ties], [1, False], note="indices, int32, ties")
    yield case("argsort", lambda x: x.argsort(dim=0, descending=True, stable=True), [edges], [0, True], note="int32")
    for largest in (True, False):
        yield case("topk", lambda x: x.topk(3, 0, largest).values, [edges], [3, 0, largest], note="values, int32")
        yield case("topk", lambda x: x.topk(3, 0, largest).indices, [edges], [3, 0, largest], note="indices, int32")
    index = torch.randint(0, 4, (2, 3, 6))
    yield case("gather", lambda x, i: x.gather(2, i), [a, index], [2], note="int32")
    yield case("scatter", lambda x, i: x.scatter(0, i, -5), [edges, torch.tensor([0, 3])], [0, -5], note="int32, a number")
    for name in ("cat", "stack"):
        yield case(name, lambda *parts: getattr(torch, name)(parts, 0), [a, a + 1], [0], note="int32")
        yield case(name, lambda *parts: getattr(torch, name)(parts, 0), [a, rng(2, 3, 4)], [0], note="int32 and float32")
    yield case("outer", torch.outer, [row, row], note="int32")
    yield case("expand", lambda x: x.expand((2, 4)), [row], [[2, 4]], note="int32")
    yield case("repeat", lambda x: x.repeat((2, 1)), [row], [[2, 1]], note="int32")
