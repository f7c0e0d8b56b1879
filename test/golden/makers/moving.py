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
