"""Train a net on the synthetic waves and write it as integers with honest numbers."""

import platform
import shlex
import time
from dataclasses import asdict, replace
from importlib.metadata import version

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from models.spec import Model
from models.training import checkpoint, quality, waves, windows
from models.training.blocks import Together, join, narrow
from models.training.loop import Training

VERSIONS = ("numpy", "tensorflow_cpu", "keras", "qkeras-v3")


def use_threads(count):
    """Limit TensorFlow and NumPy to `count` threads; only before TensorFlow's first operation. More
    than one is not faster for gradient descent on nets of 16 channels."""
    threadpool_limits(count)
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


class Synthetic:
    """The waves as data: random examples, a fixed set of others, and the error at the corners."""

    description = "synthetic waves (models/training/waves.py) without the pitches of waves.HELD_OUT"
    esr_definition = quality.DEFINITION

    def __init__(self, spec, recipe):
        self.spec, self.seed = spec, recipe.seed
        self.shares, self.jumping = (recipe.edges, recipe.inside), recipe.jumping

    def batch(self, rng, size, count):
        return waves.random_examples(rng, size, count, self.spec, self.shares)

    def windows(self, rng, size, ages):
        return windows.random_windows(rng, size, ages, self.spec, self.shares, self.jumping)

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
    Training.history. Channels without a target are zero in both.
    Raises ModelError for a checkpoint that is not there or of another training.
    """
    training = _trained(spec, recipe, progress, data, path, resume)
    latent, integers = training.result()
    return silence(latent), silence(integers), training.history


def _trained(spec, recipe, progress, data, path, resume):
    """The Training when all is done."""
    training = Training(spec, recipe, data or Synthetic(spec, recipe))
    has_blocks = recipe.blocks and path and checkpoint.of_block(path, 0).exists()
    if recipe.blocks and (not resume or (has_blocks and not path.exists())):
        blocks, rounds, seconds = _train_blocks(spec, recipe, progress, data, path, resume)
        training.begin(join(spec, training.pairs, blocks, recipe.held_by), rounds, seconds)
    elif resume:
        training.load(path)
    _run(training, progress, path)
    return training


def _run(training, progress, path):
    name, recipe = training.spec.name, training.recipe
    phases = (
        (name, recipe.steps, training.step, training.descend),
        (f"{name}, polish", recipe.polish, training.polished, training.polish),
    )
    for title, total, done, advance in phases:
        if not total:
            continue
        with tqdm(
            desc=title, total=total, initial=done, disable=not progress, mininterval=1
        ) as bar:
            for checked in advance():
                bar.update()
                if checked:
                    if path:
                        training.save(path)
                    last, best = (10 * np.log10(x) for x in (checked, training.best))
                    bar.set_postfix_str(f"check {last:.1f} dB, best {best:.1f}")


def _train_blocks(spec, recipe, progress, data, path, resume):
    """(weights of recipe.blocks narrow nets, list of (round, check) of their training together,
    seconds of all that)."""
    block_spec, blocks, seconds = narrow(spec, recipe.blocks, recipe.held_by), [], 0.0
    alone = data or Synthetic(spec, replace(recipe, jumping=recipe.block.jumping))
    for number in range(recipe.blocks):
        block_recipe = replace(recipe.block, seed=recipe.seed * recipe.blocks + number)
        named = replace(block_spec, name=f"{block_spec.name}{number}")
        training = Training(named, block_recipe, alone)
        block_path = path and checkpoint.of_block(path, number)
        if resume and block_path.exists():
            training.load(block_path)
        _run(training, progress, block_path)
        blocks.append(training.result()[0])
        seconds += training.seconds
    start, rng = time.monotonic(), np.random.default_rng(recipe.seed)
    data = data or Synthetic(spec, recipe)
    together, history = Together(block_spec, blocks, data, recipe.block.windows, rng), []
    title = f"{block_spec.name}s together"
    with tqdm(range(1, recipe.rounds + 1), title, disable=not progress, mininterval=1) as bar:
        for number in bar:
            history.append((number, together.round()))
            bar.set_postfix_str(f"check {10 * np.log10(history[-1][1]):.1f} dB")
    return together.pairs, history, seconds + time.monotonic() - start


def silence(pairs):
    """Zero what feeds the output channels 1.. (no loss reaches them): silent jacks."""
    kernel, bias = (array.copy() for array in pairs[-1])
    kernel[:, :, 1:] = 0
    bias[1:] = 0
    return [*pairs[:-1], (kernel, bias)]


def make_model(spec, recipe, command, progress=True, data=None, path=None, resume=False):
    """Train as `train` does, and measure; the Model's meta holds command, recipe, seed, versions
    and ESR in dB."""
    training = _trained(spec, recipe, progress, data, path, resume)
    latent, integers = map(silence, training.result())
    model = Model(spec, integers)
    data = training.data
    esr_float = data.esr(quality.FloatTwin(spec, latent))
    esr_integer = data.esr(quality.reference_of(model))
    model.meta.update(
        command=shlex.join(command),
        data=data.description,
        seed=recipe.seed,
        recipe=asdict(recipe),
        loss_history=training.history,
        minutes=round(training.seconds / 60, 1),
        esr_db_float=esr_float,
        esr_db_integer=esr_integer,
        esr_definition=data.esr_definition,
        versions={"python": platform.python_version(), **{n: version(n) for n in VERSIONS}},
    )
    return model
