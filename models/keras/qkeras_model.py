# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A NetworkSpec as a QKeras model: the same layers, quantised the same way."""

import contextlib
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
from qkeras import QActivation, QConv1D, quantized_bits, quantized_po2, quantized_relu

from models.spec import ModelError


@contextlib.contextmanager
def float64():
    """Keras in float64 for the block: a forward on words is exact."""
    before = keras.config.floatx()
    _set_float("float64")
    try:
        yield
    finally:
        _set_float(before)


def _set_float(name):
    keras.config.set_floatx(name)
    keras.config.set_dtype_policy(name)


class ExactReLU(quantized_relu):
    """`quantized_relu` that computes in Keras's float type.

    QKeras 1.2.1 casts the input of quantized_relu to float32 whatever `floatx` says. The sum of a
    layer has 2*frac fractional bits and may need more than the 24 of float32, so the cast moves
    some sums across a rounding tie. Without it a forward in float64 equals integers exactly. In
    float32 the two give the same numbers. Only the plain, clipped ReLU is covered: other options
    of quantized_relu raise ValueError.
    """

    def __init__(self, bits, integer):
        super().__init__(bits, integer)

    def __call__(self, x):
        if not self.built:
            self.build(var_name=self.var_name, use_variables=self.use_variables)
        scale = 2.0 ** (self.bits - self.integer)
        top = (2.0**self.bits - 1) / scale
        clipped = keras.ops.clip(keras.ops.cast(x, keras.backend.floatx()), 0.0, top)
        quantised = keras.ops.round(clipped * scale) / scale
        return clipped + keras.ops.stop_gradient(quantised - clipped)

    def get_config(self):
        return {"bits": self.bits, "integer": self.integer}


class Po2(quantized_po2):
    """`quantized_po2` on the powers of two of a number format, and with a zero.

    q(x) = sign(x) * 2**e, e = log2|x| rounded and clipped to [-frac, bits - 2 - frac]; q(x) = 0
    where |x| <= 2**-frac / 2, half of the smallest. QKeras's own has no zero (q(0) is its smallest
    power) and exponents in whole bits, which leave the grid: 2**-16 with 5 bits. The gradient is
    QKeras's, straight through.
    """

    def __init__(self, bits, frac):
        self.word_bits, self.frac = bits, frac
        top = bits - 2 - frac
        super().__init__(bits=2 + max(frac - 1, top, -top, 1).bit_length())
        self._min_exp, self._max_exp = -frac, top

    def __call__(self, x, training=False):
        power = super().__call__(x, training)
        zero = keras.ops.abs(x) <= 2.0 ** (-self.frac - 1)
        # x - x, not a constant, so that a gradient passes through zero as everywhere else.
        return keras.ops.where(zero, x - keras.ops.stop_gradient(x), power)

    def get_config(self):
        return {"bits": self.word_bits, "frac": self.frac}


def word(number_format):
    """Quantiser of weights, biases and outputs without ReLU: the whole signed word."""
    return quantized_bits(
        number_format.bits, number_format.bits - number_format.frac - 1, alpha=1.0
    )


def relu(number_format):
    """Quantiser after a ReLU layer: the word's positive half."""
    return ExactReLU(number_format.bits - 1, number_format.bits - number_format.frac - 1)


def kernel(layer, number_format):
    """Quantiser of a layer's kernel: words, or powers of two of the same format."""
    if layer.weights == "po2":
        return Po2(number_format.bits, number_format.frac)
    return word(number_format)


def build(spec, causal=False):
    """A keras.Model that computes `spec` on inputs [batch, time, in_channels].

    causal=False: the convolutions are "valid", the output is receptive_field-1 frames shorter than
    the input (training needs no masked loss). causal=True: zeros go before the input of every
    convolution and the output is as long as the input; that equals a reference whose histories
    start at zero. (QConv1D's own padding="causal" crashes in qkeras-v3 1.2.1.)

    Layer i is a QConv1D "conv<i>" and its quantiser "quant<i>". A layer that repeats is one QConv1D
    applied `repeat` times, with a quantiser "quant<i>_<pass>" and, causal, zeros of its own for
    each pass. Weights start He-uniform. Inputs must lie on the number format's grid.
    Raises ModelError for what QKeras cannot express: rounding other than half to even.
    """
    number_format = spec.number_format
    if number_format.rounding != "half_even":
        raise ModelError(
            f"QKeras rounds half_even; rounding {number_format.rounding!r} is not possible"
        )
    x = inputs = keras.Input((None, spec.in_channels), name="frames")
    for index, layer in enumerate(spec.layers):
        convolution = QConv1D(
            layer.out_channels,
            layer.kernel_size,
            dilation_rate=layer.dilation,
            padding="valid",
            kernel_initializer="he_uniform",  # Keras's own lets deep, narrow ReLU nets die
            kernel_quantizer=kernel(layer, number_format),
            bias_quantizer=word(number_format),
            name=f"conv{index}",
        )
        for turn in range(layer.repeat):
            suffix = f"_{turn}" if layer.repeat > 1 else ""
            if causal and layer.kernel_size > 1:
                padding = (layer.dilation * (layer.kernel_size - 1), 0)
                x = keras.layers.ZeroPadding1D(padding, name=f"pad{index}{suffix}")(x)
            x = convolution(x)
            quantiser = relu(number_format) if layer.relu else word(number_format)
            x = QActivation(quantiser, name=f"quant{index}{suffix}")(x)
    return keras.Model(inputs, x, name=spec.name)
