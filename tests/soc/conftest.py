# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The firmware's load on a small net, compiled for this machine once."""

import pytest

from tests.support.soc import small_board
from tests.support.soc.load_runs import Board


@pytest.fixture(scope="session")
def compiled_board(tmp_path_factory):
    return Board(tmp_path_factory.mktemp("load"), small_board.FIRST, small_board.FOLDING)


@pytest.fixture
def board(compiled_board):
    small_board.reset(compiled_board)
    return compiled_board
