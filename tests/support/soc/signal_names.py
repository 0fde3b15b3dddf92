# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Names in the Verilog of the zoo's nets, held to tests/gateware/signal_names.txt.

After a change of the gateware that is meant, `.venv/bin/python -m tests.support.soc.signal_names`
lists them anew.
"""

import hashlib
import re
import tempfile
from collections import Counter
from pathlib import Path

from models.spec import Model
from soc.sim.sim_soc import generate
from tests.support.soc.soc_runs import planned

ROOT = Path(__file__).resolve().parents[3]
NETS = sorted((ROOT / "models" / "zoo").glob("*.npz"))
LIST = ROOT / "tests" / "gateware" / "signal_names.txt"

DECLARED = re.compile(
    r"^\s*(?:(?:input|output|inout)\s+)?(?:wire|reg)\s+(?:signed\s+)?(?:\[[^]]*\]\s*)?(\w+)",
    re.MULTILINE,
)


def verilog(path):
    """The simulated SoC of a model file, at its own rate or 48 kHz."""
    model = Model.load(path)
    rate = max(model.spec.sample_rate, 48_000)
    with tempfile.TemporaryDirectory() as folder:
        _, gateware, _ = generate(model, planned(model, rate), folder, sample_rate=rate)
        return (gateware / "sim.v").read_text()


def names(text):
    """Of all ports, wires and registers of a Verilog file, in its order."""
    return DECLARED.findall(text)


def summary(names_of):
    """Lines of text; names_of: {net: its names}.

    A digest of all names a net, in their order; then every name with # for its numbers, once, and
    how often it is there in each net.
    """
    lines = ["# Names in the generated Verilog: " + ", ".join(names_of)]
    for net, found in names_of.items():
        digest = hashlib.sha256("\n".join(found).encode()).hexdigest()
        lines.append(f"{net} {len(found)} {digest}")
    counts = {net: Counter(re.sub(r"\d+", "#", name) for name in found)
              for net, found in names_of.items()}  # fmt: skip
    for name in sorted(set().union(*counts.values())):
        lines.append(f"{name} " + " ".join(str(count[name]) for count in counts.values()))
    return lines


if __name__ == "__main__":
    found = {path.stem: names(verilog(path)) for path in NETS}
    LIST.write_text("\n".join(summary(found)) + "\n")
