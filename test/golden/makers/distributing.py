"""distributed.json: orders of DistributedSampler, and twenty steps of DistributedDataParallel on two ranks of gloo."""

import tempfile
from pathlib import Path

import torch
import torch.multiprocessing as multiprocessing
from torch import optim
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data.distributed import DistributedSampler

from .encode import encode, encode_named
from .training import camel, small_net

STEPS, ROWS, RANKS = 20, 32, 2
RUNS = [("SGD", {"lr": 0.05, "momentum": 0.9}), ("Adam", {"lr": 0.01})]

# samples, options
SAMPLERS = [
    (10, {"num_replicas": 2}),
    (10, {"num_replicas": 3}),
    (10, {"num_replicas": 3, "shuffle": False}),
    (10, {"num_replicas": 3, "drop_last": True}),
    (11, {"num_replicas": 4, "drop_last": True, "shuffle": False}),
    (2, {"num_replicas": 5}),
    (2, {"num_replicas": 5, "shuffle": False}),
    (1, {"num_replicas": 3}),
    (2, {"num_replicas": 3, "drop_last": True}),
    (16, {"num_replicas": 4, "seed": 7}),
    (0, {"num_replicas": 2}),
    (7, {"num_replicas": 1}),
]


def sampler_case(size, options):
    orders = []
    for rank in range(options["num_replicas"]):
        sampler = DistributedSampler(range(size), rank=rank, **options)
        epochs = []
        for epoch in (0, 1, 5):
            sampler.set_epoch(epoch)
            epochs.append(list(sampler))
        orders.append({"length": len(sampler), "totalSize": sampler.total_size, "epochs": epochs})
    return {"size": size, "options": {camel(k): v for k, v in options.items()}, "ranks": orders}


def data():
    generator = torch.Generator().manual_seed(11)
    inputs = torch.randn(STEPS, ROWS, 20, generator=generator)
    return inputs, torch.randint(0, 4, (STEPS, ROWS), generator=generator)


def rank_of_run(rank, folder, name, options):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/start", rank=rank, world_size=RANKS)
    model = DistributedDataParallel(small_net(torch.float32))
    optimizer = getattr(optim, name)(model.parameters(), **options)
    inputs, targets = data()
    part = slice(rank * ROWS // RANKS, (rank + 1) * ROWS // RANKS)
    losses = []
    for x, y in zip(inputs[:, part], targets[:, part]):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    torch.save({"losses": torch.stack(losses), "model": model.module.state_dict()}, f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


def run(name, options):
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(rank_of_run, (folder, name, options), RANKS)
        results = [torch.load(Path(folder) / f"{rank}.pt") for rank in range(RANKS)]
    return {
        "optimizer": name,
        "options": {camel(k): v for k, v in options.items()},
        "losses": [encode(result["losses"]) for result in results],
        "parameters": encode_named(results[0]["model"].items()),
    }


def distributed():
    inputs, targets = data()
    return {
        "samplers": [sampler_case(*each) for each in SAMPLERS],
        "inputs": encode(inputs),
        "targets": encode(targets),
        "initial": encode_named(small_net(torch.float32).named_parameters()),
        "runs": [run(*each) for each in RUNS],
    }
