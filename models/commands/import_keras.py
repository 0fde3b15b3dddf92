# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models import: a QKeras model trained elsewhere becomes a model file."""

import argparse
import re
from pathlib import Path

from models.commands import tensorflow
from models.commands.arguments import positive
from models.files import check_writable
from models.graph.parts import Product
from models.graph.words import Word
from models.spec import Model, ModelError

TEXT = "make a model file of a QKeras model trained elsewhere (needs TensorFlow)"
MORE = (
    "Whatever of the model computes on grids is taken: convolutions and dense layers over time, "
    "sums, concatenations, products, quantisers of any width to 18 bits a layer. The integers of "
    "the result equal the QKeras model's forward in float64, or one line names the layer that is "
    "not supported and why: docs/import.md. No code of the file is run. A chain of one format "
    "becomes a file of version 1, which every command takes; another net one of version 2."
)


def word(text):
    """The Word of "Q4.12": 4 bits before the point, the sign included, 12 behind it."""
    match = re.fullmatch(r"[Qq](-?\d{1,2})\.(-?\d{1,2})", text)
    if not match:
        raise argparse.ArgumentTypeError(
            f"must be like Q4.12, bits before and behind the point, got {text}"
        )
    whole, frac = int(match[1]), int(match[2])
    try:
        return Word(whole + frac, frac)
    except ModelError as error:
        raise argparse.ArgumentTypeError(f"must be a format, got {text}: {error}") from None


def add_arguments(add):
    unset = {"default": argparse.SUPPRESS}
    add("file", metavar="THEIR.keras|.h5", help="a whole model as Keras saved it")
    text = "model file to write (needed)"
    add("-o", "--output", required=True, **unset, metavar="OUT.npz", help=text)
    text = "Hz, the rate it was trained for; the file does not tell"
    add("--sample-rate", type=positive, default=192_000, help=text)
    text = "where THEIR is a description in JSON: the weights beside it"
    add("--weights", **unset, metavar="FILE.h5", help=text)
    text = "word that outputs without a quantiser are rounded to, saturating, as Q4.12"
    add("--output-format", type=word, **unset, metavar="Qm.n", help=text)
    text = "word of the frames that come in; unset: Q4.12, or the net's one format if wider"
    add("--input-format", type=word, **unset, metavar="Qm.n", help=text)
    text = "whether a quantized_relu's relu_upper_bound acts, which QKeras does not save"
    add("--relu-upper-bound", choices=("clip", "ignore"), **unset, help=text)
    text = "take functions that no table holds exactly; the words that differ are told"
    add("--approximate", action="store_true", help=text)


def run(args):
    output = Path(args.output)
    if output.suffix != ".npz":
        raise ModelError(f"{output}: a model must end in .npz, got {output.suffix or 'no suffix'}")
    weights = getattr(args, "weights", None)
    check_writable(output, [args.file, *([weights] if weights else [])])
    tensorflow.need()
    graph = _read_graph(args.file, weights)
    try:
        with tensorflow.quiet():
            from models.keras.importing import Options, import_graph
    except ImportError as error:
        raise ModelError(f"import needs TensorFlow and QKeras: {error}") from error
    options = Options(
        args.sample_rate,
        in_word=getattr(args, "input_format", None),
        out_word=getattr(args, "output_format", None),
        upper_bound=getattr(args, "relu_upper_bound", None),
        approximate=args.approximate,
    )
    imported = import_graph(args.file, graph, options)
    imported.model.save(output)
    spec = imported.model.spec
    chain = isinstance(imported.model, Model)
    print("\n".join(_chain_lines(spec) if chain else _graph_lines(spec)))
    for note in imported.notes:
        print(note)
    kind = f"{spec.number_format}" if chain else f"in {spec.in_word}, out {spec.out_word}"
    print(
        f"{output}: {spec.parameters} parameters, {kind}, receptive field {spec.receptive_field}"
        + ("" if chain else "; a file of version 2, see docs/import.md")
    )


def _chain_lines(spec):
    for index, layer in enumerate(spec.layers):
        yield (
            f"layer {index}: {layer.in_channels} -> {layer.out_channels}, "
            f"{layer.kernel_size} taps, dilation {layer.dilation}, {layer.weights}"
            + (", relu" if layer.relu else "")
            + (f", {layer.repeat} times" if layer.repeat > 1 else "")
        )


def _graph_lines(spec):
    for layer in spec.layers:
        parts = []
        if isinstance(layer, Product):
            parts = [f"{layer.a} * {layer.b}"]
        for term in layer.terms:
            parts.append(
                f"{term.source} * {term.kernel_size} taps, dilation {term.dilation}, "
                f"{term.kernel if term.weights == 'fixed' else 'powers of two'}"
            )
        kind = layer.activation.kind
        made = f" -> {kind}" if kind != "linear" else ""
        out = "" if layer.out_word == layer.word else f" {layer.out_word}"
        yield (
            f"layer {layer.name}: {' + '.join([*parts, *layer.adds])} -> "
            f"{spec.channels[layer.name]} of {layer.word}{made}{out}"
        )


def _read_graph(path, weights):
    """The file's layers. What cannot be read is refused before TensorFlow, which takes seconds."""
    try:
        from models.keras.reading.file import read_graph
    except ImportError as error:
        raise ModelError(f"import needs TensorFlow and QKeras: {error}") from error
    try:
        return read_graph(path, weights)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
