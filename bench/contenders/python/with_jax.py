"""JAX as a contender: `with_jax.py THREADS`. Everything is jitted, with the state donated where there is one.

XLA sizes its pool of threads when it starts, from the CPUs that the process may use: one process for each number of
threads.
"""

import os
import sys

from contender import Contender, allow_cpus, layer_pairs, layer_sizes, python_version

THREADS = int(sys.argv[1])
allow_cpus(THREADS)
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def normal(seed, *shape):
    return jax.random.normal(jax.random.key(seed), shape, dtype=jnp.float32)


def ready(function, *args):
    """An iteration that ends when the result is there."""
    return lambda: jax.block_until_ready(function(*args))


def gemm(params):
    m, n, k = params["m"], params["n"], params["k"]
    if params["form"] == "nt":
        return ready(jax.jit(lambda a, b: a @ b.T), normal(0, m, k), normal(1, n, k))
    if params["form"] == "tn":
        return ready(jax.jit(lambda a, b: a.T @ b), normal(0, k, m), normal(1, k, n))
    return ready(jax.jit(lambda a, b: a @ b), normal(0, m, k), normal(1, k, n))


def relu(params):
    return ready(jax.jit(jax.nn.relu), normal(0, params["rows"], params["columns"]))


def drop(x, key, probability):
    kept = jax.random.bernoulli(key, 1 - probability, x.shape)
    return jnp.where(kept, x / (1 - probability), 0)


def dropout(params):
    x = normal(0, params["rows"], params["columns"])

    @jax.jit
    def once(x, key):
        key, mask = jax.random.split(key)
        return drop(x, mask, 0.5), key

    state = {"key": jax.random.key(0)}

    def iterate():
        out, state["key"] = once(x, state["key"])
        out.block_until_ready()

    return iterate


def copy(params):
    x = normal(0, params["rows"], params["columns"])
    return ready(jax.jit(jnp.copy if params["what"] == "copy" else lambda x: x * 2.0), x)


def initial(params):
    layers = []
    for i, (inputs, outputs) in enumerate(layer_pairs(params)):
        bound = inputs**-0.5
        shapes = {"weight": (inputs, outputs), "bias": (outputs,)}
        keys = jax.random.split(jax.random.key(i), 2)
        layers.append({name: jax.random.uniform(key, shape, minval=-bound, maxval=bound)
                       for (name, shape), key in zip(shapes.items(), keys)})
    return layers


def logits(layers, x, key, probability):
    keys = jax.random.split(key, len(layers)) if probability > 0 else [None] * len(layers)
    for layer, mask in zip(layers[:-1], keys):
        x = jax.nn.relu(x @ layer["weight"] + layer["bias"])
        if probability > 0:
            x = drop(x, mask, probability)
    return x @ layers[-1]["weight"] + layers[-1]["bias"]


def loss_of(layers, x, target, key, probability):
    scores = jax.nn.log_softmax(logits(layers, x, key, probability))
    return -jnp.take_along_axis(scores, target[:, None], axis=1).mean()


def mlp_train_step(params):
    probability, rate = params["dropout"], params["learningRate"]
    sizes = layer_sizes(params)
    x = normal(0, params["batch"], sizes[0])
    target = jax.random.randint(jax.random.key(1), (params["batch"],), 0, sizes[-1])

    def sgd(state, gradients):
        return {**state, "layers": jax.tree.map(lambda w, g: w - rate * g, state["layers"], gradients)}

    def adam(state, gradients):
        count = state["count"] + 1
        first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, state["first"], gradients)
        second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, state["second"], gradients)
        step = rate / (1 - BETA1**count)
        correction = jnp.sqrt(1 - BETA2**count)
        layers = jax.tree.map(
            lambda w, m, v: w - step * m / (jnp.sqrt(v) / correction + EPSILON), state["layers"], first, second
        )
        return {**state, "layers": layers, "first": first, "second": second, "count": count}

    update = adam if params["optimizer"] == "Adam" else sgd

    def step(state, x, target):
        key, masks = jax.random.split(state["key"])
        loss, gradients = jax.value_and_grad(loss_of)(state["layers"], x, target, masks, probability)
        return update({**state, "key": key}, gradients), loss

    layers = initial(params)
    state = {"layers": layers, "key": jax.random.key(2)}
    if params["optimizer"] == "Adam":
        zeros = lambda: jax.tree.map(jnp.zeros_like, layers)  # noqa: E731
        state |= {"first": zeros(), "second": zeros(), "count": jnp.float32(0)}
    jitted = jax.jit(step, donate_argnums=0)
    holder = [state]

    def iterate():
        holder[0], loss = jitted(holder[0], x, target)
        jax.block_until_ready((holder[0], loss))

    return iterate


def forward(params):
    x = normal(0, params["batch"], layer_sizes(params)[0])
    return ready(jax.jit(lambda layers, x: logits(layers, x, None, 0)), initial(params), x)


def main():
    ops = {"gemm": gemm, "relu": relu, "dropout": dropout, "copy": copy}
    programs = {**ops, "mlp-train-step": mlp_train_step, "forward": forward}
    description = {
        "versions": {"jax": jax.__version__, "jaxlib": jax.lib.__version__, "python": python_version()},
        "isa": None,
        "threads": THREADS,
        "threadSource": "the CPUs that its process may use, a process for each number: JAX has no setting of its own",
        "notes": ["jit with donated state, dropout masks from threefry, JAX's own choice and no slower than rbg or unsafe_rbg"],
    }
    Contender(description, programs).serve()


if __name__ == "__main__":
    main()
