# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Settings for all tests: the same examples on every run, no time limit a single example."""

import os

import pytest
from hypothesis import settings

from soc import progress

pytest_plugins = ["tests.support.resources"]

# Examples are drawn from a fixed seed, so a red test stays red; the machine's load changes nothing.
settings.register_profile("fixed", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("fixed")

# Read when TensorFlow is imported: no start-up notes; one thread, as the tests share the cores.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def no_progress_on_a_slow_machine(monkeypatch):
    """A command that takes long says how far it is: its stderr would depend on the machine."""
    monkeypatch.setattr(progress, "EVERY_S", float("inf"))
