# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""How well a net makes the waves: error-to-signal ratio at the corners of the embedding plane."""

import numpy as np

from models.reference import Reference
from models.sound import waves
from models.sound.plane import STANDARD

PITCHES = tuple(np.geomspace(*waves.PITCH_RANGE, 16))  # Hz
GOLDEN = 0.618034  # spreads start phases, so that no wave always starts at its edge
SECONDS = 0.1  # of each pitch: three periods of the lowest
DEFINITION = (
    "ESR = sum((output-target)^2) / sum(target^2) in dB over 16 pitches, log-spaced 30-1000 Hz, "
    "0.1 s each after the receptive field has filled; output channel 0"
)


def esr_db(output, target):
    """10*log10 of the error's energy over the target's, all values together; -inf when equal.

    No DC is removed and no gain is fitted. The arrays have one shape, in one unit.
    """
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(np.sum((output - target) ** 2) / np.sum(target**2)))


def signals(spec, place, pitches, plane=STANDARD):
    """At a Place of the plane, per pitch: inputs int64 [n, in], target float64
    [n-receptive_field+1]."""
    skipped = spec.receptive_field - 1
    count = skipped + round(SECONDS * spec.sample_rate)
    for index, pitch in enumerate(pitches):
        start = np.array([index * GOLDEN % 1.0])
        inputs, target = waves.examples([place], np.array([pitch]), start, count, spec, plane)
        yield inputs[0], target[0, skipped:]


def moving_signals(spec, hertz, pitches, plane=STANDARD):
    """`signals` of an embedding on a circle, so many times a second."""
    skipped = spec.receptive_field - 1
    count = skipped + round(SECONDS * spec.sample_rate)
    embeddings = waves.circle(hertz, spec.sample_rate, waves.SMOOTHING - 1 + count)[None]
    for index, pitch in enumerate(pitches):
        start = np.array([index * GOLDEN % 1.0])
        inputs, target = waves.moving(embeddings, np.array([pitch]), start, spec, plane)
        yield inputs[0], target[0, skipped:]


def corner_signals(spec, name, plane=STANDARD):
    """`signals` of the corner `name` at PITCHES."""
    return signals(spec, plane.corner(name), PITCHES, plane)


def esr_per_corner(net, spec, plane=STANDARD):
    """{wave: ESR in dB, to 0.01} of `net`, a function int64 [n, in] -> float values [n] of output
    channel 0 that starts with zero histories at each call."""
    result = {}
    for name in plane.names:
        outputs, targets = [], []
        for inputs, target in corner_signals(spec, name, plane):
            outputs.append(net(inputs)[-len(target) :])
            targets.append(target)
        result[name] = round(esr_db(np.concatenate(outputs), np.concatenate(targets)), 2)
    return result


def reference_of(model):
    """The model's integers as `esr_per_corner` wants them."""
    reference = Reference(model)

    def net(inputs):
        reference.reset()
        return model.spec.number_format.to_float(reference.run(inputs)[:, 0])

    return net


class FloatTwin:
    """The net before quantisation: float64, no rounding of weights or signals, clipped to the
    number format's range (a net trained with saturation needs it).

    latent: per layer (kernel [tap, in, out], bias [out]) floats, as trained.
    """

    def __init__(self, spec, latent):
        self.spec, self.latent = spec, latent

    def __call__(self, inputs):
        number_format = self.spec.number_format
        low, high = number_format.min / number_format.one, number_format.max / number_format.one
        signal = number_format.to_float(inputs)
        for layer, (kernel, bias) in zip(self.spec.layers, self.latent, strict=True):
            for _ in range(layer.repeat):
                depth = (layer.kernel_size - 1) * layer.dilation
                window = np.pad(signal, ((depth, 0), (0, 0)))
                signal = bias + sum(
                    window[tap * layer.dilation :][: len(signal)] @ np.clip(kernel[tap], low, high)
                    for tap in range(layer.kernel_size)
                )
                signal = np.clip(signal, 0.0 if layer.relu else low, high)
        return signal[:, 0]
