"""python -m models: train a net, render sound through it, plan its folding, measure it."""

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path

from models import topologies, wav
from models.render import check_embedding, full_scale, render, to_pcm16
from models.spec import Model, ModelError

SYS_CLOCK = 49_152_000  # Hz, what the boards' default build gives the net


class Parser(argparse.ArgumentParser):
    """Bad arguments: one line on stderr, exit status 2."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def parser():
    show = argparse.ArgumentDefaultsHelpFormatter
    top = Parser(prog="python -m models", description=__doc__.partition(": ")[2])
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(run, name, text, model=True):
        sub = commands.add_parser(name, help=text, description=text, formatter_class=show)
        sub.set_defaults(run=run)
        if model:
            sub.add_argument("model", metavar="MODEL.npz", help="a trained model")
        return sub

    sub = command(
        train_command, "train", "train a net on the synthetic waves (needs TensorFlow)", False
    )
    known = ", ".join(sorted(topologies.TOPOLOGIES))
    sub.add_argument("name", metavar="NAME", help=f"topology: {known}")
    sub.add_argument("-o", "--output", metavar="FILE", help="model to write (default: NAME.npz)",
                     default=argparse.SUPPRESS)  # fmt: skip
    sub.add_argument("--steps", type=positive, default=60_000, help="training steps")
    sub.add_argument("--batch", type=positive, default=32, help="examples a step")
    sub.add_argument("--outputs", type=positive, default=256, help="loss samples an example")
    sub.add_argument("--rate", type=float, default=4e-3, help="first learning rate")
    sub.add_argument("--seed", type=int, default=1, help="seed of weights and data")
    sub.add_argument("--sample-rate", type=positive, help="Hz (default: the topology's)",
                     default=argparse.SUPPRESS)  # fmt: skip
    sub.add_argument("--threads", type=positive, default=1, help="TensorFlow threads")

    text = (
        "Render a WAV (any rate, 1-4 channels; channel 0 is the wave) through a model. A 16-bit "
        "sample n is the number-format integer n: full scale is 8.0 in Q4.12, and the nets are "
        "trained on waves of amplitude 1.0 = sample 4096. The output is a 16-bit WAV of output "
        "channel 0 at the model's sample rate, in the same scale."
    )
    sub = command(render_command, "render", text)
    sub.add_argument("input", metavar="IN.wav", help="the wave; resampled if its rate differs")
    sub.add_argument("output", metavar="OUT.wav", help="written whole or not at all")
    sub.add_argument("--embed", nargs=2, type=float, default=(-1.0, -1.0), metavar=("E0", "E1"),
                     help="point of the embedding plane; Q4.12 allows [-8, 8)")  # fmt: skip
    sub.add_argument("--gain", type=float, default=1.0, help="factor on the wave before the net")

    sub = command(plan_command, "plan", "choose PE and SIMD a layer; cycles and multipliers")
    sub.add_argument("--cycles", type=positive, default=argparse.SUPPRESS,
                     help=f"clock cycles a sample (default: {SYS_CLOCK} Hz / sample rate)")  # fmt: skip
    sub.add_argument("--objective", default="area", choices=("area", "latency", "throughput"),
                     help="what to save")  # fmt: skip

    command(evaluate_command, "evaluate", "measure the error-to-signal ratio at the four corners")
    return top


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not allowed: at least 1")
    return value


def train_command(args):
    spec = topologies.get(args.name)
    if "sample_rate" in args:
        spec = dataclasses.replace(spec, sample_rate=args.sample_rate)
    output = Path(getattr(args, "output", f"{args.name}.npz"))
    wav.check_writable(output)
    os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))
    try:
        import tensorflow
    except ImportError as error:
        raise ModelError(f"training needs TensorFlow and QKeras: {error}") from error
    tensorflow.config.threading.set_intra_op_parallelism_threads(args.threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(args.threads)
    from models.training.train import Recipe, make_model

    recipe = Recipe(args.steps, args.batch, args.outputs, args.rate, args.seed)
    model = make_model(spec, recipe, ["python", "-m", "models", *sys.argv[1:]])
    model.save(output)
    print_quality(model.meta["esr_db_integer"], model.meta["esr_db_float"], "float twin")
    print(f"{output}: {spec.parameters} parameters, {model.meta['minutes']} minutes")


def render_command(args):
    model = Model.load(args.model)
    number_format, rate = model.spec.number_format, model.spec.sample_rate
    check_embedding(args.embed, number_format)
    wav.check_writable(args.output)
    wave = wav.read(args.input, rate)[:, 0] * (args.gain * full_scale(number_format))
    start = time.perf_counter()
    result = render(model, wave, args.embed, progress=sys.stderr.isatty())
    elapsed = time.perf_counter() - start
    wav.write(args.output, to_pcm16(result, number_format), rate)
    seconds = len(wave) / rate
    print(f"{args.output}: {seconds:.3f} s at {rate} Hz, {seconds / elapsed:.1f} x real time")


def plan_command(args):
    from models.folding import plan

    spec = Model.load(args.model).spec
    cycles = getattr(args, "cycles", SYS_CLOCK // spec.sample_rate)
    print(plan(spec, cycles, objective=args.objective).table())


def evaluate_command(args):
    from models.training import quality

    model = Model.load(args.model)
    esr = quality.esr_per_corner(quality.reference_of(model), model.spec)
    print_quality(esr, model.meta.get("esr_db_integer"), "file says")
    print(quality.DEFINITION)


def print_quality(esr, other, other_name):
    print(f"{'corner':8} {'integers':>12}" + (f" {other_name:>12}" if other else ""))
    for name, value in esr.items():
        print(f"{name:8} {value:9.2f} dB" + (f" {other[name]:9.2f} dB" if other else ""))


def main():
    args = parser().parse_args()
    try:
        args.run(args)
    except (ModelError, wav.WavError) as error:
        print(f"python -m models {args.command}: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
