# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""build.py --patch-model: what it refuses, and that it names the file or argument that differs."""

import dataclasses
import json
import re
import sys

import pytest
from migen import Instance

import build
from boards.targets import board, manifest, patching
from models.spec import Conv1DSpec, Model, NetworkSpec
from soc.flow.bitstream import Bitstream
from soc.flow.patch import PatchError
from tests.support.hdl.nets import random_model
from tests.support.soc.command_line import run_main

SPEC = NetworkSpec((Conv1DSpec(4, 4, 2, 3), Conv1DSpec(4, 4, relu=False)), name="built")
DESIGN = ("--board", "colorlight_i5", "--cpu-type", "serv")


def build_py(*arguments):
    sys.argv = ["build.py", *map(str, arguments)]
    return build.main()


@pytest.fixture
def built(tmp_path, monkeypatch):
    """The folder of a build, as far as LiteX makes it; its netlist and bitstream are taken to be
    there. What a patch would be made of ends the run with "same design"."""

    def same(*arguments):
        raise PatchError("same design")

    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(board, "set_up", lambda *arguments: None)
    monkeypatch.setattr(board, "require", lambda *arguments: None)
    monkeypatch.setattr(board.bitstream, "hidden_from_yowasp", lambda folder: False)
    monkeypatch.setattr(patching.patch, "design_blocks", same)
    monkeypatch.setattr(Bitstream, "__init__", lambda *arguments: None)
    monkeypatch.setattr(Bitstream, "built", lambda self: (None, None))
    random_model(SPEC, 1).save(tmp_path / "built.npz")
    random_model(dataclasses.replace(SPEC, name="other"), 2).save(tmp_path / "other.npz")
    folder = tmp_path / "b"
    options = ("--model", tmp_path / "built.npz", "--output-dir", folder, "--no-compile")
    assert build_py(*DESIGN, "--build", *options) == 0
    return folder


def refusal(folder, capsys, *arguments, model="other.npz"):
    """The line that a patch of the build ends with; nothing is left behind."""
    capsys.readouterr()
    before = sorted(path.name for path in folder.iterdir())
    options = ("--patch-model", folder.parent / model, "--output-dir", folder)
    status, out, err = run_main(lambda argv: build_py(*DESIGN, *options, *arguments), [], capsys)
    lines = [line for line in err.splitlines() if line.startswith("build.py: ")]
    assert (status, out, len(lines)) == (2, "", 1), err
    assert sorted(path.name for path in folder.iterdir()) == before
    return lines[0].removeprefix("build.py: ")


def other_design(folder, reason, model="other.npz"):
    return (
        f"--patch-model must make the design built in {folder} but for a net's parameters, "
        f"got {folder.parent / model}: {reason}"
    )


def test_a_net_of_the_same_shape_is_the_same_design(built, capsys):
    assert refusal(built, capsys) == "same design"
    # How the tools are run, and what is written beside, is no part of the design.
    options = ("--nextpnr-seed", "3", "--soc-csv", built.parent / "a.csv", "--log-level", "error")
    assert refusal(built, capsys, *options) == "same design"
    assert not (built.parent / "a.csv").exists()


def test_where_cells_lie_in_memory_is_no_part_of_the_design(built, capsys, monkeypatch):
    """LiteX lists a module's cells by their addresses in this process, in a comment: a net of the
    same shape was refused now and then."""

    def ordered(sign):
        monkeypatch.setattr(Instance, "__repr__", lambda cell: f"{10**9 + sign * cell.duid}")

    options = ("--model", built.parent / "built.npz", "--output-dir", built, "--no-compile")
    verilog, texts = built / "gateware" / "colorlight_i5.v", []
    for sign in (1, -1):
        ordered(sign)
        assert build_py(*DESIGN, "--build", *options) == 0
        texts.append(re.sub(r"(?m)^//.*$", "", verilog.read_text()))
    assert texts[0] != texts[1]
    assert refusal(built, capsys) == "same design"
    ordered(1)
    assert refusal(built, capsys) == "same design"


def test_an_argument_that_differs_is_named(built, capsys):
    reason = "--no-bench is True, the build's False"
    assert refusal(built, capsys, "--no-bench") == other_design(built, reason)
    reason = "--outputs is 2, the build's None; --sample-rate is 48000, the build's 192000"
    options = ("--outputs", "2", "--sample-rate", "48000")
    assert refusal(built, capsys, *options) == other_design(built, reason)
    reason = "--ident is WaveNet S0C, the build's WaveNet SoC"  # In a memory's contents alone.
    assert refusal(built, capsys, "--ident", "WaveNet S0C") == other_design(built, reason)


def test_another_shape_is_named(built, capsys):
    spec = NetworkSpec((Conv1DSpec(4, 4, 2, 5), Conv1DSpec(4, 4, relu=False)))
    random_model(spec, 1).save(built.parent / "wider.npz")
    said = refusal(built, capsys, model="wider.npz")
    shapes = "4->4 k2 d5 relu; 4->4 k1 d1, the build's 4->4 k2 d3 relu; 4->4 k1 d1"
    assert said == other_design(built, f"the net is {shapes}", "wider.npz")


def test_a_source_or_version_that_differs_is_named(built, capsys):
    verilog = built / "gateware" / "colorlight_i5.v"
    verilog.write_text(verilog.read_text() + "wire more;\n")
    file = built / manifest.FILE
    made = json.loads(file.read_text())
    source = "gateware/wavenet/pipeline/core.py"
    assert made["sources"][source]
    made["sources"][source] = "0" * 64
    made["versions"]["litex"] = "2023.12"
    file.write_text(json.dumps(made))
    version = manifest._version("litex")
    reason = f"litex is {version}, the build's 2023.12; {source} is not the build's"
    assert refusal(built, capsys) == other_design(built, reason)


def test_without_a_cause_the_line_of_the_verilog_is_named(built, capsys):
    verilog = built / "gateware" / "colorlight_i5.v"
    lines = verilog.read_text().rstrip("\n")
    verilog.write_text(lines + "\nwire more;\n")
    said = refusal(built, capsys)
    assert "colorlight_i5.v has 'nothing' in line " in said
    assert said.endswith(", the build 'wire more;'")


def test_a_build_of_another_board(built, capsys):
    said = refusal(built, capsys, "--board", "ulx3s")
    assert said == f"{built} has no build of ulx3s to patch: --build makes it"


def test_a_build_whose_sources_were_written_anew(built, capsys, monkeypatch):
    def stale(self):
        raise patching.StaleError("colorlight_i5_rom.init differs from that of the bitstream")

    monkeypatch.setattr(Bitstream, "built", stale)
    said = refusal(built, capsys)
    assert said == (
        f"{built} has no finished build to patch (colorlight_i5_rom.init differs from that of the "
        "bitstream): --build makes it"
    )


def test_the_model_is_read(built, capsys):
    assert "no such file" in refusal(built, capsys, model="none.npz")
    assert Model.load(built.parent / "other.npz").spec.name == "other"
