# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Pictures of an evaluation: waveforms over the plane, spectra, error over pitch."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)
import numpy as np  # noqa: E402

from models.files import write_picture  # noqa: E402
from models.quality.evaluation import PITCHES  # noqa: E402
from models.showcase import scope  # noqa: E402
from models.sound import waves  # noqa: E402

SPECTRUM_PITCH = PITCHES[5]  # 277 Hz: the middle of the trained range
NAMES = ("grid.png", "spectra.png", "pitch.png")


def draw(evaluation, folder):
    """Write NAMES into the folder, which exists."""
    scope.embedding_grid(folder / NAMES[0], evaluation.model)
    spectra(folder / NAMES[1], evaluation)
    error_over_pitch(folder / NAMES[2], evaluation)


def spectra(path, evaluation):
    """Harmonics of output and target at the corners, and what the output has between them."""
    spec, takes = evaluation.model.spec, evaluation.integers
    index = PITCHES.index(SPECTRUM_PITCH)
    names = evaluation.plane.names
    rows = -(-len(names) // 2)
    figure, axes = plt.subplots(
        rows, 2, figsize=(12, 4 * rows), sharex=True, sharey=True, squeeze=False
    )
    for cell in axes.flat[len(names) :]:
        cell.set_axis_off()
    for cell, place in zip(axes.flat, names):
        output, target = takes.outputs[place][index], takes.targets[place][index]
        window = np.hanning(len(target))
        hertz = np.fft.rfftfreq(len(target), 1 / spec.sample_rate)
        levels = [
            20 * np.log10(np.maximum(np.abs(np.fft.rfft(x * window)) * 2 / window.sum(), 1e-6))
            for x in (target, output)
        ]
        cell.plot(hertz / 1e3, levels[1], color="0.75", linewidth=0.6, label="output, whole")
        harmonics = np.arange(SPECTRUM_PITCH, min(20_000, hertz[-1]), SPECTRUM_PITCH)
        bins = np.round(harmonics / hertz[1]).astype(int)[:, None] + [-1, 0, 1]
        styles = (("target", "o", scope.TARGET, 5), ("output", ".", scope.OUTPUT, 4))
        for level, (name, marker, color, size) in zip(levels, styles, strict=True):
            peaks = level[np.minimum(bins, len(level) - 1)].max(axis=1)
            options = {"color": color, "markersize": size, "linestyle": "none"}
            cell.plot(harmonics / 1e3, peaks, marker, label=f"{name}, harmonics", **options)
        esr = takes.esr(place, SPECTRUM_PITCH)
        cell.set(title=f"{place}: ESR {esr:.1f} dB", xlim=(0, 20), ylim=(-90, 6))
        cell.grid(alpha=0.3)
    for cell in axes[:, 0]:
        cell.set_ylabel("dB of amplitude 1.0")
    for cell in axes[-1]:
        cell.set_xlabel("kHz")
    axes[0, 0].legend(fontsize="small", loc="upper right")
    figure.suptitle(f"{spec.name}: spectra at {SPECTRUM_PITCH:.0f} Hz, {spec.sample_rate} Hz")
    _save(figure, path)


def error_over_pitch(path, evaluation):
    """ESR of the integers at the held-out pitches, one line per place."""
    figure, axes = plt.subplots(figsize=(10, 6))
    axes.axvspan(*waves.PITCH_RANGE, color="0.93", label="range of training")
    for place in evaluation.places:
        style = "-" if place in evaluation.plane.names else ":" if place == "centre" else "--"
        values = [evaluation.integers.esr(place, pitch) for pitch in PITCHES]
        axes.plot(PITCHES, values, style, marker="o", markersize=4, label=place)
    ticks = (30, 50, 100, 200, 500, 1000, 2000, 4000)
    axes.set(xscale="log", xlabel="pitch, Hz", ylabel="ESR, dB (lower is better)")
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=2, loc="upper left")
    axes.set_title(f"{evaluation.model.spec.name}: error at pitches that training left out")
    _save(figure, path)


def _save(figure, path):
    figure.tight_layout()
    write_picture(path, figure, dpi=110)
    plt.close(figure)
