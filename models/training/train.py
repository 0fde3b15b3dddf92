# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Train a net on the synthetic waves and write it as integers with honest numbers."""

import json
import platform
import shlex
import zlib
from dataclasses import asdict, replace
from importlib.metadata import version

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from models.sound import errors, own_waves, waves
from models.sound.plane import STANDARD
from models.spec import Model
from models.training import checkpoint, windows
from models.training.loop import Training
from models.training.newton.blocks import join, narrow, widened
from models.training.trunk import Trunk

VERSIONS = ("numpy", "tensorflow_cpu", "keras", "qkeras-v3")


def use_threads(count):
    """Limit TensorFlow and NumPy to `count` threads; only before TensorFlow's first operation. More
    than one is not faster for gradient descent on nets of 16 channels."""
    threadpool_limits(count)
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


class Synthetic:
    """The waves as data: random examples, a fixed set of others, and the error at the corners.

    plane: the Plane of the recipe's waves;  facts: what a model's meta tells of them
    """

    esr_definition = errors.DEFINITION

    def __init__(self, spec, recipe):
        self.spec, self.seed = spec, recipe.seed
        self.plane = own_waves.read(recipe.waves) if recipe.waves else STANDARD
        low, high = (recipe.pitches[0] / recipe.beyond, recipe.pitches[1] * recipe.beyond)
        self.mixture = windows.Mixture(
            (recipe.edges, recipe.inside),
            recipe.jumping,
            recipe.modulated,
            recipe.broken,
            recipe.foreign,
            recipe.sharp,
            recipe.noise,
            waves.Pitches(*recipe.pitches, recipe.below, recipe.above, recipe.beyond),
            self.plane,
        )
        told = json.dumps(self.plane.to_meta()).encode()
        own = f" {', '.join(self.plane.names)}, crc 0x{zlib.crc32(told):08x}"
        self.description = (
            f"synthetic waves{own if recipe.waves else ''} (models/sound/waves.py) without the "
            "pitches of waves.HELD_OUT"
        )
        self.facts = {
            "waves": self.plane.to_meta(),
            "trained": {"level": 1.0, "pitch_hz": [low, high]},
        }

    def batch(self, rng, size, count):
        how = self.mixture.shares, self.mixture.pitches, self.plane
        return waves.random_examples(rng, size, count, self.spec, *how)

    def windows(self, rng, size, ages):
        return windows.random_windows(rng, size, ages, self.spec, self.mixture)

    def fixed(self, size, count):
        # Another stream than the training's: no batch repeats an example of the fixed set.
        return self.batch(np.random.default_rng([self.seed, 0x51DE]), size, count)

    def esr(self, net):
        return errors.esr_per_corner(net, self.spec, self.plane)


def train(spec, recipe, progress=True, data=None, path=None, resume=False, start=None):
    """Train `spec` on `data`: Synthetic, or a models.training.recordings.Recordings.

    path : of a checkpoint, written at every check; with `resume` the training begins from it
    start: Model of the same topology, or a narrower one, whose weights it begins with
    Returns (latent, integers, history): latent = per layer (kernel, bias) float as trained, before
    quantisation; integers = per layer (kernel, bias) as `models.spec.Model` wants them; history =
    Training.history. Channels without a target are zero in both.
    Raises ModelError for a checkpoint that is not there or of another training.
    """
    training = _trained(spec, recipe, progress, data, path, resume, start)
    latent, integers = training.result()
    return silence(latent), silence(integers), training.history


def _trained(spec, recipe, progress, data, path, resume, start):
    """The Training when all is done."""
    training = Training(spec, recipe, data or Synthetic(spec, recipe))
    if resume and (path.exists() or not checkpoint.has_parts(path)):
        training.load(path)
    elif recipe.blocks:
        trunk = _trained_trunk(spec, recipe, progress, data, path, resume)
        pairs = join(spec, training.pairs, [trunk.pairs], recipe.trunk)
        training.begin(pairs, trunk.history, trunk.seconds)
    elif recipe.before and not start:
        first = replace(recipe.before, seed=recipe.seed)
        part = path and checkpoint.of_part(path, "before")
        named = replace(spec, name=f"{spec.name}-before")
        before = Training(named, first, data or Synthetic(named, first))
        if resume and part.exists():
            before.load(part)
        _run(before, progress, part)
        training.begin(before.result()[0], [], before.seconds)
    elif start:
        training.begin(widened(start, spec, recipe.seed), [], 0.0)
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


def _trained_trunk(spec, recipe, progress, data, path, resume):
    """The Trunk when all is done."""
    part, examples = path and checkpoint.of_part(path, "trunk"), data or Synthetic(spec, recipe)
    if resume and part.exists():
        trunk = Trunk(spec, recipe, examples)
        trunk.load(part)
    else:
        blocks = _trained_blocks(spec, recipe, progress, data, path, resume)
        trunk = Trunk(spec, recipe, examples, *blocks)
    name, done, total = trunk.net.name, len(trunk.history), trunk.total
    with tqdm(desc=name, total=total, initial=done, disable=not progress, mininterval=1) as bar:
        for found in trunk.steps():
            bar.update()
            bar.set_postfix_str(f"check {10 * np.log10(found):.2f} dB")
            if part:
                trunk.save(part)
    return trunk


def _trained_blocks(spec, recipe, progress, data, path, resume):
    """(per narrow net its weights, seconds of all that)."""
    blocks, seconds = [], 0.0
    for number in range(recipe.blocks):
        block_recipe = replace(recipe.block, seed=recipe.seed * recipe.blocks + number)
        block = replace(
            narrow(spec, recipe.blocks, recipe.held_by), name=f"{spec.name}-block{number}"
        )
        training = Training(block, block_recipe, data or Synthetic(block, block_recipe))
        part = path and checkpoint.of_part(path, f"block{number}")
        if resume and part.exists():
            training.load(part)
        _run(training, progress, part)
        blocks.append(training.result()[0])
        seconds += training.seconds
    return blocks, seconds


def silence(pairs):
    """Zero what feeds the output channels 1.. (no loss reaches them): silent jacks."""
    kernel, bias = (array.copy() for array in pairs[-1])
    kernel[:, :, 1:] = 0
    bias[1:] = 0
    return [*pairs[:-1], (kernel, bias)]


def make_model(
    spec, recipe, command, progress=True, data=None, path=None, resume=False, start=None
):
    """Train as `train` does, and measure; the Model's meta holds command, recipe, seed, versions
    and ESR in dB."""
    training = _trained(spec, recipe, progress, data, path, resume, start)
    latent, integers = map(silence, training.result())
    model = Model(spec, integers)
    data = training.data
    esr_float = data.esr(errors.FloatTwin(spec, latent))
    esr_integer = data.esr(errors.reference_of(model))
    model.meta.update(
        **data.facts,
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
