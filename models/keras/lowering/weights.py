# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Kernels and biases of a Keras layer, as its quantisers make them, in float64."""

from dataclasses import dataclass

import numpy as np

from models.graph.words import MOST_BITS
from models.keras import quantisers
from models.keras.lowering import functions
from models.messages import must_be
from models.spec import ModelError


@dataclass(frozen=True)
class Weights:
    """values: float64;  declared: (bits, frac) of the quantiser, or None;  powers: of two, by
    construction."""

    values: np.ndarray
    declared: tuple | None = None
    powers: bool = False


def quantised(layer, index, option, what, trained=True):
    """The Weights of the array `index` of a layer.

    option: which of the layer's options is the quantiser;  trained: whether QKeras gives it a scale
    of its own where alpha is None, as it does for kernels.
    Raises ModelError for values that no word of 18 bits holds.
    """
    if len(layer.arrays) <= index:
        raise ModelError(f"must hold a {what}, got {len(layer.arrays)} arrays")
    values = layer.arrays[index]
    if not values.size:
        raise ModelError(f"{what} must hold values, got none")
    function = quantisers.parse(layer.config.get(option), "ignore", trained)
    if function is None:
        _check(values, f"{what} without a quantiser")
        return Weights(values)
    made = function.run(values)
    if made.shape != values.shape:
        raise ModelError(must_be(f"{what}: shape behind {function}", values.shape, made.shape))
    if not np.array_equal(made, function.run(values)):
        raise ModelError(f"{what}: {function} must give the same values twice, and does not")
    powers = function.name in quantisers.POWERS_OF_TWO
    _check(made, what, 2 * MOST_BITS if powers else MOST_BITS)
    return Weights(made, _declared(function), powers)


def _check(values, what, most=MOST_BITS):
    found = functions.fitting(values)
    if found is not None and found[0] <= most:
        return
    top = max(1, int(np.ceil(np.log2(np.abs(values).max() + 1e-30))) + 1)
    scaled = values * 2.0 ** (most - 1 - top)
    off = values[scaled != np.rint(scaled)]
    worst = (off if off.size else values).ravel()[0]
    needs = "more than 62 bits" if found is None else f"{found[0]} bits"
    raise ModelError(
        f"{what}: quantised values must lie on a grid of at most {most} bits, which alpha=1 or "
        f"another power of two makes, got {worst:.9g} and values of {needs}"
    )


def _declared(function):
    options = function.options
    if function.name != "quantized_bits" or function.automatic or options["alpha"] not in (None, 1):
        return None
    bits, integer = options["bits"], options["integer"]
    keep = bool(options["keep_negative"])
    bits, frac = (bits, bits - integer - 1) if keep else (bits + 1, bits - integer)
    return (bits, frac) if 2 <= bits <= MOST_BITS else None
