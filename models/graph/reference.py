# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Integer inference of a network description of version 2: what every other level must equal."""

import numpy as np

from models.graph.parts import INPUT, Product
from models.graph.words import apply
from models.number_format import ModelError, round_shift

FLOAT_BITS = 53  # sums of that many bits are exact in float64, in any order
BLOCK = 1024  # frames at once: arrays stay in the cache, see models/reference.py


class _Layer:
    """One layer over a stream: its sum, its word, its output; histories are the network's."""

    def __init__(self, model, layer):
        spec = model.spec
        self.layer, self.model, self.spec = layer, model, spec
        self.frac = spec.sum_frac[layer.name]
        self.shift = self.frac - layer.word.frac
        self.product = isinstance(layer, Product)
        # A sum that is shifted left on its way to the word must be exact there, too.
        self.most = spec.sum_most[layer.name]
        bits = self.most.bit_length() + 1 + max(0, -self.shift)
        self.fast = np.float64 if bits <= FLOAT_BITS else np.int64
        self.saturations = 0
        if self.product:
            return
        self.terms = []
        for index, term in enumerate(layer.terms):
            gain = 1 << (self.frac - term.kernel.frac - spec.word_of(term.source).frac)
            kernel = model.kernel_of(layer, index) * gain
            self.terms.append((term, kernel, kernel.astype(self.fast)))
        bias = model.bias_of(layer)
        gain = 1 << (self.frac - layer.bias.frac) if layer.bias else 0
        if bias is not None:
            self.bias = {kind: (bias * gain).astype(kind) for kind in (np.float64, np.int64)}
        self.adds = [(name, 1 << (self.frac - spec.add_frac(name))) for name in layer.adds]

    def sum(self, windows, sums, count, kind):
        """The exact sum of the newest `count` frames, [count, out] as int64 or float64."""
        if self.product:
            a, b = (windows[name][-count:].astype(kind) for name in (self.layer.a, self.layer.b))
            return a * b
        acc = None
        for term, exact, fast in self.terms:
            window = windows[term.source].astype(kind, copy=False)
            kernel = fast if kind is self.fast else exact
            start = len(window) - count - term.span
            for tap in range(term.kernel_size):
                at = start + tap * term.dilation
                product = window[at : at + count] @ kernel[tap]
                acc = product if acc is None else np.add(acc, product, out=acc)
        for name, gain in self.adds:
            added = sums[name].astype(kind, copy=False) * gain
            acc = added if acc is None else np.add(acc, added, out=acc)
        return acc if self.layer.bias is None else np.add(acc, self.bias[kind], out=acc)

    def finish(self, acc):
        """(output words, what adds of this layer see) of exact sums; counts saturations.

        Words that nothing reads are not made: None.
        """
        out = self._word(acc) if self.layer.name in self.spec.read else None
        if self.layer.wide is None:
            return out, out
        limit = 1 << (self.layer.wide - 1)
        if self.most < limit:
            return out, acc
        kept = np.clip(acc, -limit, limit - 1)
        self.saturations += int(np.count_nonzero(kept != acc))
        return out, kept

    def _word(self, acc):
        layer, activation = self.layer, self.layer.activation
        rounding = layer.word.rounding
        if acc.dtype == np.float64:
            scaled = acc * 2.0**-self.shift
            rounded = (np.rint if rounding == "half_even" else np.floor)(scaled, out=scaled)
        else:
            rounded = round_shift(acc, self.shift, rounding)
        low, high = layer.word.min, layer.word.max
        if not activation.may_be_negative:
            self.saturations += int(np.count_nonzero(rounded > high))
            low = max(low, 0) if activation.kind == "relu" else low
            words = np.clip(rounded, low, high)
        else:
            words = np.clip(rounded, low, high)
            self.saturations += int(np.count_nonzero(words != rounded))
        if activation.kind == "table":
            words = words.astype(np.int64)
        elif activation.kind == "leaky" and acc.dtype == np.float64:
            small = np.rint(words * (activation.slope * 2.0**-activation.shift))
            return np.where(words < 0, small, words)
        return apply(activation, words, layer.word, self.model.tables.get(layer.name))


class GraphReference:
    """A GraphModel as a stream processor on integers.

    Both ways of running continue from the same histories and may be mixed; they give the same
    integers. Histories start at zero words, or with warm=True settled on silence: as if an input of
    zeros had always been there.
    """

    def __init__(self, model, warm=False):
        self.spec, self.model, self.warm = model.spec, model, warm
        self._layers = [_Layer(model, layer) for layer in self.spec.layers]
        self._spans = dict.fromkeys(self.spec.channels, 0)
        for layer in self.spec.layers:
            for term in layer.terms:
                self._spans[term.source] = max(self._spans[term.source], term.span)
        self._settled = self._settle()
        self.reset()

    def _settle(self):
        """Signal -> the word of each channel after endless silence."""
        windows = {INPUT: np.zeros((1, self.spec.in_channels), np.int64)}
        sums = dict(windows)
        for layer in self._layers:
            if not layer.product:
                long = {
                    term.source: np.repeat(windows[term.source], term.span + 1, axis=0)
                    for term, *_ in sorted(layer.terms, key=lambda item: item[0].span)
                }
            acc = layer.sum(windows if layer.product else {**windows, **long}, sums, 1, np.int64)
            windows[layer.layer.name], sums[layer.layer.name] = layer.finish(acc)
        return {
            name: values[0].astype(np.int64)
            for name, values in windows.items()
            if values is not None
        }

    def reset(self):
        """Histories as at the start, saturation counts to zero."""
        self._histories = {
            name: np.tile(self._settled[name] * self.warm, (span, 1))
            for name, span in self._spans.items()
            if span
        }
        for layer in self._layers:
            layer.saturations = 0

    @property
    def saturations(self):
        """Layer name -> words clipped since the last reset: above the format's maximum, below its
        minimum unless the activation passes no negative word, beyond `wide`."""
        return {layer.layer.name: layer.saturations for layer in self._layers}

    def step(self, frame):
        """One frame, int [in] -> int64 [out], in integer arithmetic throughout."""
        return self._block(self._checked(frame, 1)[None], exact=True)[0]

    def run(self, frames):
        """n >= 0 frames, int [n, in] -> int64 [n, out]: what n calls of `step` give, vectorised."""
        frames = self._checked(frames, 2)
        result = np.empty((len(frames), self.spec.out_channels), np.int64)
        for start in range(0, len(frames), BLOCK):
            result[start : start + BLOCK] = self._block(frames[start : start + BLOCK], exact=False)
        return result

    def _block(self, frames, exact):
        windows, sums = {}, {INPUT: frames}
        self._keep(windows, INPUT, frames)
        for layer in self._layers:
            kind = np.int64 if exact else layer.fast
            out, seen = layer.finish(layer.sum(windows, sums, len(frames), kind))
            sums[layer.layer.name] = seen
            if out is not None:
                self._keep(windows, layer.layer.name, out)
        outputs = [windows[name][-len(frames) :] for name in self.spec.outputs]
        return np.concatenate(outputs, axis=1).astype(np.int64)

    def _keep(self, windows, name, values):
        """The signal's window, history and all, and its history for the next block."""
        span = self._spans[name]
        window = np.concatenate([self._histories[name], values]) if span else values
        windows[name] = window
        if span:
            self._histories[name] = window[len(window) - span :].copy()

    def _checked(self, frames, dimensions):
        frames = np.asarray(frames)
        channels, word = self.spec.in_channels, self.spec.in_word
        if frames.ndim != dimensions or frames.shape[-1] != channels:
            must = f"({channels},)" if dimensions == 1 else f"(n, {channels})"
            raise ModelError(f"input: shape must be {must}, got {frames.shape}")
        if frames.dtype.kind not in "iu":
            raise ModelError(f"input: must be integers, got {frames.dtype}")
        if frames.size and (frames.min() < word.min or frames.max() > word.max):
            raise ModelError(
                f"input: must be {word.min}..{word.max}, reaches {frames.min()}..{frames.max()}"
            )
        return frames.astype(np.int64)
