# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Integer inference of a net: the arithmetic that every other level must equal, bit for bit.

A layer, for each output channel, with words of `bits` bits of which `frac` are fractional:

    acc  = (bias << frac) + sum over taps and inputs of kernel * word     exact, 2*frac bits
    word = clip(round(acc / 2**frac), min, max)                           one requantisation
    word = max(word, 0)                                                   with a ReLU

With rounding="floor" this is the arithmetic of the net this project starts from, as it ran on its
FPGA: sverilog_version/src/{dot_product,conv1d}.sv of github.com/matpalm/
cached_dilated_causal_convolutions at 83285e8, instantiated by gateware/cores/qb_network.sv of
github.com/matpalm/eurorack-pmod at 21fea1e, "fixed point" weights. There: products and taps are
summed at full width, the bias is added at 24 fractional bits, the sum is clipped to [-8, 8-2**-12]
while it is still wide, bits 27..12 are taken (floor), and the ReLU comes last. Clipping before or
after the floor is the same, because both bounds are multiples of 2**-12. Two differences remain
outside of this formula: its accumulator has 32 bits and wraps where the exact sum leaves
[-2**31, 2**31), here it cannot overflow; and around the net it shifts the codec's words right by
two (floor) on the way in and left by two on the way out, here words go in and out unchanged.
"""

import numpy as np

from models.messages import must_be
from models.number_format import round_shift
from models.spec import ModelError

# Frames a vectorised layer works on at once. Its arrays stay in the cache, and its products stay
# below the size (2**18 multiplications) from which OpenBLAS wakes threads that cost more than they
# give: 1024 frames of 16 x 16 channels, measured 20 times faster than 2048 on a busy machine.
BLOCK = 1024


def exact_dtype(number_format, fan_in):
    """The fastest NumPy type whose sums of `fan_in` products and a bias are exact.

    float64 (BLAS) while no sum or partial sum can pass 2**53, int64 to 63 bits, else Python's
    integers.
    """
    bits = number_format.accumulator_bits(fan_in)
    if bits <= 54:  # the sign and 53 bits of magnitude
        return np.float64
    return np.int64 if bits <= 64 else object


class _Pass:
    """One run of one layer's weights over a stream, with its own history (zeros at first)."""

    def __init__(self, layer, number_format, kernel, bias):
        self.relu, self.dilation, self.format = layer.relu, layer.dilation, number_format
        self.fast = exact_dtype(number_format, layer.fan_in)
        self.slow = object if self.fast is object else np.int64
        wide = bias.astype(self.slow) << number_format.frac
        self.kernel = {kind: kernel.astype(kind) for kind in (self.fast, self.slow)}
        self.wide_bias = {kind: wide.astype(kind) for kind in (self.fast, self.slow)}
        self.depth = (layer.kernel_size - 1) * layer.dilation
        self.reset()

    def reset(self):
        self.history = np.zeros((self.depth, self.kernel[self.slow].shape[1]), np.int64)
        self.saturations = 0

    def step(self, frame):
        """int64 [in] -> int64 [out], integers throughout."""
        window = np.concatenate([self.history, frame[None]])
        self.history = window[1:]
        taps = window[:: self.dilation].astype(self.slow)
        kernel = self.kernel[self.slow]
        acc = (taps[:, :, None] * kernel).sum(axis=(0, 1)) + self.wide_bias[self.slow]
        return self._clip(round_shift(acc, self.format.frac, self.format.rounding)).astype(np.int64)

    def run(self, frames):
        """int64 or float64 [n, in] -> the same integers as n steps, [n, out] of either type."""
        window = np.concatenate([self.history, frames])
        self.history = window[len(frames) :].astype(np.int64)
        window = window.astype(self.fast, copy=False)
        acc = self.wide_bias[self.fast]
        for tap, kernel in enumerate(self.kernel[self.fast]):
            start = tap * self.dilation
            acc = acc + window[start : start + len(frames)] @ kernel
        if self.fast is np.float64:
            acc *= 1.0 / self.format.one
            half_even = self.format.rounding == "half_even"
            rounded = (np.rint if half_even else np.floor)(acc, out=acc)
        else:
            rounded = round_shift(acc, self.format.frac, self.format.rounding)
        clipped = self._clip(rounded)
        return clipped.astype(np.int64) if self.fast is object else clipped

    def _clip(self, rounded):
        low, high = self.format.min, self.format.max
        self.saturations += int(np.count_nonzero(rounded > high))
        if not self.relu:
            self.saturations += int(np.count_nonzero(rounded < low))
        return np.clip(rounded, 0 if self.relu else low, high)


class Reference:
    """A `models.spec.Model` as a stream processor on integers.

    Frames are arrays of words of the model's number format, channel by channel. Both ways of
    running continue from the same histories and may be mixed; they give the same integers.
    """

    def __init__(self, model):
        self.spec = model.spec
        number_format = model.spec.number_format
        self._passes = [
            [_Pass(layer, number_format, kernel, bias) for _ in range(layer.repeat)]
            for layer, (kernel, bias) in zip(model.spec.layers, model.weights, strict=True)
        ]

    def reset(self):
        """Histories and saturation counts to zero."""
        for turns in self._passes:
            for turn in turns:
                turn.reset()

    @property
    def saturations(self):
        """Per layer, words clipped since the last reset: above the format's maximum, or below its
        minimum where the layer has no ReLU (a ReLU's clip at 0 is no saturation)."""
        return [sum(turn.saturations for turn in turns) for turns in self._passes]

    def step(self, frame):
        """One frame: integers [in] -> int64 [out]. Raises ModelError for another shape or type, or
        a value outside the number format."""
        frame = self._checked(frame, 1)
        for turns in self._passes:
            for turn in turns:
                frame = turn.step(frame)
        return frame

    def run(self, frames):
        """n >= 0 frames: integers [n, in] -> int64 [n, out], the integers that n calls of `step`
        give, vectorised. Raises ModelError as `step`."""
        frames = self._checked(frames, 2)
        result = np.empty((len(frames), self.spec.out_channels), np.int64)
        for start in range(0, len(frames), BLOCK):
            block = frames[start : start + BLOCK]
            for turns in self._passes:
                for turn in turns:
                    block = turn.run(block)
            result[start : start + BLOCK] = block
        return result

    def _checked(self, frames, dimensions):
        frames = np.asarray(frames)
        wanted = ("n", self.spec.in_channels)[-dimensions:]
        if frames.ndim != dimensions or frames.shape[-1] != self.spec.in_channels:
            shape = ", ".join(map(str, wanted))
            raise ModelError(must_be("input: shape", f"({shape})", frames.shape))
        if frames.dtype.kind not in "iu":
            raise ModelError(must_be("input:", "integers", frames.dtype))
        low, high = self.spec.number_format.min, self.spec.number_format.max
        if frames.size and (frames.min() < low or frames.max() > high):
            raise ModelError(
                f"input: must be {low} to {high}, got {frames.min()} to {frames.max()}"
            )
        return frames.astype(np.int64)
