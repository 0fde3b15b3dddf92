# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""soc/flow/setup.sh: what it refuses, in one line, before or instead of installing something."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def clone(tmp_path):
    """What set-up reads, in a folder with a blank in its path."""
    folder = tmp_path / "a clone"
    (folder / "soc" / "flow").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", "soc/flow/setup.sh"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def set_up(folder, *groups, **settings):
    command = [folder / "soc" / "flow" / "setup.sh", *(groups or ["demo"])]
    return subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("version", ["3.10.13", "3.14.0"])
def test_a_python_of_another_version_is_refused(version, clone, tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo Python {version}\n')
    python.chmod(0o755)
    result = set_up(clone, PYTHON=str(python))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"setup: needs Python 3.11 to 3.13, {python} is Python {version}: name one with "
        "PYTHON=/path/to/python3.13\n"
    )
    assert not (clone / ".venv").exists()


def test_a_python_that_is_none_is_refused(clone):
    result = set_up(clone, PYTHON="/nowhere/python")
    assert result.returncode == 2 and result.stderr.count("\n") == 1
    assert "/nowhere/python is no Python" in result.stderr


def test_without_a_network_one_line_says_so(clone):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nothing listens
        address = "http://127.0.0.1:" + str(closed.getsockname()[1])
        result = set_up(
            clone,
            PYTHON=sys.executable,
            PIP_INDEX_URL=address,
            PIP_EXTRA_INDEX_URL="",
            PIP_FIND_LINKS="",
            PIP_CONFIG_FILE=os.devnull,
        )
    first, *rest = result.stderr.splitlines()
    assert result.returncode == 2
    assert first.startswith("setup: making .venv with Python 3.")
    assert rest == [
        "setup: pip cannot reach the package index: is there a network? "
        "(build/setup.log has its words)"
    ]
    assert not (clone / ".venv" / "installed").exists()


def test_blanks_everywhere_are_refused_before_anything_is_made(clone):
    result = set_up(clone, XDG_CACHE_HOME="/a cache")
    assert result.returncode == 2
    assert result.stderr == (
        f"setup: {clone} and /a cache have blanks in their paths: set XDG_CACHE_HOME to one "
        "without\n"
    )
    assert not (clone / ".venv").exists() and not (clone / "build").exists()
