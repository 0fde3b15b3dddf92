# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The parser of build.py: LiteX's own, with its options and ours."""

import argparse

from litex.build.lattice.trellis import trellis_argdict, trellis_args

from boards.targets import arguments
from boards.targets.litex_options import Parser


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the defaults that say something."""

    def _get_help_string(self, action):
        silent = action.default is None or action.default is False or "(default" in action.help
        return action.help if silent else super()._get_help_string(action)


class Platforms:
    """What LiteX's parser asks of a platform: the options of the simulation and of the boards."""

    device_family = "ecp5"

    @classmethod
    def toolchains(cls, device):
        return ["trellis"]

    @classmethod
    def fill_args(cls, toolchain, parser):
        trellis_args(parser)
        parser.formatter_class = lambda prog: Help(prog, max_help_position=10, width=120)

    @classmethod
    def get_argdict(cls, toolchain, args):
        return {**trellis_argdict(args), "seed": args.nextpnr_seed[0]}


def make_parser(description):
    """The Parser with LiteX's options for SoC, Builder and toolchain and all of ours."""
    parser = Parser()
    parser.prog, parser.description = "build.py", description  # LiteX's constructor mixes them up.
    parser.set_platform(Platforms)
    arguments.add_target_arguments(parser.add_own_group(title="Target options"))
    arguments.add_board_arguments(parser.add_own_group(title="Board options (not of a simulation)"))
    arguments.add_net_arguments(parser.add_own_group(title="Accelerator options"))
    simulation = parser.add_own_group(title="Simulation options (--sim, --demo)")
    arguments.add_simulation_arguments(simulation)
    parser.set_defaults(cpu_type="picorv32", ident="WaveNet SoC", log_level="warning")
    return parser
