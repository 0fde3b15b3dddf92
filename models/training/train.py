"""Train a net on the synthetic waves and write it as integers with honest numbers."""

import platform
import shlex
import time
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Recipe:
    """How to train: all that, with the versions, decides the result on one machine.

    outputs: loss samples an example; the input is receptive_field-1 longer, so that no loss falls
    on a history that is not there. The learning rate falls from `rate` to 0 on half a cosine.
    """

    steps: int = 60_000
    batch: int = 32
    outputs: int = 256
    rate: float = 4e-3
    seed: int = 1
    check_every: int = 1000


def train(spec, recipe=Recipe(), progress=True):
    """Train `spec` on the waves. Returns (kernels and biases of the best check as float, integers).

    The loss is the mean squared error of output channel 0. Every `check_every` steps the net is
    measured on a fixed set of 256 other examples, and the best net so far is kept.
    Returns (latent, integers, history): latent = per layer (kernel, bias) float as trained, before
    quantisation; integers = per layer (kernel, bias) as `models.spec.Model` wants them; history =
    list of (step, loss on the fixed set). Channels without a target are zero in both.
    """
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

    def batch(rng, size):
        inputs, target = waves.random_batch(rng, size, count, spec)
        inputs = spec.number_format.to_float(inputs).astype(np.float32)
        return tf.constant(inputs), tf.constant(target[:, -recipe.outputs :].astype(np.float32))

    rng = np.random.default_rng(recipe.seed)
    # Not from `rng`: the fixed set must be the same for every seed, and unseen.
    fixed = batch(np.random.default_rng([recipe.seed, 0x51DE]), 256)
    history, best = [], None
    bar = tqdm(range(1, recipe.steps + 1), desc=spec.name, disable=not progress, mininterval=1)
    for step in bar:
        learn(*batch(rng, recipe.batch))
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


def make_model(spec, recipe, command, progress=True):
    """Train and measure; the Model's meta holds command, recipe, seed, versions and ESR in dB."""
    start = time.monotonic()
    latent, integers, history = train(spec, recipe, progress)
    model = Model(spec, integers)
    esr_float = quality.esr_per_corner(quality.FloatTwin(spec, latent), spec)
    esr_integer = quality.esr_per_corner(quality.reference_of(model), spec)
    model.meta.update(
        command=shlex.join(command),
        data="synthetic waves (models/training/waves.py)",
        seed=recipe.seed,
        recipe=vars(recipe).copy(),
        loss_history=history,
        minutes=round((time.monotonic() - start) / 60, 1),
        esr_db_float=esr_float,
        esr_db_integer=esr_integer,
        esr_definition=quality.DEFINITION,
        versions={"python": platform.python_version(), **{n: version(n) for n in VERSIONS}},
    )
    return model
