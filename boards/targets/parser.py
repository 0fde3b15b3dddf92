"""The parser of build.py: LiteX's own, with its options and ours."""

import argparse
import re

from litex.build.lattice.trellis import trellis_argdict, trellis_args
from litex.soc.integration.soc import LiteXArgumentParser

from boards.targets import arguments
from soc import sim_soc
from soc.wavenet_soc import WaveNetSoC

SEEDS_MOST = 100


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
        sim_soc.Platform.fill_args(toolchain, parser)
        trellis_args(parser)
        parser.formatter_class = lambda prog: Help(prog, max_help_position=10, width=120)
        for action in parser._actions:
            if action.dest == "nextpnr_seed":
                action.type, action.metavar = seeds, "N|sweep:N"
                action.help = "Seed of place and route; sweep:N tries 1 to N and takes the best."
            if action.dest == "nextpnr_timingstrict":  # Timing that fails always is an error here.
                action.help = argparse.SUPPRESS

    @classmethod
    def get_argdict(cls, toolchain, args):
        return {**trellis_argdict(args), "seed": args.nextpnr_seed[0], "timingstrict": False}


class Parser(LiteXArgumentParser):
    """LiteX's parser; what is wrong is one line."""

    def error(self, message):
        self.exit(2, f"build.py: {message}\n")


def seeds(text):
    """(7,) of "7", (1, 2, 3) of "sweep:3"."""
    found = re.fullmatch(r"(sweep:)?(\d+)", text)
    number = int(found[2]) if found else 0
    if not found or (found[1] and not 1 <= number <= SEEDS_MOST):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not allowed: a number, or sweep:1 to sweep:{SEEDS_MOST}"
        )
    return tuple(range(1, number + 1)) if found[1] else (number,)


def make_parser(description):
    """The Parser with LiteX's options for SoC, Builder and toolchain and all of ours."""
    parser = Parser()
    parser.prog, parser.description = "build.py", description  # LiteX's constructor mixes them up.
    parser.set_platform(Platforms)
    arguments.add_target_arguments(parser.add_argument_group(title="Target options"))
    arguments.add_board_arguments(parser.add_argument_group(title="Board options"))
    arguments.add_net_arguments(parser.add_argument_group(title="Accelerator options"))
    arguments.add_simulation_arguments(parser.add_argument_group(title="Simulation options"))
    parser.set_defaults(
        cpu_type="picorv32",
        integrated_rom_size=WaveNetSoC.rom_size,
        integrated_sram_size=WaveNetSoC.sram_size,
        ident="WaveNet SoC",
        no_ident_version=True,
        no_timer=True,
        log_level="warning",
        ecppack_compress=True,
        nextpnr_seed="1",
    )
    return parser
