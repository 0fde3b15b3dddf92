# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The firmware's console, as someone at a terminal meets it, on the simulated SoC."""

import numpy as np
import pytest

from models import image
from tests.support.soc.soc_runs import TIMEOUT_S, planned, simulation, zoo_model

COMMANDS = "help info status embed load swap bench capture codec unlock reboot"  # no cross-fade


@pytest.fixture(scope="module")
def console():
    with simulation(zoo_model()) as sim:
        sim.wait_frames(1, TIMEOUT_S)
        yield sim.console


def lines(console, command):
    return console.command(command, TIMEOUT_S).splitlines()


def test_help_lists_every_command_of_the_build_and_the_models_names(console):
    said = lines(console, "help")
    assert [line.split()[0] for line in said] == COMMANDS.split()
    assert "one word: codec, sine, ramp, square, zigzag;" in said[COMMANDS.split().index("embed")]


def test_what_the_build_has_not_is_not_offered_and_says_why(console):
    assert lines(console, "fade") == [
        "fade: this build has no cross-fade (--with-crossfade); models change at once"
    ]


def test_info(console):
    model = zoo_model()
    info = console.values("info", TIMEOUT_S)
    assert info["cpu"] == "PicoRV32"
    assert info["sys_clk"] == "49152000"
    assert info["fs"] == "192000"
    assert info["network"] == model.spec.name
    assert info["topology"] == "4->16 K4 D8 relu; 16->16 K4 D32 relu; 16->4 K4 D128"
    assert info["parameters"] == "1572"
    assert info["format"] == str(model.spec.number_format)
    assert info["outputs"] == "4 of 4"
    assert info["folding"] == str(planned(model))
    assert (info["wavenet_clk"], info["wavenet_clk_ratio"]) == ("49152000", "1")
    assert info["build"].rstrip("+").isalnum()


def test_status_moves_on(console):
    first, second = (console.values("status", TIMEOUT_S) for _ in range(2))
    assert first["codec"] == "ready"
    assert (first["bank"], first["model"]) == ("0", zoo_model().spec.name)
    crc = f"0x{image.crc_of(image.pack(zoo_model())):08x}"
    assert (first["crc"], first["idle_crc"]) == (crc, crc)
    assert int(second["frames"]) > int(first["frames"])
    assert second["overruns"] == "0"


@pytest.mark.parametrize(
    "text, value",
    [("0", 0), ("-8", -32768), ("7.9999", 32767), ("+.5", 2048), ("-0.33", -1352), ("1.", 4096)],
)
def test_embed_takes_decimal_numbers(console, text, value):
    reply = console.values(f"embed {text} codec", TIMEOUT_S)
    assert float(reply["e0"]) * 4096 == value
    assert reply["e1"] == "codec"
    assert int(reply["frame"]) > 0


def test_embed_from_the_codec(console):
    assert console.values("embed 1 -1", TIMEOUT_S)["e1"] == "-1.0"
    reply = console.values("embed codec", TIMEOUT_S)
    assert (reply["e0"], reply["e1"]) == ("codec", "codec")
    assert console.values("embed codec 2.5", TIMEOUT_S)["e1"] == "2.5"


@pytest.mark.parametrize("name, point", zoo_model().corners.items())
def test_embed_takes_the_names_of_the_models_waves(console, name, point):
    reply = console.values(f"embed {name} --glide 1", TIMEOUT_S)
    assert reply["glide_frames"] == "192"
    assert (float(reply["e0"]), float(reply["e1"])) == point


ALLOWED = "; allowed: codec, or a decimal number from -8 to below 8"


@pytest.mark.parametrize(
    "command, reply",
    [
        (
            "embed",
            "embed: two arguments are needed: E0 E1; or one: codec, sine, ramp, square, zigzag",
        ),
        (
            "embed 1",
            "embed: two arguments are needed: E0 E1; or one: codec, sine, ramp, square, zigzag",
        ),
        (
            "embed 1 2 3",
            "embed: two arguments are needed: E0 E1; or one: codec, sine, ramp, square, zigzag",
        ),
        (
            "embed Sine",
            "embed: two arguments are needed: E0 E1; or one: codec, sine, ramp, square, zigzag",
        ),
        ("embed sine 1", "embed: 'sine' is not a number" + ALLOWED),
        ("embed 1 2 3 4 5", "embed: too many arguments; allowed: E0 E1"),
        ("embed 1 2 --glide", "embed: --glide takes one number of ms, at the end of the line"),
        ("embed --glide 5 1", "embed: --glide takes one number of ms, at the end of the line"),
        ("embed 1 2 --glide x", "embed: --glide must be 0 to 10000 ms, got 'x'"),
        ("embed 1 2 --glide 1.5", "embed: --glide must be 0 to 10000 ms, got '1.5'"),
        ("embed 1 2 --glide 10001", "embed: --glide must be 0 to 10000 ms, got '10001'"),
        (
            "embed 1 2 --glide 99999999999",
            "embed: --glide must be 0 to 10000 ms, got '99999999999'",
        ),
        ("embed one 2", "embed: 'one' is not a number" + ALLOWED),
        ("embed 1 1e0", "embed: '1e0' is not a number" + ALLOWED),
        ("embed - 1", "embed: '-' is not a number" + ALLOWED),
        ("embed 8 1", "embed: '8' is out of range" + ALLOWED),
        ("embed 1 -8.0001", "embed: '-8.0001' is out of range" + ALLOWED),
        ("embed 99999999999999999999 1", "embed: '99999999999999999999' is out of range" + ALLOWED),
        ("status now", "status: too many arguments; allowed: none"),
        (
            "a b c d e f g h i j k l",
            "unknown command 'a'; there are: " + COMMANDS,
        ),
        ("Help", "unknown command 'Help'; there are: " + COMMANDS),
        ("x" * 80, "line too long; allowed: 79 characters"),
        ("x" * 5000, "line too long; allowed: 79 characters"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(console, command, reply):
    before = console.values("embed 0.25 0.75", TIMEOUT_S)
    assert lines(console, command) == [reply]
    after = console.values("status", TIMEOUT_S)
    assert (after["e0"], after["e1"]) == (before["e0"], before["e1"])


def test_longest_line_is_taken(console):
    word = "x" * 79
    assert lines(console, word) == [f"unknown command '{word}'; there are: {COMMANDS}"]


def test_empty_lines_blanks_and_comments_do_nothing(console):
    for line in ("", "   ", "# a comment"):
        assert lines(console, line) == []
    assert lines(console, "   help  ") == lines(console, "help")


def test_backspace_edits_and_stops_at_the_start(console):
    typed = console.type(b"\x08\x7fhekp\x08\x7flq\x7fp\n", TIMEOUT_S)
    assert "this list" in typed
    assert typed.startswith("hekp\b \b\b \blq\b \bp\n")


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_line_ends(console, end):
    """One line end, one prompt: a second prompt would answer the next command too early."""
    assert console.type(b"embed codec" + end, TIMEOUT_S).count("codec") == 3
    assert "this list" in console.command("help", TIMEOUT_S)


def test_arrow_keys_leave_no_trace(console):
    assert "this list" in console.type(b"he\x1b[A\x1b[1;5Clp\x1bO\n", TIMEOUT_S)


def test_pasted_lines_are_all_answered(console):
    count = 40
    console.type(b"".join(b"embed 0.%02d codec\n" % n for n in range(count)), TIMEOUT_S)
    for _ in range(count - 1):
        console.type(b"", TIMEOUT_S)
    assert float(console.values("status", TIMEOUT_S)["e0"]) == pytest.approx(0.39, abs=1 / 4096)


@pytest.mark.parametrize("seed", [1, 2])
def test_garbage_never_hangs_it(console, seed):
    noise = np.random.default_rng(seed).integers(0, 256, 3000, np.uint8).tobytes()
    console.synchronise(noise + b"\x1b[" + bytes(range(256)), TIMEOUT_S)
    assert "this list" in console.command("help", TIMEOUT_S)
