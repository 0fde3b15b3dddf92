# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models train: a topology becomes a trained model file."""

import argparse
import dataclasses
import os
from pathlib import Path

from models.commands import tensorflow
from models.commands.arguments import factor, natural, positive, positive_float, share, weight
from models.files import check_writable
from models.recordings.files import recording_paths
from models.sound import own_waves
from models.sound.plane import STANDARD
from models.spec import Model, ModelError
from models.training.newton.blocks import widened
from models.training.recipe import RECIPES, USUAL, recipe_of, spec_of

TEXT = "train a net on the synthetic waves (needs TensorFlow)"
MORE = (
    "Every topology has its recipe (models/training/recipe.py), which the options change. Beside "
    "the model go its learning curve, OUTPUT.png, and while it trains OUTPUT.checkpoint.npz, from "
    "which --resume goes on. "
    "--data DIR takes the recordings in DIR: WAV or .npz files of a core wave and 1 to 3 targets, "
    "at least 3 files for each embedding, labelled by `python3 -m soc capture --target` or in "
    "DIR/labels.json; docs/data.md has it all. They are split by file into those for training, for "
    "validation (the best net so far is kept), and for the test that is printed."
)

OPTIONS = {
    "steps": (natural, "steps of gradient descent"),
    "batch": (positive, "examples a step"),
    "outputs": (positive, "loss samples an example"),
    "rate": (positive_float, "first learning rate"),
    "edges": (share, "share of the synthetic examples on an edge of the embedding plane"),
    "inside": (share, "share of them inside the plane; the others are corners"),
    "jumping": (share, "share in the error of a Gauss-Newton step of jumps of the embedding"),
    "modulated": (share, "share in it of an embedding that moves 20 to 2,500 times a second"),
    "sharp": (share, "share of windows drawn more often the shorter the wave's last turn is ago"),
    "beyond": (factor, "by which the synthetic pitches go beyond their range at either end"),
    "below": (weight, "weight of pitches below 30 Hz"),
    "above": (weight, "weight of pitches above 1000 Hz"),
    "broken": (share, "share in that error of waves that begin, end, change level or pitch"),
    "foreign": (share, "share in it of inputs that are no triangles"),
    "noise": (weight, "LSB of noise on the embedding of Gauss-Newton steps, at most"),
    "slope": (weight, "weight of the error of the steps from sample to sample"),
    "spectral": (weight, "weight of the multi-resolution STFT distance"),
    "seed": (natural, "seed of weights and data"),
    "patience": (positive, "checks without a better one before it ends"),
    "polish": (natural, "Gauss-Newton steps after those of gradient descent"),
    "settling": (share, "share of them, the last, that remember what others saw"),
    "windows": (positive, "single outputs a Gauss-Newton step"),
    "curved": (positive, "one in so many of them makes the curvature, all make the gradient"),
}


def add_arguments(add):
    unset = argparse.SUPPRESS  # the default depends on other arguments; the help says how
    known = ", ".join(sorted(RECIPES))
    add("name", metavar="NAME", help=f"which recipe: {known}")
    add("-o", "--output", default=unset, help="model file to write (default: NAME.npz)")
    for name, (kind, text) in OPTIONS.items():
        text += f" (default: the recipe's, mostly {getattr(USUAL, name)})"
        add(f"--{name}", type=kind, default=unset, help=text)
    text = "Hz, lowest and highest of the synthetic waves (default: the recipe's, mostly 30 1000)"
    pair = {"nargs": 2, "type": positive_float, "default": unset, "metavar": ("LOW", "HIGH")}
    add("--pitches", **pair, help=text)
    text = f"2 to 8 target waves, each {own_waves.FORMS} (default: the recipe's)"
    add("--waves", nargs="+", default=unset, metavar="WAVE", help=text)
    text = (
        "begin with this model's weights, of a net of the same layers, as wide or narrower; no "
        "gradient descent unless --steps is given"
    )
    add("--from", dest="start", default=unset, metavar="MODEL.npz", help=text)
    add("--data", default=unset, metavar="DIR", help="recordings instead of synthetic waves")
    add("--sample-rate", type=positive, default=unset, help="Hz (default: the topology's)")
    text = "train weights that are powers of two as any others: what the restriction costs"
    add("--no-po2", action="store_true", help=text)
    add("--threads", type=positive, default=1, help="of TensorFlow and NumPy")
    add("--resume", action="store_true", help="go on where the same training was interrupted")


def run(args):
    recipe, spec = recipe_of(args.name), spec_of(args.name)
    if "sample_rate" in args:
        spec = dataclasses.replace(spec, sample_rate=args.sample_rate)
    if args.no_po2:
        layers = tuple(dataclasses.replace(layer, weights="fixed") for layer in spec.layers)
        spec = dataclasses.replace(spec, layers=layers)
    output = Path(getattr(args, "output", f"{args.name}.npz"))
    if output.suffix != ".npz":
        raise ModelError(f"{output}: a model must end in .npz, got {output.suffix or 'no suffix'}")
    check_writable(output, [args.start] if "start" in args else ())
    given = {name: getattr(args, name) for name in OPTIONS if name in args}
    if "pitches" in args:
        low, high = args.pitches
        if not low < high < spec.sample_rate / 2:
            raise ModelError(
                f"--pitches must rise and end below half the rate ({spec.sample_rate / 2:g} Hz), "
                f"got {low:g} {high:g}"
            )
        given["pitches"] = low, high
    if "waves" in args:
        given["waves"] = tuple(args.waves)
    if "start" in args:
        given = {"steps": 0, **given, "start": args.start}
    recipe = dataclasses.replace(recipe, **given)
    if "waves" in args and "data" in args:
        raise ModelError("only one of --waves and --data may be given, got both")
    if "data" in args:
        check_writable(output, recording_paths(args.data))
    own_waves.read(recipe.waves or STANDARD.names)  # refused before the work
    if recipe.edges + recipe.inside > 1:
        raise ModelError(
            f"the sum of --edges and --inside must be at most 1, got {recipe.edges:g} + "
            f"{recipe.inside:g}"
        )
    rare = {name: getattr(recipe, name) for name in ("jumping", "modulated", "broken", "foreign")}
    if sum(rare.values()) > 1:
        told = " and ".join(f"--{name} {value:g}" for name, value in rare.items() if value)
        raise ModelError(f"the sum of the error's shares must be at most 1, got {told}")
    if not (recipe.steps or recipe.polish or recipe.trunk_steps):
        raise ModelError("one of --steps and --polish must be above 0, got 0 and 0")
    start = _start(recipe, spec) if recipe.start else None
    tensorflow.need()
    data = _recordings(args.data, spec, recipe) if "data" in args else None
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    try:
        with tensorflow.quiet():
            from models.training import checkpoint, curve
            from models.training.train import make_model, use_threads
    except ImportError as error:
        raise ModelError(f"training needs TensorFlow and QKeras: {error}") from error
    use_threads(args.threads)
    path = checkpoint.path_of(output)
    # The whole training makes the same model.
    command = [word for word in args.command_line if word != "--resume"]
    model = make_model(spec, recipe, command, True, data, path, args.resume, start)
    model.save(output)
    curve.draw(spec.name, model.meta["loss_history"], output.with_suffix(".png"))
    checkpoint.remove(path)
    print_quality(model.meta["esr_db_integer"], model.meta["esr_db_float"])
    print(f"{output}: {spec.parameters} parameters, {model.meta['minutes']} minutes")


def _start(recipe, spec):
    """The model to begin with."""
    model = Model.load(recipe.start)
    if recipe.blocks:
        raise ModelError(f"--from must not be given for {spec.name}, which starts from narrow nets")
    try:
        widened(model, spec, recipe.seed)
    except ModelError as error:
        raise ModelError(f"--from {recipe.start}: {error}") from None
    return model


def _recordings(folder, spec, recipe):
    """The recordings in --data, with what is to be said about them."""
    from models.recordings.takes import Recordings

    data = Recordings(folder, spec, recipe.seed)
    data.check_count(spec.receptive_field - 1 + recipe.outputs)
    for line in [*data.notes, data.description]:
        print(line)
    return data


def print_quality(integers, twin):
    """One line per place: ESR in dB of the integers and of the float twin."""
    print(f"{'corner':8} {'integers':>12} {'float twin':>12}")
    for name, value in integers.items():
        print(f"{name:8} {value:9.2f} dB {twin[name]:9.2f} dB")
