"""Random small networks, for tests that compare hardware with the reference."""

import random

import numpy as np

from models.folding import Folding, LayerFolding, legal_pe, legal_simd
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


def random_network(seed):
    """A random (Model, Folding): 1 to 3 layers of any kind, any legal folding, any format."""
    choose = random.Random(seed)
    channels = [choose.choice([1, 2, 3, 4, 6]) for _ in range(choose.randint(2, 4))]
    layers = [
        Conv1DSpec(
            a,
            b,
            kernel_size=choose.randint(1, 4),
            dilation=choose.randint(1, 5),
            relu=choose.random() < 0.5,
            weights=choose.choice(["fixed", "fixed", "po2"]),
            repeat=choose.randint(1, 3) if a == b else 1,
        )
        for a, b in zip(channels, channels[1:])
    ]
    spec = NetworkSpec(layers, choose.choice(FORMATS))
    folds = tuple(choose.choice(_quick_foldings(layer)) for layer in layers)
    model = random_model(spec, seed, scale=choose.choice([1.0, 0.2]))
    return model, Folding(spec, folds, cycles_per_sample=0)


def _quick_foldings(layer, lanes=8):
    """The layer's legal foldings of few enough lanes for Migen's simulator to be quick."""
    pairs = [(pe, simd) for pe in legal_pe(layer) for simd in legal_simd(layer)]
    return [LayerFolding(layer, pe, simd) for pe, simd in pairs if pe * simd <= lanes]
