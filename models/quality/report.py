# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""An evaluation as text for a terminal, and as the tables of docs/quality.md."""

import numpy as np

from models.quality import player_report
from models.quality.evaluation import (
    CIRCLES,
    DEFINITION,
    PITCHES,
    TRAINED,
)
from models.quality.pages import head, row
from models.sound import spectra
from models.sound.plane import of_model


def text(evaluation):
    """Lines for a terminal."""
    spec = evaluation.model.spec
    yield (
        f"{spec.name}: {spec.parameters} parameters, {spec.macs_per_sample} multiplications a "
        f"sample, {spec.sample_rate} Hz, sees {spec.receptive_field} samples"
    )
    yield ""
    columns = {"integers": evaluation.integers, "float": evaluation.floats}
    if evaluation.qkeras:
        columns["QKeras"] = evaluation.qkeras
    names = "".join(f"{name:>10}" for name in columns)
    wide = max(15, *(len(place) + 1 for place in evaluation.places))
    yield f"{'ESR, 30-1000 Hz':{wide}}{names}   STFT distance"
    for place in evaluation.places:
        cells = "".join(f"{takes.pooled(place):7.2f} dB" for takes in columns.values())
        convergence, decibels = evaluation.integers.stft(place, spec.sample_rate)
        yield f"{place:{wide}}{cells}  {convergence:6.3f} {decibels:6.2f} dB"
    yield ""
    yield f"{'ESR by Hz':{wide}}" + "".join(f"{pitch:6.0f}" for pitch in PITCHES)
    for place in evaluation.places:
        levels = (evaluation.integers.esr(place, pitch) for pitch in PITCHES)
        cells = ("  null" if np.isnan(level) else f"{level:6.1f}" for level in levels)
        yield f"{place:{wide}}" + "".join(cells)
    yield ""
    yield from _facts(evaluation)
    yield ""
    yield from player_report.text(evaluation)
    yield ""
    yield f"{'input, then silence':20} {'peak':>6} {'clipped':>8} {'settles in':>13}  returns"
    for name, found in evaluation.excitations.items():
        yield (
            f"{name:20} {found.peak:6.2f} {found.saturated:8.2%} "
            f"{found.settles:5d} samples  {'yes' if found.returned else 'NO'}"
        )
    yield ""
    yield DEFINITION
    if not _left_out(evaluation):
        yield "(this file does not say that its training left these pitches out)"
    yield "float: the same weights, signals in float64 and not rounded"


def _facts(evaluation):
    differs = evaluation.qkeras_differs
    if differs is not None:
        equal = "equal" if differs == 0 else f"{differs} DIFFER"
        yield f"QKeras in float64 against the integers: {evaluation.values} values, {equal}"
    pitch = _alias_pitch(evaluation.model.spec)
    for rate, (floats, integers) in evaluation.alias.items():
        yield (
            f"alias to signal, {evaluation.plane.names[0]} corner, {pitch:.0f} Hz, clocked at "
            f"{rate} Hz: {floats:.1f} dB; with rounding noise {integers:.1f} dB"
        )
    levels = ", ".join(f"{hertz} Hz {level:.1f} dB" for hertz, level in evaluation.circling.items())
    yield f"ESR with the embedding on a circle: {levels}"
    still = evaluation.still
    yield (
        f"input stands still: output ripples by {still.ripple} LSB; inputs that wander by 1 LSB "
        f"make at most {still.hiss:.1f} LSB RMS"
    )
    noted = noted_cost(evaluation.model)
    if noted is not None:
        yield f"quantised minus float before quantisation, as trained, at worst: {noted:+.2f} dB"


def _left_out(evaluation):
    """Whether the file says that its training drew none of PITCHES."""
    return "HELD_OUT" in str(evaluation.model.meta.get("data"))


def _name(evaluation):
    return evaluation.model.spec.name + ("" if _left_out(evaluation) else " \\*")


def _alias_pitch(spec):
    count, periods = spectra.alias_tone(spec.sample_rate)
    return periods * spec.sample_rate / count


def noted_cost(model):
    """Largest ESR of the integers minus that of the float net as training noted both, in dB over
    the corners; None where the file does not tell."""
    integers, floats = (model.meta.get(key) for key in ("esr_db_integer", "esr_db_float"))
    try:
        return max(float(integers[name]) - float(floats[name]) for name in of_model(model).names)
    except (TypeError, KeyError, ValueError):
        return None


def tables(evaluations, command):
    """Markdown lines: a row a model."""
    yield f"Made by `{command}`."
    yield ""
    yield f"ESR in dB over the {len(TRAINED)} held-out pitches in 30-1000 Hz, integers:"
    yield ""
    for number, same in enumerate(_of_one_plane(evaluations)):
        if number:
            yield ""
        yield from head(["net", "rate", "multiplications", *same[0].places])
        yield from map(_places_row, same)
    yield ""
    yield "Worst corner by pitch, ESR in dB, integers (training ends near 1000 Hz):"
    yield ""
    yield from head(["net", *(f"{pitch:.0f} Hz" for pitch in PITCHES)])
    for evaluation in evaluations:
        worst = (
            np.nanmax([evaluation.integers.esr(place, pitch) for place in evaluation.plane.names])
            for pitch in PITCHES
        )
        yield row([_name(evaluation), *(f"{value:.1f}" for value in worst)])
    yield ""
    yield "The same net in three arithmetics, its spectrum, its aliases:"
    yield ""
    yield from head(
        ["net", "integers - float (same weights)", "integers - float (as trained)",
         "QKeras = integers", "STFT distance, corners", "alias at 48 kHz", "alias at 192 kHz"]
    )  # fmt: skip
    for evaluation in evaluations:
        yield row([_name(evaluation), *_arithmetic_cells(evaluation)])
    yield ""
    yield "The embedding on a circle, so many times a second, ESR in dB, integers:"
    yield ""
    yield from head(["net", *(f"{hertz} Hz" for hertz in CIRCLES)])
    for evaluation in evaluations:
        levels = (f"{level:.1f}" for level in evaluation.circling.values())
        yield row([_name(evaluation), *levels])
    yield ""
    yield from player_report.tables(evaluations, _name)
    yield ""
    yield "Input that stands still, and input that is rough:"
    yield ""
    yield from head(
        ["net", "ripple", "hiss", "peak", "clipped words", "settles in", "sees", "returns"]
    )
    for evaluation in evaluations:
        yield row([_name(evaluation), *_stability_cells(evaluation)])
    if not all(map(_left_out, evaluations)):
        yield ""
        yield "\\* The file does not say that its training left these pitches out."


def _of_one_plane(evaluations):
    """Lists of evaluations whose nets make the same waves."""
    groups = []
    for evaluation in evaluations:
        for group in groups:
            if group[0].plane == evaluation.plane:
                group.append(evaluation)
                break
        else:
            groups.append([evaluation])
    return groups


def _places_row(evaluation):
    spec = evaluation.model.spec
    cells = [f"{evaluation.integers.pooled(place):.1f}" for place in evaluation.places]
    rate = f"{spec.sample_rate / 1000:g} kHz"
    return row([_name(evaluation), rate, spec.macs_per_sample, *cells])


def _arithmetic_cells(evaluation):
    integers, floats = evaluation.integers, evaluation.floats
    cost = max(integers.pooled(place) - floats.pooled(place) for place in evaluation.places[:-1])
    noted = noted_cost(evaluation.model)
    differs = evaluation.qkeras_differs
    rate = evaluation.model.spec.sample_rate
    distances = [integers.stft(place, rate) for place in evaluation.plane.names]
    convergence, decibels = (sum(d[i] for d in distances) / len(distances) for i in (0, 1))
    return [
        f"{cost:+.2f} dB",
        "-" if noted is None else f"{noted:+.2f} dB",
        "not run" if differs is None else f"{differs} of {evaluation.values:,} differ",
        f"{convergence:.3f}, {decibels:.1f} dB",
        *(f"{floats:.1f} dB" for floats, _ in evaluation.alias.values()),
    ]


def _stability_cells(evaluation):
    found = evaluation.excitations.values()
    return [
        f"{evaluation.still.ripple} LSB",
        f"{evaluation.still.hiss:.1f} LSB",
        f"{max(one.peak for one in found):.2f}",
        f"{max(one.saturated for one in found):.1%}",
        f"{max(one.settles for one in found)} samples",
        f"{evaluation.model.spec.receptive_field} samples",
        "always" if all(one.returned for one in found) else "NOT always",
    ]
