# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m models: train a net, render sound, plan its folding, pack and measure it."""

import argparse
import sys
from pathlib import Path

from models import launcher

if __name__ == "__main__":
    launcher.start("python3 -m models: error", launcher.MODELS)

from gateware.shapes.codec_word import SYS_CLK_FREQ
from models import image, topologies
from models.arch import devices
from models.arch.planner import OBJECTIVES, plan
from models.commands import evaluate, examples, import_keras, render, train, zoo
from models.commands.arguments import positive
from models.errors import reported
from models.files import check_writable, until_pipe_breaks
from models.fit import fit
from models.spec import Model, ModelError

PLAN = (
    "area: fewest multipliers that keep up; latency: fewest cycles from a frame's last input "
    "channel to its first output channel; throughput: fewest cycles from frame to frame. Cycles, "
    "multipliers and shifters are exact, block RAMs and LUTs are estimates."
)

IMAGE = (
    "OUT.bin is what a running SoC loads, OUT.json beside it what `litex_term --images` takes. The "
    "image fits every build of the same topology; --fit pads the model into a larger one, where "
    "that is exact."
)


class Parser(argparse.ArgumentParser):
    """Bad arguments: one line on stderr, exit status 2."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def parser():
    top = Parser(
        prog="python3 -m models",
        description="Train a net, render sound through it, plan its folding, pack it, measure it.",
        epilog="COMMAND --help lists a command's options with their defaults.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(run, name, text, more=""):
        sub = commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}. {more}",
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub.add_argument

    train.add_arguments(command(train.run, "train", train.TEXT, train.MORE))
    known = ", ".join(sorted(topologies.TOPOLOGIES))
    unset = argparse.SUPPRESS  # the default depends on other arguments; the help says how

    render.add_arguments(command(render.run, "render", render.TEXT, render.MORE))

    add = command(plan_command, "plan", "choose pe and simd per layer: cycles, multipliers", PLAN)
    add("model", metavar="MODEL.npz|TOPOLOGY", help=f"a trained model, or a topology: {known}")
    text = f"clock cycles per sample (default: {SYS_CLK_FREQ} Hz / the net's rate)"
    add("--cycles", type=positive, default=unset, help=text)
    text = f"what is to be best: {', '.join(OBJECTIVES)}"
    add("--objective", default=OBJECTIVES[0], metavar="OBJECTIVE", help=text)
    text = f"what the net must fit (default: no limit): {', '.join(devices.DEVICES)}"
    add("--device", default=unset, help=text)
    add("--contexts", type=positive, default=1, help="streams (voices) that take turns")
    text = "only the first so many output channels are wanted (default: all)"
    add("--outputs", type=positive, default=unset, help=text)

    add = command(image_command, "image", "write a model as a weight image, to load it live", IMAGE)
    add("model", metavar="MODEL.npz", help="a trained model")
    add("-o", "--output", default=unset, metavar="OUT.bin", help="(default: MODEL.bin, here)")
    text = f"the topology to pad the model into (default: its own): {known}, or a model file"
    add("--fit", default=unset, metavar="SPEC", help=text)

    import_keras.add_arguments(
        command(import_keras.run, "import", import_keras.TEXT, import_keras.MORE)
    )

    examples.add_arguments(command(examples.run, "examples", examples.TEXT, examples.MORE))
    zoo.add_arguments(command(zoo.run, "zoo", zoo.TEXT, zoo.MORE))
    evaluate.add_arguments(command(evaluate.run, "evaluate", evaluate.TEXT, evaluate.MORE))
    return top


def plan_command(args):
    spec = _spec(args.model)
    folding = plan(
        spec,
        getattr(args, "cycles", SYS_CLK_FREQ // spec.sample_rate),
        args.objective,
        getattr(args, "device", None),
        args.contexts,
        getattr(args, "outputs", None),
    )
    print(folding.table())


def _spec(name):
    """The network of a model file or of a topology's name."""
    if name in topologies.TOPOLOGIES:
        return topologies.get(name)
    if not Path(name).exists() and not Path(name).suffix:
        known = ", ".join(sorted(topologies.TOPOLOGIES))
        raise ModelError(f"{name}: no such file, and no topology; known: {known}")
    return Model.load(name).spec


def image_command(args):
    model = Model.load(args.model)
    if "fit" in args:
        model = fit(model, _spec(args.fit))
    output = Path(getattr(args, "output", Path(args.model).with_suffix(".bin").name))
    if output.suffix in (".json", ".npz"):
        raise ModelError(f"{output}: an image must end in .bin, got {output.suffix}")
    for path in (output, output.with_suffix(".json")):
        check_writable(path, [args.model, *([args.fit] if "fit" in args else [])])
    listing = image.write(output, model)
    data = output.read_bytes()
    print(
        f"{output}: {len(data)} bytes, {model.spec.parameters} parameters, "
        f"crc 0x{image.crc_of(data):08x}, fingerprint 0x{model.spec.fingerprint:08x}"
    )
    print(f"litex_term PORT --images={listing}, then `load` on the console")


def main(argv=None):
    """Run a command line (default: the process's own); returns the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    args = parser().parse_args(argv)
    args.command_line = ["python3", "-m", "models", *argv]

    def run():
        args.run(args)
        return 0

    return reported(f"python3 -m models {args.command}: error", run)


if __name__ == "__main__":
    sys.exit(until_pipe_breaks(main))
