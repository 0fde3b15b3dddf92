# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""From a draft to a model: formats of kernels and biases, shared weights, a file of version 1 where
the net is a chain of one format."""

from dataclasses import replace

import numpy as np

from models.graph.chain import as_chain
from models.graph.model import GraphModel
from models.graph.parts import INPUT, Layer, Product, Term
from models.graph.spec import Network
from models.graph.words import MOST_BITS, Word
from models.keras.lowering import functions
from models.keras.lowering.tensors import Gate
from models.spec import ModelError

_LOW_BITS = 17  # of the lower of two kernels that hold one of up to 35 bits
_WIDE = 62


def emit(draft, outputs, sample_rate, name, meta):
    """The Model of a draft that is a chain of one format, else its GraphModel.

    Raises ModelError that names the layer.
    """
    common = draft.words[INPUT]
    words = {layer.step.word for layer in draft.layers}
    if words == {common}:
        for rows in (False, True):
            made = _Emission(draft, common, rows).model(outputs, sample_rate, name, meta)
            try:
                return as_chain(made)
            except ModelError:
                continue
    return _Emission(draft, None, False).model(outputs, sample_rate, name, meta)


class _Emission:
    """common: format that kernels and biases take where they fit, and layers without biases get
    some;  rows: weights are shared by layers in a row alone."""

    def __init__(self, draft, common, rows):
        self.draft, self.common, self.rows = draft, common, rows
        self.layers, self.kernels, self.biases, self.tables = [], {}, {}, {}
        self.shared, self.last = {}, None

    def model(self, outputs, sample_rate, name, meta):
        for layer in self.draft.layers:
            if isinstance(layer.value, Gate):
                value, step = layer.value, layer.step
                part = Product(layer.name, value.a, value.b, step.word, step.activation)
                self.layers.append(part)
            else:
                self._layer(layer)
            if layer.step.table is not None:
                self.tables[layer.name] = layer.step.table
        draft = self.draft
        spec = Network(draft.channels[INPUT], tuple(self.layers), tuple(outputs),
                       draft.words[INPUT], sample_rate, name)  # fmt: skip
        return GraphModel(spec, self.kernels, self.biases, self.tables, meta)

    def _layer(self, layer):
        value, step = layer.value, layer.step
        terms, kernels = [], []
        for term in value.terms:
            if not term.kernel.any() and len(value.terms) > 1:
                continue
            for word, integers in self._words(layer.name, term):
                weights = "po2" if _powers(term, integers) else "fixed"
                terms.append(Term(term.source, len(term.kernel), term.dilation, word, weights))
                kernels.append(((term.owner, word, integers.shape, weights), integers))
        bias, adds = value.bias, value.adds
        if bias is None and self.common and len(terms) == 1 and not adds:
            bias = np.zeros(value.channels)
        bias_word = bias_of = integers = None
        if bias is not None:
            adds, bias_word, integers = self._bias(layer, bias, adds)
        key = (tuple(k for k, _ in kernels), value.bias_owner, step)
        if not self.rows or self.last != key:
            if self.rows:
                self.shared = {}
        self.last = key
        for index, (owner, kernel) in enumerate(kernels):
            before = self.shared.get(owner) if owner[0] else None
            if before is not None:
                terms[index] = replace(terms[index], share=before[0], share_term=before[1])
                continue
            self.shared.setdefault(owner, (layer.name, index))
            self.kernels[layer.name, index] = kernel
        if bias_word is not None:
            owner = ("bias", value.bias_owner, bias_word, value.channels, integers.tobytes())
            if value.bias_owner and owner in self.shared:
                bias_of = self.shared[owner]
            elif not value.bias_owner and kernels and terms[0].share and self.common:
                bias_of = terms[0].share  # both without biases, which are zeros here
            else:
                self.shared.setdefault(owner, layer.name)
                self.biases[layer.name] = integers
        self.layers.append(
            Layer(layer.name, value.channels, tuple(terms), bias_word, bias_of, tuple(adds),
                  step.activation, step.word)
        )  # fmt: skip

    def _words(self, name, term):
        """(Word, integers) of the kernel, one or two of each, that add up to it."""
        for word in self._wishes(term.declared):
            scaled = term.kernel * word.one
            if np.array_equal(scaled, np.rint(scaled)) and _within(scaled, word):
                return [(word, scaled.astype(np.int64))]
        found = functions.fitting(term.kernel)
        if found is None:
            raise ModelError(f"layer {name}: its kernel is off every grid")
        bits, frac, integers = found
        if bits <= MOST_BITS:
            return [(Word(bits, frac), integers)]
        if not (term.wide or term.powers):
            raise ModelError(f"layer {name}: its kernel needs {bits} bits, at most {MOST_BITS}")
        high, low = _split(name, "kernel", bits, integers)
        return [(Word(MOST_BITS, frac), low), (_upper(bits, frac), high)]

    def _bias(self, layer, bias, adds):
        """(adds, Word, integers): the upper part of wide biases is a layer's of its own."""
        for word in self._wishes(layer.value.bias_declared):
            scaled = bias * word.one
            if np.array_equal(scaled, np.rint(scaled)) and _within(scaled, word):
                return adds, word, scaled.astype(np.int64)
        found = functions.fitting(bias)
        if found is None:
            raise ModelError(f"layer {layer.name}: its biases are off every grid")
        bits, frac, integers = found
        if bits <= MOST_BITS:
            return adds, Word(bits, frac), integers
        high, low = _split(layer.name, "biases", bits, integers)
        name = f"{layer.name[:35]}.bias"
        zeros = np.zeros((1, self.draft.channels[INPUT], layer.value.channels), np.int64)
        term = Term(INPUT, 1, 1, Word(2, 0))
        upper = _upper(bits, frac)
        self.layers.append(Layer(name, layer.value.channels, (term,), upper, wide=_WIDE))
        self.kernels[name, 0], self.biases[name] = zeros, high
        return (*adds, name), Word(MOST_BITS, frac), low

    def _wishes(self, declared):
        wishes = [] if self.common is None else [self.common]
        return wishes if declared is None else [*wishes, Word(*declared)]


def _within(scaled, word):
    return not scaled.size or (scaled.min() >= word.min and scaled.max() <= word.max)


def _split(name, what, bits, integers):
    """(high, low) with integers = high * 2**_LOW_BITS + low, each of at most 18 bits."""
    if bits - _LOW_BITS + 1 > MOST_BITS:
        raise ModelError(
            f"layer {name}: its {what}, products of those of layers without a quantiser between, "
            f"need {bits} bits; at most {MOST_BITS + _LOW_BITS - 1}: a quantiser between rounds"
        )
    high = (integers + (1 << (_LOW_BITS - 1))) >> _LOW_BITS
    return high, integers - (high << _LOW_BITS)


def _upper(bits, frac):
    return Word(max(2, bits - _LOW_BITS + 1), frac - _LOW_BITS)


def _powers(term, integers):
    magnitude = np.abs(integers)
    return term.powers and not (magnitude & (magnitude - 1)).any()
