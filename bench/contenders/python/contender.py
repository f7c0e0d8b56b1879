"""The contender's side of bench/protocol.ts for contenders in Python: JSON lines on stdin and stdout.

The way of timing is that of contenders/timing.ts.
"""

import json
import math
import os
import sys
import time

LEAST_SAMPLE_MS = 0.1
MOST_SAMPLES = 2000
SLOW_MS = 1000


def clock():
    return time.perf_counter_ns() / 1e6


def warm_up(iterate, ms):
    """Iterations that make a sample long enough to be timed, and milliseconds of the fastest iteration."""
    end = clock() + ms
    fastest = math.inf
    count = 0
    now = clock()
    while count < 1 or now < end or (count < 2 and fastest < SLOW_MS):
        start = now
        iterate()
        now = clock()
        fastest = min(fastest, now - start)
        count += 1
    return max(1, math.ceil(LEAST_SAMPLE_MS / max(fastest, 1e-6))), fastest


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


def layer_sizes(params):
    return [int(size) for size in params["layers"].split("-")]


def layer_pairs(params):
    sizes = layer_sizes(params)
    return list(zip(sizes, sizes[1:]))


def allow_cpus(count):
    """Leaves this process so many of the CPUs that it may use. To be called before a framework starts its threads."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[-count:])


class Contender:
    """`description` as in the protocol; `programs` maps names to functions from parameters to one iteration."""

    def __init__(self, description, programs, set_threads=lambda count: None):
        self.description = {**description, "programs": list(programs), "backends": []}
        self.programs = programs
        self.set_threads = set_threads
        self.iterate = None
        self.per_sample = {}

    def describe(self, _request):
        return self.description

    def prepare(self, request):
        self.iterate = None
        self.per_sample = {}
        if request["program"] not in self.programs:
            raise ValueError(f"no program {request['program']}")
        self.iterate = self.programs[request["program"]](request["params"])
        return {}

    def prepared(self, threads):
        if self.iterate is None:
            raise ValueError("nothing is prepared")
        self.set_threads(threads)
        return self.iterate

    def warmUp(self, request):
        count, fastest = warm_up(self.prepared(request["threads"]), request["ms"])
        self.per_sample[request["threads"]] = count
        return {"iterationsPerSample": count, "iterationMs": fastest}

    def run(self, request):
        iterate = self.prepared(request["threads"])
        return {"samplesMs": sample(iterate, self.per_sample.get(request["threads"], 1), request["ms"])}

    def answer(self, request):
        handlers = {name: getattr(self, name) for name in ("describe", "prepare", "warmUp", "run")}
        if request["do"] not in handlers:
            raise ValueError(f"unknown request {request['do']}")
        return handlers[request["do"]](request)

    def serve(self):
        # What frameworks print must not get among the answers.
        answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        for line in sys.stdin:
            try:
                answer = {"ok": self.answer(json.loads(line))}
            except Exception as error:  # whatever it was, the runner says it
                answer = {"error": f"{type(error).__name__}: {error}"}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


def python_version():
    return sys.version.split()[0]
