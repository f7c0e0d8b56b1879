"""TensorFlow as a contender: `with_tensorflow.py THREADS`. Every iteration is a call of a tf.function, which runs to its end
before it returns on the CPU.

TensorFlow's numbers of threads are fixed when it starts: one process for each number of threads.
"""

import os
import sys

from contender import Contender

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # noqa: E402

THREADS = int(sys.argv[1])


def calling(function, *args):
    function = tf.function(function)
    return lambda: function(*args)


def reading(function, *args):
    function = tf.function(function)
    return lambda: function(*args).numpy()


def mlp(layers, batch, dropout):
    model = [tf.keras.Input((layers[0],), batch_size=batch)]
    for size in layers[1:-1]:
        model.append(tf.keras.layers.Dense(size, activation="relu"))
        if dropout > 0:
            model.append(tf.keras.layers.Dropout(dropout))
    return tf.keras.Sequential([*model, tf.keras.layers.Dense(layers[-1])])


def cnn(image, channels, kernel, hidden, classes, featureDropout, dropout, batch):
    """On images [N, H, W, C], the only layout that TensorFlow trains on a CPU."""
    layers = tf.keras.layers
    model = [tf.keras.Input((image, image, channels[0]), batch_size=batch)]
    for size in channels[1:]:
        model += [layers.Conv2D(size, kernel, padding="same", activation="relu"), layers.MaxPooling2D(2)]
    model += [layers.SpatialDropout2D(featureDropout), layers.Flatten()]
    model += [layers.Dense(hidden, activation="relu"), layers.Dropout(dropout), layers.Dense(classes)]
    return tf.keras.Sequential(model)


def training_step(model, x, classes, optimizer, learning_rate):
    update = getattr(tf.keras.optimizers, optimizer)(learning_rate)
    update.build(model.trainable_variables)
    criterion = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    target = tf.random.uniform((x.shape[0],), maxval=classes, dtype=tf.int32)

    def step(x, target):
        with tf.GradientTape() as tape:
            loss = criterion(target, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        update.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    return reading(step, x, target)


class TensorFlow(Contender):
    def normal(self, rows, columns):
        return tf.random.normal((rows, columns))

    def product(self, a, b, **transposes):
        return calling(lambda a, b: tf.matmul(a, b, **transposes), a, b)

    def relu(self, x):
        return calling(tf.nn.relu, x)

    def dropout(self, x):
        return calling(lambda x: tf.nn.dropout(x, 0.5), x)

    def copy(self, x):
        target = tf.Variable(tf.zeros_like(x))
        return calling(target.assign, x)

    def scaled_copy(self, x):
        return calling(lambda x: x * 2.0, x)

    def mlp_train_step(self, layers, batch, optimizer, dropout, learningRate):
        x = tf.random.normal((batch, layers[0]))
        return training_step(mlp(layers, batch, dropout), x, layers[-1], optimizer, learningRate)

    def cnn_train_step(self, image, channels, classes, batch, optimizer, learningRate, **rest):
        model = cnn(image, channels, classes=classes, batch=batch, **rest)
        x = tf.random.normal((batch, image, image, channels[0]))
        return training_step(model, x, classes, optimizer, learningRate)

    def forward(self, layers, batch):
        model = mlp(layers, batch, 0)
        return reading(lambda x: model(x, training=False), tf.random.normal((batch, layers[0])))


tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(1)
TensorFlow(
    versions={"tensorflow": tf.__version__, "keras": tf.keras.__version__},
    threads=THREADS,
    threadSource="tf.config.threading, intra-op, a process for each number; inter-op 1",
    notes=["tf.function without jit_compile, which makes dropout many times slower; oneDNN as it is"],
).serve()
