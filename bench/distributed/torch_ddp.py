"""PyTorch's DistributedDataParallel on gloo, as rank.mjs measures lanewise. Arguments: seconds for each workload, ranks, rows of the MLP
and of the CNN, lists with commas; whether each rank is bound to a core. Prints one line of JSON."""
import json, os, sys, time
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn


def figures(samples):
    s = sorted(samples)
    at = lambda share: s[min(len(s) - 1, int(share * len(s)))]
    return {"p1": at(0.01), "median": at(0.5), "p95": at(0.95), "samples": len(s)}


def mlp():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))


def cnn():
    block = lambda channels, out: [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    layers = [*block(1, 32), *block(32, 64), nn.Dropout2d(0.25), nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def rank_main(rank, size, seconds, cases, place):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29533")
    dist.init_process_group("gloo", rank=rank, world_size=size)
    torch.set_num_threads(1)
    if place == "core":  # as the launcher does with lanewise
        cpus = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cpus[rank % len(cpus)]})
    torch.set_flush_denormal(True)
    loss = nn.CrossEntropyLoss()
    training = []
    for name, rows in cases:
        make, shape = (mlp, (784,)) if name == "MLP" else (cnn, (1, 28, 28))
        models = {"alone": make(), "together": nn.parallel.DistributedDataParallel(make())}
        optimizers = {how: torch.optim.SGD(model.parameters(), lr=0.01, fused=True) for how, model in models.items()}
        x, y = torch.rand(rows, *shape), torch.randint(0, 10, (rows,))
        samples = {how: [] for how in models}

        def step(how):
            optimizers[how].zero_grad()
            loss(models[how](x), y).backward()
            optimizers[how].step()

        for how in models:
            for _ in range(5):
                step(how)
        end = time.perf_counter() + seconds
        goes_on = torch.ones(1)
        while goes_on.item() == 1:
            for how in models:
                dist.barrier()
                for _ in range(20):
                    start = time.perf_counter()
                    step(how)
                    samples[how].append(1000 * (time.perf_counter() - start))
            goes_on[0] = 1 if time.perf_counter() < end else 0
            dist.broadcast(goes_on, 0)
        found = {how: figures(each) for how, each in samples.items()}
        training.append({"name": name, "rows": rows, **found, "efficiency": found["alone"]["p1"] / found["together"]["p1"]})
    if rank == 0:
        print(json.dumps({"version": torch.__version__, "training": training}))
    dist.destroy_process_group()


if __name__ == "__main__":
    ranks = int(sys.argv[2])
    cases = [(name, int(rows)) for name, given in zip(["MLP", "CNN"], sys.argv[3:]) for rows in given.split(",") if rows]
    mp.spawn(rank_main, (ranks, float(sys.argv[1]), cases, sys.argv[5]), nprocs=ranks)
