# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models evaluate: how well models do what they were trained for, and what else."""

import argparse
import shlex
from pathlib import Path

from models.commands import tensorflow
from models.files import check_writable
from models.quality import pages
from models.spec import Model, ModelError

TEXT = "measure models at nine places of the embedding plane and 12 pitches"
MORE = (
    "Error-to-signal ratio, STFT distance, aliases, noise, stability; as integers, in floats, and "
    "by QKeras where TensorFlow is installed."
)


def add_arguments(add):
    add("models", nargs="+", metavar="MODEL.npz", help="trained models")
    text = "write grid.png, spectra.png, pitch.png there, in a folder for each model"
    add("--plots", default=argparse.SUPPRESS, metavar="DIR", help=text)
    text = "write the tables between the markers of this page, a row a model"
    add("--page", default=argparse.SUPPRESS, metavar="PAGE.md", help=text)
    add("--no-qkeras", action="store_true", help="leave QKeras out, which takes longest")


def run(args):
    from models.quality import report

    models = {path: Model.load(path) for path in args.models}
    page, folder = (getattr(args, name, None) for name in ("page", "plots"))
    if page:
        check_writable(page, args.models)
        pages.with_tables(page, [])  # refused before the work
    folders = {path: Path(folder) / Path(path).stem for path in models} if folder else {}
    for place in folders.values():
        place.mkdir(parents=True, exist_ok=True)
    evaluations = []
    for path, model in models.items():
        evaluation = _evaluate(model, args.no_qkeras)
        evaluations.append(evaluation)
        print("\n".join(report.text(evaluation)))
        if folder:
            from models.quality import plots as quality_plots

            quality_plots.draw(evaluation, folders[path])
            print(f"{folders[path]}: {', '.join(quality_plots.NAMES)}")
        print()
    if page:
        command = shlex.join(args.command_line)
        pages.write_tables(page, report.tables(evaluations, command))
        print(f"{page}: tables of {len(models)} models")


def _evaluate(model, without_qkeras):
    from models.quality.evaluation import evaluate

    if without_qkeras:
        return evaluate(model)
    try:
        with tensorflow.quiet():
            from models.keras.run import qkeras_of
    except ImportError:
        print("QKeras is left out: TensorFlow is not installed")
        return evaluate(model)
    try:
        return evaluate(model, qkeras_of(model))
    except ModelError as error:
        if model.spec.number_format.rounding == "half_even":
            raise
        print(f"QKeras is left out: {error}")
        return evaluate(model)
