"""How to train: all that, with the versions of the packages, decides the result on one machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """batch:   examples a step
    outputs:    loss samples an example; its input is receptive_field-1 longer, so that no loss
                falls on a history that is not there
    rate:       first learning rate, from which half a cosine leads to 0
    check_every: steps between two measurements on the fixed set
    """

    steps: int = 80_000
    batch: int = 24
    outputs: int = 512
    rate: float = 4e-3
    seed: int = 1
    check_every: int = 1000
