# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""How to train: all that, with the versions of the packages, decides the result on one machine."""

from dataclasses import dataclass, replace

from models import topologies
from models.sound.waves import PITCH_RANGE
from models.spec import ModelError


@dataclass(frozen=True)
class Recipe:
    """batch:   examples a step
    outputs:    loss samples an example; its input is receptive_field-1 longer, so that no loss
                falls on a history that is not there
    rate:       first learning rate, from which half a cosine leads to 0
    edges:      share of the synthetic examples that lie on an edge of the embedding plane
    inside:     share of them that lie inside the plane; the others are corners
    jumping:    share of the error of Gauss-Newton steps of windows in which the embedding jumps
    modulated:  of windows in which it moves all the time, 20 to 2,500 times a second
    sharp:      share of the windows drawn more often the shorter the wave's last turn is ago
    beyond:     factor by which the synthetic pitches go beyond `pitches` at either end
    pitches:    Hz, the lowest and the highest of the synthetic waves
    below, above: weight of pitches below and above waves.PITCH_RANGE
    broken:     share of the error of Gauss-Newton steps of waves that begin, end, change their
                level or pitch, or jump (shaping.py)
    foreign:    of inputs that are no triangles: sines, noise, steps, silence (shaping.py)
    noise:      LSB, of the normal noise on the embedding of Gauss-Newton steps, at most
    slope:      weight in the loss of the mean squared error of the steps from sample to sample
    spectral:   weight in the loss of the multi-resolution STFT distance (loss.py)
    waves:      the targets, as own_waves.read takes them; none: sine, ramp, square, zigzag
    topology:   name of the shape; "": that of the recipe's own name
    start:      model file of the same shape, or a narrower one, whose weights it begins
                with; "": random ones
    check_every: steps between two measurements on the fixed set
    patience:   checks without a better one after which the training ends
    polish:     Gauss-Newton steps on the best net that gradient descent found
    settling:   share of them, the last, that remember the examples of those before
    fitted:     whether words are rounded one by one in the end, and the others make up for it
    windows:    single outputs a Gauss-Newton step
    curved:     one in so many of them makes its curvature, all make its gradient
    blocks:     narrow nets to begin with, each trained alone by the recipe `block` (blocks.py)
    held_by:    indices of the layers that hold them
    trunk:      indices of the layers that go on from there, as a net of their own (trunk.py)
    before:     how the net is trained first, from whose weights it goes on then
    trunk_steps: truncated Gauss-Newton steps of these, before they are rounded
    """

    steps: int = 20_000
    batch: int = 24
    outputs: int = 512
    rate: float = 4e-3
    edges: float = 0.4
    inside: float = 0.2
    jumping: float = 0.0
    modulated: float = 0.0
    sharp: float = 0.0
    beyond: float = 1.0
    pitches: tuple[float, float] = PITCH_RANGE
    below: float = 1.0
    above: float = 1.0
    broken: float = 0.0
    foreign: float = 0.0
    noise: float = 0.0
    slope: float = 0.0
    spectral: float = 0.0
    waves: tuple[str, ...] = ()
    topology: str = ""
    start: str = ""
    seed: int = 1
    check_every: int = 1000
    patience: int = 30
    polish: int = 200
    settling: float = 0.0
    fitted: bool = False
    windows: int = 32_768
    curved: int = 1
    blocks: int = 0
    held_by: tuple[int, ...] = ()
    trunk: tuple[int, ...] = ()
    trunk_steps: int = 0
    block: "Recipe | None" = None
    before: "Recipe | None" = None


USUAL = Recipe(jumping=0.002, modulated=0.006, polish=300, settling=0.3)
# What an oscillator is played with: every pitch, onsets, noise, inputs of other kinds.
PLAYED = replace(
    USUAL,
    pitches=(16.0, 4200.0),
    below=0.25,
    above=0.12,
    jumping=0.003,
    modulated=0.008,
    broken=0.005,
    foreign=0.003,
    noise=8.0,
    steps=0,
    polish=160,
    settling=0.6,
    curved=4,
    # From random weights at once, gradient descent on all that ended 2 dB higher.
    before=USUAL,
)
RECIPES = {
    "waveshaper": USUAL,
    # waveshaper for an oscillator's whole range.
    "waveshaper_played": replace(PLAYED, topology="waveshaper"),
    "oscillator": PLAYED,
    # What waveshaper may be swapped for while it plays.
    "folds": replace(
        USUAL,
        topology="waveshaper",
        waves=(
            "fold=sin(3*pi/2*tri(t))",
            "saw=0.6*(sin(2*pi*t) + sin(4*pi*t)/2 + sin(6*pi*t)/3)",
            "pulse=1 if tri(t) > 0.5 else -1/3",
            "arc=1.5*(sin(pi*t) - 2/pi)",
        ),
        steps=5000,
        polish=60,
        settling=0.5,
        windows=16_384,
    ),
    "original": replace(USUAL, fitted=True),  # rounded at once its sine loses 0.33 dB
    "original_24k": replace(USUAL, outputs=256),
    # Too small to learn much of what moves; more steps, and such that settle, leave it weights that
    # lean on each other so much that the rounding of its signals costs 0.4 to 1 dB.
    "mcu": replace(USUAL, jumping=0.0005, modulated=0.001, polish=150, settling=0.0, fitted=True),
    "po2": replace(
        USUAL, jumping=0.001, modulated=0.002, polish=200, settling=0.0, windows=65_536, sharp=0.5
    ),
    "reuse": replace(USUAL, windows=16_384),
    # An 85F's worth of net, too large for Gauss-Newton steps as a whole.
    "wide": Recipe(
        steps=0,
        polish=0,
        windows=262_144,
        edges=0.35,
        inside=0.15,
        sharp=0.5,
        beyond=1.1,
        blocks=4,
        held_by=(2, 3, 4),
        trunk=(2, 3, 4, 5),
        trunk_steps=50,
        block=Recipe(steps=10_000, polish=60, beyond=1.1),
    ),
}


def recipe_of(name):
    """The Recipe of this name. Raises ModelError that lists the known names."""
    try:
        return RECIPES[name]
    except KeyError:
        known = ", ".join(sorted(RECIPES))
        raise ModelError(f"net {name!r} is not known; known: {known}") from None


def spec_of(name):
    """The NetworkSpec that the Recipe of this name is for."""
    return replace(topologies.get(recipe_of(name).topology or name), name=name)
