# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A Model's forward by QKeras itself, in float64, for comparison with the integers."""

import numpy as np

from models.keras.integers import export_weights
from models.keras.qkeras_model import build, float64


def qkeras_of(model):
    """A function int64 [n, in] -> float64 [n] of output channel 0, histories from zero.

    Raises ModelError for what QKeras cannot express (see qkeras_model.build).
    """
    with float64():
        net = build(model.spec, causal=True)
        export_weights(model, net)

    def run(inputs):
        with float64():
            values = net(model.spec.number_format.to_float(inputs)[None])
        return np.asarray(values)[0, :, 0]

    return run
