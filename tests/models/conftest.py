# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What several tests of this room share."""

from pathlib import Path

import pytest


@pytest.fixture
def zoo():
    """Path of the committed model."""
    return Path(__file__).resolve().parents[2] / "models" / "zoo" / "waveshaper.npz"
