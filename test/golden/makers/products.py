"""Statistics over dimensions, norms and products written as equations, for functions.json."""

import torch

INF, NAN = float("inf"), float("nan")


def statistics(case, rng):
    x = rng(3, 4, 5)
    # Their mean is a float32: PyTorch's gradient has its rounding error.
    far = torch.tensor([10001.0, 10002.0, 10004.0, 10003.0, 10000.0, 9999.0, 10005.0])
    ways = (({}, {}), ({"dim": 1}, {"dim": 1}), ({"dim": [0, -1], "keepdim": True}, {"dim": (0, -1), "keepdim": True}))
    for name in ("var", "std"):
        function = getattr(torch, name)
        for ours, theirs in ways:
            yield case(name, lambda t: function(t, **theirs), [x], [ours])
        for correction in (0, 2):
            yield case(name, lambda t: function(t, dim=2, correction=correction), [x], [{"dim": 2, "correction": correction}])
        yield case(name, function, [far], [{}], note="far from 0")
        yield case(name, function, [torch.tensor([3.0])], [{}], note="one number")
        yield case(name, lambda t: function(t, correction=0), [torch.tensor([3.0])], [{"correction": 0}], note="one number")
        yield case(name, function, [torch.empty(0, 3)], [{}], note="empty")
        yield case(name, lambda t: function(t, dim=0), [torch.empty(0, 3)], [{"dim": 0}], note="empty")
        yield case(name, function, [torch.tensor([1.0, INF, 2.0])], [{}], note="infinity")
    yield case("std", torch.std, [torch.full((4,), 2.5)], [{}], note="constant")
    for values in ([[1.5, 2.0, -3.0], [0.0, 4.0, 0.5]], [[2.0, 0.0, 0.0], [1.0, 5.0, 3.0]]):
        t = torch.tensor(values)
        yield case("prod", torch.prod, [t], [{}])
        yield case("prod", lambda t: t.prod(0), [t], [{"dim": 0}])
        yield case("prod", lambda t: t.prod(1, True), [t], [{"dim": -1, "keepdim": True}])
    yield case("prod", lambda t: t.prod(0), [torch.empty(0, 3)], [{"dim": 0}], note="empty")
    special = torch.tensor([[3.0, -4.0, 4.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    for p in (2, 1, 3, 0.5, -1, "inf", "-inf", 0):
        power = float(p)
        yield case("norm", lambda t: t.norm(power), [x], [p, {}])
        yield case("norm", lambda t: t.norm(power, dim=1), [special], [p, {"dim": 1}], note="zeros")
        yield case("norm", lambda t: t.norm(power, dim=(0, 2), keepdim=True), [x], [p, {"dim": [0, 2], "keepdim": True}])
    yield case("norm", lambda t: t.norm(), [torch.empty(0, 3)], [2, {}], note="empty")
    yield case("norm", lambda t: t.norm(INF), [torch.tensor([NAN, 1.0, NAN])], ["inf", {}], note="NaN")
    yield case("argmin", torch.argmin, [x])
    yield case("argmin", lambda t: t.argmin(1), [torch.tensor([[3.0, 1.0, 1.0], [NAN, 0.0, NAN]])], [1, False], note="ties")


EQUATIONS = (
    ("ij,jk->ik", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("ii->i", (3, 3)), ("ii", (3, 3)), ("ba", (2, 3)), ("i,j->ij", (3,), (4,)), ("i,i", (4,), (4,)), ("ij->", (2, 3)),
    ("...ij->...ji", (2, 3, 4)), ("b...d,e...d->be", (2, 3, 4), (5, 3, 4)), ("...j->j", (2, 3, 4)),
    ("...ij,...jk", (2, 3, 4), (1, 4, 5)), ("ij,ij->ij", (1, 3), (2, 3)), ("Ab,bC", (2, 3), (3, 2)), (",ij->ij", (), (2, 3)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)), ("iij,jk->ki", (3, 3, 2), (2, 4)), ("i,ij,j->", (2,), (2, 3), (3,)),
    ("ij,kj->ijk", (2, 3), (4, 3)), ("ij,jk->ik", (0, 3), (3, 4)), ("ij,jk->ik", (2, 0), (0, 4)), (" i j , j -> i ", (2, 3), (3,)),
)  # fmt: skip


def equations(case, rng):
    for equation, *sizes in EQUATIONS:
        yield case("einsum", lambda *t: torch.einsum(equation, *t), [rng(*size) for size in sizes], [equation])
    yield case("bmm", torch.bmm, [rng(3, 2, 4), rng(3, 4, 5)])
    yield case("bmm", torch.bmm, [rng(0, 2, 4), rng(0, 4, 5)], note="empty")
    yield case("outer", torch.outer, [rng(3), rng(4)])
    yield case("dot", torch.dot, [rng(5), rng(5)])
    yield case("dot", torch.dot, [rng(0), rng(0)], note="empty")
