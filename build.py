#!/usr/bin/env python3
"""Builds the SoC: `python build.py --build --load` for a board and onto it, `--sim` simulates it,
with sound and a console."""

import sys

from litex.soc.integration.soc import SoCError

from soc import demo
from soc.bitstream import BuildError
from soc.firmware_image import FirmwareError
from soc.loader import LoadError
from soc.sim_build import SimulatorError
from soc.sim_console import ConsoleError
from soc.sim_runner import SimulationError
from soc.toolchain import ToolError
from targets import board
from targets.arguments import make_parser
from targets.checks import check
from targets.simulation import simulate


def main():
    parser = make_parser(__doc__)
    args = parser.parse_args()
    try:
        check(args)
        return (simulate if args.sim or args.demo else board.run)(parser, args)
    except (ValueError, OSError, ToolError, SimulationError, LoadError) as error:
        # ModelError, WavError and what the gateware refuses are ValueErrors.
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
    sys.exit(main())
