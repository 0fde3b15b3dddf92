# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Which of LiteX's own options build.py offers, and as what.

LiteX's parser has options for all that its SoCs, BIOS and toolchains can be. Here the firmware is
our own in a ROM of its size, the host reads registers of 32 bits, the bus is Wishbone: what would
do nothing, or end in a failed build, is left out and keeps the value that the SoC is made for.

LiteX adds its options, in groups, inside of parse_args(), and has no way to leave one out. Offered
stands between LiteX and argparse's group for that: only documented methods are used, and an option
that a later LiteX adds stays out until it is listed here.
"""

import argparse
import os
from pathlib import Path

from litex.soc.integration.soc import LiteXArgumentParser

CPU_VARIANTS = {
    "picorv32": ("standard", "minimal"),
    "vexriscv": ("standard", "minimal", "lite", "imac", "full"),
    "serv": ("standard", "mdu"),
}
UART_NAMES = ("serial", "crossover", "jtag_uart")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
MCLK_MHZ = (2.4, 4.8, 9.7, 19.4, 38.8, 62.0)  # Of LiteX's LatticeTrellisToolchain.
SPI_MODES = ("fast-read", "dual-spi", "qspi")
SEEDS_MOST = 100


def whole(least, most):
    """An argparse type: a whole number, also in hexadecimal, from `least` to `most`."""

    def parse(text):
        try:
            value = int(text, 0)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be {least} to {most}, got {text!r}")
        return value

    return parse


def seeds(text):
    """(7,) of "7", (1, 2, 3) of "sweep:3"."""
    kind, colon, digits = text.rpartition(":")
    number = int(digits) if digits.isascii() and digits.isdecimal() else -1
    if (kind, colon) == ("sweep", ":") and 1 <= number <= SEEDS_MOST:
        return tuple(range(1, number + 1))
    if not colon and 0 <= number < 2**31:
        return (number,)
    raise argparse.ArgumentTypeError(
        f"must be a number, or sweep:1 to sweep:{SEEDS_MOST}, got {text!r}"
    )


def log_file(text):
    """The name of a file that can be written, since LiteX opens it at once."""
    path = Path(text)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"must be a writable file, got {text!r}")
    return text


def identifier(text):
    """Text for the SoC's identifier, a ROM of bytes."""
    if not (text.isascii() and text.isprintable() and 1 <= len(text) <= 255):
        raise argparse.ArgumentTypeError(
            f"must be 1 to 255 printable ASCII characters, got {text[:40]!r}"
        )
    return text


# Option of LiteX -> what is changed of it. All others are left out.
OFFERED = {
    "--log-filename": dict(type=log_file, help="File for LiteX's messages."),
    "--log-level": dict(choices=LOG_LEVELS, help="Least level of LiteX's messages."),
    "--output-dir": dict(help="Folder of the build (default: see --board, --sim, --demo)."),
    "--no-compile": dict(help="Only generate Verilog, firmware and csr.json; build nothing."),
    "--no-compile-gateware": dict(help="The same."),
    "--soc-csv": dict(help="Copy csr.csv, the addresses of all registers, to this file."),
    "--soc-json": dict(help="Copy csr.json, the same, to this file."),
    "--soc-svd": dict(help="Write them as SVD to this file."),
    "--doc": dict(help="Write LiteX's documentation of the registers to doc/ in the folder."),
    "--cpu-type": dict(choices=tuple(CPU_VARIANTS), help="CPU."),
    "--cpu-variant": dict(
        help="Variant of the CPU: "
        + "; ".join(f"{cpu}: {', '.join(names)}" for cpu, names in CPU_VARIANTS.items())
        + " (default: standard)."
    ),
    "--ident": dict(type=identifier, help="Text in the SoC's identifier."),
    "--uart-name": dict(
        choices=UART_NAMES,
        help="Of a board: where its console is; crossover: on the bridge, jtag_uart: on JTAG.",
    ),
    "--uart-baudrate": dict(
        type=whole(300, 3_000_000), help="Of a board: bits a second of console and UART bridge."
    ),
    "--uart-fifo-depth": dict(
        type=whole(16, 4096), help="Bytes that the console's UART holds each way."
    ),
    "--with-uartbone": dict(help="Bridge from a second serial port, a TCP port in a simulation."),
    "--with-jtagbone": dict(help="Of a board: bridge from JTAG."),
    "--yosys-nowidelut": {},
    "--yosys-abc9": {},
    "--yosys-flow3": {},
    "--nextpnr-ignoreloops": {},
    "--nextpnr-seed": dict(
        type=seeds,
        default=(1,),
        metavar="N|sweep:N",
        help="Seed of place and route; sweep:N tries 1 to N and takes the best (default: 1).",
    ),
    "--ecppack-bootaddr": dict(type=whole(0, 2**24 - 1)),
    "--ecppack-spimode": dict(choices=SPI_MODES),
    "--ecppack-freq": dict(type=float, choices=MCLK_MHZ, help="Clock of the SPI flash in MHz."),
}

# Values of options that are left out, where they are not LiteX's own defaults.
FIXED = {
    "no_ident_version": True,  # The date would make every build another one.
    "no_timer": True,
    "ecppack_compress": True,
    "integrated_rom_size": None,  # WaveNetSoC's.
    "integrated_sram_size": None,
    "bus_timeout": None,
}


class Offered:
    """An argument group that takes OFFERED of LiteX's options and all others' values as FIXED."""

    def __init__(self, parser, **group):
        self._parser, self._group_options, self._group = parser, group, None

    def add_argument(self, *names, **options):
        known = [name for name in names if name in OFFERED]
        if not known:
            dest = names[0].removeprefix("--").replace("-", "_")
            default = options.get("default", False if "action" in options else None)
            self._parser.fix(**{dest: FIXED.get(dest, default)})
            return
        if self._group is None:  # A group of which nothing is left has no title in --help.
            self._group = self._parser.add_own_group(**self._group_options)
        self._group.add_argument(*names, **{**options, **OFFERED[known[0]]})


class Parser(LiteXArgumentParser):
    """LiteX's parser with OFFERED of its options; what is wrong is one line."""

    def add_argument_group(self, *args, **kwargs):
        """A group that leaves out what is not OFFERED: LiteX, unlike argparse itself for -h, gives
        the title by name."""
        return self.add_own_group(*args) if args else Offered(self, **kwargs)

    def add_own_group(self, *args, **kwargs):
        """argparse's own group."""
        return argparse.ArgumentParser.add_argument_group(self, *args, **kwargs)

    def fix(self, **values):
        """Gives the parsed arguments values that no option sets."""
        argparse.ArgumentParser.set_defaults(self, **values)

    def error(self, message):
        self.exit(2, f"build.py: {message}\n")
