# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a player meets, as text for a terminal and as tables of docs/quality.md."""

import numpy as np

from models.quality.evaluation import ALIAS_PITCHES, BANDS
from models.quality.pages import head, row
from models.quality.player import BREAKS, LEVELS, NOISES, TONES


def text(evaluation):
    """Lines for a terminal."""
    met, takes, names = evaluation.met, evaluation.integers, evaluation.plane.names
    rate = evaluation.model.spec.sample_rate
    wide = max(15, *(len(place) + 1 for place in evaluation.places))
    yield f"{'ESR by band':{wide}}" + "".join(f"{band:>12}" for band in BANDS)
    for place in evaluation.places:
        levels = (takes.pooled(place, pitches) for pitches in BANDS.values())
        yield f"{place:{wide}}" + "".join(f"{level:9.2f} dB" for level in levels)
    distances = [_distance(evaluation, pitches) for pitches in BANDS.values()]
    cells = "".join(f"{convergence:12.3f}" for convergence, _ in distances)
    yield f"{'STFT distance':{wide}}{cells}   spectral convergence, mean of the corners"
    yield ""
    yield f"{'ESR, 30-1000 Hz':28}" + "".join(f"{name:>12}" for name in names)
    rows = {
        **{f"{n} with {lsb} LSB of noise": v for (n, lsb), v in met.noise.items()},
        **{f"level {level:g}": values for level, values in met.level.items()},
    }
    for name, values in rows.items():
        yield f"{name:28}" + "".join(f"{values[corner]:9.2f} dB" for corner in names)
    idle = "".join(f"{met.idle[name]:8.1f} LSB" for name in names)
    yield f"{'silent wave, 1 LSB of noise':28}{idle}"
    yield ""
    broken = ", ".join(f"{kind} {met.breaks[kind][0]:.2f}" for kind in BREAKS)
    yield f"peak where a wave of 1.0 {broken}"
    samples = met.breaks["ends"][1]
    yield f"at rest {samples} samples ({samples / rate * 1e3:.2f} ms) after a wave has ended"
    foreign = ", ".join(f"{n} {peak:.2f} ({at:.1%})" for n, (peak, at) in met.foreign.items())
    yield f"peak, and share at the ends of the number format: {foreign}"
    if met.thd:
        tones = ", ".join(f"{hertz:g} Hz {level:.1f} dB" for hertz, level in met.thd.items())
        yield f"THD+N at the sine corner: {tones}"
    aliases = ", ".join(
        f"{hertz:g} Hz {level:.1f} dB" for hertz, level in evaluation.aliases.items()
    )
    yield f"alias to signal, {names[0]} corner, {rate} Hz: {aliases}"


def _distance(evaluation, pitches):
    rate, takes = evaluation.model.spec.sample_rate, evaluation.integers
    found = [takes.stft(name, rate, pitches) for name in evaluation.plane.names]
    return np.mean(found, axis=0)


def _corners(values):
    return " / ".join(f"{value:.1f}" for value in values)


def tables(evaluations, name_of):
    """Markdown lines: a row a model; name_of: function of an evaluation."""
    yield "By band of pitch, ESR in dB at the corners in the order of the net's waves, integers:"
    yield ""
    yield from head(["net", *BANDS, "STFT distance by band"])
    for evaluation in evaluations:
        takes, names = evaluation.integers, evaluation.plane.names
        cells = [_corners(takes.pooled(n, pitches) for n in names) for pitches in BANDS.values()]
        distances = [_distance(evaluation, pitches)[0] for pitches in BANDS.values()]
        yield row([name_of(evaluation), *cells, " / ".join(f"{x:.3f}" for x in distances)])
    yield ""
    yield "With noise (LSB, each sample anew) and a level that is off, worst corner, ESR in dB:"
    yield ""
    noises = [f"{lsb} on the embedding" for lsb in NOISES]
    noises += [f"{lsb} on the wave" for lsb in NOISES if lsb]
    yield from head(["net", *noises, *(f"level {level:g}" for level in LEVELS), "idle noise"])
    for evaluation in evaluations:
        met = evaluation.met
        levels = (max(v.values()) for v in (*met.noise.values(), *met.level.values()))
        idle = f"{max(met.idle.values()):.1f} LSB"
        yield row([name_of(evaluation), *(f"{level:.1f}" for level in levels), idle])
    yield ""
    yield "Peak where a wave begins, ends or changes, 55 to 700 Hz, any corner, five phases:"
    yield ""
    yield from head(["net", *BREAKS, "at rest after its end"])
    for evaluation in evaluations:
        met, rate = evaluation.met, evaluation.model.spec.sample_rate
        peaks = (f"{met.breaks[kind][0]:.2f}" for kind in BREAKS)
        yield row([name_of(evaluation), *peaks, f"{met.breaks['ends'][1] / rate * 1e3:.2f} ms"])
    yield ""
    yield "Inputs that are no triangle: peak, and share of the output at the format's ends:"
    yield ""
    yield from head(["net", *evaluations[0].met.foreign])
    for evaluation in evaluations:
        cells = (f"{peak:.2f}, {at:.1%}" for peak, at in evaluation.met.foreign.values())
        yield row([name_of(evaluation), *cells])
    yield ""
    yield "THD+N at the sine corner, aliases at the first corner and the net's own rate, dB:"
    yield ""
    aliases = [f"alias, {hertz:g} Hz" for hertz in ALIAS_PITCHES]
    yield from head(["net", *(f"THD+N, {hertz:g} Hz" for hertz in TONES), *aliases])
    for evaluation in evaluations:
        thd = evaluation.met.thd
        tones = [f"{thd[hertz]:.1f}" if thd else "no sine" for hertz in TONES]
        cells = (f"{level:.1f}" for level in evaluation.aliases.values())
        yield row([name_of(evaluation), *tones, *cells])
