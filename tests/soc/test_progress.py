# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Progress where there is no terminal: lines, few, whole, and none where it is quiet."""

import pytest

from soc import progress
from soc.progress import EVERY_S, Progress


@pytest.fixture
def clock(monkeypatch):
    """Sets the time: clock(seconds)."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "EVERY_S", EVERY_S)  # tests/conftest.py has set another
    return lambda seconds: now.__setitem__(0, 100.0 + seconds)


def test_a_bar_in_a_pipe_is_a_line_every_few_seconds(clock, capsys):
    with Progress().bar("simulated", 2.0, "s") as update:
        for tenths in range(121):
            clock(tenths / 10)
            update(tenths / 100)
    assert capsys.readouterr().err == "simulated: 0.500 of 2 s\nsimulated: 1.000 of 2 s\n"
    with Progress().bar("simulated", None, "s") as update:
        clock(20)
        update(0.25)
    assert capsys.readouterr().err == "simulated: 0.250 s\n"


def test_a_step_in_a_pipe_says_how_far_it_is(clock, capsys):
    long = "a long text " * 10
    with Progress().step("Playing") as update:
        update("nothing yet")
        clock(6)
        update(f"[5] of {long}")
        update("not again")
        clock(7)
    assert capsys.readouterr().err == f"Playing ...\nPlaying: [5] of {long}\nPlaying: 7.0 s\n"


def test_quiet(clock, capsys):
    for kind, arguments in (Progress.step, ("a",)), (Progress.bar, ("a", 1.0, "s")):
        with kind(Progress(quiet=True), *arguments) as update:
            clock(60)
            update(0.5)
    assert capsys.readouterr() == ("", "")
