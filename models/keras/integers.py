# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""From a trained QKeras model to integers, exactly."""

import numpy as np

from models.spec import Model, ModelError


def import_weights(keras_model, spec):
    """The quantised weights of a model from `qkeras_model.build(spec)` as integers.

    Returns per layer (kernel int64 [tap, in, out], bias int64 [out]) in spec.number_format: what
    the layer's own quantisers make of its variables, far-off ones included. Raises ModelError when
    a quantiser yields a value that the number format does not hold (another format, or a kernel
    scale off the grid).
    """
    pairs = []
    for index in range(len(spec.layers)):
        layer = keras_model.get_layer(f"conv{index}")
        parts = (
            ("kernel", layer.kernel_quantizer_internal, layer.kernel),
            ("bias", layer.bias_quantizer_internal, layer.bias),
        )
        pair = []
        for name, quantiser, variable in parts:
            # Twice: QKeras adds x + (q(x) - x), which in float32 can miss the grid by an ulp of a
            # weight far out of range; the second pass starts next to the grid.
            values = quantiser(quantiser(variable))
            pair.append(integers(values, spec.number_format, f"layer {index}: {name}"))
        pairs.append(tuple(pair))
    return pairs


def import_model(keras_model, spec, meta=None):
    """A `models.spec.Model` with the weights of a QKeras model. Raises ModelError as above."""
    return Model(spec, import_weights(keras_model, spec), meta)


def export_weights(model, keras_model):
    """Put a Model's integers into a QKeras model of the same spec, exactly (the way back).

    Raises ModelError for the one power of two that QKeras has with one sign only: the format's
    minimum, -2**(bits-1).
    """
    number_format = model.spec.number_format
    to_float = number_format.to_float
    for index, (layer, (kernel, _)) in enumerate(zip(model.spec.layers, model.weights)):
        if layer.weights == "po2" and kernel.min() == number_format.min:
            raise ModelError(
                f"layer {index}: a po2 weight of QKeras must be {number_format.min // 2} to "
                f"{-number_format.min // 2}, got {number_format.min}"
            )
    for index, (kernel, bias) in enumerate(model.weights):
        keras_model.get_layer(f"conv{index}").set_weights([to_float(kernel), to_float(bias)])


def integers(values, number_format, what):
    scaled = np.asarray(values, np.float64) * number_format.one
    integers = np.rint(scaled)
    if not np.array_equal(scaled, integers):
        raise ModelError(f"{what}: quantised values must lie on the grid of {number_format}")
    if integers.min() < number_format.min or integers.max() > number_format.max:
        raise ModelError(
            f"{what} must be {number_format.min} to {number_format.max}, "
            f"got {integers.min():.0f} to {integers.max():.0f}"
        )
    return integers.astype(np.int64)
