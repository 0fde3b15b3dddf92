"""Train a net on the synthetic waves and write it as integers with honest numbers."""

import platform
import shlex
import time
from dataclasses import asdict
from importlib.metadata import version

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from models.spec import Model
from models.training import quality, waves
from models.training.qkeras_import import import_weights
from models.training.qkeras_model import build

VERSIONS = ("numpy", "tensorflow_cpu", "keras", "qkeras-v3")


def use_threads(count):
    """Limit TensorFlow to `count` threads; only before its first operation. More than one is not
    faster for nets of 16 channels."""
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


class Synthetic:
    """The waves as data: random examples, a fixed set of others, and the error at the corners."""

    description = "synthetic waves (models/training/waves.py) without the pitches of waves.HELD_OUT"
    esr_definition = quality.DEFINITION

    def __init__(self, spec, seed):
        self.spec, self.seed = spec, seed

    def batch(self, rng, size, count):
        return waves.random_batch(rng, size, count, self.spec)

    def fixed(self, size, count):
        # Another stream than the training's: no batch repeats an example of the fixed set.
        return self.batch(np.random.default_rng([self.seed, 0x51DE]), size, count)

    def esr(self, net):
        return quality.esr_per_corner(net, self.spec)


def train(spec, recipe, progress=True, data=None):
    """Train `spec` on `data`: Synthetic, or a models.training.recordings.Recordings.

    The loss is the mean squared error of output channel 0. Every `check_every` steps the net is
    measured on a fixed set of 256 other examples, and the best net so far is kept.
    Returns (latent, integers, history): latent = per layer (kernel, bias) float as trained, before
    quantisation; integers = per layer (kernel, bias) as `models.spec.Model` wants them; history =
    list of (step, loss on the fixed set). Channels without a target are zero in both.
    """
    data = data or Synthetic(spec, recipe.seed)
    keras.utils.set_random_seed(recipe.seed)
    count = recipe.outputs + spec.receptive_field - 1
    net = build(spec)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.rate, recipe.steps)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(net.trainable_variables)

    @tf.function(jit_compile=True)  # a third faster on one thread
    def learn(inputs, target):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((net(inputs)[:, :, 0] - target) ** 2)
        gradients = tape.gradient(loss, net.trainable_variables)
        optimizer.apply(gradients, net.trainable_variables)
        return loss

    @tf.function
    def check(inputs, target):
        return tf.reduce_mean((net(inputs)[:, :, 0] - target) ** 2)

    def tensors(inputs, target):
        inputs = spec.number_format.to_float(inputs).astype(np.float32)
        return tf.constant(inputs), tf.constant(target[:, -recipe.outputs :].astype(np.float32))

    rng = np.random.default_rng(recipe.seed)
    fixed = tensors(*data.fixed(256, count))
    history, best = [], None
    bar = tqdm(range(1, recipe.steps + 1), desc=spec.name, disable=not progress, mininterval=1)
    for step in bar:
        learn(*tensors(*data.batch(rng, recipe.batch, count)))
        if step % recipe.check_every == 0 or step == recipe.steps:
            loss = float(check(*fixed))
            history.append((step, loss))
            if best is None or loss < best:
                best, kept = loss, net.get_weights()
            bar.set_postfix_str(
                f"check {10 * np.log10(loss):.1f} dB, best {10 * np.log10(best):.1f}"
            )
    net.set_weights(kept)
    latent = [
        tuple(np.asarray(variable, np.float64) for variable in net.get_layer(f"conv{i}").weights)
        for i in range(len(spec.layers))
    ]
    integers = import_weights(net, spec)
    return silence(latent), silence(integers), history


def silence(pairs):
    """Zero what feeds the output channels 1.. (no loss reaches them): silent jacks."""
    kernel, bias = (array.copy() for array in pairs[-1])
    kernel[:, :, 1:] = 0
    bias[1:] = 0
    return [*pairs[:-1], (kernel, bias)]


def make_model(spec, recipe, command, progress=True, data=None):
    """Train as `train` does, and measure; the Model's meta holds command, recipe, seed, versions
    and ESR in dB."""
    start = time.monotonic()
    data = data or Synthetic(spec, recipe.seed)
    latent, integers, history = train(spec, recipe, progress, data)
    model = Model(spec, integers)
    esr_float = data.esr(quality.FloatTwin(spec, latent))
    esr_integer = data.esr(quality.reference_of(model))
    model.meta.update(
        command=shlex.join(command),
        data=data.description,
        seed=recipe.seed,
        recipe=asdict(recipe),
        loss_history=history,
        minutes=round((time.monotonic() - start) / 60, 1),
        esr_db_float=esr_float,
        esr_db_integer=esr_integer,
        esr_definition=data.esr_definition,
        versions={"python": platform.python_version(), **{n: version(n) for n in VERSIONS}},
    )
    return model
