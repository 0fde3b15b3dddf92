#!/usr/bin/env python3
"""Builds the SoC: `python3 build.py --build --load` for a board and onto it, `--sim` simulates it,
with sound and a console."""

import sys

from models import launcher

if __name__ == "__main__":
    launcher.start("build.py", launcher.BUILD)

from litex.soc.integration.soc import SoCError

from boards.targets import board
from boards.targets.checks import check
from boards.targets.packages import set_up_cpu
from boards.targets.parser import make_parser
from boards.targets.simulation import simulate
from models.files import until_pipe_breaks
from soc.flow.bitstream import BuildError
from soc.flow.firmware_image import FirmwareError
from soc.flow.loader import LoadError
from soc.flow.toolchain import ToolError
from soc.sim import demo
from soc.sim.console import ConsoleError
from soc.sim.runner import SimulationError
from soc.sim.simulator import SimulatorError


def main():
    parser = make_parser(__doc__)
    try:
        args = parser.parse_args()
        check(parser, args)
        set_up_cpu(args.cpu_type)
        return (simulate if args.sim or args.demo else board.run)(parser, args)
    except BrokenPipeError:  # nobody reads what is printed
        raise
    except (ValueError, OSError, ToolError, SimulationError, LoadError) as error:
        # ModelError, FileError and what the gateware refuses are ValueErrors.
        print(f"build.py: {error}", file=sys.stderr)
        return 2
    except (
        FirmwareError,
        SimulatorError,
        BuildError,
        SoCError,
        demo.MismatchError,
        ConsoleError,
    ) as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    except MemoryError as error:
        print(f"build.py: out of memory: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(until_pipe_breaks(main))
