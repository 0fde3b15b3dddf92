# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Networks of version 2 at random, and their arithmetic in plain Python integers, loop by loop."""

import random
from itertools import count

import numpy as np

from models.graph.model import GraphModel
from models.graph.parts import INPUT, Layer, Product, Term
from models.graph.spec import Network
from models.graph.words import LINEAR, RELU, Activation, Word
from models.number_format import ModelError

# Reference, second opinion ------------------------------------------------------------------------


def _round(total, shift, rounding):
    if shift <= 0:
        return total * 2**-shift
    word, rest = divmod(total, 1 << shift)
    if rounding == "half_even":
        half = 1 << (shift - 1)
        word += rest > half or (rest == half and word % 2)
    return word


def _activate(activation, value, word, table):
    if activation.kind == "relu":
        return max(value, 0)
    if activation.kind == "clip":
        return min(max(value, activation.low), activation.high)
    if activation.kind == "leaky":
        scaled = value * activation.slope
        return value if value >= 0 else _round(scaled, activation.shift, "half_even")
    if activation.kind == "table":
        bits = word.bits - activation.segments
        index, rest = divmod(value + 2 ** (word.bits - 1), 2**bits)
        exact = int(table[1][index]) * rest  # over 2**shift, rounded half up
        return int(table[0][index]) + (2 * exact + 2**activation.shift) // 2 ** (
            activation.shift + 1
        )
    return value


def naive_run(model, frames):
    """(outputs, saturations by layer) of a GraphModel, histories from zero; frames: lists."""
    spec = model.spec
    words = {INPUT: [list(map(int, frame)) for frame in frames]}  # signal -> frames of words
    sums = {}  # layer -> frames of exact sums, for those kept wide
    saturations = {}
    for layer in spec.layers:
        name = layer.name
        words[name], sums[name], saturations[name] = [], [], 0
        frac = _sum_frac(spec, layer)
        for t in range(len(frames)):
            channels = len(words[layer.a][t]) if isinstance(layer, Product) else layer.out_channels
            out, kept = [], []
            for o in range(channels):
                total = _total(model, layer, words, sums, frac, t, o)
                word = _round(total, frac - layer.word.frac, layer.word.rounding)
                low, high = -(2 ** (layer.word.bits - 1)), 2 ** (layer.word.bits - 1) - 1
                positive = layer.activation.kind == "relu" or (
                    layer.activation.kind == "clip" and layer.activation.low >= 0
                )
                if name in spec.read:
                    saturations[name] += word > high or (word < low and not positive)
                word = min(max(word, low), high)
                out.append(
                    _activate(layer.activation, word, layer.word, model.tables.get(layer.name))
                )
                if layer.wide is not None:
                    limit = 2 ** (layer.wide - 1)
                    kept.append(min(max(total, -limit), limit - 1))
                    saturations[name] += kept[-1] != total
            words[name].append(out)
            sums[name].append(kept)
    outputs = [sum((words[name][t] for name in spec.outputs), []) for t in range(len(frames))]
    return outputs, saturations


def _wide(spec, name):
    return name != INPUT and spec.by_name[name].wide is not None


def _frac(spec, name):
    """Fractional bits of what an add of the signal adds."""
    return _sum_frac(spec, spec.by_name[name]) if _wide(spec, name) else spec.word_of(name).frac


def _sum_frac(spec, layer):
    if isinstance(layer, Product):
        return spec.word_of(layer.a).frac + spec.word_of(layer.b).frac
    fracs = [term.kernel.frac + spec.word_of(term.source).frac for term in layer.terms]
    fracs += [layer.bias.frac] if layer.bias else []
    return max(fracs + [_frac(spec, name) for name in layer.adds])


def _total(model, layer, words, sums, frac, t, o):
    spec = model.spec
    if isinstance(layer, Product):
        return words[layer.a][t][o] * words[layer.b][t][o]
    total = 0
    if layer.bias:
        total += int(model.biases[layer.bias_of or layer.name][o]) << (frac - layer.bias.frac)
    for index, term in enumerate(layer.terms):
        key = (term.share, term.share_term) if term.share else (layer.name, index)
        kernel = model.kernels[key]
        scale = 1 << (frac - term.kernel.frac - spec.word_of(term.source).frac)
        for tap in range(term.kernel_size):
            source = t - (term.kernel_size - 1 - tap) * term.dilation
            if source >= 0:
                for c, word in enumerate(words[term.source][source]):
                    total += int(kernel[tap, c, o]) * word * scale
    for name in layer.adds:
        added = sums[name][t][o] if _wide(spec, name) else words[name][t][o]
        total += added << (frac - _frac(spec, name))
    return total


# Random networks ----------------------------------------------------------------------------------


def random_graph(seed, channels=(1, 2, 3, 4, 7), layers=(1, 7), taps=5, spans=12):
    """A GraphModel of every kind of part: residuals, gates, products, tables, wide sums, shared
    weights, powers of two, mixed formats, formats that saturate."""
    for attempt in count():
        choose = random.Random(f"{seed}.{attempt}")
        build = _Builder(choose, channels, taps, spans)
        in_word = build.word()
        parts = build.layers(choose.randint(1, channels[-1]), in_word, choose.randint(*layers))
        last = parts[-1]
        outputs = [last.name]
        for layer in parts[:-1]:
            if layer.out_word == last.out_word and choose.random() < 0.2:
                outputs.append(layer.name)
        try:
            spec = Network(build.counts[INPUT], parts, outputs, in_word, 48_000, f"random{seed}")
        except ModelError as error:
            if "the exact sum needs" not in str(error):
                raise
            continue  # Formats too far apart to be aligned in 62 bits.
        return random_weights(spec, seed)


class _Builder:
    def __init__(self, choose, channels, taps, spans):
        self.choose, self.channels, self.taps, self.spans = choose, channels, taps, spans
        self.counts, self.formats, self.built = {}, {}, []

    def word(self):
        choose = self.choose
        bits = choose.choice([4, 8, 12, 16, 16, 18])
        frac = choose.choice([bits - 4, bits - 2, bits // 2, -1, bits + 2])
        return Word(bits, frac, choose.choice(["half_even", "half_even", "floor"]))

    def activation(self, word):
        choose = self.choose
        kind = choose.choice(["linear", "linear", "relu", "clip", "leaky", "table"])
        if kind == "clip":
            low, high = sorted(choose.randint(word.min, word.max) for _ in range(2))
            return Activation("clip", low=low, high=high)
        if kind == "leaky":
            shift = choose.randint(1, 16)
            return Activation("leaky", slope=choose.randint(0, 1 << shift), shift=shift)
        if kind == "table":
            segments = choose.randint(0, min(word.bits, 6))
            out = choose.choice([None, self.word()])
            return Activation("table", segments=segments, shift=choose.randint(0, 16), word=out)
        return {"linear": LINEAR, "relu": RELU}[kind]

    def layers(self, in_channels, in_word, number):
        self.counts[INPUT], self.formats[INPUT] = in_channels, in_word
        for index in range(number):
            name = f"l{index}"
            same = [(a, b) for a in self.counts for b in self.counts if self.joins(a, b)]
            if index > 1 and same and self.choose.random() < 0.2:
                word = self.word()
                a, b = self.choose.choice(same)
                layer = Product(name, a, b, word, self.activation(word))
                self.counts[name] = self.counts[a]
            else:
                layer = self.layer(name)
                self.counts[name] = layer.out_channels
            self.formats[name] = layer.out_word
            self.built.append(layer)
        return self.built

    def joins(self, a, b):
        return INPUT not in (a, b) and self.counts[a] == self.counts[b]

    def layer(self, name):
        choose = self.choose
        out = choose.choice(self.channels)
        sources = list(self.counts)
        terms = [
            self.term(choose.choice(sources[-3:])) for _ in range(choose.choice([1, 1, 1, 2, 3]))
        ]
        bias, bias_of = choose.choice([None, self.word(), self.word()]), None
        # A layer that shares takes the shape of an earlier one.
        if self.built and choose.random() < 0.25:
            other = choose.choice(self.built)
            fits = [s for s in self.counts if other.terms and self.counts[s] == self.source(other)]
            if fits and other.terms[0].share is None:
                mine, out = other.terms[0], other.out_channels
                dilation = choose.randint(1, 3)
                terms[0] = Term(choose.choice(fits), mine.kernel_size, dilation, mine.kernel)
                terms[0] = Term(**{**vars(terms[0]), "weights": mine.weights, "share": other.name})
                if other.bias and other.bias_of is None:
                    bias, bias_of = other.bias, other.name
        same = [s for s, count in self.counts.items() if count == out]
        adds = choose.sample(same, min(len(same), choose.choice([0, 0, 1, 2])))
        if adds and choose.random() < 0.15:
            terms = []
        word = self.word()
        wide = choose.choice([None, None, 20, 48])
        activation = self.activation(word)
        return Layer(name, out, tuple(terms), bias, bias_of, tuple(adds), activation, word, wide)

    def source(self, layer):
        return self.counts[layer.terms[0].source]

    def term(self, source):
        choose = self.choose
        size = choose.randint(1, self.taps)
        dilation = choose.randint(1, max(1, self.spans // size))
        weights = choose.choice(["fixed", "fixed", "po2"])
        return Term(source, size, dilation, self.word(), weights)


def random_weights(spec, seed):
    """A GraphModel of random integers; small ones in half of the layers, so not all saturates."""
    rng = np.random.default_rng(seed)
    kernels, biases, tables = {}, {}, {}

    def draw(word, shape):
        scale = rng.choice([1.0, 0.25, 0.02])
        return rng.integers(int(word.min * scale), int(word.max * scale) + 1, shape)

    for layer in spec.layers:
        for index, term in enumerate(layer.terms):
            if term.share:
                continue
            shape = (term.kernel_size, spec.channels[term.source], layer.out_channels)
            kernel = draw(term.kernel, shape)
            if term.weights == "po2":
                kernel = rng.choice([-1, 0, 1], shape) << rng.integers(
                    0, term.kernel.bits - 1, shape
                )
            kernels[layer.name, index] = kernel
        if layer.bias and layer.bias_of is None:
            biases[layer.name] = draw(layer.bias, layer.out_channels)
        if layer.activation.kind == "table":
            tables[layer.name] = random_table(layer, rng)
    return GraphModel(spec, kernels, biases, tables)


def random_frames(spec, count, seed):
    """Input frames over the whole range, with full-scale steps and silence among them."""
    rng = np.random.default_rng(seed)
    word = spec.in_word
    frames = rng.integers(word.min, word.max + 1, (count, spec.in_channels))
    frames[rng.random(count) < 0.2] = rng.choice([word.min, word.max, 0])
    return frames


def random_table(layer, rng):
    """Entries that stay within the output's format over each segment."""
    activation, out = layer.activation, layer.out_word
    entries = 1 << activation.segments
    rest = (1 << (layer.word.bits - activation.segments)) - 1
    base = rng.integers(out.min, out.max + 1, entries)
    target = rng.integers(out.min, out.max + 1, entries)
    slope = np.clip((target - base) * 2**activation.shift // max(rest, 1), -(2**17), 2**17 - 1)
    half = (1 << activation.shift) >> 1
    last = base + ((slope * rest + half) >> activation.shift)
    slope[(last < out.min) | (last > out.max)] = 0
    return base, slope
