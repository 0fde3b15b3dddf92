"""How to train: all that, with the versions of the packages, decides the result on one machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """batch:   examples a step
    outputs:    loss samples an example; its input is receptive_field-1 longer, so that no loss
                falls on a history that is not there
    rate:       first learning rate, from which half a cosine leads to 0
    edges:      share of the synthetic examples that lie on an edge of the plane, not in a corner
    slope:      weight in the loss of the mean squared error of the steps from sample to sample
    spectral:   weight in the loss of the multi-resolution STFT distance (loss.py)
    check_every: steps between two measurements on the fixed set
    patience:   checks without a better one after which the training ends
    """

    steps: int = 80_000
    batch: int = 24
    outputs: int = 512
    rate: float = 4e-3
    edges: float = 0.5
    slope: float = 0.0
    spectral: float = 0.0
    seed: int = 1
    check_every: int = 1000
    patience: int = 30


RECIPES = {
    "waveshaper": Recipe(),
    "original": Recipe(),
    "original_24k": Recipe(steps=60_000, outputs=256),
    # With other seeds more of its 4 channels die.
    "mcu": Recipe(seed=2),
    "po2": Recipe(),
    "reuse": Recipe(),
    # An 85F's worth of net: an hour and a half of two cores.
    "wide": Recipe(steps=30_000, batch=12, rate=2e-3, check_every=500),
}


def recipe_of(name):
    """The Recipe of a topology of this name."""
    return RECIPES[name]
