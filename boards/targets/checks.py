"""What is wrong with arguments that the parser takes: found before any work."""

import ipaddress
import math
import os
from pathlib import Path

from boards.platforms import BOARDS
from boards.targets.arguments import DEFAULT_BOARD
from boards.targets.litex_options import CPU_VARIANTS
from models.errors import UserError
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
    """An argument that cannot be used; the message names it and what is allowed."""


def check(parser, args):
    """Raises UsageError for what the parser cannot see; without --board chooses the default."""
    simulated = args.sim or args.demo
    board = args.build or args.load or args.flash or args.patch_model
    if not simulated and not board:
        raise UsageError(
            "nothing to do; choose --sim, --demo, --build, --load, --flash or --patch-model"
        )
    if args.sim and args.demo:
        raise UsageError("--sim and --demo are not allowed together")
    if simulated and board:
        raise UsageError(
            "--sim and --demo are not allowed with --build, --load, --flash and --patch-model"
        )
    variants = CPU_VARIANTS[args.cpu_type]
    if args.cpu_variant not in (None, *variants):
        raise UsageError(
            f"variant {args.cpu_variant!r} of {args.cpu_type} is not allowed: {', '.join(variants)}"
        )
    if args.no_capture and args.capture_outputs:
        raise UsageError("--capture-outputs is not allowed with --no-capture")
    check_folder(args.output_dir)
    for name in ("soc_csv", "soc_json", "soc_svd"):
        path = getattr(args, name)
        if path is not None:
            check_file(f"--{name.replace('_', '-')}", Path(path))
    given = [name for name in vars(args) if getattr(args, name) != parser.get_default(name)]
    (check_simulation if simulated else check_board)(args, given)


def check_folder(path):
    """Raises UsageError where --output-dir (or None) can be no folder that is written to."""
    if path is None:
        return
    there = Path(os.path.abspath(path))
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        raise UsageError(f"--output-dir {path} is not allowed: {there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"--output-dir {path} is not allowed: {there} is not writable")


def check_file(option, path):
    """Raises UsageError where no file can be written at the path."""
    if not path.parent.is_dir():
        raise UsageError(f"{option} {path} is not allowed: the folder {path.parent} does not exist")
    if path.is_dir():
        raise UsageError(f"{option} {path} is not allowed: it is a folder, not a file")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{option} {path} is not allowed: it is not writable")


def check_simulation(args, given):
    if args.board is not None:
        raise UsageError("--board is not allowed in a simulation, which is of none")
    if args.codec != "ak4619":
        raise UsageError(f"--codec {args.codec} is not allowed in a simulation: ak4619")
    if args.sys_clk_freq != SYS_CLK_FREQ:
        raise UsageError(
            f"--sys-clk-freq {args.sys_clk_freq:.10g} is not allowed in a simulation: "
            f"{SYS_CLK_FREQ}"
        )
    if args.primitives == "ecp5":
        raise UsageError("--primitives ecp5 is not allowed in a simulation: inferred")
    for name in given:
        if name in BOARD_ONLY:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} is not allowed in a simulation: on a board")
    fades = args.demo and args.with_crossfade
    if args.swap_to is not None and not fades:
        raise UsageError("--swap-to is allowed only with --demo --with-crossfade")
    for name in ("wav_in", "duration"):
        if fades and getattr(args, name) is not None:
            option = name.replace("_", "-")
            raise UsageError(
                f"--{option} is not allowed with --demo --with-crossfade: a triangle plays"
            )
    if args.demo and args.wav_out is not None:
        raise UsageError("--wav-out is not allowed with --demo, which writes to out/demo")
    if args.wav_out is not None and (args.no_compile or args.no_compile_gateware):
        raise UsageError("--wav-out is not allowed with --no-compile: nothing plays")
    if not math.isfinite(args.gain):
        raise UsageError(f"--gain {args.gain:g} is not allowed: a finite number")
    if args.gain != 1 and (args.wav_in is None or args.demo):
        raise UsageError("--gain is allowed only with --sim --wav-in")
    most = DEMO_SECONDS_MOST if args.demo else 86_400
    if args.duration is not None and not 0 < args.duration <= most:
        raise UsageError(f"duration {args.duration:g} s is not allowed: above 0, to {most}")
    if not 0.1 <= args.power_up_ms <= 1000:
        raise UsageError(f"power-up {args.power_up_ms:g} ms is not allowed: 0.1 to 1000")
    for port in (args.serial_port, args.bridge_port):
        if not 0 <= port <= 65_535:
            raise UsageError(f"port {port} is not allowed: 1 to 65535, 0 for a free one")
    if args.bridge_port and not args.with_uartbone:
        raise UsageError("--bridge-port is not allowed without --with-uartbone")
    if args.bridge_port and args.bridge_port == args.serial_port:
        raise UsageError(f"--bridge-port {args.bridge_port} is not allowed: the console's port")
    inputs = [path for path in (args.wav_in, args.model) if path is not None]
    if args.wav_out is not None:
        check_output(args.wav_out, args.sample_rate, inputs)


def check_board(args, given):
    args.board = args.board or DEFAULT_BOARD
    for name in ("build", "report"):
        if args.patch_model and getattr(args, name):
            raise UsageError(
                f"--{name} is not allowed with --patch-model, which takes the build that is there"
            )
    ports = BOARDS[args.board].Platform.pmod_ports
    if args.pmod_port not in (None, *ports):
        raise UsageError(f"--pmod-port {args.pmod_port} is not allowed: {', '.join(ports)}")
    for name in given:
        if name in SIMULATION_ONLY:
            raise UsageError(f"--{name.replace('_', '-')} is only allowed in a simulation")
    if not (math.isfinite(args.sys_clk_freq) and args.sys_clk_freq > 0):
        raise UsageError(f"--sys-clk-freq {args.sys_clk_freq:g} is not allowed: Hz, above 0")
    check_bridges(args, given)


def check_bridges(args, given):
    """Raises UsageError for bridges and consoles that a board has nothing to connect to."""
    if args.uart_name == "crossover" and not (
        args.with_uartbone or args.with_jtagbone or args.with_etherbone
    ):
        raise UsageError(
            "--uart-name crossover is not allowed without a bridge: --with-uartbone, "
            "--with-jtagbone or --with-etherbone"
        )
    if args.uart_name == "jtag_uart" and args.with_jtagbone:
        raise UsageError("--uart-name jtag_uart is not allowed with --with-jtagbone: one JTAG")
    board = BOARDS[args.board]
    serials = [name for name in (0, 1) if board.Platform().request("serial", name, loose=True)]
    if args.with_uartbone and args.uart_name == "serial" and len(serials) < 2:
        raise UsageError(
            f"--with-uartbone is not allowed on {args.board}: the console has the only serial "
            "port; --uart-name crossover puts it on the bridge"
        )
    if args.with_etherbone and not hasattr(board, "eth_phy"):
        raise UsageError(f"--with-etherbone is not allowed: {args.board} has no Ethernet PHY")
    if "eth_ip" in given and not args.with_etherbone:
        raise UsageError("--eth-ip is not allowed without --with-etherbone")
    try:
        ipaddress.IPv4Address(args.eth_ip)
    except ValueError:
        raise UsageError(
            f"--eth-ip {args.eth_ip} is not allowed: four numbers from 0 to 255 with dots"
        ) from None
