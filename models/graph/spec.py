# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The description of a network, version 2: a graph of named layers, with a format for each.

A layer's output for one sample, all in integers:

    sum  = bias + sum over terms of kernel * words + sum over adds        exact, aligned to one frac
    word = clip(round(sum / 2**shift), min, max)                          one requantisation
    out  = activation(word)                                               an exact function

A chain of version 1 (models.spec) is one case of it, see chain.py.
"""

import json
import re
from dataclasses import asdict, dataclass, field
from functools import cached_property

from models.graph.check import MOST_CHANNELS, MOST_LAYERS, check
from models.graph.parts import INPUT, Layer, Product, Term
from models.graph.words import Activation, Word
from models.number_format import ModelError, check_int
from models.spec import MAX_SAMPLE_RATE, NAME, from_fields


@dataclass(frozen=True)
class Network:
    """A network: `layers` in order of computation; signals are "input" and the layers' outputs.

    in_channels, in_word : channels and format of a frame that comes in
    outputs     : names of layers whose words, one after the other, are a frame that goes out
    sample_rate : Hz that the network was made for
    Raises ModelError with one line that names the layer.
    """

    in_channels: int
    layers: tuple[Layer | Product, ...]
    outputs: tuple[str, ...]
    in_word: Word = Word()
    sample_rate: int = 192_000
    name: str = "network"
    version: int = field(default=2, init=False)

    def __post_init__(self):
        for name in ("layers", "outputs"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        check_int("network", "in_channels", self.in_channels, 1, MOST_CHANNELS)
        check_int("network", "sample_rate", self.sample_rate, 1, MAX_SAMPLE_RATE)
        if not isinstance(self.name, str) or not re.fullmatch(NAME, self.name):
            raise ModelError(
                "network: name must be 1 to 40 letters, digits, dots, dashes or underscores, "
                f"got {self.name!r}"
            )
        if not 1 <= len(self.layers) <= MOST_LAYERS:
            raise ModelError(f"network: layers must be 1 to {MOST_LAYERS}, got {len(self.layers)}")
        check(self)

    # Signals --------------------------------------------------------------------------------------
    @cached_property
    def by_name(self):
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def channels(self):
        """Signal -> number of channels."""
        found = {INPUT: self.in_channels}
        for layer in self.layers:
            product = isinstance(layer, Product)
            found[layer.name] = found[layer.a] if product else layer.out_channels
        return found

    def word_of(self, signal):
        """Format of a signal's words."""
        return self.in_word if signal == INPUT else self.by_name[signal].out_word

    @property
    def out_channels(self):
        return sum(self.channels[name] for name in self.outputs)

    @property
    def out_word(self):
        return self.word_of(self.outputs[0])

    # Sums -----------------------------------------------------------------------------------------
    @cached_property
    def sum_frac(self):
        """Layer -> fractional bits of its exact sum: the finest of what is added."""
        found = {}
        for layer in self.layers:
            if isinstance(layer, Product):
                found[layer.name] = self.word_of(layer.a).frac + self.word_of(layer.b).frac
                continue
            fracs = [term.kernel.frac + self.word_of(term.source).frac for term in layer.terms]
            fracs += [] if layer.bias is None else [layer.bias.frac]
            fracs += [self.add_frac(name, found) for name in layer.adds]
            found[layer.name] = max(fracs)
        return found

    def add_frac(self, name, fracs=None):
        """Fractional bits of what an add of `name` adds."""
        wide = name != INPUT and self.by_name[name].wide
        return (
            (self.sum_frac if fracs is None else fracs)[name] if wide else self.word_of(name).frac
        )

    @cached_property
    def sum_most(self):
        """Layer -> largest magnitude that its exact sum can have, whatever the weights."""
        found = {}
        for layer in self.layers:
            frac = self.sum_frac[layer.name]
            if isinstance(layer, Product):
                found[layer.name] = self.word_of(layer.a).min * self.word_of(layer.b).min
                continue
            most = 0 if layer.bias is None else -layer.bias.min << (frac - layer.bias.frac)
            for term in layer.terms:
                source = self.word_of(term.source)
                one = term.kernel.min * source.min << (frac - term.kernel.frac - source.frac)
                most += term.kernel_size * self.channels[term.source] * one
            for name in layer.adds:
                added = -self.word_of(name).min
                if name != INPUT and self.by_name[name].wide:
                    added = min(found[name], 1 << (self.by_name[name].wide - 1))
                most += added << (frac - self.add_frac(name))
            found[layer.name] = most
        return found

    # Sizes ----------------------------------------------------------------------------------------
    @cached_property
    def receptive_field(self):
        """Number of input samples that one output sample depends on, itself included."""
        back = {INPUT: 0}
        for layer in self.layers:
            if isinstance(layer, Product):
                back[layer.name] = max(back[layer.a], back[layer.b])
            else:
                back[layer.name] = max(
                    [back[term.source] + term.span for term in layer.terms]
                    + [back[name] for name in layer.adds],
                )
        return 1 + max(back[name] for name in self.outputs)

    @cached_property
    def read(self):
        """Names of the signals whose words are read: by terms, products, plain adds, outputs. Of
        other layers only the wide sum is used, and their words are never made."""
        found = set(self.outputs)
        for layer in self.layers:
            if isinstance(layer, Product):
                found |= {layer.a, layer.b}
            found |= {term.source for term in layer.terms}
            found |= {name for name in layer.adds if name == INPUT or not self.by_name[name].wide}
        return found

    @property
    def macs_per_sample(self):
        return sum(
            term.kernel_size * self.channels[term.source] * layer.out_channels
            for layer in self.layers
            for term in layer.terms
        )

    @property
    def parameters(self):
        """Weights and biases, shared ones once."""
        count = 0
        for layer in self.layers:
            count += layer.out_channels if layer.bias and layer.bias_of is None else 0
            for term in layer.terms:
                if term.share is None:
                    taps = term.kernel_size * self.channels[term.source]
                    count += taps * layer.out_channels
        return count

    @property
    def history_words(self):
        """Words of past samples that all layers' terms read together."""
        span = {}
        for layer in self.layers:
            for term in layer.terms:
                span[term.source] = max(span.get(term.source, 0), term.span)
        return sum(words * self.channels[name] for name, words in span.items())

    # Files ----------------------------------------------------------------------------------------
    def topology(self):
        """Shapes and formats as canonical JSON, layers by index: what a weight image must match."""
        index = {INPUT: -1, **{layer.name: i for i, layer in enumerate(self.layers)}}
        shape = self.to_dict()
        del shape["name"], shape["sample_rate"]
        shape["outputs"] = [index[name] for name in self.outputs]
        for layer in shape["layers"]:
            del layer["name"]
            for key in ("a", "b", "bias_of"):
                if layer.get(key) is not None:
                    layer[key] = index[layer[key]]
            if "terms" in layer:
                layer["adds"] = [index[name] for name in layer["adds"]]
                for term in layer["terms"]:
                    term["source"] = index[term["source"]]
                    term["share"] = None if term["share"] is None else index[term["share"]]
        return json.dumps(shape, sort_keys=True, separators=(",", ":"))

    def to_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, data):
        """Raises ModelError for a description that is incomplete or of another version."""
        try:
            data = dict(data)
            version = data.pop("version", None)
            if version != 2:
                raise ModelError(f"network description: version must be 2, got {version!r}")
            layers = [_layer(item) for item in data.pop("layers")]
            data["in_word"] = from_fields(Word, data["in_word"])
            return from_fields(cls, dict(data, layers=layers))
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"network description is incomplete: {error}") from error


def _word(data):
    return None if data is None else from_fields(Word, data)


def _layer(data):
    data = dict(data, word=_word(data["word"]))
    activation = dict(data["activation"])
    data["activation"] = from_fields(Activation, dict(activation, word=_word(activation["word"])))
    if "a" in data:
        return from_fields(Product, data)
    terms = [from_fields(Term, dict(term, kernel=_word(term["kernel"]))) for term in data["terms"]]
    data.update(terms=tuple(terms), adds=tuple(data["adds"]), bias=_word(data["bias"]))
    return from_fields(Layer, data)
