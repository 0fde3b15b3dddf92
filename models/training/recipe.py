"""How to train: all that, with the versions of the packages, decides the result on one machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """batch:   examples a step
    outputs:    loss samples an example; its input is receptive_field-1 longer, so that no loss
                falls on a history that is not there
    rate:       first learning rate, from which half a cosine leads to 0
    edges:      share of the synthetic examples that lie on an edge of the embedding plane
    inside:     share of them that lie inside the plane; the others are corners
    jumping:    share of the windows of Gauss-Newton steps in which the embedding jumps
    sharp:      share of the windows drawn more often the shorter the wave's last turn is ago
    beyond:     factor by which the synthetic pitches go beyond waves.PITCH_RANGE at either end
    slope:      weight in the loss of the mean squared error of the steps from sample to sample
    spectral:   weight in the loss of the multi-resolution STFT distance (loss.py)
    check_every: steps between two measurements on the fixed set
    patience:   checks without a better one after which the training ends
    polish:     Gauss-Newton steps on the best net that gradient descent found
    windows:    single outputs a Gauss-Newton step
    blocks:     narrow nets to begin with, each trained alone by the recipe `block` (blocks.py)
    held_by:    indices of the layers that hold them
    trunk:      indices of the layers that go on from there, as a net of their own (trunk.py)
    trunk_steps: truncated Gauss-Newton steps of these, before they are rounded
    """

    steps: int = 20_000
    batch: int = 24
    outputs: int = 512
    rate: float = 4e-3
    edges: float = 0.4
    inside: float = 0.2
    jumping: float = 0.005
    sharp: float = 0.0
    beyond: float = 1.0
    slope: float = 0.0
    spectral: float = 0.0
    seed: int = 1
    check_every: int = 1000
    patience: int = 30
    polish: int = 200
    windows: int = 32_768
    blocks: int = 0
    held_by: tuple[int, ...] = ()
    trunk: tuple[int, ...] = ()
    trunk_steps: int = 0
    block: "Recipe | None" = None


RECIPES = {
    "waveshaper": Recipe(),
    "original": Recipe(),
    "original_24k": Recipe(outputs=256),
    "mcu": Recipe(),
    "po2": Recipe(windows=65_536, sharp=0.5),
    "reuse": Recipe(windows=16_384),
    # An 85F's worth of net, too large for Gauss-Newton steps as a whole.
    "wide": Recipe(
        steps=0,
        polish=0,
        windows=262_144,
        edges=0.35,
        inside=0.15,
        jumping=0,
        sharp=0.5,
        beyond=1.1,
        blocks=4,
        held_by=(2, 3, 4),
        trunk=(2, 3, 4, 5),
        trunk_steps=50,
        block=Recipe(steps=10_000, polish=60, jumping=0, beyond=1.1),
    ),
}


def recipe_of(name):
    """The Recipe of a topology of this name."""
    return RECIPES[name]
