"""TensorFlow as a contender: `with_tensorflow.py THREADS`. Every iteration is a call of a tf.function.

TensorFlow's numbers of threads are fixed when it starts: one process for each number of threads.
"""

import os
import sys

from contender import Contender, layer_pairs, layer_sizes, python_version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # noqa: E402

THREADS = int(sys.argv[1])


def ready(function, *args):
    """An iteration. Functions on the CPU run to their end before they return."""
    return lambda: function(*args)


def gemm(params):
    m, n, k = params["m"], params["n"], params["k"]
    transposes = {"transpose_a": params["form"] == "tn", "transpose_b": params["form"] == "nt"}
    a = tf.random.normal((k, m) if transposes["transpose_a"] else (m, k))
    b = tf.random.normal((n, k) if transposes["transpose_b"] else (k, n))
    return ready(tf.function(lambda a, b: tf.matmul(a, b, **transposes)), a, b)


def relu(params):
    return ready(tf.function(tf.nn.relu), tf.random.normal((params["rows"], params["columns"])))


def dropout(params):
    x = tf.random.normal((params["rows"], params["columns"]))
    return ready(tf.function(lambda x: tf.nn.dropout(x, 0.5)), x)


def copy(params):
    x = tf.random.normal((params["rows"], params["columns"]))
    if params["what"] == "scaled copy":
        return ready(tf.function(lambda x: x * 2.0), x)
    target = tf.Variable(tf.zeros_like(x))
    return ready(tf.function(lambda x: target.assign(x)), x)


def mlp(params, dropout=0):
    pairs = layer_pairs(params)
    layers = [tf.keras.Input((pairs[0][0],), batch_size=params["batch"])]
    for inputs, outputs in pairs[:-1]:
        layers.append(tf.keras.layers.Dense(outputs, activation="relu"))
        if dropout > 0:
            layers.append(tf.keras.layers.Dropout(dropout))
    layers.append(tf.keras.layers.Dense(pairs[-1][1]))
    return tf.keras.Sequential(layers)


def mlp_train_step(params):
    sizes = layer_sizes(params)
    model = mlp(params, params["dropout"])
    optimizer = getattr(tf.keras.optimizers, params["optimizer"])(params["learningRate"])
    optimizer.build(model.trainable_variables)
    criterion = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x = tf.random.normal((params["batch"], sizes[0]))
    target = tf.random.uniform((params["batch"],), maxval=sizes[-1], dtype=tf.int32)

    def step(x, target):
        with tf.GradientTape() as tape:
            loss = criterion(target, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    run = tf.function(step)
    return lambda: run(x, target).numpy()


def forward(params):
    model = mlp(params)
    x = tf.random.normal((params["batch"], layer_sizes(params)[0]))
    run = tf.function(lambda x: model(x, training=False))
    return lambda: run(x).numpy()


def main():
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    ops = {"gemm": gemm, "relu": relu, "dropout": dropout, "copy": copy}
    programs = {**ops, "mlp-train-step": mlp_train_step, "forward": forward}
    description = {
        "versions": {"tensorflow": tf.__version__, "keras": tf.keras.__version__, "python": python_version()},
        "isa": None,
        "threads": THREADS,
        "threadSource": "tf.config.threading, intra-op, a process for each number; inter-op 1",
        "notes": ["tf.function without jit_compile, which makes dropout many times slower; oneDNN as it is"],
    }
    Contender(description, programs).serve()


if __name__ == "__main__":
    main()
