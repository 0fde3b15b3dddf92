"""What is wrong with arguments that the parser takes."""

from litex.soc.cores.cpu import CPUS

from boards import BOARDS
from soc.wav import check_output
from soc.sim_soc import SYS_CLK_FREQ
from boards.targets.arguments import DEFAULT_BOARD

CPU_TYPES = ("picorv32", "vexriscv", "serv")


class UsageError(ValueError):
    """An argument that cannot be used; the message names it and what is allowed."""


def check(args):
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
    if args.cpu_type not in CPU_TYPES:
        raise UsageError(f"cpu type {args.cpu_type!r} is not allowed: {', '.join(CPU_TYPES)}")
    variants = CPUS[args.cpu_type].variants
    if args.cpu_variant not in (None, *variants):
        raise UsageError(
            f"variant {args.cpu_variant!r} of {args.cpu_type} is not allowed: {', '.join(variants)}"
        )
    (check_simulation if simulated else check_board)(args)


def check_simulation(args):
    if args.board is not None:
        raise UsageError("--board is not allowed in a simulation, which is of none")
    fades = args.demo and args.with_crossfade
    if args.swap_to is not None and not fades:
        raise UsageError("--swap-to is allowed only with --demo --with-crossfade")
    if fades and args.wav_in is not None:
        raise UsageError("--wav-in is not allowed with --demo --with-crossfade: a triangle plays")
    if args.demo and args.wav_out is not None:
        raise UsageError("--wav-out is not allowed with --demo, which writes to out/demo")
    if args.duration is not None and not 0 < args.duration <= 86_400:
        raise UsageError(f"duration {args.duration:g} s is not allowed: above 0, to 86400")
    if not 0.1 <= args.power_up_ms <= 1000:
        raise UsageError(f"power-up {args.power_up_ms:g} ms is not allowed: 0.1 to 1000")
    for port in (args.serial_port, args.bridge_port):
        if not 0 <= port <= 65_535:
            raise UsageError(f"port {port} is not allowed: 1 to 65535, 0 for a free one")
    if args.bridge_port and not args.with_uartbone:
        raise UsageError("--bridge-port is not allowed without --with-uartbone")
    if args.primitives == "ecp5":
        raise UsageError("--primitives ecp5 is not allowed in a simulation: inferred")
    for name in ("with_etherbone", "with_litescope", "report"):
        if getattr(args, name):
            option = name.replace("_", "-")
            raise UsageError(f"--{option} is not allowed in a simulation: on a board")
    if args.codec != "ak4619":
        raise UsageError(f"--codec {args.codec} is not allowed in a simulation: ak4619")
    if args.sys_clk_freq != SYS_CLK_FREQ:
        raise UsageError(
            f"--sys-clk-freq {args.sys_clk_freq:.10g} is not allowed in a simulation: "
            f"{SYS_CLK_FREQ}"
        )
    inputs = [path for path in (args.wav_in, args.model) if path is not None]
    if args.wav_out is not None:
        check_output(args.wav_out, args.sample_rate, inputs)


def check_board(args):
    args.board = args.board or DEFAULT_BOARD
    for name in ("build", "report"):
        if args.patch_model and getattr(args, name):
            raise UsageError(
                f"--{name} is not allowed with --patch-model, which takes the build that is there"
            )
    ports = BOARDS[args.board].Platform.pmod_ports
    if args.pmod_port not in (None, *ports):
        raise UsageError(f"--pmod-port {args.pmod_port} is not allowed: {', '.join(ports)}")
    for name in ("wav_in", "wav_out", "duration", "trace", "bridge_port", "serial_port"):
        if getattr(args, name):
            raise UsageError(f"--{name.replace('_', '-')} is only allowed in a simulation")
