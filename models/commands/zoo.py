# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models zoo: what model files tell of themselves, as a table."""

import argparse
import shlex
from pathlib import Path

from models.files import check_writable
from models.quality import pages
from models.sound.plane import of_model
from models.spec import Model

TEXT = "list models: nets, the commands that made them, their error at the corners"
MORE = "All is read from the files; `evaluate` measures anew, and more."


def add_arguments(add):
    add("models", nargs="+", metavar="MODEL.npz", help="trained models")
    text = "write the table between the markers of this page"
    add("--page", default=argparse.SUPPRESS, metavar="PAGE.md", help=text)


def run(args):
    lines = list(table({Path(path).name: Model.load(path) for path in args.models}))
    if "page" in args:
        check_writable(args.page, args.models)
        command = shlex.join(args.command_line)
        pages.write_tables(args.page, [f"Made by `{command}`.", "", *lines])
        print(f"{args.page}: table of {len(args.models)} models")
    else:
        print("\n".join(lines))


def table(models):
    """Markdown lines; models: {file name: Model}."""
    yield from pages.head(
        ["file", "parameters", "layers", "sees", "rate", "trained by", "minutes", "corners, dB"]
    )
    for name, model in models.items():
        spec, meta = model.spec, model.meta
        made = f"`{meta['command']}`" if "command" in meta else "not told"
        esr = meta.get("esr_db_integer", {})
        yield pages.row(
            [
                f"`{name}`",
                f"{spec.parameters:,}",
                "<br>".join(map(_layer, spec.layers)),
                f"{spec.receptive_field} samples",
                f"{spec.sample_rate / 1000:g} kHz",
                made,
                meta.get("minutes", "not told"),
                "<br>".join(f"{name} {_level(esr, name)}" for name in of_model(model).names),
            ]
        )


def _level(esr, name):
    return f"{esr[name]:.1f}" if name in esr else "not told"


def _layer(layer):
    text = f"{layer.in_channels} -> {layer.out_channels}"
    if layer.kernel_size > 1:
        text += f", K {layer.kernel_size}, D {layer.dilation}"
    if layer.weights == "po2":
        text += ", po2"
    return text + (f", {layer.repeat} times" if layer.repeat > 1 else "")
