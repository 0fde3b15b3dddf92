# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A QKeras model that was trained elsewhere, from its file, as a model of the same integers."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import tensorflow

from models.graph.parts import INPUT
from models.graph.words import Word
from models.keras import quantisers
from models.keras.lowering import functions
from models.keras.lowering.draft import Draft
from models.keras.lowering.emit import emit
from models.keras.lowering.layers import KINDS
from models.keras.lowering.tensors import Sum, Tensor, Words, as_sum, spread
from models.keras.reading.file import read_graph
from models.messages import either
from models.spec import ModelError

DEFAULT_WORD = Word(16, 12)  # what the boards' converters give
# What options of another kind than QKeras expects make Python, QKeras and TensorFlow raise.
_BAD_FIELDS = (
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    SyntaxError,
    AssertionError,
    ArithmeticError,
    RuntimeError,  # RecursionError, NotImplementedError too
    tensorflow.errors.OpError,
)


@dataclass(frozen=True)
class Options:
    """What a file does not tell.

    sample_rate : Hz
    name        : of the network, default the file's
    in_word     : format of the frames that come in; None: Q4.12 where it holds the net's one format
                  or that of the quantiser of the inputs, else that
    out_word    : format that outputs without a quantiser are rounded to, saturating
    upper_bound : "clip" or "ignore", see quantisers.parse
    approximate : take functions that no table holds exactly
    """

    sample_rate: int
    name: str | None = None
    in_word: Word | None = None
    out_word: Word | None = None
    upper_bound: str | None = None
    approximate: bool = False


@dataclass(frozen=True)
class Imported:
    """model: a Model (a chain of one format) or a GraphModel;  late: frames at the start that the
    Keras model does not give out;  notes: lines for the user."""

    model: object
    late: int
    notes: tuple


def import_file(path, sample_rate, name=None, **options):
    """The model of a file, see import_graph."""
    return import_graph(path, None, Options(sample_rate, name, **options)).model


def import_graph(path, graph, options):
    """The Imported of a .keras or .h5 file: the reference on its model gives, on integer inputs,
    the integers of the QKeras model's forward in float64, from frame `late` on.

    graph: what file.read_graph gave for the file, where it was read before, else None.
    Raises ModelError, one line that begins with the path and names the layer and the reason.
    """
    try:
        graph = read_graph(path) if graph is None else graph
        work = _Work(graph, options)
        tensor = work.run()
        outputs = work.outputs(tensor)
        name = options.name or re.sub(r"[^A-Za-z0-9._-]", "_", Path(path).stem)[:40]
        meta = {"data": f"imported from {Path(path).name}"}
        model = emit(work.draft, outputs, options.sample_rate, name, meta)
        return Imported(model, tensor.late, tuple(work.notes(tensor)))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


class _Work:
    """One import: the tensors of the graph, one call after the other."""

    def __init__(self, graph, options):
        self.graph, self.options = graph, options
        self.upper_bound = options.upper_bound
        self.common = None
        channels = graph.channels or self._first_channels()
        self.draft = Draft(options.in_word or self._in_word(), channels, options.approximate)
        self.tensors = {0: Tensor(Words(((INPUT, channels),)), INPUT)}

    def _first_channels(self):
        for call in self.graph.calls:
            arrays = call.layer.arrays
            if arrays and arrays[0].ndim >= 2:
                return arrays[0].shape[-2]
        raise ModelError("the number of input channels is not in the file")

    def _in_word(self):
        """The format of the inputs: Q4.12 where it holds that of the quantisers, else theirs, where
        they agree or one stands on the inputs."""
        words, first = set(), None
        for call in self.graph.calls:
            layer = call.layer.inner or call.layer
            described = layer.config.get("activation")
            if described is None or layer.kind not in KINDS:
                continue
            try:
                function = quantisers.parse(described, self.upper_bound)
                if function is None or not function.quantises:
                    continue
                word = functions.of_sum(function.run, function).word
            except (ModelError, *_BAD_FIELDS):
                continue  # told when the layer is reached
            words.add(word)
            if 0 in call.inputs and layer.kind in ("Activation", "QActivation"):
                first = word
        self.common = next(iter(words)) if len(words) == 1 else None
        if self.common and self.common.rounding == "half_even":
            first = self.common
        if first and (first.frac > DEFAULT_WORD.frac or first.bits - first.frac > 4):
            return first
        return DEFAULT_WORD

    def run(self):
        """The tensor that comes out."""
        if not self.graph.calls:
            raise ModelError("must have layers, got none")
        for call in self.graph.calls:
            layer = call.layer
            inner = layer.inner or layer
            handler = KINDS.get(inner.kind)
            try:
                if handler is None:
                    raise ModelError(f"its kind must be {either(KINDS)}")
                inputs = [self.tensors[number] for number in call.inputs]
                made = handler(self, inner, inputs, call.arguments)
            except ModelError as error:
                raise layer.error(error) from None
            except _BAD_FIELDS as error:
                reason = (str(error) or type(error).__name__).splitlines()[0]
                raise layer.error(f"unreadable options: {reason}") from error
            self.tensors[call.output] = made
        return self.tensors[self.graph.output]

    def single(self, tensor, layer):
        """The one signal that a tensor's words are. Raises ModelError for a sum."""
        value = tensor.value
        if not isinstance(value, Words):
            raise ModelError(
                "what comes in must be quantised: a QActivation of quantized_bits(bits, integer, "
                "alpha=1) in front"
            )
        if len(value.pieces) == 1:
            return value.pieces[0][0]
        return self._joined(value, layer.name).pieces[0][0]

    def _joined(self, value, name, word=None):
        """Words of several signals as those of one layer."""
        words = {self.draft.words[signal] for signal, _ in value.pieces}
        if word is None and len(words) > 1:
            told = ", ".join(sorted(map(str, words)))
            raise ModelError(f"what comes together must have one format, got {told}")
        step = functions.Step(word or replace(words.pop(), rounding="half_even"))
        if len(value.pieces) == 1:
            return self.draft.add(name, as_sum(value), step)
        return self.draft.add(name, Sum(value.channels, spread(value, value.channels)), step)

    def outputs(self, tensor):
        """Names of the signals that go out."""
        if tensor.zeros:
            raise ModelError(
                f"a convolution must follow zero padding, got {tensor.zeros} at the end"
            )
        name = tensor.name
        wanted = self.options.out_word
        if isinstance(tensor.value, Words):
            tensor = self.draft.settled(tensor, name)
        value = tensor.value
        if not isinstance(value, Words) or tensor.functions:
            if wanted is None:
                raise ModelError(
                    f"layer {name}: its output must be quantised: by a QActivation of "
                    "quantized_bits(bits, integer, alpha=1) or quantized_relu(bits - 1, integer), "
                    f"or by --output-format, as Q{_told(self.draft.words[INPUT])}"
                )
            value = self._rounded(tensor, wanted)
        formats = {self.draft.words[signal] for signal, _ in value.pieces}
        if INPUT in dict(value.pieces) or wanted is not None and formats != {wanted}:
            value = self._joined(value, "out", wanted)
        elif len(formats) > 1:
            told = ", ".join(sorted(map(str, formats)))
            raise ModelError(f"outputs must have one format (--output-format), got {told}")
        return self.draft.merge([signal for signal, _ in value.pieces])

    def _rounded(self, tensor, word):
        """--output-format: a sum without a quantiser, and a ReLU that waits for one."""
        value = tensor.value
        if not tensor.functions:
            return self.draft.add(tensor.name, value, functions.Step(word))
        options = {"bits": word.bits, "integer": word.bits - word.frac - 1}
        last = quantisers.parse(
            {"class_name": "quantized_bits", "config": {**options, "alpha": 1.0}}
        )
        return self.draft.quantise(tensor, last, tensor.name).value

    def notes(self, tensor):
        """What the user should know."""
        yield from self.draft.notes
        for call in self.graph.calls:
            if 0 in call.inputs and call.layer.kind == "QActivation":
                yield f"layer {call.layer.name}: a quantiser of the inputs, which are rounded so"
        in_word = self.draft.words[INPUT]
        if self.common and self.common != in_word and self.options.in_word is None:
            yield (
                f"inputs come in {in_word}; --input-format Q{_told(self.common)} takes them in the "
                "net's one format"
            )
        if tensor.late:
            yield f"the Keras model's output starts {tensor.late} frames later: the same from there"
        if tensor.cut:
            yield f"of the Keras model's output {tensor.cut}: the same on the others"
        for call in self.graph.calls:
            layer = call.layer
            for option in ("kernel_quantizer", "depthwise_quantizer", "pointwise_quantizer"):
                if layer.config.get(option) is None:
                    continue
                function = quantisers.parse(layer.config[option], "ignore", True)
                if function is not None and function.automatic:
                    left = ", ".join(o for o in quantisers.UNSAVED if o in function.options)
                    more = f"; QKeras does not save {left}: taken as not given" if left else ""
                    yield (f"layer {layer.name}: {function} finds its scale in the kernel{more}")


def _told(word):
    return f"{word.bits - word.frac}.{word.frac}"
