#!/usr/bin/env python3
"""Builds the SoC: `python build.py --sim` simulates it, with sound and a console."""

import sys

from litex.soc.integration.soc import SoCError

from soc import demo
from soc.firmware_image import FirmwareError
from soc.sim_build import SimulatorError
from soc.sim_console import ConsoleError
from soc.sim_runner import SimulationError
from soc.toolchain import ToolError
from targets.arguments import check, make_parser
from targets.simulation import simulate


def main():
    parser = make_parser(__doc__)
    args = parser.parse_args()
    try:
        check(args)
        return simulate(parser, args)
    except (ValueError, OSError, ToolError, SimulationError) as error:
        # ModelError, WavError and what the gateware refuses are ValueErrors.
        print(f"build.py: {error}", file=sys.stderr)
        return 2
    except (FirmwareError, SimulatorError, SoCError, demo.MismatchError, ConsoleError) as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    except MemoryError as error:
        print(f"build.py: out of memory: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
