"""PyTorch's DistributedDataParallel on gloo, as rank.mjs measures lanewise. Arguments: seconds for each workload, ranks. Prints one line of JSON."""
import json, os, sys, time
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

ROWS = [128, 256, 512, 1024]


def figures(samples):
    s = sorted(samples)
    at = lambda share: s[min(len(s) - 1, int(share * len(s)))]
    return {"p1": at(0.01), "median": at(0.5), "p95": at(0.95), "samples": len(s)}


def network():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))


def rank_main(rank, size, seconds):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29533")
    dist.init_process_group("gloo", rank=rank, world_size=size)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    loss = nn.CrossEntropyLoss()
    training = []
    for rows in ROWS:
        models = {"alone": network(), "together": nn.parallel.DistributedDataParallel(network())}
        optimizers = {name: torch.optim.SGD(model.parameters(), lr=0.01, fused=True) for name, model in models.items()}
        x, y = torch.rand(rows, 784), torch.randint(0, 10, (rows,))
        samples = {name: [] for name in models}

        def step(name):
            optimizers[name].zero_grad()
            loss(models[name](x), y).backward()
            optimizers[name].step()

        for name in models:
            for _ in range(5):
                step(name)
        end = time.perf_counter() + seconds
        goes_on = torch.ones(1)
        while goes_on.item() == 1:
            for name in models:
                dist.barrier()
                for _ in range(20):
                    start = time.perf_counter()
                    step(name)
                    samples[name].append(1000 * (time.perf_counter() - start))
            goes_on[0] = 1 if time.perf_counter() < end else 0
            dist.broadcast(goes_on, 0)
        found = {name: figures(each) for name, each in samples.items()}
        training.append({"rows": rows, **found, "efficiency": found["alone"]["p1"] / found["together"]["p1"]})
    if rank == 0:
        print(json.dumps({"version": torch.__version__, "training": training}))
    dist.destroy_process_group()


if __name__ == "__main__":
    mp.spawn(rank_main, (int(sys.argv[2]), float(sys.argv[1])), nprocs=int(sys.argv[2]))
