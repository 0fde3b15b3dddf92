# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A network description of version 2 with its weights, and its file."""

import json

import numpy as np

from models.files import written_whole
from models.number_format import ModelError


class GraphModel:
    """A Network with its integers.

    kernels : (layer name, index of the term) -> int [tap, in, out], tap K-1 the newest sample
    biases  : layer name -> int [out]
    tables  : layer name -> (base, slope), int [segments] each, see Activation
    meta    : facts of the training, JSON-serialisable
    Terms and layers that share have no entry of their own. Raises ModelError that names the layer.
    """

    def __init__(self, spec, kernels, biases, tables=None, meta=None):
        self.spec = spec
        self.meta = dict(meta or {})
        given = {"kernel": dict(kernels), "bias": dict(biases), "table": dict(tables or {})}
        self.kernels, self.biases, self.tables = {}, {}, {}
        for layer in spec.layers:
            for index, term in enumerate(layer.terms):
                if term.share is None:
                    kernel = self._take(given["kernel"], (layer.name, index), layer, "kernel")
                    self.kernels[layer.name, index] = self._kernel(layer, term, kernel)
            if layer.bias is not None and layer.bias_of is None:
                bias = self._take(given["bias"], layer.name, layer, "bias")
                at = f"layer {layer.name}: bias"
                self.biases[layer.name] = _within(at, bias, (layer.out_channels,), layer.bias)
            if layer.activation.kind == "table":
                table = self._take(given["table"], layer.name, layer, "table")
                self.tables[layer.name] = self._table(layer, *table)
        for what, rest in given.items():
            if rest:
                raise ModelError(f"model: {what} {next(iter(rest))} belongs to no layer")

    @staticmethod
    def _take(entries, key, layer, what):
        try:
            return entries.pop(key)
        except KeyError:
            raise ModelError(f"layer {layer.name}: {what} is missing") from None

    def _kernel(self, layer, term, values):
        at = f"layer {layer.name}: kernel"
        shape = (term.kernel_size, self.spec.channels[term.source], layer.out_channels)
        kernel = _within(at, values, shape, term.kernel)
        magnitude = np.abs(kernel)
        if term.weights == "po2" and (magnitude & (magnitude - 1)).any():
            raise ModelError(f"{at} with weights po2 must hold powers of two and zeros only")
        return kernel

    def _table(self, layer, base, slope):
        activation, at = layer.activation, f"layer {layer.name}: table"
        entries = 1 << activation.segments
        if layer.word.bits < activation.segments:
            raise ModelError(
                f"{at} of {entries} segments needs a word of {activation.segments} bits or more, "
                f"got {layer.word.bits}"
            )
        out = layer.out_word
        base = _within(f"{at}, base", base, (entries,), out)
        slope = np.asarray(slope)
        if slope.shape != (entries,) or slope.dtype.kind not in "iu" or np.abs(slope).max() >> 18:
            raise ModelError(f"{at}, slope must be {entries} integers of at most 19 bits")
        rest = (1 << (layer.word.bits - activation.segments)) - 1
        half = (1 << activation.shift) >> 1
        last = base + ((slope.astype(np.int64) * rest + half) >> activation.shift)
        if last.min() < out.min or last.max() > out.max:
            raise ModelError(f"{at} must stay within {out}, reaches {last.min()}..{last.max()}")
        return base, slope.astype(np.int64)

    # Lookup ---------------------------------------------------------------------------------------
    def kernel_of(self, layer, index):
        """The kernel of a layer's term, of another layer's where it is shared."""
        term = layer.terms[index]
        return self.kernels[(term.share, term.share_term) if term.share else (layer.name, index)]

    def bias_of(self, layer):
        """The layer's biases, of another layer's where they are shared; None without."""
        return None if layer.bias is None else self.biases[layer.bias_of or layer.name]

    # Files ----------------------------------------------------------------------------------------
    def save(self, path):
        """Write an .npz (no pickles). The file appears whole or not at all. Raises FileError."""
        arrays = {
            "spec": np.array(json.dumps(self.spec.to_dict(), sort_keys=True)),
            "meta": np.array(json.dumps(self.meta, sort_keys=True)),
        }
        arrays |= {
            f"kernel:{name}:{i}": k.astype(np.int32) for (name, i), k in self.kernels.items()
        }
        arrays |= {f"bias:{name}": bias.astype(np.int32) for name, bias in self.biases.items()}
        arrays |= {f"table:{name}": np.array(t, np.int32) for name, t in self.tables.items()}
        with written_whole(path) as partial, open(partial, "wb") as file:
            np.savez_compressed(file, **arrays)


def _within(at, values, shape, word):
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        raise ModelError(f"{at} must hold integers, got {values.dtype}")
    if values.shape != shape:
        raise ModelError(f"{at} must have shape {shape}, got {values.shape}")
    if values.size and (values.min() < word.min or values.max() > word.max):
        raise ModelError(
            f"{at} must be {word.min}..{word.max}, reaches {values.min()}..{values.max()}"
        )
    return values.astype(np.int64)
