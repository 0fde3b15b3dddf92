# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The network that comes out of an import, layer by layer, before its formats are chosen."""

import re
from dataclasses import dataclass, replace

from models.graph.parts import INPUT
from models.graph.words import LINEAR, Word
from models.keras.lowering import functions
from models.keras.lowering.tensors import Gate, Sum, Words, as_sum
from models.spec import ModelError

NAME_MOST = 40


@dataclass(frozen=True, eq=False)
class LayerDraft:
    """A layer to be: what it sums or multiplies, and what its words are."""

    name: str
    value: Sum | Gate
    step: functions.Step


class Draft:
    """Signals and layers so far.

    in_word, in_channels: of the input;  approximate: whether functions that no word holds exactly
    are rounded;  notes: lines for the user.
    """

    def __init__(self, in_word, in_channels, approximate=False):
        self.words = {INPUT: in_word}
        self.channels = {INPUT: in_channels}
        self.layers, self.notes, self.approximate = [], [], approximate
        self._known = {}

    # Layers ---------------------------------------------------------------------------------------
    def add(self, name, value, step):
        """A new layer; returns its Words."""
        name = self._free(name)
        self.layers.append(LayerDraft(name, value, step))
        self.words[name], self.channels[name] = step.out_word, value.channels
        return Words(((name, value.channels),))

    def _free(self, name):
        base = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:NAME_MOST] or "layer"
        name, number = base, 1
        while name in self.words:
            number += 1
            tail = f"_{number}"
            name = base[: NAME_MOST - len(tail)] + tail
        return name

    # Functions of single values -------------------------------------------------------------------
    def quantise(self, tensor, function, name):
        """The Tensor of words that a quantiser makes of what is before it."""
        chain = (*tensor.functions, function)
        told = " of ".join(str(f) for f in reversed(chain))
        if function.automatic:
            raise ModelError(
                f"{function}: alpha must be a number, got {function.options['alpha']!r}, which "
                "scales by each signal that comes"
            )
        value = tensor.value
        if isinstance(value, Words):
            pieces = [self._of_words(piece, chain, told, name) for piece in value.pieces]
            return replace(tensor, value=Words(tuple(pieces)), functions=())
        try:
            step = self._memo(("sum", chain), lambda: functions.of_sum(_run(chain), function, told))
        except ModelError:
            if not self.approximate:
                raise
            return self._approximated(tensor, chain, told, name)
        return replace(tensor, value=self.add(tensor.name, value, step), functions=())

    def _approximated(self, tensor, chain, told, name):
        """--approximate: the sum is rounded to a word first."""
        word = Word(16, 12)
        value = self.add(tensor.name, tensor.value, functions.Step(word))
        self.notes.append(f"layer {name}: the sum is rounded to {word} before {told}")
        (piece,) = value.pieces
        value = Words((self._of_words(piece, chain, told, name),))
        return replace(tensor, value=value, functions=())

    def settled(self, tensor, name):
        """The Tensor without functions that wait for a quantiser: those of words make words."""
        if not tensor.functions:
            return tensor
        told = " of ".join(str(f) for f in reversed(tensor.functions))
        if not isinstance(tensor.value, Words):
            raise ModelError(
                "what comes in must be quantised: a QActivation of quantized_bits(bits, integer, "
                f"alpha=1) or quantized_relu(bits - 1, integer) in front; got {told} of a sum"
            )
        pieces = [
            self._of_words(piece, tensor.functions, told, name) for piece in tensor.value.pieces
        ]
        return replace(tensor, value=Words(tuple(pieces)), functions=())

    def _of_words(self, piece, chain, told, name):
        """(signal, channels) of functions of a signal's words."""
        signal, channels = piece
        word, last = self.words[signal], chain[-1]

        def find():
            run = _run(chain)
            if functions.leaves(run, word):
                return None
            if not last.quantises:
                return functions.of_word(run, word, told, self.approximate)
            try:
                return functions.of_sum(run, last)
            except ModelError:
                return functions.of_word(run, word, told, self.approximate, _wish(last))

        step = self._memo((word, chain), find)
        if step is None:
            return piece
        if step.differs:
            self.notes.append(
                f"layer {name}: {told} is a table that differs from it in {step.differs} of "
                f"{2**word.bits} words"
            )
        (made,) = self.add(name, as_sum(Words((piece,))), step).pieces
        return made

    def _memo(self, key, find):
        if key not in self._known:
            self._known[key] = find()
        return self._known[key]

    # Peephole -------------------------------------------------------------------------------------
    def merge(self, outputs):
        """Put functions of a layer's words into the layer itself, where nothing else reads it.

        outputs: signals; returns them as they are called then.
        """
        readers = {}
        for layer in self.layers:
            for signal in _read(layer.value):
                readers[signal] = readers.get(signal, 0) + 1
        for signal in outputs:
            readers[signal] = readers.get(signal, 0) + 1
        renamed, kept = {}, {}
        for layer in self.layers:
            value = _renamed(layer.value, renamed)
            source = _only_reader(value)
            before = kept.get(source)
            if (
                before is not None
                and readers.get(source) == 1
                and before.step.activation == LINEAR
                and before.step.word == layer.step.word
            ):
                kept[source] = replace(before, step=layer.step)
                self.words[source] = layer.step.out_word
                renamed[layer.name] = source
                readers[source] = readers.get(layer.name, 0)
                continue
            kept[layer.name] = replace(layer, value=value)
        self.layers = list(kept.values())
        return tuple(renamed.get(signal, signal) for signal in outputs)


def _run(chain):
    def run(values):
        for function in chain:
            values = function.run(values)
        return values

    return run


def _wish(function):
    bits, integer = function.options.get("bits"), function.options.get("integer", 0) or 0
    return Word(bits, bits - integer - 1) if bits and 2 <= bits <= 18 else None


def _read(value):
    if isinstance(value, Gate):
        return [value.a, value.b]
    return [*(term.source for term in value.terms), *value.adds]


def _renamed(value, names):
    if isinstance(value, Gate):
        return replace(value, a=names.get(value.a, value.a), b=names.get(value.b, value.b))
    terms = tuple(replace(t, source=names.get(t.source, t.source)) for t in value.terms)
    return replace(value, terms=terms, adds=tuple(names.get(n, n) for n in value.adds))


def _only_reader(value):
    """The signal whose words the value is, and nothing else; or None."""
    if isinstance(value, Sum) and len(value.adds) == 1 and not value.terms and value.bias is None:
        return value.adds[0]
    return None
