# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A net judged at places of the embedding plane and at pitches that training never drew."""

from dataclasses import dataclass

import numpy as np

from models.quality import player, stability
from models.sound import spectra, waves
from models.sound.errors import (
    SECONDS,
    FloatTwin,
    esr_db,
    moving_signals,
    reference_of,
    signals,
)
from models.sound.plane import of_model

PITCHES = waves.HELD_OUT
BANDS = {  # Hz of the lowest and the highest: PITCHES in them
    name: tuple(pitch for pitch in PITCHES if low <= round(pitch) < high)
    for name, low, high in (
        ("30-1000 Hz", 30, 1000),
        ("16-30 Hz", 16, 30),
        ("1-2 kHz", 1000, 2000),
        ("2-4.2 kHz", 2000, 4200),
    )
}
TRAINED = BANDS["30-1000 Hz"]
NULL = 0.01  # RMS of a target: below it the moving average of training has nulled the wave
ALIAS_RATES = (48_000, 192_000)  # Hz
ALIAS_PITCHES = (110.0, 440.0, 1000.0, 2000.0, 4000.0)  # Hz
CIRCLES = (20, 200, 2000)  # Hz, of an embedding that moves
DEFINITION = (
    f"ESR = sum((output-target)^2) / sum(target^2) in dB, output channel 0, {SECONDS} s of each of "
    f"{len(PITCHES)} pitches, {PITCHES[0]:.0f}-{PITCHES[-1]:.0f} Hz, that training leaves out "
    f"(waves.HELD_OUT, 1 % around each), after the receptive field has filled; 30-1000 Hz: the "
    f"{len(TRAINED)} of them in the range of training, errors summed before the ratio"
)


def places_of(plane):
    """{name: Place}: corners, edge midpoints and the centre of the plane."""
    corners = {name: plane.corner(name) for name in plane.names}
    edges = {f"{a}-{b}": plane.edge(a, b, 0.5) for a, b in plane.edges}
    return {**corners, **edges, "centre": plane.inside(0.0, 0.0)}


@dataclass(frozen=True)
class Takes:
    """Outputs and targets of one net: [place][pitch] arrays of values."""

    outputs: dict
    targets: dict

    def esr(self, place, pitch):
        """ESR in dB at one pitch of PITCHES; NaN where the target is below NULL."""
        index = PITCHES.index(pitch)
        target = self.targets[place][index]
        if np.sqrt(np.mean(target**2)) < NULL:
            return np.nan
        return esr_db(self.outputs[place][index], target)

    def pooled(self, place, pitches=TRAINED):
        """ESR in dB over several pitches, errors summed before the ratio."""
        which = [PITCHES.index(pitch) for pitch in pitches]
        parts = ([signal[place][i] for i in which] for signal in (self.outputs, self.targets))
        return esr_db(*map(np.concatenate, parts))

    def stft(self, place, sample_rate, pitches=TRAINED):
        """Mean `spectra.stft_distance` over several pitches."""
        which = [PITCHES.index(pitch) for pitch in pitches]
        pairs = [(self.outputs[place][i], self.targets[place][i]) for i in which]
        return np.mean([spectra.stft_distance(o, t, sample_rate) for o, t in pairs], axis=0)


def play(net, spec, plane):
    """Takes of `net`, a function int64 [n, in] -> values [n] that starts from zero histories."""
    outputs, targets = {}, {}
    for name, place in places_of(plane).items():
        pairs = list(signals(spec, place, PITCHES, plane))
        targets[name] = [target for _, target in pairs]
        outputs[name] = [net(inputs)[-len(target) :] for inputs, target in pairs]
    return Takes(outputs, targets)


def circling_esr(net, spec, plane):
    """{Hz of CIRCLES: ESR in dB over TRAINED}, as Takes.pooled has it."""
    found = {}
    for hertz in CIRCLES:
        pairs = list(moving_signals(spec, hertz, TRAINED, plane))
        outputs = [net(inputs)[-len(target) :] for inputs, target in pairs]
        targets = [target for _, target in pairs]
        found[hertz] = esr_db(np.concatenate(outputs), np.concatenate(targets))
    return found


def float_of(model):
    """The same weights in floats: no signal is rounded, each is clipped to the format's range."""
    to_float = model.spec.number_format.to_float
    return FloatTwin(model.spec, [tuple(map(to_float, pair)) for pair in model.weights])


@dataclass(frozen=True)
class Evaluation:
    """All that is measured of a model.

    plane: of the model's waves
    integers, floats, qkeras: Takes; qkeras is None where QKeras is missing or cannot
    circling: {Hz: ESR in dB} of the integers, of an embedding on a circle
    alias:  {rate: (dB of the float net, dB of the integers, rounding noise included)}
    aliases: {Hz: dB of the float net at its own rate}
    met:    what a player meets, see models.training.player
    still, excitations: see models.training.stability
    """

    model: object
    plane: object
    integers: Takes
    floats: Takes
    qkeras: Takes | None
    circling: dict
    alias: dict
    aliases: dict
    met: player.Meeting
    still: stability.Still
    excitations: dict

    @property
    def places(self):
        """Names of `places_of` the plane: corners, edges, the centre."""
        return tuple(self.integers.outputs)

    @property
    def qkeras_differs(self):
        """Number of output values where QKeras and the integers are not equal; None without it."""
        if self.qkeras is None:
            return None
        return sum(
            int(np.count_nonzero(ours != theirs))
            for place in self.places
            for ours, theirs in zip(self.integers.outputs[place], self.qkeras.outputs[place])
        )

    @property
    def values(self):
        """Output values that were compared."""
        return sum(len(take) for takes in self.integers.outputs.values() for take in takes)


def evaluate(model, qkeras=None):
    """Evaluation of a model. qkeras: its forward by QKeras (qkeras_run.qkeras_of), or None.

    Raises ModelError for a net of fewer than 3 input channels.
    """
    spec, plane = model.spec, of_model(model)
    in_floats, in_integers = float_of(model), reference_of(model)
    places = list(places_of(plane).values())

    def rounded(words):
        return in_integers(np.rint(words).astype(np.int64))

    return Evaluation(
        model,
        plane,
        play(in_integers, spec, plane),
        play(in_floats, spec, plane),
        play(qkeras, spec, plane) if qkeras else None,
        circling_esr(in_integers, spec, plane),
        {
            rate: tuple(
                spectra.alias_to_signal_db(net, spec, rate, plane.at[0])
                for net in (in_floats, rounded)
            )
            for rate in ALIAS_RATES
        },
        {
            hertz: spectra.alias_to_signal_db(in_floats, spec, spec.sample_rate, plane.at[0], hertz)
            for hertz in ALIAS_PITCHES
        },
        player.meet(in_integers, spec, plane, TRAINED),
        stability.standing_still(model, places),
        stability.excite(model, places),
    )
