# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""QKeras's own forward of any model in float64, for comparison with integers."""

import contextlib
import json
import zipfile
from unittest import mock

import keras
import numpy as np
import qkeras

from models.keras.qkeras_model import float64
from models.keras.quantisers import exact


@contextlib.contextmanager
def causal_convolutions():
    """QConv1D(padding="causal") of qkeras-v3 1.2.1 crashes when it is run; zeros in front and
    "valid" are what it stands for."""
    stock = qkeras.QConv1D.call

    def call(self, inputs):
        if self.padding != "causal":
            return stock(self, inputs)
        zeros = (self.kernel_size[0] - 1) * self.dilation_rate[0]
        self.padding = "valid"
        try:
            return stock(self, keras.ops.pad(inputs, ((0, 0), (zeros, 0), (0, 0))))
        finally:
            self.padding = "causal"

    with mock.patch.object(qkeras.QConv1D, "call", call):
        yield


def _readable(described):
    """Without the options that quantized_hswish saves and then does not take back."""
    if isinstance(described, dict):
        described = {key: _readable(value) for key, value in described.items()}
        if described.get("class_name") == "quantized_hswish":
            for option in ("keep_negative", "post_training_scale"):
                described["config"].pop(option, None)
    elif isinstance(described, list | tuple):
        described = [_readable(value) for value in described]
    return described


def in_float64(model, described=None):
    """The same model in float64. described: its description, default what Keras makes of it."""
    described = described or keras.saving.serialize_keras_object(model)
    text = json.dumps(_readable(described)).replace('"float32"', '"float64"')
    with float64(), causal_convolutions(), exact():
        made = keras.saving.deserialize_keras_object(json.loads(text))
        made.set_weights(model.get_weights())
    return made


def forward(model, frames, frac, described=None):
    """float64 [n, out] of a Keras model on frames, int [n, in], of `frac` fractional bits."""
    made = in_float64(model, described)
    with float64(), causal_convolutions(), exact():
        result = np.asarray(made(np.asarray(frames)[None] / 2.0**frac))[0]
    assert result.dtype == np.float64
    return result


def forward_of_file(path, frames, frac):
    """The same of a .keras file of Keras 3."""
    with causal_convolutions():
        model = keras.models.load_model(path)
    described = json.loads(zipfile.ZipFile(path).read("config.json"))
    return forward(model, frames, frac, described)
