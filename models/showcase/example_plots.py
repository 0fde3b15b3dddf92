# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A picture of a rendered example: embedding, spectrogram, and the scope at some moments."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)
import numpy as np  # noqa: E402

from models.files import write_picture  # noqa: E402
from models.showcase import scope  # noqa: E402

SCOPE_SECONDS = 0.02
SPECTRUM_SECONDS = 0.02  # a column of the spectrogram
COLUMNS = 1200  # of a curve over the whole sound


def draw(path, example, output, sample_rate):
    """output: float [n], the net's answer to the Example."""
    figure = plt.figure(figsize=(13, 9), constrained_layout=True)
    grid = figure.add_gridspec(3, len(example.moments), height_ratios=[0.7, 2, 1.6])
    seconds = np.arange(len(output)) / sample_rate
    axes = figure.add_subplot(grid[0, :])
    for channel in (0, 1):
        low, high = _outline(example.embedding[:, channel])
        times = np.linspace(0, seconds[-1], len(low))
        axes.fill_between(times, low - 0.015, high + 0.015, label=f"e{channel}", alpha=0.7)
    axes.set(ylabel="embedding", ylim=(-1.2, 1.2), xlim=(0, seconds[-1]))
    axes.legend(loc="upper right", fontsize="small", ncols=2)
    axes.set_title(f"{example.name}: {example.text}")

    axes = figure.add_subplot(grid[1, :])
    length = 2 ** round(np.log2(SPECTRUM_SECONDS * sample_rate))
    length = min(length, len(output) // 4)
    floor = np.random.default_rng(0).normal(0, 1e-7, len(output))  # silence has no logarithm
    *_, image = axes.specgram(
        output + floor, NFFT=length, Fs=sample_rate, noverlap=length // 2, vmin=-130, vmax=-30
    )
    top = min(20_000, sample_rate / 2)
    axes.set(ylabel="Hz", xlabel="s", ylim=(0, top), xlim=(0, seconds[-1]))
    figure.colorbar(image, ax=axes, label="dB / Hz", pad=0.01)

    for column, moment in enumerate(example.moments):
        first = max(round((moment - SCOPE_SECONDS / 2) * sample_rate), 0)
        view = slice(first, first + round(SCOPE_SECONDS * sample_rate))
        axes = figure.add_subplot(grid[2, column])
        axes.plot(
            seconds[view], example.wave[view], color=scope.INPUT, linewidth=0.8, label="input"
        )
        target = example.target[view]
        if np.isfinite(target).any():
            axes.plot(seconds[view], target, color=scope.TARGET, linewidth=2, label="target")
        else:
            for channel in (0, 1):
                point, style = example.embedding[view, channel], ("-", "--")[channel]
                axes.plot(seconds[view], point, style, color="tab:green", linewidth=0.6,
                          label=f"e{channel}")  # fmt: skip
        axes.plot(seconds[view], output[view], color=scope.OUTPUT, linewidth=1, label="output")
        axes.set(xlabel="s", title=f"{moment:.2f} s")
        axes.grid(alpha=0.3)
        if column == 0:
            axes.legend(loc="lower left", fontsize="small")
    write_picture(path, figure, dpi=100)
    plt.close(figure)


def _outline(signal):
    """Least and largest values of COLUMNS pieces of a signal that may be faster than a picture."""
    pieces = np.array_split(signal, min(COLUMNS, len(signal)))
    return tuple(np.array([extreme(piece) for piece in pieces]) for extreme in (np.min, np.max))
