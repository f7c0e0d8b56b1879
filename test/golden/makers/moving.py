"""Functions that move numbers, for functions.json: repetition, pieces, positions, gather and its kin, orders."""

import torch

NAN, INF = float("nan"), float("inf")


def shapes(case, rng):
    x = rng(2, 3, 4)
    for source, sizes in (((3,), (2, 3)), ((2, 1), (2, 4)), ((1, 3, 1), (2, -1, 5)), ((), (2, 2)), ((1, 3), (0, 3))):
        yield case("expand", lambda t: t.expand(sizes), [rng(*source)], [list(sizes)])
    for source, counts in (((3,), (2,)), ((2, 3), (2, 1, 3)), ((2, 3), (1, 1)), ((2, 3), (0, 2)), ((), (3,)), ((2, 2), (3, 2))):
        yield case("repeat", lambda t: t.repeat(counts), [rng(*source)], [list(counts)])
    yield case("repeatInterleave", lambda t: t.repeat_interleave(2), [x], [2], note="flat")
    for dim in (0, 1, -1):
        yield case("repeatInterleave", lambda t: t.repeat_interleave(3, dim=dim), [x], [3, dim], note="number")
        counts = torch.tensor([2, 0, 1, 3][: x.shape[dim]])
        yield case("repeatInterleave", lambda t, r: t.repeat_interleave(r, dim=dim), [x, counts], [dim], note="tensor")
    for sizes, dim in ((2, 2), (1, 0), (3, 1), ([1, 0, 3], 2), ([1, 2], -2)):
        for piece in (0, -1):
            yield case("split", lambda t: t.split(sizes, dim)[piece], [x], [sizes, dim, piece])
    for chunks, dim in ((3, 2), (2, 1), (5, 0)):
        yield case("chunk", lambda t: t.chunk(chunks, dim)[-1], [x], [chunks, dim, -1])
    y = rng(7, 5)
    for dim, start, end, step in ((0, 1, 6, 2), (1, -4, None, 3), (0, None, None, 7), (1, 3, 2, 1), (0, -99, 99, 1), (1, 2, -1, 1)):
        part = slice(start, end, step)
        yield case("slice", lambda t: t[part] if dim == 0 else t[:, part], [y], [dim, start, end, step])
    mask = torch.tensor([[1, 0, 1, 1, 0]], dtype=torch.int32)
    yield case("maskedSelect", lambda t, m: t.masked_select(m.bool()), [y, mask])
    yield case("maskedSelect", lambda t, m: t.masked_select(m.bool()), [y[0], torch.zeros(5, dtype=torch.int32)], note="nothing")
    column = torch.tensor([[1], [0], [1], [1], [0], [0], [1]], dtype=torch.int32)
    yield case("maskedSelect", lambda t, m: t.masked_select(m.bool()), [y[0], column], note="both repeated")


def orders(case, rng):
    """gather and its kin, orders and running sums."""
    x, ties = rng(3, 4, 5), torch.tensor([[1.0, 3.0, 3.0, -0.0, 0.0], [NAN, 5.0, NAN, INF, -INF], [2.0, 2.0, 1.0, 2.0, 1.0]])
    for dim, shape in ((0, (2, 4, 5)), (1, (3, 9, 5)), (2, (2, 3, 7)), (-1, (3, 4, 0))):
        index = torch.randint(0, x.shape[dim], shape)
        yield case("gather", lambda t, i: t.gather(dim, i), [x, index], [dim])
        source = rng(*shape)
        yield case("scatterAdd", lambda t, i, s: t.scatter_add(dim, i, s), [x, index, source], [dim])
        yield case("scatter", lambda t, i: t.scatter(dim, i, 0.5), [x, index], [dim, 0.5], note="a number")
    yield case("gather", lambda t, i: t.gather(0, i), [torch.tensor(1.5), torch.tensor(0)], [0], note="scalars")
    # No place twice: which of two numbers stays is not said.
    order = torch.rand(2, 4, 5).argsort(1)
    yield case("scatter", lambda t, i, s: t.scatter(1, i, s), [x, order, rng(2, 4, 5)], [1], note="a tensor")
    for dim in (0, 1, -1):
        for down in (False, True):
            yield case("sort", lambda t: t.sort(dim, down).values, [x], [dim, down], note="values")
            yield case("sort", lambda t: t.sort(dim, down).indices, [x], [dim, down], note="indices")
        yield case("cumsum", lambda t: t.cumsum(dim), [x], [dim])
    for down in (False, True):
        yield case("sort", lambda t: t.sort(dim=1, descending=down, stable=True).values, [ties], [1, down], note="values, ties")
        yield case("sort", lambda t: t.sort(dim=1, descending=down, stable=True).indices, [ties], [1, down], note="indices, ties")
        yield case("argsort", lambda t: t.argsort(dim=0, descending=down, stable=True), [ties], [0, down], note="ties")
    yield case("cumsum", lambda t: t.cumsum(1), [ties], [1], note="special values")
    yield case("cumsum", lambda t: t.cumsum(0), [torch.tensor([1, -2, 3], dtype=torch.int32)], [0], note="int32")
    for k, dim, largest in ((2, -1, True), (3, 0, False), (0, 1, True), (4, 1, False)):
        yield case("topk", lambda t: t.topk(k, dim, largest).values, [x], [k, dim, largest], note="values")
        yield case("topk", lambda t: t.topk(k, dim, largest).indices, [x], [k, dim, largest], note="indices")
    yield case("topk", lambda t: t.topk(3).values, [torch.tensor([1.0, NAN, 3.0, INF])], [3, 0, True], note="values, special")
    labels = torch.tensor([[0, 2], [1, 0]])
    yield case("oneHot", lambda t: torch.nn.functional.one_hot(t), [labels], [])
    yield case("oneHot", lambda t: torch.nn.functional.one_hot(t, 5), [labels], [5])
    yield case("oneHot", lambda t: torch.nn.functional.one_hot(t, 3), [torch.empty(0, dtype=torch.long)], [3], note="empty")
