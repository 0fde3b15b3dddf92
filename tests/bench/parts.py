"""Which parts of a core cost what, by the names that synthesis keeps.

nextpnr's TRELLIS_COMB are, exactly: a LUT4 each, two a CCU2C, two more a CCU2C where a carry chain
begins from anything but a constant pin and two where it ends on a net, six a TRELLIS_DPR16X4 (four
cells of RAM, two for its write port), and the drivers of constants. (nextpnr 0.11.1, ecp5/pack.cc)
"""

import re
from collections import Counter, defaultdict

COMB = {"LUT4": 1, "CCU2C": 2, "chain end": 2, "TRELLIS_DPR16X4": 6}
COUNTED = (*COMB, "TRELLIS_FF", "DP16KD", "MULT18X18D")


# Blocks of a stage; what has no block's name is its sequencer and registers.
BLOCKS = ("tapcache", "mvu", "requantise", "memory", "fifo")


def part_of(cell):
    """Stage and block of a cell by its name (`conv1d0 tapcache`); elsewhere its first word."""
    stage = re.match(r"(conv1d\d*)_([a-z]+)", cell)
    if stage:
        return f"{stage[1]} {stage[2] if stage[2] in BLOCKS else 'itself'}"
    return re.match(r"\W*([A-Za-z]*)", cell)[1]


def parts(cells):
    """{part: Counter of COUNTED} of the cells of a module of yosys's JSON."""
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
        count = found[part_of(name)]
        count[cell["type"]] += 1
        if cell["type"] == "CCU2C":
            for bit in cell["connections"].get("CIN", []):
                count["chain end"] += driver.get(bit) != "CCU2C"
            for bit in cell["connections"].get("COUT", []):
                count["chain end"] += users[bit] != ["CIN"]
    return dict(found)


def comb(count):
    return sum(cost * count[kind] for kind, cost in COMB.items())


def table(found, used):
    """Text: the parts, the dearest first, and what is left to `used` TRELLIS_COMB."""
    head = f"{'part':<28}{'COMB':>6} ="
    lines = [head + "".join(f"{kind:>17}" for kind in COUNTED)]
    for part, count in sorted(found.items(), key=lambda item: -comb(item[1])):
        figures = "".join(f"{count[kind]:>17}" for kind in COUNTED)
        lines.append(f"{part:<28}{comb(count):>6}  {figures}")
    total = sum(map(comb, found.values()))
    lines.append(f"{'constants':<28}{used - total:>6}")
    lines.append(f"{'all':<28}{used:>6}")
    return "\n".join(lines)
