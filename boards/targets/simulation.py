# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""build.py --sim and --demo: the SoC in Verilator, with sound."""

import sys

from boards.targets import crossfade_demo, sound_report
from boards.targets.arguments import ROOT, soc_options
from boards.targets.checks import UsageError
from boards.targets.folder import build_folder, builder_options, copy_exports
from boards.targets.output import previous_of, replaced, summary
from models.arch.planner import plan
from models.files import check_folder
from models.reference import Reference
from models.showcase.tour import Tour
from models.sound import levels, listening
from models.sound.wav import read as read_wav
from models.spec import Model
from soc import wav
from soc.progress import Progress
from soc.sim import demo
from soc.sim.runner import Simulation
from soc.sim.session import run_session
from soc.sim.sim_soc import SYS_CLK_FREQ, generate
from soc.wavenet_soc import cycles_per_sample

OUT = ROOT / "out" / "demo"
LISTEN = "listen.wav"
WRITTEN = ("input.wav", "output.wav", LISTEN, "demo.png", "grid.png")


def simulate(parser, args):
    """Builds and runs the simulation that the arguments describe; returns the exit status."""
    model = Model.load(args.model)
    cycles = cycles_per_sample(SYS_CLK_FREQ, args.sample_rate)
    rate = SYS_CLK_FREQ / cycles
    folding = plan(
        model.spec,
        cycles * args.wavenet_clk_ratio,
        args.objective,
        args.device,
        contexts=2 if args.with_crossfade else 1,
        outputs=args.outputs,
    )
    if args.demo and args.wav_in is not None:
        check_folder(OUT, WRITTEN, [args.wav_in])
        if previous_of(OUT).resolve() in args.wav_in.resolve().parents:
            raise UsageError(
                f"--wav-in must be outside of the folder that the demo removes, got {args.wav_in}"
            )
    recording = None if args.wav_in is None else read_wav(args.wav_in, rate)
    if recording is not None:
        recording[:, 0] *= args.gain
        for line in sound_report.entering(args, model, recording, rate):
            print(line, file=sys.stdout if args.demo else sys.stderr)  # before the console's port
    builder_kwargs = builder_options(parser)
    soc_kwargs = dict(
        parser.soc_argdict,
        **soc_options(args),
    )
    if soc_kwargs["uart_name"] == "serial":
        soc_kwargs["uart_name"] = "sim"
    with build_folder(
        args.output_dir or ROOT / "build" / ("demo" if args.demo else "sim")
    ) as folder:
        if not builder_kwargs["compile_gateware"]:
            generate(model, folding, folder, builder_kwargs=builder_kwargs, **soc_kwargs)
            copy_exports(args, folder)
            return 0
        options = dict(
            port=args.serial_port,
            bridge_port=args.bridge_port,
            trace=args.trace,
            output_dir=folder,
            builder_kwargs=builder_kwargs,
            progress=Progress(),
            power_up_ms=args.power_up_ms,
            **soc_kwargs,
        )
        if args.demo and args.with_crossfade:
            other = Model.load(args.swap_to) if args.swap_to else crossfade_demo.inverted(model)
            return crossfade_demo.demonstrate(model, other, folding, rate, options)
        if args.demo:
            return demonstrate(args, model, folding, rate, recording, options)
        frames = None if recording is None else wav.to_codes(recording)
        duration = None if args.duration is None else max(round(args.duration * rate), 1)
        say_cut(args.wav_in, frames, duration, rate, "as --duration says")
        simulation = Simulation(model, folding, frames=frames, duration=duration, **options)
        status = run_session(simulation, args.wav_out)
        print(sound_report.played(model.narrowed(folding.spec.out_channels), simulation))
        return status


def demonstrate(args, model, folding, rate, recording, options):
    """Takes the SoC on a tour, holds it to the reference, writes sound, pictures and a table."""
    model = model.narrowed(folding.spec.out_channels)
    tour = Tour(model, rate, args.duration, None if recording is None else recording[:, 0])
    why = "as --duration says" if args.duration else "--duration SECONDS plays more"
    say_cut(args.wav_in, recording, len(tour.input), rate, why)
    progress = options["progress"]
    frames = demo.to_frames(tour.input)
    cycles = cycles_per_sample(SYS_CLK_FREQ, args.sample_rate)
    script = demo.script(tour.embeddings, tour.each, cycles)
    with Simulation(model, folding, frames=frames, endless=True, script=script, **options) as sim:
        marks, status = demo.perform(sim, len(tour.embeddings) * tour.each, progress)
    with progress.step("Comparison with the reference"):
        takes = demo.verify(model.spec, Reference(model), sim, tour.embeddings, marks)
    spans = [(take.start, take.stop) for take in takes]
    entered, heard = demo.signals(sim)
    with progress.step("Sound and pictures"), replaced(OUT) as folder:
        demo.write_sound(folder, sim)
        listening.write(folder / LISTEN, tour.to_listen(heard, spans), rate)
        tour.draw(folder, entered, heard, spans)
    demo.print_table(zip(tour.stops, takes, tour.errors(heard, spans)), sim, status)
    print(levels.describe_output(heard, model.spec.number_format))
    print(f"{OUT / LISTEN}: {tour.heard_as}; {listening.how_to_play(OUT / LISTEN)}")
    print(summary(OUT))
    return 1 if sim.report["complaints"] or int(status["overruns"]) else 0


def say_cut(path, sound, count, rate, why):
    """Says so where only `count` samples (None: all) of a recording play."""
    if sound is not None and count is not None and count < len(sound):
        print(f"{path}: only the first {count / rate:.4g} of {len(sound) / rate:.4g} s play, {why}")
