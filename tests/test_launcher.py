# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Command lines started by a Python that is not the project's: they go on in .venv, or say how."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from models import launcher
from tests.test_architecture import OURS, imports_of

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "build.py": ("build.py", "make setup"),
    "-m models": ("python3 -m models: error", "make setup"),
    "-m soc": ("python3 -m soc: error", "make setup"),
    "-m tests.bench": ("python3 -m tests.bench: error", "soc/flow/setup.sh demo test"),
}
STARTS = {
    "build.py": launcher.BUILD,
    "models/__main__.py": launcher.MODELS,
    "soc/__main__.py": launcher.SOC,
    "tests/bench/__main__.py": launcher.BENCH,
}
# Of groups that are installed on demand, by commands that name what is missing.
ON_DEMAND = {"liteeth", "litescope", "scipy", *launcher.TRAINING}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Python without packages."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True, timeout=120)
    return folder / "bin" / "python"


@pytest.fixture
def clone(tmp_path):
    """The sources in another folder, with a blank in its path, without .venv."""
    folder = tmp_path / "a clone"
    for room in ("models", "soc", "gateware", "boards", "tests/bench", "tests/support"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("*.npz"))
    shutil.copy(ROOT / "build.py", folder)
    return folder


def run(python, words, folder, **settings):
    environment = {**os.environ, **settings}
    return subprocess.run(
        [str(python), *words], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


def fake_venv(folder):
    """A .venv whose Python prints how it was started."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f"#!{sys.executable} -I\n"
        "import json, os, sys\n"
        "names = ('PYTHONPATH', 'PYTHONHOME', 'PYTHONNOUSERSITE')\n"
        "print(json.dumps([sys.argv[1:], {name: os.environ.get(name) for name in names}]))\n"
    )
    python.chmod(0o755)


@pytest.mark.parametrize("command", COMMANDS)
def test_without_venv_one_line_says_what_to_type(command, bare, clone):
    result = run(bare, [*command.split(), "--help"], clone)
    name, install = COMMANDS[command]
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"{name}: numpy not found: run `{install}`\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_it_starts_again_in_venv_with_its_options_and_arguments(command, bare, clone):
    fake_venv(clone)
    words = ["-u", *command.split(), "a b", "--c=*"]
    result = run(bare, words, clone, PYTHONPATH="/none")
    assert result.returncode == 0, result.stderr
    arguments, settings = json.loads(result.stdout)
    assert arguments == words
    assert settings == {"PYTHONPATH": str(clone), "PYTHONHOME": None, "PYTHONNOUSERSITE": "1"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_venv_that_lacks_a_package_says_so_once(command, bare, clone):
    (clone / ".venv").symlink_to(bare.parent.parent)
    for python in (bare, clone / ".venv" / "bin" / "python"):
        result = run(python, command.split(), clone)
        name, install = COMMANDS[command]
        assert result.returncode == 2
        assert result.stderr == f"{name}: numpy not found: run `{install}`\n"


def test_a_venv_whose_python_was_taken_away_counts_as_none(bare, clone):
    folder = clone / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to("/nowhere/python")
    result = run(bare, ["build.py", "--load"], clone)
    assert result.returncode == 2
    assert result.stderr == "build.py: numpy not found: run `make setup`\n"


def test_a_folder_of_a_modules_name_is_not_the_module(clone, monkeypatch):
    (clone / "anywhere").mkdir()
    monkeypatch.syspath_prepend(str(clone))
    with pytest.raises(launcher.MissingError, match="^anywhere not found: run `make setup`$"):
        monkeypatch.setattr(launcher, "VENV", clone / ".venv")
        launcher.need(["anywhere"], "make setup")


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_a_python_that_is_not_supported_counts_as_one_without_packages(version, monkeypatch):
    monkeypatch.setattr(launcher.sys, "version_info", (*version, 0))
    monkeypatch.setattr(launcher, "VENV", Path("/none"))
    message = rf"^Python {version[0]}\.{version[1]} is not supported: run `make setup`$"
    with pytest.raises(launcher.MissingError, match=message):
        launcher.need(["os"], "make setup")


def test_a_real_command_goes_on_in_the_real_venv(bare):
    if not (ROOT / ".venv").exists():
        pytest.fail("no .venv: make test makes it")
    result = run(bare, ["-m", "models", "plan", "waveshaper"], ROOT)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("layer") and result.stderr == ""


def test_the_versions_are_those_of_the_project():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    (_, first), (_, last) = launcher.VERSIONS
    assert wanted == f">=3.{first},<3.{last + 1}"
    setup = (ROOT / "soc" / "flow" / "setup.sh").read_text()
    assert f"(3, {first}) <= sys.version_info[:2] <= (3, {last})" in setup


def third_party(start):
    """Top-level modules of packages that a file imports, by itself or through other files."""
    found, seen, ahead = set(), set(), [start]
    while ahead:
        path = ahead.pop()
        if path in seen:
            continue
        seen.add(path)
        for item in imports_of(ROOT, path):
            name = item.target.replace(".", "/")
            top = item.target.split(".")[0]
            ahead += [
                file for file in (f"{name}.py", f"{name}/__init__.py") if (ROOT / file).is_file()
            ]
            if top not in OURS and top not in sys.stdlib_module_names:
                found.add(top)
    return found


@pytest.mark.parametrize("start, modules", STARTS.items())
def test_all_that_a_command_line_imports_is_looked_for(start, modules):
    assert third_party(start) - ON_DEMAND <= set(modules)


@pytest.mark.parametrize("path", [*STARTS, "models/launcher.py", "models/errors.py"])
def test_an_older_python_can_read_what_it_reads_first(path):
    ast.parse((ROOT / path).read_text(), path, feature_version=(3, 8))
