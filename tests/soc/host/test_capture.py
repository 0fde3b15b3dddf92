# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Recordings through the capture buffer: of the simulated SoC, to the integer, and in files."""

import json
from functools import partial

import numpy as np
import pytest
import soundfile

from soc import __main__ as command_line
from soc.contract import csr_fields
from soc.host.bus import ClientError, UARTBus
from soc.host.capture import Capture
from soc.host.client import Build, Client
from tests.support.soc.command_line import run_main
from tests.support.soc.live import A, sound
from tests.support.soc.soc_runs import (
    TIMEOUT_S,
    after_silence,
    assert_plays,
    network_frames,
    simulation,
)

run = partial(run_main, command_line.main)  # python3 -m soc


def url(sim):
    return f"socket://localhost:{sim.bridge_port}"


def row_of(burst, played):
    """The row of `played` [n, 4] that a burst [m, 4] begins with, the only one there is."""
    candidates = np.flatnonzero((played[: 1 - len(burst)] == burst[0]).all(axis=1))
    (row,) = [row for row in candidates if np.array_equal(played[row:][: len(burst)], burst)]
    return row


def test_what_is_played_is_recorded(tmp_path, capsys):
    """Inputs integer for integer, with the network's answers to them; the DACs notice nothing."""
    with simulation(A, frames=sound(), endless=True, with_uartbone=True, capture_outputs=4) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        where = ["--port", url(sim), "--csr", sim.folder / "csr.json"]
        path = tmp_path / "a.npz"
        status, out, err = run(["capture", path, "--seconds", "0.015", *where], capsys)
        assert (status, err) == (0, "")
        assert out.startswith(f"{path}: 0.016 s at 192000 Hz, 3 bursts of 1024 frames of in0, in1,")
    heard = after_silence(A).run(network_frames(A.spec, sim.frames_in))
    assert_plays(sim, heard)
    assert sim.report["complaints"] == []

    with np.load(path) as file:
        assert list(file["channels"]) == [f"{side}{n}" for side in ("in", "out") for n in range(4)]
        assert file["sample_rate"] == 192_000 and np.isnan(file["embedding"]).all()
        bursts = np.split(file["frames"], file["starts"][1:])
        first = file["first"]
    rows = [row_of(burst[:, :4], sim.frames_in >> 8) for burst in bursts]
    assert (np.diff(first) == np.diff(rows)).all() and np.diff(rows).min() >= 1024
    for row, burst in zip(rows, bursts):
        np.testing.assert_array_equal(burst[:, 4:], heard[row : row + 1024])


def console_rows(reply):
    """(values, int [n, 4]) of the console's reply to `capture N`."""
    lines = reply.splitlines()
    values = dict(line.split("=") for line in lines if "=" in line)
    return values, np.array([line.split() for line in lines if "=" not in line], np.int64)


def test_console_and_host(tmp_path, capsys):
    """The console shows what it took, a host reads the same; labels; lines that are wrong."""
    wav, npz = tmp_path / "a.wav", tmp_path / "a.npz"
    with simulation(A, frames=sound(), endless=True, with_uartbone=True) as sim:
        sim.wait_frames(100, TIMEOUT_S)
        where = ["--port", url(sim), "--csr", sim.folder / "csr.json"]
        values, shown = console_rows(sim.console.command("capture 1024", TIMEOUT_S))
        build = Build(sim.folder / "csr.json")
        bus = UARTBus(url(sim))
        buffer = Capture(Client(bus, build), ["in3", "in0"])
        assert buffer.client.get("capture_first") == int(values["first"])
        np.testing.assert_array_equal(buffer._read(), shown[:, [3, 0]])
        bus.close()
        nothing = console_rows(sim.console.command("capture", TIMEOUT_S))
        wrong = [sim.console.command(f"capture {word}", TIMEOUT_S) for word in ("x", "1025", "-1")]
        sim.console.command("embed -0.5 codec", TIMEOUT_S)
        options = ["--channels", "in2", "in1", "--target", "in1", "-1", "0.5", *where]
        done = run(["capture", wav, "--seconds", "0.008", *options], capsys)
        again = run(["capture", npz, "--seconds", "0.001", *where], capsys)
    assert values["frames"] == "1024" and shown.shape == (1024, 4)
    row = row_of(shown, sim.frames_in >> 8)
    assert nothing[0]["frames"] == "1024" and not nothing[1].size
    refused = "capture: must be 0 to 1024 frames, got '{}'\n"
    assert wrong == [refused.format(word) for word in ("x", "1025", "-1")]

    assert done[0] == again[0] == 0
    with soundfile.SoundFile(wav) as file:
        assert (file.samplerate, file.subtype) == (192_000, "PCM_16")
        assert json.loads(file.comment) == {
            "sample_rate": 192_000.0,
            "burst": 1024,
            "channels": ["in2", "in1"],
            "embedding": [[0, -0.5, None]],
            "targets": [["in1", -1.0, 0.5]],
        }
        frames = file.read(dtype="int16")
    played = (sim.frames_in >> 8)[:, [2, 1]]
    later = [row_of(burst, played) for burst in np.split(frames, [1024])]
    assert row < later[0] <= later[1] - 1024
    with np.load(npz) as file:
        assert (file["embedding"][:, 0] == -0.5).all() and np.isnan(file["embedding"][:, 1]).all()
        assert json.loads(str(file["targets"])) == []


def test_a_build_without_it():
    with simulation(A, frames=sound(), endless=True, with_capture=False) as sim:
        sim.wait_frames(10, TIMEOUT_S)
        assert sim.console.command("capture 3", TIMEOUT_S) == (
            "capture: this build has no capture buffer (--no-capture)\n"
        )
        assert "capture" not in sim.console.command("help", TIMEOUT_S)


# Against a bus of this process ------------------------------------------------------------------


FRAMES = 16
ADDRESSES = {"inputs": 0xA000_0000, "outputs": 0xA100_0000}


class Board:
    """Client and bus in one, of a SoC that takes FRAMES frames at once; `meddle(attempt)` is called
    while they are read."""

    def __init__(self, outputs=2, meddle=lambda board, attempt: None):
        self.bus = self.build = self
        self.meddle, self.attempt = meddle, 0
        self.constants = {"capture_frames": FRAMES, "capture_inputs": 4}
        self.constants["capture_outputs"] = outputs
        self.memories = {f"capture_{name}": base for name, base in ADDRESSES.items()}
        self.registers = dict.fromkeys(
            "capture_control capture_status capture_first ingress_embedding ingress_control "
            "ingress_overruns".split(),
            0,
        )
        self.sample_rate, self.frac = 1000.0, 12
        self.fields = csr_fields.parse(
            "capture_control go 0 1; capture_status armed 0 1 done 1 1 count 8 5; "
            "ingress_embedding e0 0 16 e1 16 16; ingress_control e0_source 0 1 e1_source 1 1"
        )
        self.windows = {name: np.zeros((2, FRAMES, 2), np.int16) for name in ADDRESSES}

    point, embedding_fields = Build.point, Build.embedding_fields

    def get(self, name):
        return self.registers[name]

    def set(self, name, value):
        assert (name, value) == ("capture_control", 1)
        self.attempt += 1
        self.registers["capture_first"] = 1000 * self.attempt
        self.registers["capture_status"] = FRAMES << 8 | 2
        for number, window in enumerate(self.windows.values()):
            window[:] = 100 * number + np.arange(window.size).reshape(window.shape) % 97
            window -= self.attempt

    def read(self, address, length):
        name = "inputs" if address < ADDRESSES["outputs"] else "outputs"
        words = self.windows[name].reshape(-1, 2).view("<u4")[:, 0]
        start = (address - ADDRESSES[name]) // 4
        self.meddle(self, self.attempt)
        return words[start : start + length].tolist()

    def column(self, name, channel):
        return self.windows[name][channel // 2, :, channel % 2]


def test_channels_are_read_by_their_names():
    board = Board()
    recording = Capture(board, ["out1", "in0", "in3"]).record(0.001)
    columns = [board.column("outputs", 1), board.column("inputs", 0), board.column("inputs", 3)]
    np.testing.assert_array_equal(recording.frames, np.transpose(columns))
    assert (recording.channels, recording.sample_rate) == (("out1", "in0", "in3"), 1000.0)
    whole = Capture(board).record(0.001)
    assert whole.channels == ("in0", "in1", "in2", "in3", "out0", "out1")


@pytest.mark.parametrize(
    "register, value",
    [
        ("capture_first", 7),
        ("capture_status", 3 << 8),
        ("ingress_embedding", 5),
        ("ingress_control", 1),
        ("ingress_overruns", 1),
    ],
)
def test_a_burst_that_was_disturbed_is_taken_again(register, value):
    def once(board, attempt):
        if attempt == 2:
            board.registers[register] = value

    board, seen = Board(meddle=once), []
    recording = Capture(board).record(3 * FRAMES / 1000, update=seen.append)
    assert recording.first.tolist() == [1000, 3000, 4000]
    assert recording.starts.tolist() == [0, FRAMES, 2 * FRAMES]
    assert recording.frames[::FRAMES, 0].tolist() == [-1, -3, -4]
    assert seen == [0.016, 0.032, 0.048]

    def always(board, attempt):
        board.registers[register] = value + 4 * attempt & ~2

    with pytest.raises(ClientError, match="somebody else .* in each of 3 attempts"):
        Capture(Board(meddle=always)).take()


def test_no_frames_come(monkeypatch):
    monkeypatch.setattr("soc.host.capture.TIMEOUT_S", 0.05)
    board = Board()
    board.set = lambda name, value: None
    with pytest.raises(ClientError, match="0 of 16 frames came: no audio clock"):
        Capture(board).take()


@pytest.mark.parametrize(
    "channels, seconds, targets, message",
    [
        (["in4"], 1, [], r"channel 'in4' is not there; there are: in0, in1, in2, in3, out0, out1"),
        (["in0", "in0"], 1, [], r"channel 'in0' is given twice"),
        (None, 0, [], r"seconds must be above 0, up to 3600, got 0"),
        (None, float("nan"), [], r"seconds must be above 0, up to 3600, got nan"),
        (None, 3601, [], r"seconds must be above 0, up to 3600, got 3601"),
        (["in0"], 1, [("in1", 0.0, 0.0)], r"target 'in1' is not recorded; there are: in0"),
    ],
)
def test_refusals(channels, seconds, targets, message):
    board = Board()
    with pytest.raises(ClientError, match=message):
        Capture(board, channels).record(seconds, targets)
    assert board.attempt == 0


def test_a_build_without_a_buffer_is_refused():
    board = Board()
    del board.registers["capture_control"]
    with pytest.raises(ClientError, match=r"this build has no capture buffer \(--no-capture\)"):
        Capture(board)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["a.npz", "--seconds", "long"], "'long'"),
        (
            ["a.npz", "--target", "in1", "one", "2"],
            "--target must be a channel and two numbers, got in1 one 2",
        ),
        (
            ["a.npz", "--target", "in1", "nan", "2"],
            "--target must be a channel and two numbers, got",
        ),
        (["a.npz", "--target", "in1", "2"], "expected 3 arguments"),
        (["a.mp3"], "a.mp3: a recording is .npz or .wav"),
        (["none/a.npz"], "none/a.npz: the folder none does not exist"),
        (["folder.wav"], "folder.wav: is a folder, not a file"),
        ([], "OUT.npz|OUT.wav"),
    ],
)
def test_bad_arguments(tmp_path, monkeypatch, capsys, arguments, words):
    """One line, before the bridge is asked for anything."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.wav").mkdir()
    where = ["--port", "socket://localhost:1", "--csr", "csr.json"]
    status, out, err = run(["capture", *arguments, *where], capsys)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1 and err.startswith("python3 -m soc capture: error: ")
    assert words in err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.wav"]


# Files ------------------------------------------------------------------------------------------
