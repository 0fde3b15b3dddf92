# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""build.py as a user runs it: from WAV to WAV, Ctrl-C, litex_term, and every bad argument."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from boards.targets.litex_options import CPU_VARIANTS
from soc.flow.toolchain import environment
from tests.support import hostile
from tests.support.limits import HANG_S
from tests.support.soc.soc_runs import TIMEOUT_S, after_silence, network_frames, zoo_model

ROOT = Path(__file__).parents[2]
BUILD = [sys.executable, str(ROOT / "build.py")]
LATENCY = 5  # frames at 192 kHz


def build(*arguments):
    return subprocess.run(
        [*BUILD, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_S
    )


def session(*arguments):
    """A build.py that plays: (process, console port)."""
    process = subprocess.Popen(
        [*BUILD, "--sim", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = process.stdout.readline()
    found = re.fullmatch(r"console: \S*bin/litex_term socket://localhost:(\d+)\n", first)
    if not found:
        process.kill()
        pytest.fail(f"{first!r} {process.communicate()}")
    return process, int(found.group(1))


def assert_one_line(result, *words):
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("build.py: "), result.stderr
    for word in words:
        assert word in lines[0]


def test_from_wav_to_wav(tmp_path):
    sound = np.random.default_rng(11).integers(-5000, 5000, (2400, 3), np.int16)
    sound[-600:] = 0
    soundfile.write(tmp_path / "in.wav", sound, 192_000, subtype="PCM_16")
    result = build(
        "--sim", "--wav-in", tmp_path / "in.wav", "--wav-out", tmp_path / "out.wav",
        "--output-dir", tmp_path / "build",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert re.search(r"[\d.]+ simulated seconds a second; [\d.]+ million cycles", result.stdout)
    words, rate = soundfile.read(tmp_path / "out.wav", dtype="int32")
    assert (rate, words.shape) == (192_000, (2400, 4))
    assert soundfile.info(tmp_path / "out.wav").subtype == "PCM_32"
    model = zoo_model()
    codes = np.zeros((2400, 4), np.int64)
    codes[:, :3] = sound.astype(np.int64) << 8
    reference = after_silence(model)
    outputs = reference.run(network_frames(model.spec, codes))
    np.testing.assert_array_equal(words[LATENCY:] >> 16, outputs[:-LATENCY])
    # What went in and came out is told.
    path, peak = tmp_path / "in.wav", np.abs(sound[:, 0].astype(int)).max() / 4096
    clipped = np.isin(outputs[:-LATENCY, 0], (-32768, 32767)).mean()
    assert f"{path}: channel 1 is the codec's input 1: the embedding e0, until" in result.stderr
    assert f"{path}: channel 2 is the codec's input 2: the embedding e1, until" in result.stderr
    assert f"input: peak {peak:.3g}, 0% clipped\n" in result.stderr
    counts = f"saturations {sum(reference.saturations)} (" in result.stdout
    assert counts and f"output: peak 8.0, {100 * clipped:.1f}% clipped, " in result.stdout
    assert (tmp_path / "build" / "csr.csv").exists() and (tmp_path / "build" / "csr.json").exists()


def test_other_rates_are_resampled_and_the_duration_counts(tmp_path):
    sound = 0.1 * np.sin(np.arange(4410) * 2 * np.pi * 300 / 44_100)
    soundfile.write(tmp_path / "in.wav", sound, 44_100)
    result = build(
        "--sim", "--wav-in", tmp_path / "in.wav", "--wav-out", tmp_path / "out.wav",
        "--duration", "0.01", "--sample-rate", "48000", "--output-dir", tmp_path / "build",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.samplerate, info.frames, info.channels) == (48_000, 480, 4)
    cut = f"{tmp_path / 'in.wav'}: only the first 0.01 of 0.1 s play, as --duration says\n"
    assert cut in result.stdout


class Terminal:
    """A program on a pty, as a person at a terminal has it."""

    def __init__(self, command):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment(()), close_fds=True
        )
        os.close(slave)
        self.seen = b""

    def type(self, data):
        os.write(self.master, data)

    def expect(self, text):
        """Reads until `text` has come; returns what was before it."""
        deadline = time.monotonic() + TIMEOUT_S
        while text not in self.seen:
            if time.monotonic() > deadline:
                pytest.fail(f"no {text!r}, only {self.seen!r}")
            if select.select([self.master], [], [], 0.2)[0]:
                self.seen += os.read(self.master, 4096)
        before, _, self.seen = self.seen.partition(text)
        return before

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def test_litex_term_then_ctrl_c_leaves_a_whole_wav(tmp_path):
    out = tmp_path / "out.wav"
    process, port = session("--wav-out", out, "--output-dir", tmp_path / "build")
    try:
        terminal = Terminal(["litex_term", f"socket://localhost:{port}"])
        try:
            terminal.expect(b"wavenet> ")
            terminal.type(b"help\r")
            terminal.expect(b"this list")
            terminal.expect(b"wavenet> ")
            frames = 0
            while frames < 4000:  # from reset on; the codec plays from about 2,540 on
                terminal.type(b"status\r")
                terminal.expect(b"frames=")
                frames = int(terminal.expect(b"\r\n"))
                terminal.expect(b"wavenet> ")
        finally:
            terminal.close()
        assert not out.exists()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
    assert process.returncode == 0, stderr
    words, rate = soundfile.read(out, dtype="int32")
    assert rate == 192_000 and words.shape[1] == 4 and len(words) > 100
    assert f"played {len(words)} frames" in stdout
    assert len(np.unique(words[:, 0])) > 100 and not words[:, 1:].any()
    assert list(tmp_path.glob("*.part")) == []


def test_a_terminal_that_closes_leaves_a_whole_wav(tmp_path):
    out = tmp_path / "out.wav"
    arguments = ["--sim", "--wav-out", str(out), "--output-dir", str(tmp_path / "build")]
    # Of its own session, whose terminal the pty is: closing it is a hang-up.
    terminal = Terminal(["setsid", "--ctty", *BUILD, *arguments])
    try:
        terminal.expect(b"Ctrl-C ends it")
        terminal.expect(b"0.01")  # seconds that the codec has played
        os.close(terminal.master)
        assert terminal.process.wait(TIMEOUT_S) == 0
    finally:
        terminal.process.kill()
    assert soundfile.info(out).channels == 4 and list(tmp_path.glob("*.part")) == []


def test_nothing_runs_on_after_a_kill(tmp_path):
    process, port = session("--output-dir", tmp_path / "build")
    socket.create_connection(("127.0.0.1", port), TIMEOUT_S).close()
    process.kill()
    process.communicate(timeout=TIMEOUT_S)
    deadline = time.monotonic() + HANG_S
    with pytest.raises(ConnectionRefusedError):
        while time.monotonic() < deadline:
            socket.create_connection(("127.0.0.1", port), 10).close()
            time.sleep(0.05)


def wav(path, frames, channels):
    soundfile.write(path, np.zeros((frames, channels)), 48_000, format="WAV")
    return path


def test_bad_wavs(tmp_path):
    (tmp_path / "text.wav").write_text("this is no sound")
    cases = [
        (wav(tmp_path / "empty.wav", 0, 1), "must have at least 1 sample, got 0"),
        (wav(tmp_path / "five.wav", 10, 5), "must have 1 to 4 channels, got 5"),
        (tmp_path / "text.wav", "must be WAV, FLAC or AIFF"),
        (tmp_path / "none.wav", "no such file"),
    ]
    for path, words in cases:
        out = tmp_path / "out.wav"
        result = build("--sim", "--wav-in", path, "--wav-out", out)
        assert_one_line(result, str(path), words)
        assert not out.exists()


def test_the_sound_that_goes_in_is_not_replaced(tmp_path, monkeypatch):
    source = wav(tmp_path / "in.wav", 100, 1)
    before = source.read_bytes()
    (tmp_path / "hard.wav").hardlink_to(source)
    for name in ("in.wav", "hard.wav"):
        result = build("--sim", "--wav-in", source, "--wav-out", tmp_path / name)
        assert_one_line(result, f"{tmp_path / name}: is {source}, which is read")
    assert source.read_bytes() == before


@pytest.mark.parametrize("name", ["input.wav", "output.wav"])
def test_the_demo_does_not_replace_what_it_plays(tmp_path, monkeypatch, capsys, name):
    import build as build_py

    source = wav(tmp_path / name, 100, 1)
    monkeypatch.setattr("boards.targets.simulation.OUT", tmp_path)
    monkeypatch.setattr("sys.argv", ["build.py", "--demo", "--wav-in", str(source)])
    assert build_py.main() == 2
    message = f"build.py: {source}: is {source}, which is read; another file is needed\n"
    assert capsys.readouterr().err == message


def test_bombs_and_pipes(tmp_path, monkeypatch):
    """As in tests/models/test_hostile.py, for build.py."""
    monkeypatch.chdir(tmp_path)
    model = hostile.bomb(tmp_path / "bomb.npz", "kernel0.npy", 4095)
    billion = hostile.model_with(tmp_path / "billion.npz", dilation=10**9)
    os.mkfifo(tmp_path / "fifo")
    slow = hostile.wav(tmp_path / "slow.wav", rate=1)
    commands, wanted = [], []
    for option in ("--sim", "--demo"):
        for argument, path, words in (
            ("--model", model, "must unpack to at most 33554432 bytes, got 42939"),
            ("--model", billion, "layer: dilation must be 1 to 1048576, got 1000000000"),
            ("--model", "fifo", "is a device or a pipe"),
            ("--wav-in", slow, "the sample rate must be 1000 to 10000000 Hz, got 1"),
            ("--wav-in", "fifo", "is a device or a pipe"),
        ):
            commands.append([option, argument, str(path)])
            wanted.append(f"build.py: {path}: {words}")
    for line, begin in zip(hostile.refusals("build", commands), wanted, strict=True):
        assert line.startswith(begin)


def test_bad_models(tmp_path):
    (tmp_path / "text.npz").write_text("no model")
    np.savez(tmp_path / "pickled.npz", spec=np.array([{}], dtype=object), meta=np.array("{}"))
    for name, words in (("none", "no such file"), ("text", ""), ("pickled", "pickle")):
        path = tmp_path / f"{name}.npz"
        assert_one_line(build("--sim", "--model", path), str(path), words)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["nothing to do", "--sim"]),
        (["--board", "ecpix5"], ["nothing to do", "--build"]),
        (["--sim", "--demo"], ["--sim and --demo cannot be combined"]),
        (
            ["--sim", "--cpu-type", "serv", "--cpu-variant", "x"],
            ["--cpu-variant of serv must be standard", "got x"],
        ),
        (["--build", "--board", "toaster"], ["'toaster'", "ecpix5", "ulx3s"]),
        (["--sim", "--board", "ecpix5"], ["--board cannot be combined with --sim or --demo"]),
        (["--sim", "--sample-rate", "44100"], ["44100", "192000, 96000, 48000"]),
        (["--sim", "--cpu-type", "z80"], ["'z80'", "'picorv32', 'vexriscv', 'serv'"]),
        (["--sim", "--cpu-type", "rocket"], ["'rocket'", "'picorv32', 'vexriscv', 'serv'"]),
        (["--sim", "--bios-lto"], ["--bios-lto"]),
        (["--sim", "--no-uart"], ["--no-uart"]),
        (["--sim", "--uart-name", "jtag_uart"], ["--uart-name needs a board, got --sim"]),
        (["--sim", "--with-uartbone", "--uart-name", "crossover"], ["--uart-name needs a board"]),
        (["--sim", "--uart-name", "stub"], ["'stub'", "'serial', 'crossover', 'jtag_uart'"]),
        (["--sim", "--with-jtagbone"], ["--with-jtagbone needs a board"]),
        (["--sim", "--uart-baudrate", "9600"], ["--uart-baudrate needs a board, got --sim"]),
        (["--sim", "--nextpnr-seed", "2"], ["--nextpnr-seed needs a board, got --sim"]),
        (["--sim", "--bridge-port", "9"], ["--bridge-port needs --with-uartbone"]),
        (["--demo", "--duration", "1e9"], ["--duration must be above 0, up to 60 s, got 1e+09"]),
        (["--sim", "--output-dir", "/dev/null"], ["--output-dir must be a folder, got /dev/null"]),
        (["--sim", "--output-dir", "/dev/null/a"], ["got /dev/null/a: /dev/null is a file"]),
        (
            ["--sim", "--no-compile", "--wav-out", "a.wav"],
            ["--wav-out needs a simulation that runs"],
        ),
        (["--sim", "--duration", "0"], ["--duration must be above 0", "got 0"]),
        (["--sim", "--duration", "nan"], ["--duration must be above 0", "got nan"]),
        (["--sim", "--duration", "long"], ["--duration", "'long'"]),
        (["--sim", "--serial-port", "65536"], ["--serial-port must be 1 to 65535", "got 65536"]),
        (["--sim", "--wav-out", "/nowhere/out.wav"], ["/nowhere", "does not exist"]),
        (
            ["--sim", "--wav-out", "a.mp3"],
            ["a.mp3: must end in .wav, .flac, .aiff or .aif, got .mp3"],
        ),
        (["--sim", "--gain", "2"], ["--gain needs --sim --wav-in"]),
        (
            ["--sim", "--wav-in", "a.wav", "--gain", "inf"],
            ["--gain must be a finite number, got inf"],
        ),
        (["--sim", "--frobnicate"], ["--frobnicate"]),
        (["--sim", "--wavenet-clk-ratio", "3"], ["--wavenet-clk-ratio", "3", "1, 2, 4"]),
        (["--sim", "--objective", "speed"], ["'speed'", "'area', 'latency', 'throughput'"]),
        (["--sim", "--outputs", "5"], ["outputs must be 1 to 4, got 5"]),
        (["--sim", "--capture-frames", "1000"], ["1000", "512, 1024, 2048"]),
        (["--sim", "--capture-outputs", "5"], ["--capture-outputs", "5", "0, 1, 2, 3, 4"]),
        (["--sim", "--outputs", "0"], ["outputs must be 1 to 4, got 0"]),
        (["--demo", "--outputs", "many"], ["--outputs", "'many'"]),
        (
            ["--sim", "--primitives", "ecp5"],
            ["--primitives must be inferred in a simulation, got ecp5"],
        ),
        (["--demo", "--primitives", "ice40"], ["'ice40'", "'inferred', 'ecp5'"]),
        (["--sim", "--device", "iCE40"], ["device 'iCE40'", "LFE5U-25F"]),
        (["--sim", "--objective", "latency", "--device", "x"], ["device 'x'"]),
    ],
)
def test_bad_arguments(arguments, words):
    assert_one_line(build(*arguments), *words)


OFFERED_ONCE = ("--bios", "--bus", "--csr-data", "--integrated", "--no-uart", "--no-timer", "--l2")


def test_help_offers_what_can_be_done():
    result = build("--help")
    assert result.returncode == 0 and result.stderr == ""
    assert "--cpu-type {picorv32,vexriscv,serv}" in result.stdout
    assert "4 channels, 32-bit PCM" in result.stdout
    for word in (*OFFERED_ONCE, "naxriscv", "rocket"):
        assert word not in result.stdout


@pytest.mark.parametrize(
    "option, cpu, variant",
    [
        (option, cpu, variant)
        for cpu, variants in CPU_VARIANTS.items()
        for variant in variants
        # A variant is the same core on a board as in the simulation.
        for option in (("--sim", "--build") if variant == variants[0] else ("--sim",))
    ],
)
def test_every_cpu_that_is_offered_elaborates_with_its_firmware(option, cpu, variant, tmp_path):
    folder = tmp_path / "build"  # What the CPU needs is installed by build.py itself.
    arguments = ("--cpu-type", cpu, "--cpu-variant", variant, "--output-dir", folder)
    result = build(option, "--no-compile", *arguments)
    assert result.returncode == 0, result.stderr
    assert (folder / "software" / "firmware.bin").stat().st_size > 1000


@pytest.mark.parametrize("options", [["--with-uartbone"], ["--uart-fifo-depth", "64"], ["--doc"]])
def test_options_of_the_soc_in_a_simulation(options, tmp_path):
    folder, copies = tmp_path / "build", [tmp_path / f"a.{end}" for end in ("csv", "json", "svd")]
    exports = ["--soc-csv", copies[0], "--soc-json", copies[1], "--soc-svd", copies[2]]
    result = build("--sim", "--no-compile", "--output-dir", folder, *options, *exports)
    assert result.returncode == 0, result.stderr
    assert copies[0].read_text() == (folder / "csr.csv").read_text()
    assert copies[1].read_text() == (folder / "csr.json").read_text()
    assert "<svd" in copies[2].read_text() or "<device" in copies[2].read_text()


def test_the_demo_takes_the_options_of_the_soc(tmp_path):
    folder = tmp_path / "build"
    result = build("--demo", "--no-compile-gateware", "--cpu-type", "serv", "--output-dir", folder)
    assert result.returncode == 0, result.stderr
    assert "config_cpu_type_serv" in (folder / "csr.csv").read_text()


@pytest.mark.parametrize("arguments", [[], ["--no-bench"]])
def test_a_small_board_can_do_without_the_bench(tmp_path, arguments):
    folder = tmp_path / "build"
    result = build("--sim", "--no-compile-gateware", "--output-dir", folder, *arguments)
    assert result.returncode == 0, result.stderr
    described = json.loads((folder / "csr.json").read_text())
    assert ("bench_ram" in described["memories"]) == (not arguments)
    assert ("recorder" in described["csr_bases"]) == (not arguments)


@pytest.mark.parametrize(
    "arguments, windows",
    [
        ([], {"capture_inputs": 4 * 2048}),
        (["--no-capture"], {}),
        (
            ["--capture-frames", "256", "--capture-outputs", "1"],
            {"capture_inputs": 4 * 512, "capture_outputs": 4 * 256},
        ),
    ],
)
def test_the_capture_buffer_is_as_large_as_asked_for(tmp_path, arguments, windows):
    folder = tmp_path / "build"
    result = build("--sim", "--no-compile-gateware", "--output-dir", folder, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    described = json.loads((folder / "csr.json").read_text())
    sizes = {name: memory["size"] for name, memory in described["memories"].items()}
    assert {name: size for name, size in sizes.items() if "capture" in name} == windows
    assert ("capture_control" in described["csr_registers"]) == bool(windows)


@pytest.mark.parametrize(
    "arguments, multipliers, outputs",
    [
        (["--wavenet-clk-ratio", "4"], 3, 4),
        (["--wavenet-clk-ratio", "2", "--outputs", "1"], 4, 1),
        (["--objective", "throughput", "--device", "LFE5U-25F"], 24, 4),
    ],
)
def test_the_planners_options_shape_the_accelerator(tmp_path, arguments, multipliers, outputs):
    folder = tmp_path / "build"
    result = build("--sim", "--no-compile-gateware", "--output-dir", folder, *arguments)
    assert result.returncode == 0, result.stderr
    constants = json.loads((folder / "csr.json").read_text())["constants"]
    pairs = (fold.split("x") for fold in constants["wavenet_folding"].split())
    assert sum(int(pe) * int(simd) for pe, simd in pairs) == multipliers
    assert constants["wavenet_outputs"] == f"{outputs} of 4"


def test_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_one_line(build("--sim", "--serial-port", port), f"port {port}", "in use")


def test_output_folder_in_use(tmp_path):
    process, _ = session("--output-dir", tmp_path / "build")
    try:
        second = build("--sim", "--output-dir", tmp_path / "build")
        assert_one_line(second, str(tmp_path / "build"), "in use", "--output-dir")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
