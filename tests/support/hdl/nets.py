# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Random small networks, for tests that compare hardware with the reference."""

import math
import random
from dataclasses import replace

import numpy as np

from models.arch.folding import Folding, LayerFolding, legal_pe, legal_simd
from models.spec import Conv1DSpec, Model, NetworkSpec, NumberFormat

FORMATS = (
    NumberFormat(),
    NumberFormat(16, 12, "floor"),
    NumberFormat(8, 5),
    NumberFormat(18, 13),
    NumberFormat(8, 1, "floor"),
)


def random_model(spec, seed, scale=1.0):
    """A Model of uniformly random weights within `scale` of the format's range (1.0 saturates)."""
    rng = np.random.default_rng(seed)
    fmt = spec.number_format
    low, high = int(fmt.min * scale), int(fmt.max * scale)
    weights = []
    for layer in spec.layers:
        shape = (layer.kernel_size, layer.in_channels, layer.out_channels)
        kernel = rng.integers(low, high + 1, shape)
        if layer.weights == "po2":
            signs = rng.choice([-1, 0, 1], shape)
            kernel = signs * 2 ** rng.integers(0, high.bit_length(), shape)
        weights.append((kernel, rng.integers(low, high + 1, layer.out_channels)))
    return Model(spec, weights)


def random_frames(spec, count, seed):
    """Input frames [count, in_channels] over the whole range of the format."""
    fmt = spec.number_format
    rng = np.random.default_rng(seed)
    return rng.integers(fmt.min, fmt.max + 1, (count, spec.in_channels))


CHANNELS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 20)
# Words of a ring of 5 blocks of 1024 words, where a power of two would take 8 (`ring_slots`); its
# slots besides those that the taps reach back to.
UNEVEN_RING, MORE_SLOTS = 4608, 3


def random_network(seed, contexts=1):
    """A random (Model, Folding): 1 to 3 layers of any kind, any format, any folding of few lanes.

    Every other one is large: up to 20 channels, 6 taps, and layers whose ring of slots is no power
    of two when the core has `contexts`.
    """
    choose = random.Random(seed)
    large = seed % 2
    channels = [
        choose.choice(CHANNELS if large else CHANNELS[:4]) for _ in range(choose.randint(2, 4))
    ]
    number_format = choose.choice(FORMATS)
    folds = []
    for a, b in zip(channels, channels[1:]):
        layer = Conv1DSpec(
            a,
            b,
            kernel_size=choose.randint(1, 6 if large else 4),
            dilation=choose.randint(1, 5),
            relu=choose.random() < 0.5,
            weights=choose.choice(["fixed", "fixed", "po2"]),
            repeat=choose.randint(1, 3) if a == b else 1,
        )
        foldings = _quick_foldings(layer, 24 if large else 8)
        if large and layer.kernel_size > 2 and choose.random() < 0.5:
            folds.append(_with_an_uneven_ring(foldings, number_format, contexts))
        else:
            folds.append(choose.choice(foldings))
    spec = NetworkSpec([fold.layer for fold in folds], number_format)
    model = random_model(spec, seed, scale=choose.choice([1.0, 0.2]))
    return model, Folding(spec, tuple(folds), cycles_per_sample=0)


def _with_an_uneven_ring(foldings, number_format, contexts):
    """The folding of the most words a slot, with the dilation that makes UNEVEN_RING of them."""

    def words(fold):
        layer = fold.layer
        rounded = [layer.in_channels // min(fold.simd, layer.in_channels), contexts, layer.repeat]
        return math.prod(1 << (number - 1).bit_length() for number in rounded)

    fold = max(foldings, key=words)
    slots = UNEVEN_RING * (1 if number_format.bits > 9 else 2) // words(fold)
    dilation = max(1, (slots - MORE_SLOTS) // (fold.layer.kernel_size - 1))
    return replace(fold, layer=replace(fold.layer, dilation=dilation))


def _quick_foldings(layer, lanes, cycles=300):
    """The layer's legal foldings of few lanes and cycles, for simulations to be quick."""
    pairs = [(pe, simd) for pe in legal_pe(layer) for simd in legal_simd(layer)]
    folds = [LayerFolding(layer, pe, simd) for pe, simd in pairs if pe * simd <= lanes]
    fewest = min(fold.cycles for fold in folds)
    return [fold for fold in folds if fold.cycles <= max(cycles, fewest)]
