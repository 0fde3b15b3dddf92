# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Keras models at random, of all that an import takes: joins, mixed formats, functions."""

import random

import keras
import numpy as np
import qkeras

L = keras.layers


class RandomKeras:
    """One model of random layers; `model` has random weights, some far out of range."""

    def __init__(self, seed):
        self.choose, self.seed = random.Random(seed), seed
        self.channels = self.choose.randint(1, 4)
        inputs = keras.Input((None, self.channels))
        self.signals = [inputs]  # words
        self.shared = []
        if self.choose.random() < 0.3:
            self.signals.append(self.quantiser(8, 18)(inputs))
        for _ in range(self.choose.randint(1, 4)):
            self.signals.append(self.block())
        last = self.signals[-1]
        if self.choose.random() < 0.3 and last is not inputs:
            before = self.choose.randint(1, 3)
            last = self.choose.choice([L.Cropping1D((before, 0)), lambda x: x[:, before:]])(last)
        self.model = keras.Model(inputs, last)
        self.weights()

    # Quantisers -----------------------------------------------------------------------------------
    def bits(self, low, high):
        bits = self.choose.randint(low, high)
        return bits, self.choose.randint(0, min(4, bits - 1))

    def quantiser(self, low=3, high=17):
        """A layer that rounds sums to words."""
        choose = self.choose
        bits, integer = self.bits(low, high)
        kind = choose.randrange(8)
        if kind < 3:
            return qkeras.QActivation(qkeras.quantized_bits(bits, integer, alpha=1.0))
        if kind == 3:
            return qkeras.QActivation(f"quantized_bits({bits},{integer},1,alpha=1)")
        if kind == 4:
            return qkeras.QActivation(
                qkeras.quantized_bits(bits, integer, alpha=1, keep_negative=False)
            )
        if kind == 5:
            return qkeras.QActivation(f"quantized_tanh({bits})")
        return qkeras.QActivation(qkeras.quantized_relu(bits, integer))

    def function(self):
        """A quantiser that is a function of words of at most 12 bits."""
        bits, integer = self.bits(3, 12)
        return qkeras.QActivation(
            self.choose.choice(
                [
                    f"quantized_tanh({bits},use_real_tanh=True)",
                    f"quantized_sigmoid({bits},use_real_sigmoid=True)",
                    f"quantized_sigmoid({min(bits, 11)})",
                    f"quantized_hswish({bits},{integer},alpha=1)",
                    f"quantized_relu({bits},{integer},negative_slope=0.25)",
                    "ternary(alpha=1)",
                    "binary(alpha=1)",
                ]
            )
        )

    def kernel_quantiser(self):
        bits, integer = self.bits(2, 12)
        return self.choose.choice(
            [
                qkeras.quantized_bits(bits, integer, alpha=1.0),
                qkeras.quantized_bits(bits, integer),  # QConv1D finds a power of two
                qkeras.quantized_bits(bits, 0, alpha=0.5),
                qkeras.quantized_linear(bits, integer, alpha=1.0),
                qkeras.ternary(alpha=1.0),
                qkeras.binary(alpha=1.0),
                qkeras.quantized_po2(3, max_value=2),
            ]
        )

    # Sums -----------------------------------------------------------------------------------------
    def convolution(self, x, filters, taps=None):
        choose = self.choose
        taps = taps or choose.randint(1, 4)
        options = {
            "kernel_quantizer": self.kernel_quantiser(),
            "bias_quantizer": choose.choice(
                [
                    f"quantized_bits({choose.randint(4, 16)},3,alpha=1)",
                    "quantized_bits(6,0,alpha=1)",
                ]
            ),
            "use_bias": choose.random() < 0.8,
        }
        if taps == 1 and choose.random() < 0.4:
            return qkeras.QDense(filters, **options)(x)
        kind, dilation = choose.randrange(6), choose.randint(1, 5)
        if kind == 0 and x.shape[-1] == filters:
            return L.DepthwiseConv1D(taps, padding="valid", dilation_rate=dilation)(
                L.ZeroPadding1D(((taps - 1) * dilation, 0))(x)
            )
        layer = qkeras.QConv1D(filters, taps, padding="causal", dilation_rate=dilation, **options)
        if kind == 1 and x.shape[-1] == filters:  # the same weights twice
            return layer(self.quantiser(8)(layer(x)))
        return layer(x)

    def block(self):
        """New words from earlier ones."""
        choose = self.choose
        a, b = choose.choice(self.signals[-2:]), choose.choice(self.signals)
        kind = choose.randrange(9)
        x = self.convolution(a, choose.randint(1, 5))
        if kind == 0:
            x = L.Add()([x, self.convolution(b, x.shape[-1])])
        elif kind == 1 and b.shape[-1] == x.shape[-1]:
            x = x + b
        elif kind == 2:
            x = L.Concatenate()([a, b])
            x = self.convolution(x, choose.randint(1, 5))
        elif kind == 3:
            gate = qkeras.QActivation("quantized_bits(10,1,alpha=1)")
            gate = self.function()(gate(self.convolution(b, x.shape[-1])))
            x = L.Multiply()([self.quantiser(4, 12)(x), gate])
        elif kind == 4:
            x = self.convolution(x, choose.randint(1, 4), 1)  # no rounding between
        elif kind == 5:
            x = L.Subtract()([x, self.convolution(b, x.shape[-1])])
        elif kind == 6:
            x = qkeras.QActivation(f"quantized_bits({choose.randint(3, 12)},2,alpha=1)")(x)
            return self.function()(x)
        elif kind == 7:
            x = L.BatchNormalization(epsilon=0.0)(x)
        if choose.random() < 0.3:
            x = choose.choice([L.ReLU(), L.Dropout(0.1), L.Identity(), L.ReLU(max_value=1.0)])(x)
        return self.quantiser()(x)

    def weights(self):
        rng = np.random.default_rng(self.seed)
        for layer in self.model.layers:
            values = [rng.normal(0, 0.5, v.shape).astype(np.float32) for v in layer.weights]
            if isinstance(layer, L.BatchNormalization):
                shape = values[0].shape
                values = [
                    rng.choice([0.5, 1.0, -2.0], shape),
                    rng.integers(-16, 16, shape) / 16,
                    rng.integers(-16, 16, shape) / 8,
                    rng.choice([0.25, 1.0, 4.0], shape),
                ]
            elif isinstance(layer, L.DepthwiseConv1D):
                values = [np.rint(v * 64) / 64 for v in values]
            elif values and values[0].ndim > 1:
                values[0].flat[0] = -7.3
            layer.set_weights(values)
