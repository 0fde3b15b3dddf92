# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Sounds to listen to: what goes into the net, and what is wanted where that is defined."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.sound import waves
from models.sound.errors import esr_db
from models.sound.plane import STANDARD
from models.spec import ModelError

PITCH = 110.0  # Hz, unless an example has its own
START = 0.25  # phase of the first sample: the triangle is 0 there, as the silence before it
MODULATION = (200.0, 2000.0)  # Hz, of the embedding
CLICK = 1.0  # a step from sample to sample; the targets' edges step by 2.0 / waves.SMOOTHING = 0.2

# The phrase: semitones from A2 (110 Hz), a sixteenth each at 120 beats a minute; None holds on.
SIXTEENTH = 0.125  # s
PHRASE = (0, None, 12, 0, 3, None, 7, 10, -4, None, 8, 3, 5, 7, 10, 12,
          0, None, 15, 12, 3, 10, 7, None, -7, None, 5, 0, -2, 3, 5, 12)  # fmt: skip
ATTACK, DECAY = 0.004, 0.09  # s, of the envelope on the embedding


@dataclass(frozen=True)
class Example:
    """One sound, in the net's values; n samples at the net's rate.

    wave:      float [n], input channel 0
    embedding: float [n, 2], input channels 1 and 2
    target:    float [n], NaN where nothing is defined or the net still remembers a jump
    moments:   s, where a scope shows something
    """

    name: str
    text: str
    wave: np.ndarray
    embedding: np.ndarray
    target: np.ndarray
    moments: tuple


def make(spec, pace=1.0, plane=STANDARD):
    """The Examples for a net that makes the waves of the plane; pace: length, as a part of the
    full one.

    Raises ModelError for a net of fewer than 3 input channels.
    """
    if spec.in_channels < 3:
        raise ModelError(f"network: {spec.in_channels} input channels; wave, e0 and e1 need 3")
    return [
        make_one(spec, pace, plane) for make_one in (_corners, _walk, _modulated, _rough, _phrase)
    ]


def frames(example, spec):
    """Words int64 [n, in_channels] as the codec hands them to the net."""
    values = np.zeros((len(example.wave), spec.in_channels))
    values[:, 0], values[:, 1:3] = example.wave, example.embedding
    return spec.number_format.from_float(values)


def _phase(pitch, count, spec):
    """Phase [n] of a tone whose pitch may change, Hz or [n], without a jump."""
    steps = np.broadcast_to(np.asarray(pitch) / spec.sample_rate, count)
    return (START + np.concatenate([[0.0], np.cumsum(steps[:-1])])) % 1.0


def _target(phase, embedding, plane):
    """Smoothed target [n] for an embedding [n, 2]."""
    mix = plane.mix(plane.gains_at(embedding), phase)
    return waves.smooth(np.concatenate([np.full(waves.SMOOTHING - 1, mix[0]), mix]))


def _settled(target, jumps, spec):
    """`target` with NaN where the net still remembers what was before a jump."""
    for jump in jumps:
        target[jump : jump + spec.receptive_field - 1] = np.nan
    return target


def _corners(spec, pace, plane):
    each = round(pace * 1.0 * spec.sample_rate)
    count = len(plane.names)
    phase = _phase(PITCH, count * each, spec)
    embedding = plane.walk(np.repeat(np.arange(float(count)), each))
    target = _settled(_target(phase, embedding, plane), range(0, count * each, each), spec)
    moments = tuple(pace * (i + 0.5) for i in range(count))
    text = f"the {count} corners, {PITCH:g} Hz: {', '.join(plane.names)}"
    return Example("corners", text, waves.triangle(phase), embedding, target, moments)


def _walk(spec, pace, plane):
    count = round(pace * 8.0 * spec.sample_rate)
    phase = _phase(PITCH, count, spec)
    embedding = plane.walk(np.linspace(0, len(plane.names), count))
    target = _settled(_target(phase, embedding, plane), [0], spec)
    moments = tuple(pace * (2 * i + 1) for i in range(4))
    text = f"once around the edges, {PITCH:g} Hz"
    return Example("walk", text, waves.triangle(phase), embedding, target, moments)


def _modulated(spec, pace, plane):
    count = round(pace * 6.0 * spec.sample_rate)
    low, high = MODULATION
    turn = 2 * np.pi * _phase(low * (high / low) ** np.linspace(0, 1, count), count, spec)
    embedding = np.column_stack([np.cos(turn), np.sin(turn)])
    phase = _phase(PITCH, count, spec)
    target = _settled(_target(phase, embedding, plane), [0], spec)
    text = f"the embedding on a circle, {low:g} to {high:g} Hz, under {PITCH:g} Hz"
    moments = tuple(pace * second for second in (0.5, 2, 4, 5.5))
    return Example("modulated", text, waves.triangle(phase), embedding, target, moments)


def _rough(spec, pace, plane):
    """Inputs that no triangle prepares for, each at all corners in turn."""
    corners = len(plane.names)
    each = round(pace * 1.2 * spec.sample_rate) // corners * corners
    rng, phase = np.random.default_rng(1), _phase(PITCH, each, spec)
    limit = -spec.number_format.min / spec.number_format.one  # 8.0 in Q4.12
    hold = max(each // 60, 1)  # 20 ms at full pace
    steps = np.repeat(rng.uniform(-limit, limit, each // hold + 1), hold)[:each]
    inputs = [waves.ramp(phase), waves.square(phase), np.zeros(each), steps,
              rng.uniform(-1, 1, each), np.zeros(each)]  # fmt: skip
    embedding = plane.walk(
        np.tile(np.repeat(np.arange(float(corners)), each // corners), len(inputs))
    )
    text = "ramp, square, silence, full-scale steps, white noise, silence, each at all corners"
    wave = np.concatenate(inputs)
    moments = tuple(pace * 1.2 * (i + 0.55) for i in (0, 1, 3, 4))
    return Example("rough", text, wave, embedding, np.full(len(wave), np.nan), moments)


def _phrase(spec, pace, plane):
    """Legato notes; the embedding falls from bright to dull corners with each of them."""
    notes = PHRASE[: max(round(pace * len(PHRASE)), 4)]
    each = round(SIXTEENTH * spec.sample_rate)
    count = len(notes) * each
    starts = [i for i, note in enumerate(notes) if note is not None]
    pitch, since = np.empty(count), np.empty(count)
    for first, last in pairwise([*starts, len(notes)]):
        span = slice(first * each, last * each)
        pitch[span] = PITCH * 2 ** (notes[first] / 12)
        since[span] = np.arange(span.stop - span.start) / spec.sample_rate
    # Even notes fall from the second corner to the first, odd ones from the third to the fourth.
    bright = np.exp(-since / DECAY)
    number = np.cumsum([note is not None for note in notes]) - 1  # of the note that sounds
    side = np.repeat(number % 2, each)
    embedding = plane.walk(np.where(side == 0, bright, 3 - bright))
    phase, attack = _phase(pitch, count, spec), round(ATTACK * spec.sample_rate)
    for start in (i * each for i in starts[1:]):  # straight from where the last note has come to
        part, span = np.arange(attack)[:, None] / attack, slice(start, start + attack)
        embedding[span] = embedding[start - 1] * (1 - part) + embedding[span] * part
    target = _settled(_target(phase, embedding, plane), [0], spec)
    moments = tuple((starts[round(i * (len(starts) - 1) / 3)] + 0.2) * SIXTEENTH for i in range(4))
    text = f"{len(starts)} notes at 120 beats a minute, an envelope on the embedding"
    return Example("phrase", text, waves.triangle(phase), embedding, target, moments)


def figures(example, output, sample_rate):
    """Numbers of a rendered example: dict of peak, rms, dc, steps above CLICK a second, the largest
    step, the spectrum's centroid in Hz, dB above 20 kHz against all, ESR in dB or None."""
    energy = np.abs(np.fft.rfft(output - output.mean())) ** 2
    total = energy.sum() or 1.0  # of a net that is silent
    hertz = np.fft.rfftfreq(len(output), 1 / sample_rate)
    steps = np.abs(np.diff(output))
    wanted = np.isfinite(example.target)
    with np.errstate(divide="ignore"):
        ultrasonic = 10 * np.log10(energy[hertz > 20_000].sum() / total)
    return {
        "peak": float(np.abs(output).max()),
        "rms": float(np.sqrt(np.mean(output**2))),
        "dc": float(output.mean()),
        "clicks": float(np.count_nonzero(steps > CLICK) / (len(output) / sample_rate)),
        "step": float(steps.max()),
        "centroid": float((energy * hertz).sum() / total),
        "ultrasonic": float(ultrasonic),
        "esr": esr_db(output[wanted], example.target[wanted]) if wanted.any() else None,
    }
