"""Train a net on the synthetic waves and write it as integers with honest numbers."""

import platform
import shlex
import time
from dataclasses import asdict
from importlib.metadata import version

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from models.spec import Model
from models.training import quality, waves
from models.training.loop import Training

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

    def __init__(self, spec, seed, edges=0.5):
        """edges: share of the examples that lie on an edge; the others are corners."""
        self.spec, self.seed, self.edges = spec, seed, edges

    def batch(self, rng, size, count):
        return waves.random_batch(rng, size, count, self.spec, self.edges)

    def fixed(self, size, count):
        # Another stream than the training's: no batch repeats an example of the fixed set.
        return self.batch(np.random.default_rng([self.seed, 0x51DE]), size, count)

    def esr(self, net):
        return quality.esr_per_corner(net, self.spec)


def train(spec, recipe, progress=True, data=None, path=None, resume=False):
    """Train `spec` on `data`: Synthetic, or a models.training.recordings.Recordings.

    path : of a checkpoint, written at every check; with `resume` the training begins from it
    Returns (latent, integers, history): latent = per layer (kernel, bias) float as trained, before
    quantisation; integers = per layer (kernel, bias) as `models.spec.Model` wants them; history =
    list of (step, loss on the fixed set). Channels without a target are zero in both.
    Raises ModelError for a checkpoint that is not there or of another training.
    """
    training = Training(spec, recipe, data or Synthetic(spec, recipe.seed, recipe.edges))
    if resume:
        training.load(path)
    with tqdm(
        desc=spec.name,
        total=recipe.steps,
        initial=training.step,
        disable=not progress,
        mininterval=1,
    ) as bar:
        while not training.is_done:
            checked = training.advance()
            bar.update()
            if checked:
                if path:
                    training.save(path)
                last, best = (10 * np.log10(x) for x in (training.history[-1][1], training.best))
                bar.set_postfix_str(f"check {last:.1f} dB, best {best:.1f}")
    latent, integers = training.result()
    return silence(latent), silence(integers), training.history


def silence(pairs):
    """Zero what feeds the output channels 1.. (no loss reaches them): silent jacks."""
    kernel, bias = (array.copy() for array in pairs[-1])
    kernel[:, :, 1:] = 0
    bias[1:] = 0
    return [*pairs[:-1], (kernel, bias)]


def make_model(spec, recipe, command, progress=True, data=None, path=None, resume=False):
    """Train as `train` does, and measure; the Model's meta holds command, recipe, seed, versions
    and ESR in dB."""
    start = time.monotonic()
    data = data or Synthetic(spec, recipe.seed, recipe.edges)
    latent, integers, history = train(spec, recipe, progress, data, path, resume)
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
