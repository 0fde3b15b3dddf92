# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""A net of a hundred bytes, its two models, and what a Board must show after an upload."""

from models import image
from models.arch.folding import Folding, LayerFolding
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.hdl.nets import random_model
from tests.support.soc.load_runs import reason_in

LAYERS = (Conv1DSpec(3, 4, 2, 2), Conv1DSpec(4, 3, 1, weights="po2", relu=False))
SPEC = NetworkSpec(LAYERS, name="small")
FOLDING = Folding(SPEC, (LayerFolding(LAYERS[0], 2, 3), LayerFolding(LAYERS[1], 3, 2)), 0)
FIRST, OTHER = (random_model(SPEC, seed, 0.3) for seed in (1, 2))
IMAGE = image.pack(OTHER)


def reset(board):
    """Bank 0 plays FIRST, bank 1 holds it too."""
    for bank in range(2):
        addresses, values = board.places(FIRST, bank)
        board.window[addresses] = values
        board.crcs[bank] = image.crc_of(image.pack(FIRST))
    names = ("playing", "owner", "writes", "forbidden", "swaps", "swapped_by_host", "no_clock")
    for name in names:
        board.set(name, 0)
    board.set("under_way", 1)  # as behind a swap: the idle bank is shut until someone has waited


def plays_on(board):
    """Bank 0 plays FIRST as before, nothing else was touched but bank 1; the banks are free."""
    assert (board.get("playing"), board.get("swaps"), board.get("owner")) == (0, 0, 0)
    assert board.get("forbidden") == 0
    assert board.holds(0, FIRST)
    assert not board.window[board.elsewhere].any()
    return True


def refused(board, data):
    """The one line that a refused upload ends with, after the replies."""
    said, left = board.run(data)
    assert left == 0 and plays_on(board)
    return reason_in(said)


def accepted(board, data, model=OTHER):
    said, left = board.run(data)
    assert said.endswith("K\nreported") and left == 0
    assert (board.get("playing"), board.get("swaps"), board.get("owner")) == (1, 1, 0)
    assert board.get("forbidden") == 0
    assert board.holds(1, model)
    assert board.crcs[1] == image.crc_of(image.pack(model))
    return said
