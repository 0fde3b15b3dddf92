# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Checks of arguments that the parser cannot make, before any work."""

import ipaddress
import math
import os
from pathlib import Path

from boards.platforms import BOARDS
from boards.targets.arguments import DEFAULT_BOARD
from boards.targets.litex_options import CPU_VARIANTS
from models.errors import UserError
from models.messages import either, must_be
from soc.sim.sim_soc import SYS_CLK_FREQ
from soc.wav import check_output

DEMO_SECONDS_MOST = 60  # All of it is held in memory.

# Options that say nothing of a simulation, or of a board.
BOARD_ONLY = (
    *("pmod_port", "pmod_plug", "with_etherbone", "eth_ip", "with_litescope", "report"),
    *("uart_name", "uart_baudrate", "with_jtagbone"),
    *("yosys_nowidelut", "yosys_abc9", "yosys_flow3", "nextpnr_ignoreloops", "nextpnr_seed"),
    *("ecppack_bootaddr", "ecppack_spimode", "ecppack_freq"),
)
SIMULATION_ONLY = (
    *("wav_in", "wav_out", "gain", "duration", "trace", "bridge_port", "serial_port"),
    *("power_up_ms", "swap_to"),
)


class UsageError(UserError, ValueError):
    """An argument that cannot be used; the message says what must hold and what was given."""


def check(parser, args):
    """Raises UsageError for what the parser cannot see; without --board chooses the default."""
    simulated = args.sim or args.demo
    board = args.build or args.load or args.flash or args.patch_model
    if not simulated and not board:
        raise UsageError(
            "nothing to do; choose --sim, --demo, --build, --load, --flash or --patch-model"
        )
    if args.sim and args.demo:
        raise UsageError("--sim and --demo cannot be combined")
    if simulated and board:
        raise UsageError(
            "--sim and --demo cannot be combined with --build, --load, --flash or --patch-model"
        )
    variants = CPU_VARIANTS[args.cpu_type]
    if args.cpu_variant not in (None, *variants):
        raise UsageError(
            must_be(f"--cpu-variant of {args.cpu_type}", either(variants), args.cpu_variant)
        )
    if args.no_capture and args.capture_outputs:
        raise UsageError("--capture-outputs needs the capture buffer, got --no-capture")
    check_folder(args.output_dir)
    for name in ("soc_csv", "soc_json", "soc_svd"):
        path = getattr(args, name)
        if path is not None:
            check_file(f"--{name.replace('_', '-')}", Path(path))
    given = [name for name in vars(args) if getattr(args, name) != parser.get_default(name)]
    (check_simulation if simulated else check_board)(args, given)


def check_folder(path):
    """Raises UsageError unless --output-dir (or None) can be a writable folder."""
    if path is None:
        return
    there = Path(os.path.abspath(path))
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        raise UsageError(f"--output-dir must be a folder, got {path}: {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"--output-dir must be writable, got {path}: {there} is not")


def check_file(option, path):
    """Raises UsageError unless a file can be written at the path."""
    if not path.parent.is_dir():
        raise UsageError(f"{option} must be in an existing folder, got {path}")
    if path.is_dir():
        raise UsageError(f"{option} must be a file, got the folder {path}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{option} must be writable, got {path}")


def check_simulation(args, given):
    if args.board is not None:
        raise UsageError(
            "--board cannot be combined with --sim or --demo: a simulation has no board"
        )
    if args.codec != "ak4619":
        raise UsageError(f"--codec must be ak4619 in a simulation, got {args.codec}")
    if args.sys_clk_freq != SYS_CLK_FREQ:
        raise UsageError(
            f"--sys-clk-freq must be {SYS_CLK_FREQ} in a simulation, got {args.sys_clk_freq:.10g}"
        )
    if args.primitives == "ecp5":
        raise UsageError("--primitives must be inferred in a simulation, got ecp5")
    for name in given:
        if name in BOARD_ONLY:
            option = name.replace("_", "-")
            mode = "--demo" if args.demo else "--sim"
            raise UsageError(f"--{option} needs a board, got {mode}")
    fades = args.demo and args.with_crossfade
    if args.swap_to is not None and not fades:
        raise UsageError("--swap-to needs --demo --with-crossfade")
    for name in ("wav_in", "duration"):
        if fades and getattr(args, name) is not None:
            option = name.replace("_", "-")
            raise UsageError(
                f"--{option} cannot be combined with --demo --with-crossfade, which plays a "
                "triangle"
            )
    if args.demo and args.wav_out is not None:
        raise UsageError("--wav-out cannot be combined with --demo, which writes to out/demo")
    if args.wav_out is not None and (args.no_compile or args.no_compile_gateware):
        raise UsageError("--wav-out needs a simulation that runs, got --no-compile")
    if not math.isfinite(args.gain):
        raise UsageError(f"--gain must be a finite number, got {args.gain:g}")
    if args.gain != 1 and (args.wav_in is None or args.demo):
        raise UsageError("--gain needs --sim --wav-in")
    most = DEMO_SECONDS_MOST if args.demo else 86_400
    if args.duration is not None and not 0 < args.duration <= most:
        raise UsageError(f"--duration must be above 0, up to {most} s, got {args.duration:g}")
    if not 0.1 <= args.power_up_ms <= 1000:
        raise UsageError(f"--power-up-ms must be 0.1 to 1000, got {args.power_up_ms:g}")
    for option, port in (("serial", args.serial_port), ("bridge", args.bridge_port)):
        if not 0 <= port <= 65_535:
            raise UsageError(f"--{option}-port must be 1 to 65535, or 0 for a free one, got {port}")
    if args.bridge_port and not args.with_uartbone:
        raise UsageError("--bridge-port needs --with-uartbone")
    if args.bridge_port and args.bridge_port == args.serial_port:
        raise UsageError(
            f"--bridge-port must differ from --serial-port, got {args.bridge_port} for both"
        )
    inputs = [path for path in (args.wav_in, args.model) if path is not None]
    if args.wav_out is not None:
        check_output(args.wav_out, args.sample_rate, inputs)


def check_board(args, given):
    args.board = args.board or DEFAULT_BOARD
    for name in ("build", "report"):
        if args.patch_model and getattr(args, name):
            raise UsageError(
                f"--{name} cannot be combined with --patch-model, which uses the existing build"
            )
    ports = BOARDS[args.board].Platform.pmod_ports
    if args.pmod_port not in (None, *ports):
        raise UsageError(must_be("--pmod-port", either(ports), args.pmod_port))
    for name in given:
        if name in SIMULATION_ONLY:
            raise UsageError(f"--{name.replace('_', '-')} needs --sim or --demo")
    if not (math.isfinite(args.sys_clk_freq) and args.sys_clk_freq > 0):
        raise UsageError(f"--sys-clk-freq must be above 0 Hz, got {args.sys_clk_freq:g}")
    check_bridges(args, given)


def check_bridges(args, given):
    """Raises UsageError for bridges and consoles that the board has no port for."""
    if args.uart_name == "crossover" and not (
        args.with_uartbone or args.with_jtagbone or args.with_etherbone
    ):
        raise UsageError(
            "--uart-name crossover needs a bridge: --with-uartbone, --with-jtagbone or "
            "--with-etherbone"
        )
    if args.uart_name == "jtag_uart" and args.with_jtagbone:
        raise UsageError(
            "--uart-name jtag_uart cannot be combined with --with-jtagbone: there is one JTAG port"
        )
    board = BOARDS[args.board]
    serials = [name for name in (0, 1) if board.Platform().request("serial", name, loose=True)]
    if args.with_uartbone and args.uart_name == "serial" and len(serials) < 2:
        raise UsageError(
            f"--with-uartbone needs a serial port beside the console's, {args.board} has one; "
            "--uart-name crossover puts the console on the bridge"
        )
    if args.with_etherbone and not hasattr(board, "eth_phy"):
        raise UsageError(f"--with-etherbone needs an Ethernet PHY, {args.board} has none")
    if "eth_ip" in given and not args.with_etherbone:
        raise UsageError("--eth-ip needs --with-etherbone")
    try:
        ipaddress.IPv4Address(args.eth_ip)
    except ValueError:
        raise UsageError(
            f"--eth-ip must be four numbers of 0 to 255 with dots, got {args.eth_ip}"
        ) from None
