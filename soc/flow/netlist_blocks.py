# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Which block of the SoC the cells of a synthesised netlist belong to.

Synthesis flattens the design, and keeps names: a cell is of the block that its name tells. One
without such a name (FIFOs' memories, instances) is of the block that most of the cells it feeds are
of, else of that which most of those are that feed it.

nextpnr's TRELLIS_COMB are, exactly: a LUT4 each, two a CCU2C, two more a CCU2C where a carry chain
begins from anything but a constant pin and two where it ends on a net, six a TRELLIS_DPR16X4 (four
cells of RAM, two for its write port), and the drivers of constants. (nextpnr 0.11.1, ecp5/pack.cc)
"""

import re
from collections import Counter, defaultdict

COMB = {"LUT4": 1, "CCU2C": 2, "chain end": 2, "TRELLIS_DPR16X4": 6}

# Block -> how its cells' names begin, behind the name of the function that made the SoC.
NAMES = {
    "CPU"         : r"picorv32|VexRiscv|serv|rom|sram",
    "accelerator" : r"wavenet|core_|conv1d|guard",
    "codec"       : r"tdm|codec|i2cmaster|calibration|ingress|egress|hold|glide",
    "bench"       : r"bench|recorder|answers_memory|inputs_memory",
    "capture"     : r"capture",
    "bus"         : r"bus|builder|uart|ctrl|crc\d|claim|release|owner|scratch|serial|rs232",
}
REST   = "bus"
ROUNDS = 8 # of following wires; a chain of unnamed cells is shorter

def block_of(name):
    """The block that a cell's name tells, or None."""
    for block, pattern in NAMES.items():
        if re.match(rf"\W*(make_soc_|generate_|builder_)?({pattern})", name):
            return block
    return None

def blocks_of(cells):
    """Cell name -> block, of the cells of a module of yosys's JSON."""
    drivers, users = {}, defaultdict(set)
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            for bit in bits:
                if cell["port_directions"][port] == "output":
                    drivers[bit] = name
                else:
                    users[bit].add(name)
    feeds, fed = defaultdict(set), defaultdict(set)
    for bit, driver in drivers.items():
        if len(users[bit]) < 256: # Not clocks and resets.
            for user in users[bit]:
                feeds[driver].add(user)
                fed[user].add(driver)
    found = {name: block for name in cells if (block := block_of(name))}
    for _ in range(ROUNDS):
        more = {}
        for name in cells:
            for neighbours in (feeds[name], fed[name]):
                votes = Counter(found[other] for other in neighbours if other in found)
                if name not in found and name not in more and votes:
                    more[name] = max(sorted(votes), key=votes.get)
        if not more:
            break
        found |= more
    return {name: found.get(name, REST) for name in cells}

def count(cells, part_of):
    """{part: Counter of cell types, and "chain end"s}; part_of: cell name -> part."""
    driver, users = {}, defaultdict(list)
    for cell in cells.values():
        for port, bits in cell["connections"].items():
            for bit in bits:
                if cell["port_directions"][port] == "output":
                    driver[bit] = cell["type"]
                else:
                    users[bit].append(port)
    found = defaultdict(Counter)
    for name, cell in cells.items():
        counted = found[part_of(name)]
        counted[cell["type"]] += 1
        if cell["type"] == "CCU2C":
            for bit in cell["connections"].get("CIN", []):
                counted["chain end"] += driver.get(bit) != "CCU2C"
            for bit in cell["connections"].get("COUT", []):
                counted["chain end"] += users[bit] != ["CIN"]
    return dict(found)

def comb(counted):
    """TRELLIS_COMB of a Counter of `count`."""
    return sum(cost*counted[kind] for kind, cost in COMB.items())
