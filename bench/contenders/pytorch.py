"""PyTorch in eager mode as a contender: the protocol of bench/protocol.ts on stdin and stdout.

Float32. Tensors of op-level cases need no gradient, so nothing is recorded, and results go to memory allocated
beforehand where PyTorch offers it. The way of timing is that of contenders/timing.ts.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

LEAST_SAMPLE_MS = 0.1
MOST_SAMPLES = 2000


def clock():
    return time.perf_counter_ns() / 1e6


def gemm(params):
    m, n, k = params["m"], params["n"], params["k"]
    out = torch.zeros(m, n)
    if params["form"] == "nt":
        a, b = torch.randn(m, k), torch.randn(n, k).t()
    elif params["form"] == "tn":
        a, b = torch.randn(k, m).t(), torch.randn(k, n)
    else:
        a, b = torch.randn(m, k), torch.randn(k, n)
    return lambda: torch.mm(a, b, out=out)


def relu(params):
    x = torch.randn(params["rows"], params["columns"])
    out = torch.zeros_like(x)
    return lambda: torch.clamp_min(x, 0, out=out)


def dropout(params):
    x = torch.randn(params["rows"], params["columns"])
    if params["copy"]:
        out = torch.zeros_like(x)
        return lambda: out.copy_(x)
    return lambda: F.dropout(x, 0.5, training=True)


def mlp_train_step(params):
    torch.manual_seed(0)
    sizes = [int(size) for size in params["layers"].split("-")]
    hidden = [[nn.ReLU(), nn.Dropout(params["dropout"])] if params["dropout"] > 0 else [nn.ReLU()]] * (len(sizes) - 2)
    model = nn.Sequential()
    for inputs, outputs, rest in zip(sizes, sizes[1:], [*hidden, []]):
        model.extend([nn.Linear(inputs, outputs), *rest])
    optimizer = getattr(torch.optim, params["optimizer"])(model.parameters(), lr=params["learningRate"])
    criterion = nn.CrossEntropyLoss()
    inputs = torch.randn(params["batch"], sizes[0])
    target = torch.randint(0, sizes[-1], (params["batch"],))
    model.train()

    def step():
        optimizer.zero_grad()
        loss = criterion(model(inputs), target)
        loss.backward()
        optimizer.step()

    return step


CASES = {"gemm": gemm, "relu": relu, "dropout": dropout, "mlp-train-step": mlp_train_step}


def warm_up(iterate, ms):
    """Iterations that make a sample long enough to be timed."""
    end = clock() + ms
    fastest = math.inf
    count = 0
    now = clock()
    while count < 2 or now < end:
        start = now
        iterate()
        now = clock()
        fastest = min(fastest, now - start)
        count += 1
    return max(1, math.ceil(LEAST_SAMPLE_MS / max(fastest, 1e-6)))


def sample(iterate, per_sample, ms):
    """Milliseconds an iteration, one number a sample."""
    samples = []
    now = clock()
    end = now + ms
    while not samples or (now < end and len(samples) < MOST_SAMPLES):
        start = now
        for _ in range(per_sample):
            iterate()
        now = clock()
        samples.append((now - start) / per_sample)
    return samples


class Contender:
    def __init__(self):
        self.iterate = None
        self.per_sample = {}

    def describe(self, _request):
        return {
            "versions": {"torch": torch.__version__, "python": sys.version.split()[0]},
            "isa": torch.backends.cpu.get_cpu_capability().lower(),
            "threads": torch.get_num_threads(),
            "threadSource": "torch.get_num_threads()",
            "backends": [],
        }

    def prepare(self, request):
        self.iterate = None
        self.per_sample = {}
        if request["program"] not in CASES:
            raise ValueError(f"no case {request['program']}")
        self.iterate = CASES[request["program"]](request["params"])
        return {}

    def prepared(self, threads):
        if self.iterate is None:
            raise ValueError("nothing is prepared")
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        return self.iterate

    def warmUp(self, request):
        count = warm_up(self.prepared(request["threads"]), request["ms"])
        self.per_sample[request["threads"]] = count
        return {"iterationsPerSample": count}

    def run(self, request):
        iterate = self.prepared(request["threads"])
        return {"samplesMs": sample(iterate, self.per_sample.get(request["threads"], 1), request["ms"])}


def main():
    contender = Contender()
    for line in sys.stdin:
        try:
            request = json.loads(line)
            handlers = {name: getattr(contender, name) for name in ("describe", "prepare", "warmUp", "run")}
            if request["do"] not in handlers:
                raise ValueError(f"unknown request {request['do']}")
            answer = {"ok": handlers[request["do"]](request)}
        except Exception as error:  # whatever it was, the runner says it
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
