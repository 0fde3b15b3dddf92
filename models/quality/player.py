# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a player meets: noise on the jacks, a level that is off, waves that begin and end, inputs
that are no triangle. Everything is played by the integers."""

from dataclasses import dataclass

import numpy as np

from models.sound import waves
from models.sound.errors import esr_db, signals

NOISES = (0, 1, 2, 4)  # LSB, deviation
LEVELS = (0.95, 1.05)
BROKEN_PITCHES = (55.0, 220.0, 700.0)  # Hz
PHASES = 5
REST = 0.02  # an output this near to where it stays is at rest
TONES = (110.0, 450.0, 1000.0)  # Hz, of THD+N
AUDIBLE = 20_000.0  # Hz
BREAKS = ("begins", "ends", "half level", "from half", "octave up", "octave down", "embedding")


@dataclass(frozen=True)
class Meeting:
    """Of one model; corners: {name: ..} in the plane's order.

    noise  : {("embedding" or "wave", LSB): {corner: ESR in dB}}
    level  : {level: {corner: ESR in dB}} against the wave at its full level
    idle   : {corner: RMS in LSB} of a silent wave, 1 LSB of noise on wave and embedding
    breaks : {of BREAKS: (peak, samples until the output is at rest: of `ends`, else 0)}
    thd    : {Hz: THD+N in dB} at the corner called sine; empty without
    foreign: {input: (peak, share of samples at the ends of the number format)}
    """

    noise: dict
    level: dict
    idle: dict
    breaks: dict
    thd: dict
    foreign: dict


def meet(net, spec, plane, pitches):
    """Meeting of `net`, a function int64 [n, in] -> values [n] that starts from zero histories."""
    return Meeting(
        noise_esr(net, spec, plane, pitches),
        level_esr(net, spec, plane, pitches),
        idle_noise(net, spec, plane),
        breaks(net, spec, plane),
        {hertz: thd_n_db(net, spec, hertz) for hertz in TONES} if "sine" in plane.names else {},
        foreign(net, spec, plane),
    )


def _esr_at_corners(net, spec, plane, pitches, change):
    """{corner: ESR in dB over `pitches`} with inputs changed by `change`, a function of int64
    [n, in]."""
    found = {}
    for name in plane.names:
        pairs = list(signals(spec, plane.corner(name), pitches, plane))
        outputs = [net(change(inputs))[-len(target) :] for inputs, target in pairs]
        found[name] = esr_db(np.concatenate(outputs), np.concatenate([t for _, t in pairs]))
    return found


def noise_esr(net, spec, plane, pitches):
    """See Meeting.noise; normal noise, another word each sample, the same for every net."""
    low, high = spec.number_format.min, spec.number_format.max

    def add(channels, deviation, inputs):
        rng = np.random.default_rng(7)
        inputs = inputs.copy()
        noise = np.rint(rng.normal(size=inputs[:, channels].shape) * deviation).astype(np.int64)
        inputs[:, channels] = np.clip(inputs[:, channels] + noise, low, high)
        return inputs

    return {
        (name, deviation): _esr_at_corners(
            net, spec, plane, pitches, lambda x, c=channels, d=deviation: add(c, d, x)
        )
        for name, channels in (("embedding", slice(1, 3)), ("wave", slice(0, 1)))
        for deviation in NOISES
        if deviation or name == "embedding"  # without noise they are the same
    }


def level_esr(net, spec, plane, pitches):
    """See Meeting.level."""

    def scaled(level, inputs):
        inputs = inputs.copy()
        inputs[:, 0] = np.rint(inputs[:, 0] * level)
        return inputs

    return {
        level: _esr_at_corners(net, spec, plane, pitches, lambda x, at=level: scaled(at, x))
        for level in LEVELS
    }


def frames(spec, wave, embedding):
    """Words int64 [n, in] of float wave [n] and embedding, [2] or [n, 2]."""
    values = np.zeros((len(wave), spec.in_channels))
    values[:, 0], values[:, 1:3] = wave, embedding
    return spec.number_format.from_float(values)


def idle_noise(net, spec, plane):
    """See Meeting.idle."""
    found, count = {}, 4 * spec.receptive_field
    for name, at in plane.corners.items():
        rng = np.random.default_rng(8)
        words = frames(spec, np.zeros(count), at)
        words[:, :3] += np.rint(rng.normal(size=(count, 3))).astype(np.int64)
        output = net(words)[spec.receptive_field :]
        found[name] = float(np.std(output) * spec.number_format.one)
    return found


def break_signals(spec, plane, kind, name, pitch, start):
    """Words int64 [3 * field, in] of a wave at the corner `name` that is broken after one receptive
    field; start: its phase there."""
    field = spec.receptive_field
    time = np.arange(3 * field) - field
    is_new = time >= 0
    old, new = {"octave up": (0.5, 1.0), "octave down": (2.0, 1.0)}.get(kind, (1.0, 1.0))
    phase = (start + time * np.where(is_new, new, old) * pitch / spec.sample_rate) % 1.0
    levels = {"begins": (0, 1), "ends": (1, 0), "half level": (1, 0.5), "from half": (0.5, 1)}
    before, after = levels.get(kind, (1, 1))
    wave = waves.triangle(phase) * np.where(is_new, after, before)
    here = np.array(plane.corners[name])
    if kind == "embedding":
        there = np.array(plane.corners[plane.names[plane.names.index(name) - 1]])
        return frames(spec, wave, np.where(is_new[:, None], here, there))
    return frames(spec, wave, here)


def breaks(net, spec, plane):
    """See Meeting.breaks: the worst of BROKEN_PITCHES, PHASES and all corners."""
    found = {}
    for kind in BREAKS:
        peak, rest = 0.0, 0
        for name in plane.names:
            for pitch in BROKEN_PITCHES:
                for number in range(PHASES):
                    words = break_signals(spec, plane, kind, name, pitch, (number + 0.5) / PHASES)
                    output = net(words)[spec.receptive_field :]
                    peak = max(peak, float(np.abs(output).max()))
                    if kind == "ends":
                        moving = np.flatnonzero(np.abs(output - output[-1]) > REST)
                        rest = max(rest, int(moving[-1]) + 1 if len(moving) else 0)
        found[kind] = peak, rest
    return found


def thd_n_db(net, spec, hertz):
    """All but the fundamental over the fundamental, 20 kHz and below without DC, in dB, at the
    sine's corner for a triangle of a whole number of periods."""
    count = 2 ** round(np.log2(0.34 * spec.sample_rate))
    periods = round(hertz * count / spec.sample_rate)
    lead = spec.receptive_field - 1
    phase = np.arange(-lead, count) * periods / count % 1.0
    output = net(frames(spec, waves.triangle(phase), waves.CORNERS["sine"]))[lead:]
    energy = np.abs(np.fft.rfft(output)) ** 2
    energy = energy[: int(min(AUDIBLE / spec.sample_rate, 0.5) * count) + 1]
    with np.errstate(divide="ignore"):
        rest = energy[1:].sum() - energy[periods]
        return float(10 * np.log10(rest / energy[periods])) if energy[periods] else np.inf


def foreign_inputs(spec):
    """{name: float [n]}: what is no triangle, always the same."""
    rng, count = np.random.default_rng(9), max(16_384, 8 * spec.receptive_field)
    time = np.arange(count) / spec.sample_rate
    limit = -spec.number_format.min / spec.number_format.one

    def sine(hertz, level):
        return level * np.sin(2 * np.pi * hertz * time)

    # A voice: harmonics of 130 Hz in two formants, gliding up by a third.
    turn = 2 * np.pi * np.cumsum(130 * 2 ** (time / time[-1] / 3)) / spec.sample_rate
    harmonics = np.arange(1, 31)[:, None]
    formants = sum(np.exp(-(((harmonics * 130 - at) / 250) ** 2)) for at in (700, 1200, 2600))
    voice = np.sum(formants * np.sin(harmonics * turn), axis=0)
    return {
        "sine, 100 Hz": sine(100, 1),
        "sine, 1 kHz": sine(1000, 1),
        "sine, 10 kHz": sine(min(10_000, spec.sample_rate / 3), 1),
        "sine, 440 Hz, full scale": sine(440, limit),
        "voice": voice / np.abs(voice).max(),
        "white noise": rng.uniform(-1, 1, count),
        "white noise, full scale": rng.uniform(-limit, limit, count),
        "steps, full scale": np.repeat(rng.uniform(-limit, limit, count // 64 + 1), 64)[:count],
    }


def foreign(net, spec, plane):
    """See Meeting.foreign, over all corners and the centre."""
    number_format, found = spec.number_format, {}
    low, high = number_format.min / number_format.one, number_format.max / number_format.one
    for name, wave in foreign_inputs(spec).items():
        outputs = [net(frames(spec, wave, at)) for at in (*plane.corners.values(), (0.0, 0.0))]
        output = np.concatenate(outputs)
        at_rails = np.mean((output <= low) | (output >= high))
        found[name] = float(np.abs(output).max()), float(at_rails)
    return found
