# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The house of rooms: imports run one way, files stay small, git holds sources only.

    build.py -> boards.targets -> boards.platforms, models, soc
    soc -> gateware, models.image, models.graph
    models, boards.targets, gateware -> gateware.shapes
    all -> models.errors, models.files, models.messages, models.sound.wav
    command lines -> models.launcher

The checks read the files and import nothing, so they see what a test run would not execute.
"""

import ast
import re
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("models", "gateware", "soc", "boards")
OURS = (*ROOMS, "build", "tests")
HARDWARE = ("migen", "litex", "litex_boards")
LAUNCHER = "models.launcher"  # what a command line imports first; standard library only
# The one way in and out of files, and to the user, for all rooms.
EDGES = ("models.errors", "models.files", "models.messages", "models.sound.wav")
SHAPES = "gateware.shapes"  # what models compute with, too; standard library only
TENSORFLOW_ROOMS = ("models/keras/", "models/training/")
TENSORFLOW = ("tensorflow", "keras", "qkeras", "tf_keras")

LINES_WARN, LINES_MOST = 300, 400
FILES_MOST = 14  # of a folder
SOURCES = (".py", ".c", ".h", ".cpp", ".v")
# Folders that still import each other; none may join them.
OPEN_CIRCLES = {
    ("models", "models/graph"),
    ("models/keras", "models/keras/lowering"),
}


@dataclass(frozen=True)
class Import:
    """`target` is the dotted module; `at_import` is false inside a function."""

    path: str
    line: int
    target: str
    at_import: bool

    def __str__(self):
        return f"{self.path}:{self.line} imports {self.target}"


def within(target, *modules):
    """Whether the dotted name is one of the modules or lies inside one."""
    return any(target == module or target.startswith(module + ".") for module in modules)


def folder_circles(root):
    """Folders that import each other, directly or by way of others, as sorted tuples; a __main__.py
    is a command line and belongs to no folder's imports."""
    arrows = {}
    for path in python_files(root):
        if Path(path).name == "__main__.py":
            continue
        here = str(Path(path).parent)
        for item in imports_of(root, path):
            target = root.joinpath(*item.target.split("."))
            there = target if target.is_dir() else target.parent
            if within(item.target, *ROOMS) and there != root / here:
                arrows.setdefault(here, set()).add(str(there.relative_to(root)))

    def reached(start):
        found, ahead = set(), [start]
        while ahead:
            new = arrows.get(ahead.pop(), set()) - found
            found |= new
            ahead += new
        return found

    reach = {folder: reached(folder) for folder in arrows}
    return {
        tuple(sorted(other for other in reach[folder] if folder in reach.get(other, ())))
        for folder in reach
        if folder in reach[folder]
    }


def crowded_folders(root, names):
    """(folder, sources) of the folders with more than FILES_MOST of `names`; __init__.py and
    __main__.py are not counted."""
    counts = Counter(
        str(Path(name).parent)
        for name in names
        if Path(name).suffix in SOURCES and Path(name).stem not in ("__init__", "__main__")
    )
    return sorted(item for item in counts.items() if item[1] > FILES_MOST)


def python_files(root):
    """Paths below root, as text, of build.py and of all Python files in the rooms."""
    files = [root / "build.py", *(file for room in ROOMS for file in (root / room).rglob("*.py"))]
    return sorted(str(file.relative_to(root)) for file in files if file.is_file())


def is_module(root, dotted):
    path = root.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imports_of(root, path):
    """All imports of a file: plain, `from`, relative, inside functions, and by a constant name."""
    package = Path(path).parent.parts
    found = []

    def visit(node, at_import):
        targets = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            base = ".".join(base + ([node.module] if node.module else []))
            for alias in node.names:
                inner = f"{base}.{alias.name}" if base else alias.name
                targets.append(inner if is_module(root, inner) else base)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__", "importorskip") and node.args:
                constant = getattr(node.args[0], "value", None)
                targets = [constant] if isinstance(constant, str) else []
        found.extend(Import(path, node.lineno, target, at_import) for target in targets)
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            visit(child, at_import and not inside)

    visit(ast.parse((root / path).read_text(), path), True)
    return found


def allowed(item):
    """Whether the house of rooms has this arrow."""
    path, target = item.path, item.target
    ours = within(target, *OURS)
    room = Path(path).parts[0]
    if path == "build.py":
        return not ours or within(target, "boards.targets", "soc", LAUNCHER, *EDGES)
    if path.startswith("boards/targets/"):
        return not within(target, *TENSORFLOW) and (
            not ours or within(target, "boards", "models", "soc", SHAPES)
        )
    if room == "soc":
        return not within(target, "litex_boards", *TENSORFLOW) and (
            not ours
            or within(target, "soc", "gateware", "models.image", "models.graph", LAUNCHER, *EDGES)
        )
    if room == "boards":
        return not ours or within(target, "boards.platforms")
    top = target.split(".")[0]
    if path.startswith("gateware/shapes/"):
        return within(target, SHAPES) or top in sys.stdlib_module_names
    if path.startswith("gateware/wavenet/") and not path.startswith("gateware/wavenet/pipeline/"):
        if within(target, "gateware.wavenet.pipeline"):  # What cores share knows none of them.
            return False
    if room == "gateware":
        return within(target, "gateware", "migen", "litex") or top in sys.stdlib_module_names
    if path in ("models/launcher.py", "models/errors.py"):
        return target == "models.errors" or target.split(".")[0] in sys.stdlib_module_names
    if room == "models":
        training = path.startswith(TENSORFLOW_ROOMS)
        return (within(target, "models", SHAPES) if ours else not within(target, *HARDWARE)) and (
            training or not within(target, *TENSORFLOW)
        )
    raise AssertionError(f"{path} is in no room")


def wrong_arrows(root):
    imports = [item for path in python_files(root) for item in imports_of(root, path)]
    return [str(item) for item in imports if not allowed(item)]


def tensorflow_chains(root):
    """Chains of import-time imports to TensorFlow from files outside TENSORFLOW_ROOMS."""

    def file_of(target):
        path = target.replace(".", "/")
        for name in (f"{path}.py", f"{path}/__init__.py"):
            if (root / name).is_file():
                return name
        return None

    clean = set()  # Files that were searched, in vain.

    def search(path, chain):
        for item in imports_of(root, path):
            if not item.at_import:
                continue
            if within(item.target, *TENSORFLOW):
                return " -> ".join([*chain, path, item.target])
            after = file_of(item.target)
            if after and after not in (*chain, path) and after not in clean:
                longer = search(after, (*chain, path))
                if longer:
                    return longer
        clean.add(path)
        return None

    outside = (path for path in python_files(root) if not path.startswith(TENSORFLOW_ROOMS))
    return [chain for path in outside if (chain := search(path, ()))]


def long_files(root):
    """(path, lines) of the files over LINES_WARN."""
    sizes = [(path, len((root / path).read_text().splitlines())) for path in python_files(root)]
    return [(path, lines) for path, lines in sizes if lines > LINES_WARN]


BUILD_OUTPUT = re.compile(
    r"(^|/)(__pycache__|build|out|obj_dir|sim_build|\.venv|\.pytest_cache|\.ruff_cache)/"
    r"|\.(pyc|o|so|a|elf|vcd|fst|vvp|bit|svf|config|json5|bin)$"
)
# The machine's own settings say where packages come from, never a file of the project.
INDEX_ADDRESS = re.compile(
    r"--(extra-)?index[-]url|--find[-]links|--trusted[-]host"
    r"|^\s*(index|resolved|url|index[-_]url)\s*[:=]\s*[\"']?https?:"
    r"|https?://\S*/simple\b",
    re.MULTILINE,
)


def tracked_files(root):
    # safe.directory: the clone may belong to another user (a container's volume).
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [name for name in listing.split("\0") if name]


def build_output(names):
    return [name for name in names if BUILD_OUTPUT.search(name)]


def index_addresses(root, names):
    found = []
    for name in names:
        if (root / name).is_file():
            text = (root / name).read_bytes().decode("utf-8", errors="replace")
            found += [f"{name}: {match.group().strip()}" for match in INDEX_ADDRESS.finditer(text)]
    return found


def test_imports_run_one_way():
    assert wrong_arrows(ROOT) == []


def test_tensorflow_is_loaded_by_training_only():
    assert tensorflow_chains(ROOT) == []


def test_no_folders_import_each_other():
    assert folder_circles(ROOT) <= OPEN_CIRCLES


def test_no_folder_is_crowded():
    assert crowded_folders(ROOT, tracked_files(ROOT)) == []


def test_circles_and_crowds_are_seen(tmp_path):
    for path, text in {
        "soc/a/one.py": "from soc.b import two",
        "soc/b/two.py": "def f():\n    from soc.c import three",
        "soc/c/three.py": "import soc.a.one",
        "soc/d/four.py": "from soc.a import one",
        "soc/d/__main__.py": "",
        "soc/a/__main__.py": "from soc.d import four",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert folder_circles(tmp_path) == {("soc/a", "soc/b", "soc/c")}
    names = [f"soc/{i}.py" for i in range(FILES_MOST)] + ["soc/__init__.py", "soc/page.md"]
    assert crowded_folders(tmp_path, names) == []
    assert crowded_folders(tmp_path, [*names, "soc/x.c"]) == [("soc", FILES_MOST + 1)]


def test_files_are_small():
    files = long_files(ROOT)
    for path, lines in files:
        warnings.warn(f"{path} has {lines} lines, aim at {LINES_WARN}", stacklevel=1)
    assert [(path, lines) for path, lines in files if lines > LINES_MOST] == []


def test_git_holds_no_build_output():
    names = tracked_files(ROOT)
    assert "tests/test_architecture.py" in names
    assert build_output(names) == []


def test_git_holds_no_index_address():
    assert index_addresses(ROOT, tracked_files(ROOT)) == []


@pytest.mark.parametrize(
    "path, text",
    [
        ("models/launcher.py", "import numpy"),
        ("models/launcher.py", "from models import spec"),
        ("models/errors.py", "import numpy"),
        ("models/reference.py", "import migen"),
        ("models/arch/folding.py", "from litex.gen import *"),
        ("models/sound/render.py", "def f():\n    import tensorflow as tf"),
        ("models/sound/render.py", "from soc import client"),
        ("models/sound/render.py", "from ...soc import client"),
        ("models/training/train.py", "import gateware.layouts"),
        ("gateware/core.py", "import numpy"),
        ("gateware/shapes/ring.py", "from migen import log2_int"),
        ("gateware/shapes/ring.py", "from gateware import layouts"),
        ("models/arch/folding.py", "from gateware import layouts"),
        ("gateware/core.py", "from models.spec import Model"),
        ("gateware/wavenet/accelerator.py", "from gateware.wavenet.pipeline.core import Core"),
        ("gateware/audio/tdm.py", "from ...models import spec"),
        ("gateware/core.py", "__import__('soc.host.client')"),
        ("soc/wavenet_soc.py", "from boards import ecpix5"),
        ("soc/wavenet_soc.py", "from models import spec"),
        ("soc/wavenet_soc.py", "import models"),
        (
            "soc/wavenet_soc.py",
            "import importlib\nimportlib.import_module('boards.platforms.ecpix5')",
        ),
        ("soc/sim/sim_soc.py", "import litex_boards.platforms.ecpix5"),
        ("boards/platforms/ecpix5.py", "from soc.toolchain import environment"),
        ("soc/sim/sim_soc.py", "from boards.targets import arguments"),
        ("boards/platforms/ecpix5.py", "from boards.targets.arguments import ROOT"),
        ("boards/targets/board.py", "from gateware import layouts"),
        ("boards/targets/board.py", "import tests.support"),
        ("build.py", "from gateware import layouts"),
        ("build.py", "from boards import ecpix5"),
        ("build.py", "import tests.support"),
    ],
)
def test_a_wrong_arrow_is_seen(path, text, tmp_path):
    for module in ("models/spec", "soc/client", "boards/ecpix5", "gateware/layouts"):
        file = tmp_path / f"{module}.py"
        file.parent.mkdir(exist_ok=True)
        file.touch()
    assert wrong_arrows(tmp_path) == []
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    assert [arrow.split(":")[0] for arrow in wrong_arrows(tmp_path)] == [path]


@pytest.mark.parametrize(
    "path, text",
    [
        (
            "build.py",
            "import argparse\nfrom boards.targets import board\nfrom soc import toolchain",
        ),
        (
            "boards/targets/board.py",
            "from boards import ecpix5\nfrom models import spec\nimport soc.client",
        ),
        (
            "soc/sim/sim_soc.py",
            "import numpy\nfrom gateware import layouts\nfrom models import image",
        ),
        ("soc/wav.py", "from models import files\nfrom models.sound.wav import read"),
        ("models/training/train.py", "import tensorflow, qkeras\nfrom models import spec"),
        ("models/arch/folding.py", "from gateware.shapes import ring"),
        ("gateware/core.py", "import math\nfrom migen import *\nfrom .layouts import frame"),
        (
            "boards/platforms/ecpix5.py",
            "from boards.platforms.crg import CRG\nfrom litex_boards.platforms import ecpix5",
        ),
    ],
)
def test_the_arrows_of_the_design_pass(path, text, tmp_path):
    (tmp_path / "models").mkdir()
    for module in ("image", "spec", "folding", "files", "wav"):
        (tmp_path / f"models/{module}.py").touch()
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    assert wrong_arrows(tmp_path) == []


def test_tensorflow_by_a_detour_is_seen(tmp_path):
    training = tmp_path / "models" / "training"
    training.mkdir(parents=True)
    (training / "net.py").write_text("import keras")
    (training / "waves.py").write_text("import numpy")
    main = tmp_path / "models" / "__main__.py"
    main.write_text(
        "from models.training import waves\ndef train():\n    import models.training.net"
    )
    assert tensorflow_chains(tmp_path) == []
    main.write_text("from models.training import net")
    assert tensorflow_chains(tmp_path) == ["models/__main__.py -> models/training/net.py -> keras"]


def test_a_long_file_is_seen(tmp_path):
    (tmp_path / "soc").mkdir()
    (tmp_path / "soc" / "short.py").write_text("\n" * LINES_WARN)
    (tmp_path / "soc" / "long.py").write_text("\n" * (LINES_WARN + 1))
    assert long_files(tmp_path) == [("soc/long.py", LINES_WARN + 1)]


def test_build_output_and_index_addresses_are_seen(tmp_path):
    output = ["build/sim/sim.v", "soc/firmware/main.o", "soc/__pycache__/a.py", "out/demo/a.wav"]
    assert build_output([*output, "build.py", "soc/sim/simulator.py", "models/zoo/a.npz"]) == output
    dash = "--"
    lines = [f"pip install {dash}index-url x", f"{dash}find-links /x", "url = https:" + "//x/y"]
    lines += ["https:" + "//x.org/simple"]
    (tmp_path / "bad.txt").write_text("\n".join(lines))
    (tmp_path / "good.txt").write_text("see https://example.org/page, pip install --group demo")
    assert len(index_addresses(tmp_path, ["bad.txt"])) == len(lines)
    assert index_addresses(tmp_path, ["good.txt"]) == []
