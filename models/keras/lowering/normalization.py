# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""BatchNormalization at inference, as a factor and an offset per channel."""

import keras
import numpy as np

from models.keras import quantisers
from models.keras.lowering import functions
from models.spec import ModelError

_FOLD = (
    "fold it into the kernel and bias of the convolution in front before the last training, or "
    "give it factors that are powers of two"
)
_MOST_BITS = 18


def factors(layer, channels):
    """(scale, offset), float64 [channels] each. Raises ModelError where no word holds one."""
    config, arrays = layer.config, list(layer.arrays)
    wanted = bool(config.get("scale", True)) + bool(config.get("center", True)) + 2
    if len(arrays) != wanted or any(array.shape != (channels,) for array in arrays):
        raise ModelError(f"must have {wanted} arrays of {channels}, got {len(arrays)}")
    gamma = _quantised(config, arrays.pop(0), "gamma") if config.get("scale", True) else None
    beta = _quantised(config, arrays.pop(0), "beta") if config.get("center", True) else None
    mean, variance = (_quantised(config, a, n) for a, n in zip(arrays, ("mean", "variance")))
    epsilon = float(config.get("epsilon", 1e-3))
    inverse = _inverse(layer, variance, epsilon)
    if gamma is not None:
        inverse = inverse * gamma
    described = config.get("inverse_quantizer")
    if described is not None:
        inverse = quantisers.parse(described, "ignore").run(inverse)
    offset = -mean * inverse if beta is None else beta - mean * inverse
    for what, values in (("scales by", inverse), ("adds", offset)):
        for channel, value in enumerate(values):
            found = functions.fitting(np.array([value]))
            if found is None or found[0] > _MOST_BITS:
                raise ModelError(
                    f"what it {what} must be a word of at most {_MOST_BITS} bits, got "
                    f"{value:.9g} in channel {channel}: {_FOLD}"
                )
    return inverse, offset


def _inverse(layer, variance, epsilon):
    with quantisers.exact():
        values = keras.ops.convert_to_tensor(variance + epsilon, "float64")
        if layer.kind == "BatchNormalization":
            return np.asarray(keras.ops.rsqrt(values))
        return 1 / np.asarray(keras.ops.sqrt(values))


def _quantised(config, values, what):
    function = quantisers.parse(config.get(f"{what}_quantizer"), "ignore", trained=what == "gamma")
    return values if function is None else function.run(values)
