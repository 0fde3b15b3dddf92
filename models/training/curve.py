# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The learning curve of a training as a picture."""

import numpy as np

from models.files import write_picture

TITLES = {
    "trunk": "truncated Gauss-Newton steps",
    "descent": "steps of gradient descent",
    "unrounded": "Gauss-Newton, powers of two not yet",
    "polish": "Gauss-Newton steps",
}
FINAL = ("descent", "polish")  # nets that the hardware can play


def draw(name, history, path):
    """PNG: the check in dB over the steps of either kind, the best marked.

    history: {kind: list of (step, loss)} for the kinds in TITLES; one of no steps is left out.
    """
    from matplotlib.figure import Figure

    kinds = [kind for kind in TITLES if len(history[kind]) > 1]
    kinds = kinds or [kind for kind in TITLES if history[kind]]
    figure = Figure(figsize=(3 + 4 * len(kinds), 3.5), layout="constrained")
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    best = min(loss for kind in FINAL for _, loss in history[kind])
    for axes, kind in zip(panels, kinds, strict=True):
        steps, losses = np.array(history[kind], float).T
        axes.plot(steps, 10 * np.log10(losses), linewidth=1)
        if kind in FINAL and best in losses:
            point = steps[list(losses).index(best)], 10 * np.log10(best)
            axes.plot(*point, "o", color="black")
            side = "right" if point[0] > steps.mean() else "left"
            axes.annotate(
                f"{point[1]:.1f} dB", point, (0, -14), textcoords="offset points", ha=side
            )
        axes.margins(y=0.15)
        axes.set(xlabel=TITLES[kind])
        axes.grid(alpha=0.3)
    panels[0].set(ylabel="dB of full wave")
    figure.suptitle(
        f"{name}: mean squared error on the fixed examples, {10 * np.log10(best):.1f} dB in the end"
    )
    write_picture(path, figure, dpi=120)
