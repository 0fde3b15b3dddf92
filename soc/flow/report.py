# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a routed SoC takes of its device, block by block, and what its clocks have to spare."""

import json
from pathlib import Path

from models.files import write_picture, written_whole

from soc.flow.netlist_blocks import NAMES, blocks_of, comb, count

# nextpnr's names, and how they are counted in a block of yosys's netlist.
RESOURCES = {
    "TRELLIS_COMB" : comb,
    "TRELLIS_FF"   : lambda counted: counted["TRELLIS_FF"],
    "DP16KD"       : lambda counted: counted["DP16KD"],
    "MULT18X18D"   : lambda counted: counted["MULT18X18D"],
}
REST = "constants" # and what else nextpnr adds, so that the blocks' sum is what it reports

def measure(netlist, route, title, cycles_used, cycles_available):
    """The report of a routed design, as it goes into the JSON file.

    netlist : yosys's JSON file of the design, one module
    route   : RouteReport
    cycles_used, cycles_available : of the accelerator's clock, a sample

    {"title", "seed", "clocks": {name: {"achieved", "wanted"}} in MHz, "cycles": {"used",
    "available"} a sample, "blocks": {block: {resource: used}}, "device": {resource: {"used",
    "available"}}}, resources as nextpnr names them
    """
    modules = json.loads(Path(netlist).read_text())["modules"].values()
    cells   = next(m["cells"] for m in modules if int(m["attributes"].get("top", "0"), 2))
    counted = count(cells, blocks_of(cells).get)
    blocks  = {block: {name: of(counted[block]) for name, of in RESOURCES.items()}
        for block in NAMES if block in counted}
    device  = {name: dict(zip(("used", "available"), route.cells[name])) for name in RESOURCES}
    blocks[REST] = {name: device[name]["used"] - sum(block[name] for block in blocks.values())
        for name in RESOURCES}
    return {
        "title"  : title,
        "seed"   : route.seed,
        "clocks" : {clock.name: {"achieved": clock.achieved, "wanted": clock.wanted}
            for clock in route.clocks},
        "cycles" : {"used": cycles_used, "available": cycles_available},
        "blocks" : blocks,
        "device" : device,
    }

def table(report):
    """The report as text."""
    head  = f"{'block':<12}" + "".join(f"{name:>14}" for name in RESOURCES)
    lines = [report["title"], "", head]
    for block, used in report["blocks"].items():
        lines.append(f"{block:<12}" + "".join(f"{used[name]:>14}" for name in RESOURCES))
    device = [report["device"][name] for name in RESOURCES]
    shares = [f"{100*of['used']/of['available']:.1f} %" for of in device]
    for row, values in (
        ("all",    [of["used"] for of in device]),
        ("device", [of["available"] for of in device]),
        ("",       shares)):
        lines.append(f"{row:<12}" + "".join(f"{value:>14}" for value in values))
    lines.append("")
    for name, clock in report["clocks"].items():
        lines.append(f"{name}: {clock['achieved']:.1f} MHz, {clock['wanted']:.1f} needed, "
            f"{clock['achieved']/clock['wanted'] - 1:.0%} to spare")
    used, available = report["cycles"]["used"], report["cycles"]["available"]
    lines.append(
        f"accelerator: {used} of {available} cycles per sample, {available - used} to spare")
    return "\n".join(lines)

def write(report, json_path, png_path):
    """The report as JSON and as a picture."""
    with written_whole(json_path) as partial:
        partial.write_text(json.dumps(report, indent=1) + "\n")
    draw(report, png_path)

# Picture ------------------------------------------------------------------------------------------

MOST_SHARE = 300 # % that is drawn
COLOURS    = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#9c9c9c", "#d0d0d0")

def draw(report, path):
    """PNG: what each block takes of the device, and what the clocks can do and have to."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained",
        width_ratios=(3, 2))
    places = range(len(RESOURCES))
    begins = [0.0]*len(RESOURCES)
    for (block, used), colour in zip(report["blocks"].items(), COLOURS):
        shares = [100*used[name]/report["device"][name]["available"] for name in RESOURCES]
        left.barh(places, shares, left=begins, color=colour, label=block, height=0.6)
        begins = [begin + share for begin, share in zip(begins, shares)]
    for place, name, end in zip(places, RESOURCES, begins):
        used, available = report["device"][name]["used"], report["device"][name]["available"]
        left.text(end + 1, place, f"{used} of {available}", va="center", fontsize=9)
    left.set(yticks=places, yticklabels=RESOURCES, xlim=(0, 120), xlabel="% of the device")
    left.axvline(100, color="black", linewidth=0.8)
    left.invert_yaxis()
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=9, fontsize=8)

    names = list(report["clocks"])
    for place, clock in enumerate(report["clocks"].values()):
        share = min(100*clock["achieved"]/clock["wanted"], MOST_SHARE)
        right.barh(place, share, color=COLOURS[0], height=0.5)
        right.text(share + 5, place, f"{clock['achieved']:.1f} MHz,\n"
            f"{clock['wanted']:.1f} needed", va="center", fontsize=9)
    used, available = report["cycles"]["used"], report["cycles"]["available"]
    share = min(100*available/used, MOST_SHARE)
    right.barh(len(names), share, color=COLOURS[1], height=0.5)
    right.text(share + 5, len(names), f"{available} cycles per sample,\n{used} needed", va="center",
        fontsize=9)
    right.set(yticks=range(len(names) + 1), yticklabels=[*names, "accelerator"],
        xlim=(0, 1.5*MOST_SHARE), xlabel="% of what is needed")
    right.axvline(100, color="black", linewidth=0.8)
    right.invert_yaxis()
    figure.suptitle(report["title"])
    write_picture(path, figure, dpi=110, metadata={"Software": None})
    plt.close(figure)
