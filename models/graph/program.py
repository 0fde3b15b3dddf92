# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A network of version 2 as the tables that the firmware's plain C runs (soc/firmware/net/net.h).

A program is an array of 32-bit integers: a header, then rows of signals, layers, terms, adds and
outputs, each of the fields listed here in this order. The C structures have the same fields. The
weights are one array of words beside it: per layer its terms' kernels as [out][tap][in], its
biases, its tables (bases, then slopes); shared ones once. For a chain of one 16-bit format that is
the payload of a weight image without the padding.
"""

from dataclasses import dataclass

import numpy as np

from models.graph.parts import Product
from models.graph.words import KINDS

HEADER = ("inputs", "signals", "layers", "terms", "adds", "outputs")
SIGNAL = ("channels", "slots", "ring")
LAYER = (
    "kind",
    "outputs",
    "terms",
    "adds",
    "bias",
    "bias_shift",
    "shift",
    "floor",
    "low",
    "high",
) + ("activation", "low2_or_slope", "high2_or_shift", "table", "segments", "bits", "wide", "sums")
TERM = ("source", "taps", "dilation", "weights", "shift")
ADD = ("signal", "wide", "shift")
NONE = -1


@dataclass(frozen=True)
class Program:
    """The tables of a network and what running it needs.

    words         : int32 [n], the tables
    signals       : how many, the input and the layers' outputs
    ring_words    : words of all signals' rings, which start as zeros
    sum_words     : 64-bit integers for sums that are kept wide
    window_words  : words of the largest term's taps
    most_outputs  : largest number of channels of a layer
    word_bits     : 16 or 32: what a word of rings and weights must hold
    weight_words  : words of the weights array
    """

    words: np.ndarray
    signals: int
    ring_words: int
    sum_words: int
    window_words: int
    most_outputs: int
    word_bits: int
    weight_words: int


class _Weights:
    """Where each kernel, bias and table lies in the weights array."""

    def __init__(self, spec):
        self.size, self.kernels, self.biases, self.tables = 0, {}, {}, {}
        for layer in spec.layers:
            for index, term in enumerate(layer.terms):
                if term.share is None:
                    taps = term.kernel_size * spec.channels[term.source]
                    self.kernels[layer.name, index] = self._take(taps * layer.out_channels)
            if layer.bias is not None and layer.bias_of is None:
                self.biases[layer.name] = self._take(layer.out_channels)
            if layer.activation.kind == "table":
                self.tables[layer.name] = self._take(2 << layer.activation.segments)

    def _take(self, words):
        self.size += words
        return self.size - words


def program(spec):
    """The Program of a Network."""
    weights = _Weights(spec)
    index = {name: i for i, name in enumerate(spec.channels)}
    spans = dict.fromkeys(index, 0)
    for layer in spec.layers:
        for term in layer.terms:
            spans[term.source] = max(spans[term.source], term.span)
    signals, ring = [], 0
    for name, channels in spec.channels.items():
        signals.append((channels, spans[name] + 1, ring))
        ring += channels * (spans[name] + 1)
    layers, terms, adds, sums, sum_at = [], [], [], {}, 0
    for layer in spec.layers:
        frac = spec.sum_frac[layer.name]
        mine = _terms(spec, layer, index, weights, frac)
        added = [
            (
                index[name],
                sums[name] if name in sums else NONE,
                frac - spec.add_frac(name),
            )
            for name in layer.adds
        ]
        if layer.wide is not None:
            sums[layer.name], sum_at = sum_at, sum_at + layer.out_channels
        layers.append(_layer(spec, layer, index, weights, len(mine), len(added), sums, frac))
        terms += mine
        adds += added
    outputs = [(index[name],) for name in spec.outputs]
    rows = signals + layers + terms + adds + outputs
    header = (len(signals), len(layers), len(terms), len(adds), len(outputs))
    words = [spec.in_channels, *header, *(number for row in rows for number in row)]
    windows = [
        term.kernel_size * spec.channels[term.source] for la in spec.layers for term in la.terms
    ]
    return Program(
        words=np.array(words, np.int32),
        signals=len(signals),
        ring_words=ring,
        sum_words=sum_at,
        window_words=max(windows, default=1),
        most_outputs=max(spec.channels.values()),
        word_bits=_word_bits(spec),
        weight_words=weights.size,
    )


def _terms(spec, layer, index, weights, frac):
    rows = []
    for number, term in enumerate(layer.terms):
        key = (term.share, term.share_term) if term.share else (layer.name, number)
        shift = frac - term.kernel.frac - spec.word_of(term.source).frac
        row = (index[term.source], term.kernel_size, term.dilation, weights.kernels[key], shift)
        rows.append(row)
    return rows


def _layer(spec, layer, index, weights, terms, adds, sums, frac):
    activation, word = layer.activation, layer.word
    first = second = 0
    if activation.kind == "clip":
        first, second = activation.low, activation.high
    elif activation.kind in ("leaky", "table"):
        first, second = activation.slope or 0, activation.shift
    bias = weights.biases[layer.bias_of or layer.name] if layer.bias else NONE
    product = isinstance(layer, Product)
    return (
        int(product),
        spec.channels[layer.name],
        index[layer.a] if product else terms,
        index[layer.b] if product else adds,
        bias,
        frac - layer.bias.frac if layer.bias else 0,
        frac - word.frac,
        int(word.rounding == "floor"),
        word.min,
        word.max,
        KINDS.index(activation.kind),
        first,
        second,
        weights.tables.get(layer.name, NONE),
        activation.segments or 0,
        word.bits,
        layer.wide or 0,
        sums.get(layer.name, NONE),
    )


def _word_bits(spec):
    words = [spec.in_word]
    slopes = False
    for layer in spec.layers:
        words += [layer.word, layer.out_word, *(term.kernel for term in layer.terms)]
        words += [layer.bias] if layer.bias else []
        slopes |= layer.activation.kind == "table"
    return 32 if slopes or max(word.bits for word in words) > 16 else 16


def weights(model):
    """The weights array of a GraphModel, int16 or int32 as its Program says."""
    spec = model.spec
    at, plan = _Weights(spec), program(spec)
    values = np.zeros(at.size, np.int32 if plan.word_bits == 32 else np.int16)

    def put(start, flat):
        values[start : start + len(flat)] = flat

    for key, start in at.kernels.items():
        put(start, model.kernels[key].transpose(2, 0, 1).ravel())
    for name, start in at.biases.items():
        put(start, model.biases[name])
    for name, start in at.tables.items():
        put(start, np.concatenate(model.tables[name]))
    return values


def needed_words(spec, frames):
    """32-bit words of the sets that net_need fills, one bit per signal and frame."""
    return len(spec.channels) * ((frames + 31) // 32)
