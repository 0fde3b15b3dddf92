# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What a board's build was made from, kept beside it: tells a later --patch-model what differs."""

import hashlib
import json
import sys
from importlib import metadata

from boards.targets.arguments import ROOT

FILE = "build.json"

# Arguments that say what to do with the design, or how its tools run, not what it is.
OUTSIDE = ("build", "load", "flash", "report", "patch_model", "model", "log", "no_compile")
OUTSIDE += ("soc_csv", "soc_json", "soc_svd", "doc", "output_dir", "yosys", "nextpnr", "ecppack")
FOLDERS = ("boards", "gateware", "models", "soc")  # Sources that the Verilog comes from.
PACKAGES = ("litex", "migen", "liteeth", "litescope", "litex-boards")
CONSTANTS_OF_A_MODEL = ("build_id", "wavenet_name", "wavenet_crc")


def record(args, folder):
    """Writes the manifest of the design that `args` describe to the build's folder."""
    (folder / FILE).write_text(json.dumps(_manifest(args), indent=1) + "\n")


def differences(args, built, generated):
    """Lines that say in what the design of the folder `generated` is not that of `built`.

    built, generated: folders (Path) with LiteX's csr.json, the first with the manifest as well
    """
    try:
        made = json.loads((built / FILE).read_text())
    except (FileNotFoundError, ValueError):
        made = {}
    now = _manifest(args)
    found = [
        f"--{name.replace('_', '-')} is {value}, the build's {before}"
        for name, value, before in _changes(made.get("arguments"), now["arguments"])
    ]
    constants = list(_changes(*map(_constants, (built, generated))))
    for name, value, before in constants:
        if name == "wavenet_topology" and not found:
            return [f"the net is {value}, the build's {before}"]
    for name, value, before in _changes(made.get("versions"), now["versions"]):
        found.append(f"{name} is {value}, the build's {before}")
    for path, *_ in _changes(made.get("sources"), now["sources"]):
        found.append(f"{path} is not the build's")
    return found or [f"{name} is {value}, the build's {old}" for name, value, old in constants]


def _changes(before, now):
    """(name, value, value before) of what differs; before: None where that is not known."""
    before = now if before is None else before
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            yield name, now.get(name), before.get(name)


def _manifest(args):
    return {
        "arguments": {
            name: str(value)
            for name, value in sorted(vars(args).items())
            if not name.startswith(OUTSIDE)
        },
        "versions": {"Python": sys.version.split()[0], **{n: _version(n) for n in PACKAGES}},
        "sources": {
            str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in FOLDERS
            for path in sorted((ROOT / folder).rglob("*.py"))
            if "training" not in path.parts
        },
    }


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _constants(folder):
    constants = json.loads((folder / "csr.json").read_text())["constants"]
    return {name: value for name, value in constants.items() if name not in CONSTANTS_OF_A_MODEL}
