"""JAX as a contender: `with_jax.py THREADS`. Everything is jitted, with the state donated where there is one. Layers and
optimizers are those of jax.example_libraries.

XLA sizes its pool of threads when it starts, from the CPUs that the process may use: one process for each number of
threads.
"""

import os
import sys

from contender import Contender

THREADS = int(sys.argv[1])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-THREADS:])
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax.example_libraries import optimizers, stax  # noqa: E402


def ready(function, *args):
    """An iteration that ends when the result is there."""
    function = jax.jit(function)
    return lambda: jax.block_until_ready(function(*args))


def carrying(function, state, *args):
    """An iteration of a function that gives the next state and a result."""
    function = jax.jit(function, donate_argnums=0)
    holder = [state]

    def iterate():
        holder[0], result = function(holder[0], *args)
        jax.block_until_ready((holder[0], result))

    return iterate


def mlp(layers, dropout):
    """Its parameters, and the function from parameters, inputs and the key of the masks to logits."""
    model = []
    for size in layers[1:-1]:
        model += [stax.Dense(size), stax.Relu]
        if dropout > 0:
            model.append(stax.Dropout(1 - dropout))
    initialize, apply = stax.serial(*model, stax.Dense(layers[-1]))
    _, weights = initialize(jax.random.key(0), (-1, layers[0]))
    return weights, apply


def cnn(image, channels, kernel, hidden, classes, featureDropout, dropout):
    """As `mlp`, on images [N, H, W, C]: XLA is slower with channels first."""
    model = []
    for size in channels[1:]:
        model += [stax.Conv(size, (kernel, kernel), padding="SAME"), stax.Relu, stax.MaxPool((2, 2), (2, 2))]
    model += [feature_dropout(featureDropout), stax.Flatten, stax.Dense(hidden), stax.Relu, stax.Dropout(1 - dropout)]
    initialize, apply = stax.serial(*model, stax.Dense(classes))
    _, weights = initialize(jax.random.key(0), (-1, image, image, channels[0]))
    return weights, apply


def feature_dropout(p):
    """Of whole feature maps, which stax does not have."""

    def apply(_, x, rng, **__):
        return x * jax.random.bernoulli(rng, 1 - p, (x.shape[0], 1, 1, x.shape[3])) / (1 - p)

    return lambda _, shape: (shape, ()), apply


def training_step(model, x, classes, optimizer, learning_rate):
    weights, apply = model
    initialize, update, weights_of = getattr(optimizers, optimizer.lower())(learning_rate)
    target = jax.random.randint(jax.random.key(1), (x.shape[0],), 0, classes)

    def loss_of(weights, x, target, masks):
        scores = jax.nn.log_softmax(apply(weights, x, rng=masks))
        return -jnp.take_along_axis(scores, target[:, None], axis=1).mean()

    def step(state, x, target):
        count, optimized, key = state
        key, masks = jax.random.split(key)
        loss, gradients = jax.value_and_grad(loss_of)(weights_of(optimized), x, target, masks)
        return (count + 1, update(count, gradients, optimized), key), loss

    state = (jnp.int32(0), initialize(weights), jax.random.key(2))
    return carrying(step, state, x, target)


def normalized(x, axes):
    mean = x.mean(axes, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(jnp.square(x - mean).mean(axes, keepdims=True) + 1e-5)


def layer_function(kind, channels_last):
    """From x and a number or two for each channel, in the training mode of batch norm."""
    if kind == "maxPool":
        window = (1, 2, 2, 1) if channels_last else (1, 1, 2, 2)
        return lambda x, *_: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
    if kind == "layerNorm":
        return lambda x, weight, bias: normalized(x, 1) * weight + bias
    axes, each = ((0, 1, 2), (-1,)) if channels_last else ((0, 2, 3), (-1, 1, 1))
    return lambda x, weight, bias: normalized(x, axes) * weight.reshape(each) + bias.reshape(each)


class Jax(Contender):
    def normal(self, rows, columns):
        return jax.random.normal(jax.random.key(rows), (rows, columns), dtype=jnp.float32)

    def product(self, a, b, transpose_a, transpose_b):
        return ready(lambda a, b: (a.T if transpose_a else a) @ (b.T if transpose_b else b), a, b)

    def relu(self, x):
        return ready(jax.nn.relu, x)

    def dropout(self, x):
        _, apply = stax.Dropout(0.5)

        def once(key, x):
            key, mask = jax.random.split(key)
            return key, apply((), x, rng=mask)

        return carrying(once, jax.random.key(0), x)

    def copy(self, x):
        return ready(jnp.copy, x)

    def scaled_copy(self, x):
        return ready(lambda x: x * 2.0, x)

    def mlp_train_step(self, layers, batch, optimizer, dropout, learningRate):
        return training_step(mlp(layers, dropout), self.normal(batch, layers[0]), layers[-1], optimizer, learningRate)

    def cnn_train_step(self, image, channels, classes, batch, optimizer, learningRate, **rest):
        x = jax.random.normal(jax.random.key(1), (batch, image, image, channels[0]), dtype=jnp.float32)
        return training_step(cnn(image, channels, classes=classes, **rest), x, classes, optimizer, learningRate)

    def layer(self, kind, sizes, channelsLast, **which):
        """Backward passes are the functions that jax.vjp gives, with what a forward pass has left for them."""
        batch, channels, *image = sizes
        shape = (batch, *image, channels) if channelsLast else sizes
        x, ones = jax.random.normal(jax.random.key(1), shape, dtype=jnp.float32), jnp.ones(channels)
        function = layer_function(kind, channelsLast)
        if which["pass"] == "forward":
            return ready(function, x, ones, ones)
        out, back = jax.vjp(function, x, ones, ones)
        return ready(lambda back, grad: back(grad), back, out)

    def forward(self, layers, batch):
        weights, apply = mlp(layers, 0)
        return ready(lambda weights, x: apply(weights, x), weights, self.normal(batch, layers[0]))


Jax(
    versions={"jax": jax.__version__, "jaxlib": jax.lib.__version__},
    threads=THREADS,
    threadSource="the CPUs that its process may use, a process for each number: JAX has no setting for it",
    notes=["jit with donated state, dropout masks from threefry, JAX's own choice and no slower than rbg or unsafe_rbg"],
).serve()
