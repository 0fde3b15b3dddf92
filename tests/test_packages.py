# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What the groups of pyproject.toml bring: nothing of SpinalHDL unless it is asked for."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from boards.targets import packages
from soc.flow.toolchain import ToolError
from soc.sim.sim_soc import generate
from tests.support.soc.soc_runs import planned, zoo_model

ROOT = Path(__file__).resolve().parent.parent
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
SPINAL = re.compile(rb"SpinalHDL|VexRiscv|NaxRiscv|VexiiRiscv", re.IGNORECASE)


def installed_by(group):
    """Names of all packages that a group pulls in, as installed here."""
    found, ahead = set(), list(GROUPS[group])
    while ahead:
        wanted = ahead.pop()
        if isinstance(wanted, dict):
            ahead += GROUPS[wanted["include-group"]]
            continue
        name = re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", wanted)[0]).lower()
        if name in found or "extra ==" in wanted:
            continue
        try:
            ahead += metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            assert ";" in wanted, f"{name} is not installed"  # of another system or Python
            continue
        found.add(name)
    return found


def generated_verilog(package):
    files = metadata.files(package) or []
    return [file for file in files if file.suffix in (".v", ".sv", ".vh", ".svh")]


@pytest.mark.parametrize("group", ["demo", "training", "boards", "test"])
def test_no_group_but_its_own_brings_verilog_of_spinalhdl(group):
    names = installed_by(group)
    assert not [name for name in names if SPINAL.search(name.encode())]
    files = [file for name in names for file in generated_verilog(name)]
    assert [str(file) for file in files if SPINAL.search(file.read_binary())] == []
    assert bool(files) == (group != "training")  # CPUs, and what LiteX brings


def test_the_group_of_vexriscv_does():
    packages.set_up_cpu("vexriscv")
    (name,) = installed_by("vexriscv")
    assert [file for file in generated_verilog(name) if SPINAL.search(file.read_binary())]


def test_the_generated_verilog_has_nothing_of_it(tmp_path):
    model = zoo_model()
    _, gateware, sources = generate(model, planned(model), tmp_path)
    for path in [*gateware.glob("*.v"), *map(Path, sources)]:
        assert not SPINAL.search(path.read_bytes()), path


def test_a_cpu_that_is_missing_is_installed_once(monkeypatch):
    calls, there = [], []
    monkeypatch.setattr(packages, "ROOT", ROOT)
    monkeypatch.setattr(packages.sys, "prefix", str(ROOT / ".venv"))
    monkeypatch.setattr(packages.Path, "is_symlink", lambda path: False)
    monkeypatch.setattr(packages.Path, "resolve", lambda path: path)
    monkeypatch.setattr(
        packages.importlib.util, "find_spec", lambda name: name if name in there else None
    )

    def run(command, check):
        calls.append([str(word) for word in command])
        there.append("pythondata_cpu_vexriscv")

    monkeypatch.setattr(packages.subprocess, "run", run)
    for _ in range(2):
        packages.set_up_cpu("vexriscv")
        packages.set_up_cpu("picorv32")
    assert calls == [[str(ROOT / "soc" / "flow" / "setup.sh"), "vexriscv"]]


def test_another_python_is_told_what_to_type(monkeypatch):
    monkeypatch.setattr(packages.sys, "prefix", "/usr")
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    message = r"^pythondata_cpu_vexriscv not found: run `soc/flow/setup.sh vexriscv`$"
    with pytest.raises(ToolError, match=message):
        packages.set_up_cpu("vexriscv")
