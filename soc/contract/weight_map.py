# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Where the parameters of a weight image go in the accelerator's Wishbone window, layer by layer.

An address is linear in the digits of output o = o1*pe + o0 and flat input f = f1*simd + f0, where
f = tap*inputs + channel, so a LayerMap's numbers tell a layer's whole map. The firmware walks
them (see firmware/model/image.c), the host reads them from the build's constants.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np

@dataclass(frozen=True)
class LayerMap:
    """One layer. Addresses are words in the window; weight (o, f) of bank b lies in

        weight + b*bank + o0*output0 + o1*output1 + f0*input0 + f1*input1
    and the bias of output o in
        bias   + b*bank + o0*bias0   + o1*bias1
    """
    outputs : int # In the image.
    built   : int # The first ones, which this build has; the others have no place.
    inputs  : int # Weights an output: taps*in_channels.
    pe      : int
    simd    : int
    bank    : int
    weight  : int
    output0 : int
    output1 : int
    input0  : int
    input1  : int
    bias    : int
    bias0   : int
    bias1   : int

    @classmethod
    def of(cls, layer, built, layout, base):
        """layer, built: as the model has it and with the outputs that are built; layout: the
        WeightLayout of the latter, its window at word `base`."""
        pe, simd, outputs = layout.pe, layout.simd, built.out_channels
        def at(place, bank=0):
            lane, row = place
            return base + layout.address(lane, bank, row)
        weight, bias = at(layout.weight(0, 0)), at(layout.bias(0))
        def step(to, start, exists):
            return at(to) - start if exists else 0
        self = cls(
            outputs = layer.out_channels,
            built   = outputs,
            inputs  = layout.fan_in,
            pe      = pe,
            simd    = simd,
            bank    = at(layout.weight(0, 0), bank=1) - weight,
            weight  = weight,
            output0 = step(layout.weight(1,  0), weight, pe > 1),
            output1 = step(layout.weight(pe, 0), weight, outputs > pe),
            input0  = step(layout.weight(0, 1), weight, simd > 1),
            input1  = step(layout.weight(0, simd), weight, layout.fan_in > simd),
            bias    = bias,
            bias0   = step(layout.bias(1),  bias, pe > 1),
            bias1   = step(layout.bias(pe), bias, outputs > pe),
        )
        wanted = [at(layout.weight(o, f)) for o in range(outputs) for f in range(layout.fan_in)]
        wanted += [at(layout.bias(o)) for o in range(outputs)]
        if self.addresses(0)[self.addresses(0) >= 0].tolist() != wanted:
            raise ValueError(f"weight layout of layer {layer} is not linear in its digits")
        return self

    def addresses(self, bank):
        """Word address in the window of every value of the layer's payload; -1: no place for it."""
        o, f   = np.arange(self.outputs), np.arange(self.inputs)
        output = (o % self.pe)*self.output0 + (o//self.pe)*self.output1
        flat   = (f % self.simd)*self.input0 + (f//self.simd)*self.input1
        weight = self.weight + output[:, None] + flat
        bias   = self.bias + (o % self.pe)*self.bias0 + (o//self.pe)*self.bias1
        weight[self.built:], bias[self.built:] = -1, -1
        words  = np.concatenate([weight.ravel(), bias, [-1]*self.padding])
        return np.where(words < 0, -1, words + bank*self.bank)

    @property
    def padding(self):
        """Values that fill the layer up to a 32-bit word of the payload, 0 or 1."""
        return self.outputs*(self.inputs + 1) % 2

class WeightMap:
    """The maps of all layers, made from a build or from its constant WAVENET_MAP."""
    def __init__(self, layers):
        self.layers = tuple(layers)

    def __str__(self):
        """The constant: "outputs=16 built=16 ...", layers with semicolons between."""
        return ";".join(" ".join(f"{name}={number}" for name, number in asdict(layer).items())
            for layer in self.layers)

    @classmethod
    def parse(cls, text):
        """Raises ValueError for a text that is no WeightMap."""
        names  = {field.name for field in fields(LayerMap)}
        def numbers(row):
            return {name: number
                for name, _, number in (word.partition("=") for word in row.split())}
        layers = list(map(numbers, text.split(";")))
        if any(set(layer) != names for layer in layers):
            raise ValueError(f"a layer of the weight map must have {', '.join(sorted(names))}, "
                f"got {text!r}")
        return cls(LayerMap(**{name: int(number) for name, number in layer.items()})
            for layer in layers)

    def addresses(self, bank):
        """Word address in the window of every 16-bit value of the payload, -1 where it has none."""
        return np.concatenate([layer.addresses(bank) for layer in self.layers])

    @property
    def payload_words(self):
        return len(self.addresses(0))//2

    @property
    def padding(self):
        """Of every value of the payload, whether it only fills up a word."""
        return np.concatenate([
            np.arange(len(layer.addresses(0))) >= layer.outputs*(layer.inputs + 1)
            for layer in self.layers])

    def header(self):
        """C: the table, initialisers of firmware/model/image.h's struct layer."""
        rows = ["{ " + ", ".join(f".{name} = {number}" for name, number in asdict(layer).items())
            + " }," for layer in self.layers]
        return " \\\n\t".join(["#define LAYERS", *rows]) + "\n"
