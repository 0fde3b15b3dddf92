# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The arguments of build.py beside LiteX's own; checks.py beside it has their limits."""

from pathlib import Path

from boards.platforms import BOARDS
from boards.platforms.codec_pmods import PLUGS
from models.arch.devices import DEVICES
from models.arch.planner import OBJECTIVES
from models.showcase.tour import RECORDING_SECONDS
from soc.capture_buffer import CAPTURE_FRAMES, CAPTURE_SIZES
from soc.sim import sim_soc
from soc.wavenet_soc import CODECS, WaveNetSoC

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_RATES = (192_000, 96_000, 48_000)
DEFAULT_BOARD = next(iter(BOARDS))


def add_target_arguments(target):
    target.add_argument("--build", action="store_true", help="Build the bitstream of a board.")
    target.add_argument(
        "--load",
        action="store_true",
        help="Load the board with its bitstream, which is built if need be.",
    )
    target.add_argument(
        "--flash",
        action="store_true",
        help="Write it into the memory that the board starts from.",
    )
    target.add_argument(
        "--report",
        action="store_true",
        help="Of a build: what each block takes, clocks and cycles to spare; as a table, and as "
        "report.json and report.png in the build's folder.",
    )
    target.add_argument(
        "--patch-model",
        type=Path,
        default=None,
        metavar="MODEL",
        help="Put another network of the same shape into the bitstream of an existing build, "
        "in seconds, beside it in patched/; give the other arguments as for the build.",
    )
    target.add_argument(
        "--sim",
        action="store_true",
        help="Simulate the SoC (Verilator); without --output-dir in build/sim.",
    )
    target.add_argument(
        "--demo",
        action="store_true",
        help="Simulate a tour of the embedding plane into out/demo/, --wav-in plays a recording; "
        "without --output-dir in build/demo. With --with-crossfade: the model changes twice while "
        "a triangle plays, into out/crossfade/.",
    )
    target.add_argument(
        "--swap-to",
        type=Path,
        default=None,
        metavar="MODEL.npz",
        help="Of --demo --with-crossfade: the other model; without it the model inverted.",
    )
    target.add_argument(
        "--model",
        type=Path,
        default=ROOT / "models" / "zoo" / "waveshaper.npz",
        help="Trained network (.npz).",
    )
    target.add_argument(
        "--sample-rate",
        type=int,
        default=SAMPLE_RATES[0],
        choices=SAMPLE_RATES,
        help="Sample rate of the codec in Hz.",
    )


def add_board_arguments(board):
    board.add_argument(
        "--board",
        choices=tuple(BOARDS),
        help=f"Board (default: {DEFAULT_BOARD}); without --output-dir it is built in build/BOARD.",
    )
    board.add_argument(
        "--sys-clk-freq",
        type=float,
        default=sim_soc.SYS_CLK_FREQ,
        help="Clock of CPU, bus and codec in Hz: 256 (or 512, 1024, ...) times the sample rate.",
    )
    board.add_argument(
        "--codec",
        default=next(iter(CODECS)),
        choices=tuple(CODECS),
        help="Codec: eurorack-pmod's AK4619, or the stereo Pmod I2S2 (48 and 96 kHz).",
    )
    board.add_argument(
        "--pmod-port",
        default=None,
        help="Connector of the codec: "
        + "; ".join(
            f"{name}: {', '.join(module.Platform.pmod_ports)}" for name, module in BOARDS.items()
        )
        + " (default: the board's first).",
    )
    board.add_argument(
        "--pmod-plug",
        default=PLUGS[0],
        choices=PLUGS,
        help="How the AK4619 is connected; plugged in directly it has its rows the other way "
        "round. The I2S Pmod always is plugged in directly.",
    )
    board.add_argument(
        "--with-etherbone", action="store_true", help="Bridge from Ethernet (UDP port 1234)."
    )
    board.add_argument("--eth-ip", default="192.168.1.50", help="Address of the bridge.")
    board.add_argument(
        "--with-litescope",
        action="store_true",
        help="Logic analyser on the frames of codec and network; analyzer.csv is for "
        "litescope_cli over a bridge.",
    )


def add_net_arguments(net):
    net.add_argument(
        "--wavenet-clk-ratio",
        type=int,
        default=1,
        choices=WaveNetSoC.wavenet_clk_ratios,
        help="Cycles of the accelerator's clock in one of the system's: more do with fewer "
        "multipliers.",
    )
    net.add_argument(
        "--with-crossfade",
        action="store_true",
        help="Fade from one model to the next (console: fade MS) instead of a change at once; "
        "takes twice the multipliers.",
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
        help="FPGA that the net must fit. Of a board: "
        + "; ".join(
            f"{name}: {', '.join(module.Platform.devices)}" for name, module in BOARDS.items()
        )
        + f" (default: the board's first). Of a simulation: {', '.join(DEVICES)} "
        "(default: no limit).",
    )
    net.add_argument(
        "--outputs",
        type=int,
        default=None,
        help="Build only the first so many of the net's outputs (default: all).",
    )
    net.add_argument(
        "--primitives",
        default=None,
        choices=WaveNetSoC.primitives,
        help="Registers, multipliers and memories: left to synthesis, or those of the ECP5 "
        "(default: inferred in a simulation, ecp5 on a board).",
    )
    net.add_argument(
        "--no-bench",
        action="store_true",
        help="Leave out the console's bench, and the block RAM that only it needs.",
    )
    net.add_argument(
        "--no-capture",
        action="store_true",
        help="Leave out the capture buffer, which python3 -m soc capture makes recordings from.",
    )
    net.add_argument(
        "--capture-frames",
        type=int,
        default=CAPTURE_FRAMES,
        choices=CAPTURE_SIZES,
        help="Frames in the capture buffer; 256 take a block RAM.",
    )
    net.add_argument(
        "--capture-outputs",
        type=int,
        default=0,
        choices=range(5),
        help="Capture the network's first so many outputs beside the codec's inputs.",
    )


def add_simulation_arguments(sim):
    sim.add_argument(
        "--wav-in",
        type=Path,
        default=None,
        help="Sound at the codec's inputs: WAV, FLAC or AIFF, 1-4 channels, any rate (default: a "
        "220 Hz triangle).",
    )
    sim.add_argument(
        "--wav-out",
        type=Path,
        default=None,
        help="Write what the codec's outputs play to this .wav, .flac or .aiff file: 4 channels, "
        "32-bit PCM (FLAC: 24), at the codec's rate; the word n of the network (4096 is 1.0) is "
        "n * 65536, full scale is 8.0.",
    )
    sim.add_argument(
        "--gain",
        type=float,
        default=1.0,
        help="Factor on channel 0 of --wav-in; the demo plays it with a peak of 1.0 anyway.",
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
    sim.add_argument("--trace", action="store_true", help="Write waveforms (slow, large).")


def soc_options(args):
    """The options of soc/options.py that a board's SoC and a simulated one take alike, by name."""
    return dict(
        sample_rate=args.sample_rate,
        wavenet_clk_ratio=args.wavenet_clk_ratio,
        with_crossfade=args.with_crossfade,
        with_bench=not args.no_bench,
        with_capture=not args.no_capture,
        capture_frames=args.capture_frames,
        capture_outputs=args.capture_outputs,
    )
