"""samplers.json: two orders of each sampler, splits, loaders with samplers, and where they leave the generators."""

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

from .encode import encode

WEIGHTS = [0.5, 0, 2, 3.25, 1, 0.125, 4]
N = 7

# sampler, arguments
CASES = [
    ("RandomSampler", {}),
    ("RandomSampler", {"num_samples": 17}),
    ("RandomSampler", {"num_samples": 3}),
    ("RandomSampler", {"replacement": True}),
    ("RandomSampler", {"replacement": True, "num_samples": 64}),
    ("RandomSampler", {"replacement": True, "num_samples": 75}),
    ("SubsetRandomSampler", {"indices": [5, 1, 3, 0]}),
    ("WeightedRandomSampler", {"num_samples": 9}),
    ("WeightedRandomSampler", {"num_samples": 1}),
    ("WeightedRandomSampler", {"num_samples": 5, "replacement": False}),
    ("WeightedRandomSampler", {"num_samples": 1, "replacement": False}),
]


def make(name, options, generator):
    if name == "RandomSampler":
        return RandomSampler(range(N), generator=generator, **options)
    if name == "SubsetRandomSampler":
        return SubsetRandomSampler(options["indices"], generator=generator)
    return WeightedRandomSampler(WEIGHTS, generator=generator, **options)


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def drawn(own, act):
    torch.manual_seed(31)
    generator = torch.Generator().manual_seed(47) if own else None
    result = act(generator)
    after = torch.rand(2)
    own_after = torch.rand(2, generator=generator) if own else None
    return {"own": own, **result, "after": encode(after), "ownAfter": None if own_after is None else encode(own_after)}


def case(name, options, own):
    def act(generator):
        sampler = make(name, options, generator)
        return {"length": len(sampler), "orders": [[int(i) for i in sampler] for _ in range(2)]}

    return {"sampler": name, "options": {camel(k): v for k, v in options.items()}, **drawn(own, act)}


def loader_case(name, options, batch, own):
    def act(generator):
        dataset = TensorDataset(torch.arange(N))
        sampler = make(name, options, generator)
        if batch is None:
            loader = DataLoader(dataset, batch_sampler=BatchSampler(sampler, 2, True))
        else:
            loader = DataLoader(dataset, sampler=sampler, batch_size=batch)
        return {"length": len(loader), "epochs": [[b.tolist() for (b,) in loader] for _ in range(2)]}

    return {"sampler": name, "options": {camel(k): v for k, v in options.items()}, "batchSize": batch, **drawn(own, act)}


def split_case(size, lengths, own):
    act = lambda generator: {
        "parts": [list(map(int, part.indices)) for part in random_split(range(size), lengths, **({"generator": generator} if own else {}))]
    }
    return {"size": size, "lengths": lengths, **drawn(own, act)}


def samplers():
    loaders = [("RandomSampler", {"num_samples": 5}, 2), ("WeightedRandomSampler", {"num_samples": 8}, 3), ("SubsetRandomSampler", {"indices": [6, 2, 4]}, None)]
    splits = [(10, [3, 7]), (10, [0.5, 0.3, 0.2]), (11, [0.4, 0.4, 0.2]), (7, [0.34, 0.33, 0.33]), (1, [1]), (3, [0.9, 0.1])]
    return {
        "weights": WEIGHTS,
        "size": N,
        "cases": [case(*each, own) for each in CASES for own in (False, True)],
        "loaders": [loader_case(*each, own) for each in loaders for own in (False, True)],
        "splits": [split_case(*each, own) for each in splits for own in (False, True)],
    }
