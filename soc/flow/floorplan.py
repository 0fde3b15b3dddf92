# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Where multipliers and block RAMs go, before nextpnr places the rest round them.

nextpnr-ecp5 spreads hard blocks one by one over the sites that are left. Where most of a chip's are
used, the lanes of a net are torn apart that way, and routing may never end.
"""

from models.messages import either, must_be
import numpy as np

KINDS     = ("MULT18X18D", "DP16KD")
MAX_PINS  = 64    # A net with more says nothing of where its cells belong: clocks, resets.
MOVES     = 2000  # of the annealing, for each hard block
COLDEST   = 1/2000

# Sites --------------------------------------------------------------------------------------------

# Density -> rows of multipliers, rows of block RAMs, first columns of the groups of four of each.
# Source: Project Trellis' tilegrid.json (tiles MIB_DSP0 and MIB_EBR0). The 12F is a 25F inside.
GRID = {
    "12F": ((13,), (25, 37), (4, 13, 22, 33, 42, 51, 60)),
    "25F": ((13,), (25, 37), (4, 13, 22, 33, 42, 51, 60)),
    "45F": ((22, 46), (10, 34, 58), (4, 13, 22, 31, 42, 51, 60, 69, 78)),
    "85F": ((10, 34, 58), (22, 46, 70, 82), (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)),
}

def sites(density):
    """Kind of KINDS -> its sites on a chip, (x, y, name of nextpnr's bel) each.

    Raises ValueError for a density that is not in GRID.
    """
    if density not in GRID:
        raise ValueError(must_be("density", either(GRID), repr(density)))
    multiplier_rows, ram_rows, columns = GRID[density]
    return {
        "MULT18X18D": [(x + i, y, f"X{x + i}/Y{y}/MULT18_{i}")
            for y in multiplier_rows for x in columns for i in (0, 1, 4, 5)],
        "DP16KD": [(x + 2*i, y, f"X{x + 2*i}/Y{y}/EBR{i}")
            for y in ram_rows for x in columns for i in range(4)],
    }

# Springs ------------------------------------------------------------------------------------------

def springs(cells):
    """(names of the hard blocks, how strongly each two of them pull each other, [n, n]).

    cells : of a flat netlist, as yosys' write_json has them

    Every net of k cells is a spring of 1/(k - 1) between each two of them. Logic moves to where it
    is pulled to, so it is eliminated from the springs' Laplacian (its Schur complement, also known
    as Kron reduction): what is left is between hard blocks alone, whatever lies between them.
    """
    from scipy.sparse import coo_matrix, diags
    from scipy.sparse.linalg import splu

    names = sorted(cells, key=lambda name: cells[name]["type"] not in KINDS)
    hard  = sum(cells[name]["type"] in KINDS for name in names)
    nets  = {}
    for index, name in enumerate(names):
        for bits in cells[name]["connections"].values():
            for bit in bits:
                if isinstance(bit, int):
                    nets.setdefault(bit, set()).add(index)
    ends, pulls = [], []
    for net in nets.values():
        if 2 <= len(net) <= MAX_PINS:
            pairs  = [(a, b) for a in net for b in net if a != b]
            ends  += pairs
            pulls += [1/(len(net) - 1)]*len(pairs)
    a, b    = np.array(ends, int).reshape(-1, 2).T
    between = coo_matrix((pulls, (a, b)), (len(names), len(names))).tocsr()
    # The last term keeps cells that are tied to nothing from making the matrix singular.
    laplacian = (diags(np.asarray(between.sum(1)).ravel() + 1e-6) - between).tocsr()
    logic     = splu(laplacian[hard:, hard:].tocsc()).solve(laplacian[hard:, :hard].toarray())
    reduced   = laplacian[:hard, :hard].toarray() - laplacian[:hard, hard:] @ logic
    pull      = np.maximum(-(reduced + reduced.T)/2, 0)
    np.fill_diagonal(pull, 0)
    pull[pull < 1e-4] = 0
    return names[:hard], pull

# Annealing ----------------------------------------------------------------------------------------

def wirelength(pull, places):
    """Sum over all pairs of pull[n, n] times the distance along x and y of places[n, 2]."""
    return (pull*np.abs(places[:, None] - places[None]).sum(2)).sum()/2

def anneal(pull, kinds, where, seed=1):
    """Index of a site for each block, by simulated annealing of wirelength().

    pull  : [n, n], see springs();  kinds : [n], a block goes to a site of its kind
    where : kind -> [m, 2], places of the sites

    The site's index is that within its kind. Raises ValueError for more blocks than sites.
    """
    rng    = np.random.default_rng(seed)
    count  = len(kinds)
    xy     = np.concatenate([np.asarray(places, float) for places in where.values()])
    first  = {}   # Kind -> index of its first site in `xy`.
    for kind in where:
        first[kind] = sum(len(where[other]) for other in first)
    holder = np.full(len(xy), -1)
    site   = np.zeros(count, int)
    for kind, places in where.items():
        blocks = [block for block in range(count) if kinds[block] == kind]
        if len(blocks) > len(places):
            raise ValueError(f"must have at most {len(places)} {kind}, got {len(blocks)}")
        site[blocks]         = first[kind] + rng.permutation(len(places))[:len(blocks)]
        holder[site[blocks]] = blocks

    pulled  = [np.flatnonzero(row) for row in pull]
    pulls   = [row[others] for row, others in zip(pull, pulled)]
    place   = xy[site]
    def length(block, at):
        return (pulls[block]*np.abs(place[pulled[block]] - at).sum(1)).sum()

    hottest = wirelength(pull, place)/2/max(1, count)
    moves   = MOVES*count if hottest else 0
    for move in range(moves):
        heat  = hottest*COLDEST**(move/moves)
        block = rng.integers(count)
        kind  = kinds[block]
        here  = site[block]
        there = first[kind] + rng.integers(len(where[kind]))
        other = holder[there]
        if there == here:
            continue
        change = length(block, xy[there]) - length(block, xy[here])
        if other >= 0: # They change places: their own distance stays as it is.
            change += length(other, xy[here]) - length(other, xy[there])
            change += 2*pull[block, other]*np.abs(xy[here] - xy[there]).sum()
        if change < 0 or rng.random() < np.exp(-change/heat):
            site[block], holder[there], place[block] = there, block, xy[there]
            holder[here] = other
            if other >= 0:
                site[other], place[other] = here, xy[here]
    return [int(index) - first[kind] for index, kind in zip(site, kinds)]

# Floorplan ----------------------------------------------------------------------------------------

def fix_hard_blocks(netlist, density, seed=1):
    """Tie the multipliers and block RAMs of a netlist to sites near what they are connected to.

    netlist : as yosys' write_json has it, flat; its hard blocks get the attribute BEL
    density : of the chip, see GRID

    A block's own BEL is replaced. Returns how many blocks there are.
    Raises ValueError for a density that is not known, or for more blocks than the chip has.
    """
    there = sites(density)
    module, = (module for module in netlist["modules"].values()
        if int(module["attributes"].get("top", "0"), 2))
    cells       = {name: cell for name, cell in module["cells"].items() if "$" not in cell["type"]}
    names, pull = springs(cells)
    kinds       = [cells[name]["type"] for name in names]
    chosen      = anneal(pull, kinds,
        {kind: [site[:2] for site in there[kind]] for kind in KINDS}, seed)
    for name, kind, index in zip(names, kinds, chosen):
        cells[name]["attributes"]["BEL"] = there[kind][index][2]
    return len(names)
