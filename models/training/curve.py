"""The learning curve of a training as a picture."""

import numpy as np


def draw(name, history, path):
    """PNG: the check in dB over the steps, the best marked. history: list of (step, loss)."""
    from matplotlib.figure import Figure

    steps, losses = np.array(history, float).T
    checks = 10 * np.log10(losses)
    best = int(np.argmin(checks))
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(steps, checks, linewidth=1)
    axes.plot(steps[best], checks[best], "o", color="black")
    axes.annotate(
        f"{checks[best]:.1f} dB",
        (steps[best], checks[best]),
        xytext=(0, 8),
        textcoords="offset points",
        ha="right",
    )
    axes.set(
        title=f"{name}: mean squared error on the fixed examples",
        xlabel="step",
        ylabel="dB of full wave",
    )
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
