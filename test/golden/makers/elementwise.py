"""Elementwise functions, comparisons and choices, for functions.json. No numbers are drawn, so these rows stay wherever they stand."""

import torch

INF, NAN = float("inf"), float("nan")
# Rounding at halves and at the last integers that have them, angles in all quadrants and far out, tails of erf, digits near 0.
POINTS = [
    -INF, -1e38, -8388607.5, -1e5, -4.5, -2.5, -1.5, -1.0, -0.75, -0.5, -0.2, -1e-4, -1e-30, -0.0, 0.0, 1e-30, 1e-6,
    0.2, 0.49999997, 0.5, 0.75, 1.0, 1.5, 2.5, 3.5, 3.9, 4.5, 7.0, 88.0, 100.0, 12345.678, 1e5, 8388607.5, 1e38, INF, NAN,
]  # fmt: skip
EDGES = [-INF, -3.0, -1.0, -0.0, 0.0, 1.0, 2.5, INF, NAN]


def elementwise(case, _rng):
    points = torch.tensor(POINTS)
    for name in ("expm1", "log1p", "sin", "cos", "erf", "floor", "ceil", "round"):
        function = getattr(torch, name)
        yield case(name, function, [torch.linspace(-2.0, 2.0, 15).reshape(3, 5)])
        yield case(name, function, [points], note="special values")
        yield case(name, function, [torch.empty(0, 3)], note="empty")
        yield case(name, function, [torch.tensor([-3, 0, 7], dtype=torch.int32)], note="int32")
    edges = torch.tensor(EDGES)
    a, row = torch.linspace(-1.0, 1.0, 12).reshape(3, 4), torch.tensor([-0.5, 0.0, 0.5, 1.0])
    ints, others = torch.tensor([[-2, 0, 3], [5, 5, -7]], dtype=torch.int32), torch.tensor([0, 0, 3], dtype=torch.int32)
    for name in ("maximum", "minimum", "lt", "le", "gt", "ge", "eq", "ne"):
        function = getattr(torch, name)
        yield case(name, function, [edges[:, None], edges[None, :]], note="special values")
        yield case(name, function, [a, row])
        yield case(name, function, [a, a.clone()], note="equal")
        yield case(name, function, [ints, others], note="int32")
        yield case(name, function, [ints, torch.tensor([2.5, -1.0, 3.0])], note="int32 and float32")
        yield case(name, function, [torch.empty(0, 4), row], note="empty")
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        for number in (0.5, 0):
            yield case(name, lambda x: getattr(x, name)(number), [a], [number], note="a number")
            yield case(name, lambda x: getattr(x, name)(number), [ints], [number], note="int32 and a number")
    for name in ("isnan", "isinf", "isfinite"):
        yield case(name, getattr(torch, name), [points], note="special values")
        yield case(name, getattr(torch, name), [ints], note="int32")
    condition = torch.tensor([[1, 0, 0, 1], [0, 0, 1, 1], [1, 1, 1, 0]], dtype=torch.int32)

    def where(c, x, y):
        return torch.where(c != 0, x, y)

    yield case("where", where, [condition, a, row])
    yield case("where", where, [condition[:, :1], row, torch.tensor(2.0)], note="all broadcast")
    yield case("where", where, [condition[0], torch.tensor([NAN, 1.0, INF, 2.0]), torch.tensor([1.0, NAN, INF, -0.0])])
    yield case("where", lambda c, x: where(c, x, 2.5), [condition, a], [2.5], note="a number")
    yield case("where", where, [condition[:, :3], ints[:1], others], note="int32")
    yield case("maskedFill", lambda x, m: x.masked_fill(m != 0, -1.5), [a, condition], [-1.5])
    yield case("maskedFill", lambda x, m: x.masked_fill(m != 0, 7), [a, condition[:1]], [7], note="broadcast")
