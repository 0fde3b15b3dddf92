# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""build.py --build, --load, --flash: the SoC on a board."""

import logging
import time
from pathlib import Path

from litex.soc.integration.builder import Builder

from boards.platforms import BOARDS
from boards.platforms.codec_pmods import CALIBRATION, CODEC_PMODS
from boards.targets.arguments import ROOT, soc_options
from boards.targets.checks import UsageError
from boards.targets.folder import build_folder, builder_options, copy_exports
from boards.targets.manifest import record
from boards.targets.packages import require_package, set_up
from boards.targets.patching import patched
from models.arch import devices
from models.arch.planner import plan
from models.messages import either, must_be
from models.spec import Model
from soc.flow import bitstream, report
from soc.flow.bitstream import Bitstream
from soc.flow.loader import PROGRAM, detect, load
from soc.flow.toolchain import ToolError, environment
from soc.litescope import add_litescope
from soc.options import grouped
from soc.progress import Progress
from soc.wavenet_soc import WaveNetSoC, cycles_per_sample

CODEC_CHANNELS = {"ak4619": 4, "i2s": 2}
BLOCK_WORDS = 1024  # of 16 bits in a block RAM
MEMORY_BLOCKS = (WaveNetSoC.rom_size + WaveNetSoC.sram_size) // 2048

# Python package -> the option that needs it.
PACKAGES = {"liteeth": "etherbone", "litescope": "litescope"}


def run(parser, args):
    """Builds, loads and flashes as the arguments say; returns the exit status."""
    progress = Progress()
    loads = args.load or args.flash
    compiles = parser.builder_argdict["compile_gateware"]
    for name in ("load", "flash", "report", "patch_model"):
        if getattr(args, name) and not compiles:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} needs a build, got --no-compile")
    model = Model.load(args.model)
    programs = (*(bitstream.PROGRAMS if compiles else ()), *((PROGRAM,) if loads else ()))
    packages = [
        *(["scipy"] if compiles else []),  # of soc/flow/floorplan.py
        *(name for name in PACKAGES if getattr(args, f"with_{PACKAGES[name]}")),
    ]
    try:
        require(programs, packages)
    except ToolError:
        check_design(args, model)  # What the board has no room for is not installed for.
        set_up("boards", lambda: require(programs, packages))
    if loads:
        board = BOARDS[args.board]
        programmer = board.Platform(device_of(board, args.device)).create_programmer()
        detect(programmer, progress)
    with build_folder(args.output_dir or ROOT / "build" / args.board) as folder:
        if compiles and bitstream.hidden_from_yowasp(folder):
            raise UsageError(
                f"--output-dir must be outside of /tmp, which YoWASP's programs cannot see, "
                f"got {folder}"
            )
        if args.patch_model:
            start = time.monotonic()
            soc, path = patched(parser, args, folder, progress, generate)
            print(f"patched in {time.monotonic() - start:.1f} s")
        else:
            with progress.step("SoC: Verilog and firmware"):
                soc, builder = generate(parser, args, model, folder)
                record(args, folder)
            describe_clocks(soc, args)
            if not compiles:
                return 0
            made = Bitstream(builder.gateware_dir, soc.build_name, progress)
            route, path = made.build(args.nextpnr_seed), made.path
            describe_route(route, soc)
            if args.report:
                write_report(soc, model.spec.name, route, made.netlist, folder)
        print(f"bitstream: {path}")
        for flash in (False, True):
            if args.flash if flash else args.load:
                load(programmer, path, progress, flash)
    return 0


def require(programs, packages):
    """Raises ToolError for the first that is missing."""
    environment(programs)
    for package in packages:
        require_package(package, "make boards")


def device_of(board, wanted):
    """The device of a board that `wanted` (or None) names, as LFE5U-25F or 25F."""
    devices = board.Platform.devices
    for device in devices:
        if wanted is None or wanted.upper() in (device, device.split("-")[1]):
            return device
    raise UsageError(must_be("--device", either(devices), wanted))


def check_design(args, model):
    """Raises ValueError for clocks and nets that the board cannot have."""
    board = BOARDS[args.board]
    platform = board.Platform(device_of(board, args.device))
    plan_for(args, model, platform, board.CRG(platform, args.sys_clk_freq, args.wavenet_clk_ratio))


def check_capture(args, platform):
    """Raises UsageError where the capture buffer alone, beside ROM and SRAM, fills the device."""
    channels = CODEC_CHANNELS[args.codec] + args.capture_outputs
    wanted = -(-args.capture_frames * channels // BLOCK_WORDS) + MEMORY_BLOCKS
    there = devices.get(platform.device).block_rams
    if not args.no_capture and wanted > there:
        raise UsageError(
            f"--capture-frames must fit the {there} block RAMs of {platform.device}, got "
            f"{args.capture_frames}: {wanted} block RAMs with ROM and SRAM"
        )


def plan_for(args, model, platform, crg):
    """The Folding for the cycles per sample that the board's actual clock leaves."""
    check_capture(args, platform)
    cycles = cycles_per_sample(crg.sys_clk_freq, args.sample_rate, args.codec)
    return plan(
        model.spec,
        cycles * args.wavenet_clk_ratio,
        args.objective,
        platform.device,
        contexts=2 if args.with_crossfade else 1,
        outputs=args.outputs,
    )


def make_soc(args, model, **soc_kwargs):
    """The WaveNetSoC of the arguments on their board."""
    board = BOARDS[args.board]
    platform = board.Platform(device_of(board, args.device))
    port = args.pmod_port or platform.pmod_ports[0]
    platform.add_extension(CODEC_PMODS[args.codec](port, args.pmod_plug))
    crg = board.CRG(platform, args.sys_clk_freq, args.wavenet_clk_ratio)
    primitives = args.primitives or "ecp5"
    return WaveNetSoC(
        platform,
        crg.sys_clk_freq,
        crg=crg,
        codec_pads=platform.request("codec"),
        model=model,
        folding=plan_for(args, model, platform, crg),
        **grouped(
            **soc_options(args),
            codec=args.codec,
            primitives=primitives,
            patchable=primitives == "ecp5",
            with_etherbone=args.with_etherbone,
            eth_phy=getattr(board, "eth_phy", None),
            eth_ip=args.eth_ip,
            **CALIBRATION[args.codec],
            **soc_kwargs,
        ),
    )


def generate(parser, args, model, folder, copies=True, **builder_kwargs):
    """Verilog, constraints, firmware and scripts, LiteX's way: (soc, builder).

    copies: write what --soc-csv and --soc-json ask for beside it
    """
    logging.getLogger().setLevel(args.log_level.upper())
    soc = make_soc(args, model, **parser.soc_argdict)
    if args.with_litescope:
        add_litescope(soc, folder / "analyzer.csv")
    bitstream.prepare(soc.platform.toolchain)
    kwargs = {**builder_options(parser), "output_dir": folder, "compile_software": False}
    builder = Builder(soc, **{**kwargs, **builder_kwargs})
    builder.software_packages.clear()  # The firmware needs none of LiteX's libraries.
    builder.build(run=False, **parser.toolchain_argdict)
    bitstream.quote_sources(Path(builder.gateware_dir) / f"{soc.build_name}.ys")
    if copies:
        copy_exports(args, folder)
    return soc, builder


def describe_clocks(soc, args):
    sys_clk = soc.crg.sys_clk_freq
    off = soc.sample_rate / args.sample_rate - 1
    print(
        f"sys {sys_clk / 1e6:.6g} MHz, wavenet {sys_clk * soc.wavenet_clk_ratio / 1e6:.6g} MHz, "
        f"{soc.cycles_per_sample} cycles per sample: fs {soc.sample_rate:.1f} Hz ({off:+.3%})"
    )


def describe_route(report, soc):
    print(f"seed {report.seed}: " + ", ".join(map(str, report.clocks)))
    cells = ("TRELLIS_COMB", "TRELLIS_FF", "MULT18X18D", "DP16KD")
    parts = [
        f"{name} {used} of {there} ({used / there:.0%})"
        for name in cells
        for used, there in (report.cells[name],)
    ]
    print(f"{soc.platform.device}: " + ", ".join(parts))


def write_report(soc, model_name, route, netlist, folder):
    """Prints the report of a routed SoC; report.json and report.png go into the folder."""
    wavenet = soc.wavenet
    measured = report.measure(
        netlist,
        route,
        f"{model_name} on {soc.platform.name}, {soc.platform.device}",
        wavenet.core.cycles * (2 if wavenet.crossfade else 1),
        soc.cycles_per_sample * soc.wavenet_clk_ratio,
    )
    print(report.table(measured))
    report.write(measured, folder / "report.json", folder / "report.png")
    print(f"report: {folder / 'report.json'}, {folder / 'report.png'}")
