# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The demo's folder: whole or as it was, with the one before it beside it."""

import re

import numpy as np
import pytest

import build
from boards.targets.output import replaced, summary
from boards.targets.simulation import say_cut
from tests.support.soc.command_line import run_main


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def write(folder, **files):
    with replaced(folder) as partial:
        for name, text in files.items():
            (partial / name).write_text(text)


def test_the_last_ones_files_are_kept_and_the_users_own_stay(tmp_path):
    folder = tmp_path / "out" / "demo"
    write(folder, a="1", b="1")
    assert summary(folder) == f"written to {folder}: a, b"
    (folder / "own").write_text("mine")
    write(folder, a="2", b="2")
    assert contents(folder.parent) == {
        **{"demo/a": "2", "demo/b": "2", "demo/own": "mine"},
        **{"demo.previous/a": "1", "demo.previous/b": "1"},
    }
    assert summary(folder).endswith(f"; the one before: {folder}.previous")
    write(folder, a="3")
    assert contents(folder.parent) == {
        **{"demo/a": "3", "demo/b": "2", "demo/own": "mine"},
        "demo.previous/a": "2",
    }
    assert folder.stat().st_mode & 0o777 == (tmp_path / "out").stat().st_mode & 0o777


def test_a_run_that_fails_changes_nothing(tmp_path):
    folder = tmp_path / "demo"
    write(folder, a="1")
    for error in (OSError, KeyboardInterrupt):
        with pytest.raises(error), replaced(folder) as partial:
            (partial / "a").write_text("half")
            raise error
    assert contents(tmp_path) == {"demo/a": "1"}


def test_a_recording_that_is_cut_is_told(capsys):
    sound = np.zeros((300, 1))
    for count in (None, 300, 400):
        say_cut("a.wav", sound, count, 100, "as --duration says")
    say_cut(None, None, 5, 100, "as --duration says")
    assert capsys.readouterr().out == ""
    say_cut("a.wav", sound, 50, 100, "as --duration says")
    said = "a.wav: only the first 0.5 of 3 s play, as --duration says\n"
    assert capsys.readouterr().out == said


def test_what_the_demo_removes_is_not_its_input(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("boards.targets.simulation.OUT", tmp_path / "demo")
    path = tmp_path / "demo.previous" / "output.wav"
    monkeypatch.setattr("sys.argv", ["build.py", "--demo", "--wav-in", str(path)])
    status, out, err = run_main(lambda argv: build.main(), [], capsys)
    assert (status, out) == (2, "")
    assert re.fullmatch(
        rf"build.py: --wav-in must be outside of the folder that the demo removes, got {path}\n",
        err,
    )
