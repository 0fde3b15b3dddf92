#!/usr/bin/env python3
# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Builds the SoC: `python3 build.py --build --load` for a board and onto it, `--sim` simulates it,
with sound and a console."""

import sys

from models import launcher

if __name__ == "__main__":
    launcher.start("build.py", launcher.BUILD)

from boards.targets import board
from boards.targets.checks import check
from boards.targets.packages import set_up_cpu
from boards.targets.parser import make_parser
from boards.targets.simulation import simulate
from models.errors import reported
from models.files import until_pipe_breaks
from soc.litex_private import soc_errors


def main():
    def run():
        args = parser.parse_args()
        check(parser, args)
        set_up_cpu(args.cpu_type)
        with soc_errors():
            return (simulate if args.sim or args.demo else board.run)(parser, args)

    parser = make_parser(__doc__)
    # What the gateware refuses are ValueErrors.
    return reported("build.py", run, refused=(ValueError, OSError))


if __name__ == "__main__":
    sys.exit(until_pipe_breaks(main))
