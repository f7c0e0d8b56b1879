"""loader.json: the batches of three epochs of a DataLoader, and where they leave the generators."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from .encode import encode


def case(n, batch_size, shuffle, drop_last, own_generator):
    torch.manual_seed(11)
    generator = torch.Generator().manual_seed(23) if own_generator else None
    loader = DataLoader(
        TensorDataset(torch.arange(n)), batch_size=batch_size, shuffle=shuffle, drop_last=drop_last, generator=generator
    )
    epochs = [[batch.tolist() for (batch,) in loader] for _ in range(3)]
    return {
        "n": n,
        "batchSize": batch_size,
        "shuffle": shuffle,
        "dropLast": drop_last,
        "defaultSeed": 11,
        "generatorSeed": 23 if own_generator else None,
        "length": len(loader),
        "epochs": epochs,
        "defaultAfter": encode(torch.rand(2)),
        "generatorAfter": encode(torch.rand(2, generator=generator)) if own_generator else None,
    }


def left_early(batches):
    """An epoch that is given up has drawn less from a separate generator, unless it was at its short last batch."""
    generator = torch.Generator().manual_seed(23)
    loader = DataLoader(TensorDataset(torch.arange(10)), batch_size=3, shuffle=True, generator=generator)
    epoch = iter(loader)
    first = [next(epoch)[0].tolist() for _ in range(batches)]
    second = [batch.tolist() for (batch,) in loader]
    return {"first": first, "second": second, "after": encode(torch.rand(2, generator=generator))}


def two_at_once():
    """Two epochs taken in turns: each keeps its own order."""
    torch.manual_seed(11)
    loader = DataLoader(TensorDataset(torch.arange(7)), batch_size=2, shuffle=True)
    a, b = iter(loader), iter(loader)
    return {"batches": [batch.tolist() for pair in zip(a, b) for (batch,) in pair], "after": encode(torch.rand(2))}


def loader():
    cases = [
        case(n, batch_size, shuffle, drop_last, own)
        for n, batch_size in ((10, 4), (12, 4), (7, 1), (3, 5), (100, 32))
        for shuffle in (False, True)
        for drop_last in (False, True)
        for own in (False, True)
    ]
    return {"cases": cases, "leftEarly": [left_early(1), left_early(3), left_early(4)], "twoAtOnce": two_at_once()}
