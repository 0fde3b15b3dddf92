# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""python3 -m soc: status, embedding, models and recordings of a running SoC, over its bus."""

import argparse
import math
import sys
import time
from contextlib import closing
from pathlib import Path

from models import launcher

if __name__ == "__main__":
    launcher.start("python3 -m soc: error", launcher.SOC)

from models import image
from models.errors import reported
from models.files import FileError, check_writable, until_pipe_breaks

from soc.host import calibration
from soc.host.capture import Capture
from soc.host.client import Build, Client
from soc.host.bus import ClientError, connect
from soc.progress import Progress
from soc.host.recording import check_path

CSR = Path(__file__).parent.parent / "build" / "sim" / "csr.json"

class Parser(argparse.ArgumentParser):
    """Bad arguments: one line on stderr, exit status 2."""
    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")

class Point(argparse.Action):
    """Two coordinates, each a float or None for codec; or [name], a str."""
    def __call__(self, parser, namespace, words, option_string=None):
        if len(words) > 2:
            parser.error(f"argument E2: a point must have two coordinates, got {words[2]!r} too")
        point = [self.coordinate(word) for word in words]
        if len(words) == 2:
            for index, value in enumerate(point):
                if isinstance(value, str):
                    parser.error(f"argument E{index}: must be a number or codec, got {value!r}")
        elif point == [None]:
            point = [None, None]
        elif not isinstance(point[0], str):
            parser.error("argument E1 is missing: a point must be two numbers, codec or a name")
        setattr(namespace, self.dest, point)

    @staticmethod
    def coordinate(word):
        try:
            return None if word == "codec" else float(word)
        except ValueError:
            return word

def recording_path(text):
    try:
        return check_path(text)
    except FileError as error:
        raise argparse.ArgumentTypeError(error) from None

class Target(argparse.Action):
    """Collects (channel, e0, e1)."""
    def __call__(self, parser, namespace, words, option_string=None):
        try:
            point = [float(word) for word in words[1:]]
        except ValueError:
            point = [math.nan]
        if not all(map(math.isfinite, point)):
            parser.error(f"--target must be a channel and two numbers, got {' '.join(words)}")
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), (words[0], *point)])

def parser():
    top = Parser(prog="python3 -m soc", description="Talks to a running SoC over a bridge.",
        epilog="COMMAND --help lists a command's options with their defaults.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(run, name, text):
        sub = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.",
            formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        sub.set_defaults(run=run)
        where = sub.add_mutually_exclusive_group(required=True)
        where.add_argument("--port", default=argparse.SUPPRESS,
            help="serial port of the bridge, or socket://HOST:PORT")
        where.add_argument("--tcp", default=argparse.SUPPRESS, metavar="HOST:PORT",
            help="a litex_server")
        sub.add_argument("--baudrate", type=int, default=115200, help="of the serial port")
        sub.add_argument("--csr", type=Path, default=CSR,
            help="csr.json or csr.csv of the build")
        return sub.add_argument

    command(status, "status", "print what plays, and the counters")
    add = command(swap, "swap", "play another model")
    add("model", nargs="?", default=argparse.SUPPRESS, metavar="MODEL.npz|MODEL.bin",
        help="written to the bank that is not playing; without it that bank is played as it is")
    add("--force", action="store_true", help="take the banks from a writer that is gone")
    add("--fade", type=float, default=argparse.SUPPRESS, metavar="MS",
        help="time of this and further cross-fades; 0: at once (default: as it is)")
    add = command(embed, "embed", "set the embedding point")
    add("point", nargs="+", action=Point, metavar="E0 E1|NAME", help="two numbers, or codec in "
        f"place of any: from the codec's input; or a name of the model that plays{names()}")
    add("--model", type=Path, default=argparse.SUPPRESS, metavar="MODEL.npz",
        help="the file of the model that plays, for its names (default: the build's model)")
    add("--glide", type=float, default=0.0, metavar="MS", help="time of the way there; 0: a jump")
    add = command(calibrate, "calibrate", "show, set, save or restore the codec's calibration")
    add("--set", nargs=3, action="append", default=[], metavar=("CHANNEL", "OFFSET", "GAIN"),
        help="of in0 ... or out0 ...: (word - OFFSET)*GAIN/1024, both whole numbers")
    add("--restore", metavar="FILE", type=Path, help="take what --save wrote, before any --set")
    add("--save", metavar="FILE", type=Path, help="write all channels to a JSON file, at the end")
    add = command(capture, "capture", "record what goes into the network, and what comes out")
    add("output", type=recording_path, metavar="OUT.npz|OUT.wav",
        help="written whole or not at all")
    add("--seconds", type=float, default=1.0, help="of sound at least, in bursts: the bridge is "
        "slower than the sound, and leaves gaps between them")
    add("--channels", nargs="+", default=argparse.SUPPRESS, metavar="CHANNEL",
        help="in0 ... of the codec, out0 ... of the network; fewer are read faster (default: all)")
    add("--target", nargs=3, action=Target, default=[], metavar=("CHANNEL", "E0", "E1"),
        help="note that a net is to play this channel at this embedding; once for each channel")
    return top

def names():
    """For the help: the names of the build that --csr is by default, if there is one."""
    try:
        build = Build(CSR)
    except ClientError:
        return ""
    if not build.corners:
        return ""
    return f" (of {build.constants['wavenet_name']}: {', '.join(build.corners)})"

def show(values):
    for key, value in values.items():
        print(f"{key}={value}")

def status(client, args):
    show(client.status())

def swap(client, args):
    data  = image.read(args.model) if "model" in args else None
    start = time.monotonic()
    with Progress().bar("swap", client.words(), "words") as update:
        bank = client.swap(data, args.force, update, getattr(args, "fade", None))
    taken = time.monotonic() - start
    print(f"bank {bank} plays, crc 0x{client.crc(bank):08x}, after {taken:.2f} s")

def embed(client, args):
    point = args.point
    if len(point) == 1:
        model = image.corners(args.model) if "model" in args else None
        point = client.place(point[0], model)
    show(client.embed(*point, args.glide))

def calibrate(client, args):
    if args.save:
        check_writable(args.save, [args.csr])
    values = calibration.load(args.restore) if args.restore else {}
    for channel, *numbers in args.set:
        try:
            values[channel] = tuple(map(int, numbers))
        except ValueError:
            raise ClientError(f"--set: OFFSET and GAIN must be whole numbers, got {channel} "
                f"{' '.join(numbers)}") from None
    calibration.write(client, values)
    values = calibration.read(client)
    if args.save:
        calibration.save(args.save, values)
    for channel, (offset, gain) in values.items():
        print(f"{channel:5} offset {offset:6}  gain {gain:6} = {gain/client.build.unity:.4f}")

def capture(client, args):
    check_path(args.output, [args.csr])
    buffer = Capture(client, getattr(args, "channels", None))
    start  = time.monotonic()
    with Progress().bar("capture", args.seconds, "s") as update:
        recording = buffer.record(args.seconds, args.target, update)
    recording.save(args.output)
    print(f"{args.output}: {len(recording.frames)/recording.sample_rate:.4g} s at "
        f"{recording.sample_rate:.10g} Hz, {len(recording.starts)} bursts of {buffer.frames} "
        f"frames of {', '.join(recording.channels)}, after {time.monotonic() - start:.2f} s")

def main(argv=None):
    """Runs a command line (default: the process's own); returns the exit status."""
    args = parser().parse_args(argv)
    def run():
        build = Build(args.csr)
        bus   = connect(getattr(args, "port", None), args.baudrate, getattr(args, "tcp", None))
        with closing(bus):
            args.run(Client(bus, build), args)
        return 0
    return reported(f"python3 -m soc {args.command}: error", run, refused=(ValueError, OSError))

if __name__ == "__main__":
    sys.exit(until_pipe_breaks(main))
