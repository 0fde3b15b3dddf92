# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Another model's parameters in a routed design, without place and route.

The weights' block RAMs are instances (gateware/primitives.py, built with patchable=True), so their
contents stand in the Verilog; the CPU's ROM is inferred, and yosys's netlist has it as rom.0.N. In
nextpnr's .config a block RAM has a number, no name: it is found by what it held before.
"""

import json
import re
from collections import defaultdict

from models.errors import UserError

from soc.flow.verilog_text import without_comments

BLOCK_WORDS = 2048 # of 9 bits, in a .bram_init
ROM_BLOCKS  = 8    # of the CPU's 16 KiB

INSTANCE = re.compile(r"DP16KD #\((.*?)\)\s*(DP16KD\w*)\s*\(", re.DOTALL)
INITVAL  = re.compile(r"\.INITVAL_([0-9A-F]{2})\s*\(320'h([0-9a-fA-F]{80})\)")
RAM      = re.compile(r"(?m)^\.bram_init (\d+)\n((?:[0-9a-f]{3}[ \n])+)")

class PatchError(UserError, ValueError):
    """The design cannot be patched; the message says why, in one line."""

# Contents -----------------------------------------------------------------------------------------

def block_words(initvals):
    """The 2048 words of 9 bits of a DP16KD; initvals: {number: 320-bit integer}.

    Source: nextpnr 0.11.1, ecp5/bitstream.cc: 16 words of 18 bits, each in 20.
    """
    words = [0]*BLOCK_WORDS
    for number, value in initvals.items():
        for row in range(16):
            pair  = value >> 20*row
            place = 32*number + 2*row
            words[place:place + 2] = pair & 0x1ff, pair >> 9 & 0x1ff
    return tuple(words)

def instances(verilog):
    """{instance: words} of the DP16KDs of a Verilog text."""
    return {name: block_words({int(n, 16): int(value, 16) for n, value in INITVAL.findall(body)})
        for body, name in INSTANCE.findall(verilog)}

def without_contents(verilog):
    """The Verilog without what patching changes, and without LiteX's comments."""
    return INITVAL.sub("", without_comments(verilog))

def rom_blocks(words, count):
    """The contents of a ROM of 32-bit words as yosys lays it out in `count` (8) blocks of 4096 x 4:
    block n has bits 4n to 4n + 3, two of these in a 9-bit word."""
    if count != 8 or len(words) > 2*BLOCK_WORDS:
        raise PatchError(f"a ROM of {len(words)} words in {count} blocks is not known: 8 blocks")
    words = [*words, *[0]*(2*BLOCK_WORDS - len(words))]
    nibbles = [[word >> 4*block & 15 for word in words] for block in range(count)]
    return {f"rom.0.{block}": tuple(low | high << 4 for low, high in zip(of[0::2], of[1::2]))
        for block, of in enumerate(nibbles)}

def netlist_blocks(cells):
    """{cell: words} of the DP16KDs of a module of yosys's JSON."""
    def number(bits):
        return int(re.sub("[xz]", "0", bits), 2)
    return {
        name: block_words({int(key[-2:], 16): number(value)
            for key, value in cell["parameters"].items() if key.startswith("INITVAL_")})
        for name, cell in cells.items() if cell["type"] == "DP16KD"
    }

def folder_blocks(folder, name):
    """{cell: words} of the blocks that a model changes: weights and ROM of the design `name` in
    LiteX's gateware folder, from its NAME.v and NAME_rom.init."""
    words = (folder / f"{name}_rom.init").read_text().split()
    return (instances((folder / f"{name}.v").read_text())
        | rom_blocks([int(word, 16) for word in words], ROM_BLOCKS))

def design_blocks(folder, name, netlist):
    """{cell: words} of all DP16KDs of yosys's JSON file of that design.

    Raises PatchError where weights or ROM are not where `folder_blocks` has them.
    """
    modules = json.loads(netlist.read_text())["modules"].values()
    cells   = next(m["cells"] for m in modules if int(m["attributes"].get("top", "0"), 2))
    held    = netlist_blocks(cells)
    for cell, words in folder_blocks(folder, name).items():
        if held.get(cell) != words:
            raise PatchError(f"block RAM {cell} of {netlist.name} does not hold what its sources "
                "say; build with this model instead")
    return held

# Configuration ------------------------------------------------------------------------------------

def config_blocks(config):
    """{number: words} of the block RAMs of a .config text."""
    return {int(number): tuple(int(word, 16) for word in words.split())
        for number, words in RAM.findall(config)}

def patch(config, old, new):
    """The .config text with other contents.

    old, new : {cell: words}; every block of the config is one of `old`
    Raises PatchError where it cannot be told which block is which.
    """
    wanted = defaultdict(set)
    for cell, words in old.items():
        wanted[words].add(new.get(cell, words))
    held    = config_blocks(config)
    strange = [number for number, words in held.items() if words not in wanted]
    if strange:
        raise PatchError(f"block RAM {strange[0]} of the design holds what the build did not put "
            "there; build again")
    for words, others in wanted.items():
        if len(others) > 1:
            cells = sorted(cell for cell in old if old[cell] == words)
            raise PatchError(f"{len(cells)} block RAMs ({', '.join(cells[:3])}, ...) held the same "
                "and cannot be told apart; build with this model instead")
    def rewritten(match):
        words = next(iter(wanted[held[int(match[1])]]))
        lines = [" ".join(f"{word:03x}" for word in words[start:start + 8])
            for start in range(0, BLOCK_WORDS, 8)]
        return f".bram_init {match[1]}\n" + "\n".join(lines) + "\n"
    return RAM.sub(rewritten, config)
