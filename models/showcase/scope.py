# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Pictures of sound: what went in, what came out, what was wanted."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)
import numpy as np  # noqa: E402

from models.files import write_picture  # noqa: E402
from models.reference import Reference  # noqa: E402
from models.sound import waves  # noqa: E402
from models.sound.plane import of_model  # noqa: E402

OUTPUT, TARGET, INPUT = "tab:blue", "tab:orange", "0.45"


def overview(path, sample_rate, wave, output, takes, target=None, pitch=None, title=""):
    """Input, embedding, output (and target) over time; below, one period of each take, zoomed.

    wave, output, target: float [n], aligned
    takes: list of (name, (e0, e1), start, stop), in samples
    pitch: Hz, the zoom's period; default: the zoom shows 5 ms, without a target beside the input
    """
    figure = plt.figure(figsize=(12, 8.5), constrained_layout=True)
    grid = figure.add_gridspec(4, len(takes), height_ratios=[1, 0.8, 1.4, 2])
    milliseconds = np.arange(len(wave)) / sample_rate * 1e3

    above = figure.add_subplot(grid[0, :])
    above.plot(milliseconds, wave, color=INPUT, linewidth=0.8)
    above.set(ylabel="input", title=title)
    embedding = figure.add_subplot(grid[1, :], sharex=above)
    points = np.zeros((len(wave), 2))
    for _, point, start, stop in takes:
        points[start:stop] = point
    embedding.plot(milliseconds, points[:, 0], label="e0")
    embedding.plot(milliseconds, points[:, 1], label="e1", linestyle="--")
    embedding.set(ylabel="embedding", ylim=(-1.3, 1.3))
    embedding.legend(loc="lower left", ncols=2, fontsize="small")
    below = figure.add_subplot(grid[2, :], sharex=above)
    if target is not None:
        below.plot(milliseconds, target, color=TARGET, linewidth=0.8, label="target")
    below.plot(milliseconds, output, color=OUTPUT, linewidth=0.8, label="output")
    below.set(ylabel="output", xlabel="ms", xlim=(0, milliseconds[-1]))
    below.legend(loc="lower left", ncols=2, fontsize="small")

    period = round(sample_rate / pitch) if pitch else round(5e-3 * sample_rate)
    zooms = []
    for column, (name, point, start, stop) in enumerate(takes):
        axes = figure.add_subplot(grid[3, column])
        # The last whole period of the take, counted from the start, so that all show one phase.
        last = (stop // period - 1) * period if pitch else stop - period
        view = slice(max(start, last), max(start, last) + period)
        if target is not None:
            axes.plot(milliseconds[view], target[view], color=TARGET, linewidth=2)
        else:
            axes.plot(milliseconds[view], wave[view], color=INPUT, linewidth=1)
        axes.plot(milliseconds[view], output[view], color=OUTPUT, linewidth=1)
        axes.set(title=f"{name} ({point[0]:g}, {point[1]:g})", xlabel="ms")
        zooms.append(axes)
        if column:
            axes.set_yticklabels([])
    drawn = [line.get_ydata() for axes in zooms for line in axes.lines]
    limit = max(1.6, *(1.05 * np.nanmax(np.abs(values), initial=0) for values in drawn))
    for axes in zooms:
        axes.set_ylim(-limit, limit)
    _save(figure, path)


def embedding_grid(path, model, pitch=220.0, points=9):
    """One period of the net's output at points x points places of the embedding plane.

    Computed by the integer reference: the words that the hardware plays.
    """
    spec = model.spec
    period = round(spec.sample_rate / pitch)
    count = spec.receptive_field + 2 * period
    phase = waves.phase(pitch, spec.sample_rate, count)
    frames = np.zeros((count, spec.in_channels), np.int64)
    frames[:, 0] = spec.number_format.from_float(waves.triangle(phase))
    start = count - period - round(phase[count - period] * period)
    figure, axes = plt.subplots(points, points, figsize=(11, 11), sharex=True, sharey=True)
    values = np.linspace(-1, 1, points)
    named = {}  # (row, column) of the cell that is nearest to a wave's place
    for name, at in of_model(model).corners.items():
        column, row = (int(np.abs(values - x).argmin()) for x in at)
        named[points - 1 - row, column] = name
    for row, e1 in enumerate(values[::-1]):
        for column, e0 in enumerate(values):
            frames[:, 1:3] = spec.number_format.from_float((e0, e1))
            words = Reference(model).run(frames)[start : start + period, 0]
            cell = axes[row, column]
            cell.plot(spec.number_format.to_float(words), color=OUTPUT, linewidth=1)
            cell.set(xticks=[], yticks=[], ylim=(-1.5, 1.5))
            if (row, column) in named:
                cell.set_title(named[row, column], fontsize="small")
            if row == points - 1:
                cell.set_xlabel(f"e0 = {e0:g}", fontsize="small")
            if column == 0:
                cell.set_ylabel(f"e1 = {e1:g}", fontsize="small")
    figure.suptitle(f"{spec.name}: one period at {pitch:g} Hz over the embedding plane")
    figure.tight_layout()
    _save(figure, path)


def _save(figure, path):
    write_picture(path, figure, dpi=110)
    plt.close(figure)
