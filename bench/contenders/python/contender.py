"""The contender's side of bench/protocol.ts in Python: JSON lines on stdin and stdout, timed as contenders/serve.ts does."""

import json
import os
import sys
import time


def sample(iterate, per_sample, ms):
    """Runs for about `ms`, one sample at least. Milliseconds an iteration, one number a sample."""
    samples = []
    now = time.perf_counter_ns()
    end = now + ms * 1e6
    while not samples or now < end:
        start = now
        for _ in range(per_sample):
            iterate()
        now = time.perf_counter_ns()
        samples.append((now - start) / 1e6 / per_sample)
    return samples


class Contender:
    """One framework: a method for each program that it has code for, which allocates what that needs and returns one
    iteration. Methods for passes over a matrix get the matrix, `product` gets what is to be multiplied."""

    def __init__(self, versions, threads, threadSource, notes, isa=None):
        python = sys.version.split()[0]
        told = {"threads": threads, "threadSource": threadSource, "notes": notes, "isa": isa}
        self.description = {"versions": {**versions, "python": python}, **told}
        self.iterate = None

    def set_threads(self, count):
        """Those with a process for each number of threads have nothing to set."""

    def gemm(self, form, m, n, k):
        a = self.normal(k, m) if form == "tn" else self.normal(m, k)
        b = self.normal(n, k) if form == "nt" else self.normal(k, n)
        return self.product(a, b, transpose_a=form == "tn", transpose_b=form == "nt")

    def answer_describe(self, _request):
        return self.description

    def answer_prepare(self, request):
        # The memory of the program before goes first.
        self.iterate = None
        program, params = request["program"], request["params"]
        method = getattr(self, program.replace("-", "_"), None)
        if method is None:
            raise ValueError(f"no program {program}")
        self.iterate = method(self.normal(**params)) if "rows" in params else method(**params)
        return {}

    def answer_run(self, request):
        if self.iterate is None:
            raise ValueError("nothing is prepared")
        self.set_threads(request["threads"])
        return {"samplesMs": sample(self.iterate, request["perSample"], request["ms"])}

    def answer(self, request):
        method = getattr(self, f"answer_{request['do']}", None)
        if method is None:
            raise ValueError(f"unknown request {request['do']}")
        return method(request)

    def serve(self):
        # What frameworks print must not get among the answers.
        answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        for line in sys.stdin:
            try:
                reply = {"ok": self.answer(json.loads(line))}
            except Exception as error:  # whatever it was, the runner says it
                reply = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(reply), file=answers, flush=True)
