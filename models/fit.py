# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A model in a larger topology: the same integers, its weights among zeros and layers of 1.0."""

from dataclasses import replace
from functools import cache

import numpy as np

from models.messages import must_be
from models.number_format import ModelError
from models.spec import Model


def fit(model, spec):
    """`model` as a Model of the larger topology `spec` that computes the same integers.

    What is exact, and done: more channels (their weights are zeros, so they hold zero), more taps
    or a finer dilation as long as every tap finds its place, zeros in powers of two, powers of two
    in fixed weights, a repeated layer spread over as many layers, and layers in excess, which get
    the weight 1.0: anywhere without ReLU, with ReLU only where what they pass cannot be negative.
    Everything else is refused with a ModelError that says what is in the way.
    """
    if model.spec.number_format != spec.number_format:
        raise ModelError(
            must_be("fit: number format", spec.number_format, model.spec.number_format)
        )
    search = _Search(model, spec)
    weights = search.held(0, 0)
    if weights is None:
        raise ModelError(f"fit: {search.reason}")
    named = replace(spec, name=model.spec.name, sample_rate=model.spec.sample_rate)
    return Model(named, weights, model.meta)


class _Search:
    """Which places of `spec` hold which layers of the model, both in their order.

    held(s, t) is the weights with which places t, t+1, ... compute layers s, s+1, ..., or None:

        held(s, t) = []                           behind the last place and the last layer
                     once(s, t)   + held(s+1, t+1)       layer s in place t, with its passes
                  or spread(s, t) + held(s+1, t+repeat)  its passes in as many places
                  or passed(s, t) + held(s, t+1)         place t only passes on what it gets

    the first that is not None; each pair (s, t) is computed once.
    reason : of the refusal that came farthest, where held(0, 0) is None
    """

    def __init__(self, model, spec):
        self.model, self.spec = model, spec
        self.deepest, self.reason = -1, ""
        self.held = cache(self._held)

    def _held(self, source, target):
        if target == len(self.spec.layers):
            if source == len(self.model.spec.layers):
                return []
            return self._refused(target - 1, "more layers than the topology has")
        ways = [(0, 1, self._passed)]
        if source < len(self.model.spec.layers):
            repeat = self.model.spec.layers[source].repeat
            ways = [(1, used, self._placed) for used in sorted({1, repeat})] + ways
        for taken, used, way in ways:
            here = way(source, target, used)
            rest = None if here is None else self.held(source + taken, target + used)
            if rest is not None:
                return here + rest
        return None

    def _placed(self, source, target, used):
        """Weights of places target to target + used - 1 that share the passes of a layer."""
        layer, places = self.model.spec.layers[source], self.spec.layers[target : target + used]
        if len(places) < used:
            return None
        for place in places:
            obstacle = _obstacle(layer, place, layer.repeat // used)
            if obstacle:
                name = f"layer {source} in the place of layer {target}"
                return self._refused(target, f"{name}: {obstacle}")
        try:
            return [_padded(layer, self.model.weights[source], place) for place in places]
        except ModelError as error:
            return self._refused(target, f"layer {source}: {error}")

    def _passed(self, source, target, _used):
        """Weights of place `target`, in excess: 1.0 from each channel to itself."""
        place, number_format = self.spec.layers[target], self.spec.number_format
        channels, signed = self._between(source)
        obstacle = None
        if min(place.in_channels, place.out_channels) < channels:
            obstacle = f"it passes fewer than {channels} channels"
        elif place.relu and signed:
            obstacle = "its ReLU would clip"
        elif number_format.one > number_format.max:
            obstacle = f"{number_format} has no 1.0"
        if obstacle:
            return self._refused(target, f"layer {target} of the topology is in excess: {obstacle}")
        kernel = np.zeros((place.kernel_size, place.in_channels, place.out_channels), np.int64)
        for channel in range(channels):
            kernel[-1, channel, channel] = number_format.one
        return [(kernel, np.zeros(place.out_channels, np.int64))]

    def _refused(self, depth, reason):
        """None; notes the reason that stopped the search where it had come farthest."""
        if depth > self.deepest:
            self.deepest, self.reason = depth, reason

    def _between(self, source):
        """(channels, may be negative) of what flows between the layers before `source` and it."""
        layers = self.model.spec.layers
        if source == 0:
            return layers[0].in_channels, True
        return layers[source - 1].out_channels, not layers[source - 1].relu


def _lags(layer):
    """How many samples back each tap reads, tap 0 first."""
    return [tap * layer.dilation for tap in reversed(range(layer.kernel_size))]


def _obstacle(layer, place, passes):
    """What keeps `layer` out of `place`, which must run it `passes` times; None: nothing."""
    if place.repeat != passes:
        return must_be("repeat", place.repeat, passes)
    for name in ("in_channels", "out_channels"):
        if getattr(layer, name) > getattr(place, name):
            return must_be(name, f"at most {getattr(place, name)}", getattr(layer, name))
    if layer.relu != place.relu:
        return must_be("relu", place.relu, layer.relu)
    if not set(_lags(layer)) <= set(_lags(place)):
        return (
            f"its taps must be among those of kernel_size {place.kernel_size}, dilation "
            f"{place.dilation}, got kernel_size {layer.kernel_size}, dilation {layer.dilation}"
        )
    return None


def _padded(layer, weights, place):
    """The layer's (kernel, bias) among zeros in the shape of `place`."""
    kernel, bias = weights
    larger = np.zeros((place.kernel_size, place.in_channels, place.out_channels), np.int64)
    for tap, lag in enumerate(_lags(layer)):
        larger[_lags(place).index(lag), : layer.in_channels, : layer.out_channels] = kernel[tap]
    magnitude = np.abs(larger)
    if place.weights == "po2" and (magnitude & (magnitude - 1)).any():
        raise ModelError("weights must be powers of two ('po2'), got others ('fixed')")
    return larger, np.concatenate([bias, np.zeros(place.out_channels - len(bias), np.int64)])
