# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the commands that load TensorFlow say: nothing of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ["train", "original", "--steps", "1", "--polish", "1", "--batch", "1", "-o", "net.npz"]


def run(arguments, folder, **settings):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=500,
        cwd=folder,
        env=environment,
    )


def test_training_prints_its_own_progress_only(tmp_path):
    result = run(["-m", "models", *TRAIN], tmp_path, TF_CPP_MIN_LOG_LEVEL=None)
    assert result.returncode == 0, result.stderr
    shown = [line for line in result.stderr.replace("\r", "\n").split("\n") if line]
    assert [line for line in shown if not line.startswith("original")] == []


@pytest.mark.parametrize("level, count", [(None, 0), ("0", 1)])
def test_notes_are_shown_to_who_asks_for_them(level, count, tmp_path):
    script = (
        "from models.commands import tensorflow\n"
        "with tensorflow.quiet():\n"
        "    import os; os.write(2, b'a note\\n')\n"
        "os.write(2, b'later\\n')\n"
    )
    result = run(["-c", script], tmp_path, TF_CPP_MIN_LOG_LEVEL=level)
    assert result.stderr == "a note\n" * count + "later\n"


def test_an_import_that_fails_shows_its_notes(tmp_path):
    script = (
        "from models.commands import tensorflow\n"
        "with tensorflow.quiet():\n"
        "    import os; os.write(2, b'a note\\n')\n"
        "    raise ImportError('broken')\n"
    )
    result = run(["-c", script], tmp_path, TF_CPP_MIN_LOG_LEVEL=None)
    assert result.stderr.startswith("a note\n") and "ImportError: broken" in result.stderr
