# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""`python3 -m soc calibrate` on the simulated SoC while it plays."""

import json
from functools import partial

import pytest

from soc import __main__ as command_line
from tests.support.soc.command_line import run_main
from tests.support.soc.soc_runs import TIMEOUT_S, simulation, zoo_model

MODULE = {
    "input_calibration": [(-157, 1156), (-182, 1157), (64, 1162), (-140, 1157)],
    "output_calibration": [(-705, 997), (-603, 1000), (-568, 1006), (-747, 1004)],
}
run = partial(run_main, command_line.main)  # python3 -m soc


@pytest.fixture(scope="module")
def sim():
    with simulation(zoo_model(), endless=True, with_uartbone=True, **MODULE) as sim:
        sim.wait_frames(1, TIMEOUT_S)
        yield sim


@pytest.fixture
def calibrate(sim, capsys):
    where = ["--port", f"socket://localhost:{sim.bridge_port}", "--csr", sim.folder / "csr.json"]
    return lambda *arguments: run(["calibrate", *arguments, *where], capsys)


def entries(path):
    values = json.loads(path.read_text())["calibration"]
    return {channel: (entry["offset"], entry["gain"]) for channel, entry in values.items()}


def test_show_set_save_and_restore(calibrate, tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    status, shown, err = calibrate("--save", first)
    assert (status, err) == (0, "")
    assert shown.splitlines()[0] == "in0   offset   -157  gain   1156 = 1.1289"
    assert shown.splitlines()[7] == "out3  offset   -747  gain   1004 = 0.9805"
    module = {f"in{i}": pair for i, pair in enumerate(MODULE["input_calibration"])}
    module |= {f"out{i}": pair for i, pair in enumerate(MODULE["output_calibration"])}
    assert entries(first) == module

    changed = ["--set", "in2", "-32768", "32767", "--set", "out0", "12", "-1024"]
    assert calibrate(*changed, "--save", second)[0] == 0
    assert entries(second) == module | {"in2": (-32768, 32767), "out0": (12, -1024)}
    assert calibrate("--restore", first)[1] == shown
    assert calibrate("--restore", second, "--set", "out0", "0", "1024", "--save", first)[0] == 0
    assert entries(first) == module | {"in2": (-32768, 32767), "out0": (0, 1024)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.json", "second.json"]


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["--set", "in4", "0", "1"], "channel 'in4' is not there; there are: in0, in1, in2, in3, "),
        (["--set", "in0", "40000", "1"], "offset of in0 must be a whole number from -32768 "),
        (["--set", "in0", "0", "1.5"], "--set: OFFSET and GAIN must be whole numbers, got in0"),
        (["--restore", "none.json"], "none.json: no such file"),
        (["--save", "none/new.json"], "none/new.json: the folder none does not exist"),
        (["--restore", "torn.json"], 'torn.json: not a calibration, which is {"calibration": '),
        (["--restore", "other.json"], "other.json: not a calibration, which is"),
        (
            ["--restore", "wide.json"],
            "gain of out1 must be a whole number from -32768 to 32767, got 32768",
        ),
        (
            ["--restore", "half.json"],
            "offset of in1 must be a whole number from -32768 to 32767, got 0.5",
        ),
    ],
)
def test_refusals_change_nothing(calibrate, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)

    def write(name, **values):
        entries = {channel: {"offset": a, "gain": b} for channel, (a, b) in values.items()}
        (tmp_path / name).write_text(json.dumps({"calibration": entries}))

    (tmp_path / "torn.json").write_text('{"calibration": {"in0"')
    (tmp_path / "other.json").write_text('{"calibration": {"in0": 3}}')
    write("wide.json", in0=(5, 5), out1=(0, 2**15))
    write("half.json", in0=(5, 5), in1=(0.5, 1024))
    before = calibrate()[1]
    status, out, err = calibrate(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"python3 -m soc calibrate: error: {reason}") and err.count("\n") == 1
    assert calibrate()[1] == before
