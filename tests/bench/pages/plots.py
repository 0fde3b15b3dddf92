# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The plots of docs/benchmarks.md."""

import matplotlib

from tests.bench.rows import ORIGINAL

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

OURS, THEIRS, WANTED = "#1f6fb4", "#c8500f", "#333333"
GRID = {"color": "#dddddd", "linewidth": 0.6}
ABOVE, BELOW = (6, 2), (6, -9)  # of a point, in points


def draw(measured, folder):
    """Write benchmarks_work.png and benchmarks_fmax.png into `folder`."""
    routed = [m for m in measured if m.best]
    _save(_work(routed), folder / "benchmarks_work.png")
    _save(_fmax(routed), folder / "benchmarks_fmax.png")


def _save(figure, path):
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _work(measured):
    """Useful multiplications per second against what they take, both logarithmic."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), sharey=True, layout="constrained")
    theirs = ORIGINAL.multiplications * ORIGINAL.frames_per_second / 1e9
    kinds = (
        ("multipliers (MULT18X18D)", lambda m: m.used("MULT18X18D"), ORIGINAL.multipliers),
        ("COMB", lambda m: m.used("TRELLIS_COMB"), ORIGINAL.comb),
    )
    for axis, (label, value, original) in zip(axes, kinds):
        for m in measured:
            point = value(m), m.multiplications * m.frames_per_second / 1e9
            axis.plot(*point, "o", color=OURS)
            place = ABOVE if m.row.name in ("wide", "area", "po2") else BELOW  # of close neighbours
            side = "right" if m.row.name == "throughput" else "left"
            place = (-place[0] if side == "right" else place[0], place[1])
            axis.annotate(
                m.row.name, point, xytext=place, textcoords="offset points", fontsize=9, ha=side
            )
        axis.plot(original, theirs, "D", color=THEIRS, markerfacecolor="white")
        axis.annotate(
            "the original design\n(estimated, did not route)",
            (original, theirs),
            xytext=(-6, -8),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=9,
            color=THEIRS,
        )
        axis.set(xscale="log", yscale="log", xlabel=label)
        axis.margins(0.18)
        axis.grid(True, which="both", **GRID)
        axis.set_axisbelow(True)
    axes[0].set_ylabel("useful multiplications per second, 10⁹")
    figure.suptitle(
        "What the multipliers and the logic are made to do, at the Fmax of the best seed"
    )
    return figure


def _fmax(measured):
    """The seeds of each row, and the clock that was asked for."""
    height = 1.3 + 0.42 * len(measured)
    figure, axis = plt.subplots(figsize=(8, height), layout="constrained")
    for place, m in enumerate(measured):
        seeds = [run.fmax for run in m.runs if run.fmax]
        axis.plot(seeds, [place] * len(seeds), "o", color=OURS)
        axis.plot([m.row.clock] * 2, [place - 0.33, place + 0.33], color=WANTED, linewidth=2)
    axis.set_yticks(range(len(measured)), [f"{m.row.name}\n{m.row.device}" for m in measured])
    axis.tick_params(axis="y", labelsize=8)
    axis.invert_yaxis()
    axis.set(xlabel="MHz", xlim=(0, None))
    axis.grid(True, axis="x", **GRID)
    axis.set_axisbelow(True)
    axis.plot([], [], "o", color=OURS, label="a seed, routed")
    axis.plot([], [], "|", color=WANTED, markersize=12, markeredgewidth=2, label="asked for")
    axis.legend(loc="lower left", fontsize=9)
    axis.set_title("Fmax of the core alone")
    return figure
