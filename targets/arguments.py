"""The arguments of build.py, through LiteX's own parser, and what is wrong with them."""

from pathlib import Path

from litex.soc.cores.cpu import CPUS
from litex.soc.integration.soc import LiteXArgumentParser

from models.devices import DEVICES
from models.planner import OBJECTIVES
from models.training.tour import RECORDING_SECONDS
from models.wav import check_writable
from soc.sim_soc import Platform
from soc.wavenet_soc import WaveNetSoC

ROOT = Path(__file__).resolve().parent.parent
CPU_TYPES = ("picorv32", "vexriscv", "serv")
SAMPLE_RATES = (192_000, 96_000, 48_000)


class UsageError(ValueError):
    """An argument that cannot be used; the message names it and what is allowed."""


class Parser(LiteXArgumentParser):
    """LiteX's parser; what is wrong is one line."""

    def error(self, message):
        self.exit(2, f"build.py: {message}\n")


def make_parser(description):
    """The Parser with LiteX's options for SoC and Builder and all of ours."""
    parser = Parser()
    parser.prog, parser.description = "build.py", description  # LiteX's constructor mixes them up.
    parser.set_platform(Platform)
    target = parser.add_argument_group(title="Target options")
    target.add_argument(
        "--sim",
        action="store_true",
        help="Simulate the SoC (Verilator); without --output-dir in build/sim.",
    )
    target.add_argument(
        "--demo",
        action="store_true",
        help="Simulate a tour of the embedding plane into out/demo/, --wav-in plays a recording; "
        "without --output-dir in build/demo.",
    )
    target.add_argument("--board", default=None, help="Board to build for; there is none yet.")
    target.add_argument(
        "--model",
        type=Path,
        default=ROOT / "models" / "zoo" / "waveshaper.npz",
        help="Trained network (.npz).",
    )
    target.add_argument(
        "--sample-rate",
        type=int,
        default=192_000,
        choices=SAMPLE_RATES,
        help="Sample rate of the codec in Hz.",
    )
    net = parser.add_argument_group(title="Accelerator options")
    net.add_argument(
        "--wavenet-clk-ratio",
        type=int,
        default=1,
        choices=WaveNetSoC.wavenet_clk_ratios,
        help="Cycles of the accelerator's clock in one of the system's: more do with fewer "
        "multipliers.",
    )
    net.add_argument(
        "--objective",
        default=OBJECTIVES[0],
        choices=OBJECTIVES,
        help="What is to be best: area is the fewest multipliers that keep up, latency the fewest "
        "cycles through the net, throughput the fewest from frame to frame.",
    )
    net.add_argument(
        "--device",
        default=None,
        metavar="DEVICE",
        help=f"FPGA that the net must fit (default: no limit): {', '.join(DEVICES)}",
    )
    net.add_argument(
        "--outputs",
        type=int,
        default=None,
        help="Build only the first so many of the net's outputs (default: all).",
    )
    net.add_argument(
        "--primitives",
        default=WaveNetSoC.primitives[0],
        choices=WaveNetSoC.primitives,
        help="Registers, multipliers and memories: left to synthesis, or those of the ECP5; a "
        "simulation takes the former.",
    )
    sim = parser.add_argument_group(title="Simulation options")
    sim.add_argument(
        "--wav-in",
        type=Path,
        default=None,
        help="Sound at the codec's inputs, 1-4 channels, any rate (default: a 220 Hz triangle).",
    )
    sim.add_argument(
        "--wav-out", type=Path, default=None, help="Write the codec's outputs to this WAV file."
    )
    sim.add_argument(
        "--duration",
        type=float,
        default=None,
        help="Seconds to play (default: as long as --wav-in, without it until Ctrl-C; "
        f"--demo: at most {RECORDING_SECONDS:g} of --wav-in).",
    )
    sim.add_argument(
        "--serial-port",
        type=int,
        default=0,
        help="TCP port of the console on localhost; 0 takes a free one.",
    )
    sim.add_argument(
        "--bridge-port",
        type=int,
        default=0,
        help="TCP port of the bridge that --with-uartbone adds; 0 takes a free one.",
    )
    sim.add_argument(
        "--power-up-ms",
        type=float,
        default=10.0,
        help="Simulated ms that the codec takes to wake up; the data sheet's are 10.",
    )
    parser.set_defaults(
        cpu_type="picorv32",
        integrated_rom_size=WaveNetSoC.rom_size,
        integrated_sram_size=WaveNetSoC.sram_size,
        ident="WaveNet SoC",
        no_ident_version=True,
        no_timer=True,
        uart_name="sim",
        log_level="warning",
    )
    return parser


def check(args):
    """Raises UsageError for what the parser cannot see."""
    if args.board is not None:
        raise UsageError(f"board {args.board!r} is not known; there are none yet, only --sim")
    if not args.sim and not args.demo:
        raise UsageError("nothing to do; choose --sim or --demo")
    if args.sim and args.demo:
        raise UsageError("--sim and --demo are not allowed together")
    if args.demo and args.wav_out is not None:
        raise UsageError("--wav-out is not allowed with --demo, which writes to out/demo")
    if args.cpu_type not in CPU_TYPES:
        raise UsageError(f"cpu type {args.cpu_type!r} is not allowed: {', '.join(CPU_TYPES)}")
    variants = CPUS[args.cpu_type].variants
    if args.cpu_variant not in (None, *variants):
        raise UsageError(
            f"variant {args.cpu_variant!r} of {args.cpu_type} is not allowed: {', '.join(variants)}"
        )
    if args.duration is not None and not 0 < args.duration <= 86_400:
        raise UsageError(f"duration {args.duration:g} s is not allowed: above 0, to 86400")
    if not 0.1 <= args.power_up_ms <= 1000:
        raise UsageError(f"power-up {args.power_up_ms:g} ms is not allowed: 0.1 to 1000")
    for port in (args.serial_port, args.bridge_port):
        if not 0 <= port <= 65_535:
            raise UsageError(f"port {port} is not allowed: 1 to 65535, 0 for a free one")
    if args.bridge_port and not args.with_uartbone:
        raise UsageError("--bridge-port is not allowed without --with-uartbone")
    if args.primitives == "ecp5" and (args.sim or args.demo):
        raise UsageError("--primitives ecp5 is not allowed in a simulation: inferred")
    if args.wav_out is not None:
        check_writable(args.wav_out)
