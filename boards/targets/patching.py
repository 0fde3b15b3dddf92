# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""build.py --patch-model: another model in the bitstream of a board's build, in seconds."""

import os
import tempfile
from itertools import zip_longest
from pathlib import Path

from boards.targets.manifest import differences
from models.spec import Model
from soc.flow import patch
from soc.flow.bitstream import Bitstream, StaleError
from soc.flow.patch import PatchError


def patched(parser, args, folder, progress, generate):
    """Patches the build in `folder` as the arguments say: (soc, path of the bitstream).

    The new .config, .bit and csr.json are in folder/patched, named after board and model.
    generate(parser, args, model, folder, **builder_kwargs) -> (soc, builder), as of the build.
    Raises PatchError, before anything is written there.
    """
    gateware = folder / "gateware"
    if not (gateware / f"build_{args.board}.sh").exists():
        raise PatchError(f"{folder} has no build of {args.board} to patch: --build makes it")
    build = Bitstream(gateware, args.board, progress)
    try:
        netlist, config = build.built()
    except StaleError as error:
        raise PatchError(
            f"{folder} has no finished build to patch ({error}): --build makes it"
        ) from None
    name = f"{args.board}-{args.patch_model.stem}"
    with tempfile.TemporaryDirectory(dir=folder, prefix="patch-") as temporary:
        temporary = Path(temporary)
        with progress.step("SoC: Verilog and firmware"):
            soc, new = generate_beside(parser, args, temporary, generate)
        with progress.step("Patch"):
            bare = [_without_contents(f, args.board) for f in (gateware, new)]
            if bare[0] != bare[1]:
                reasons = differences(args, folder, temporary) or [_first_difference(*bare)]
                raise PatchError(
                    f"--patch-model must make the design built in {folder} but for a net's "
                    f"parameters, got {args.patch_model}: {_some(reasons)}"
                )
            held = patch.design_blocks(gateware, args.board, netlist)
            wanted = patch.folder_blocks(new, args.board)
            (temporary / f"{name}.config").write_text(patch.patch(config.read_text(), held, wanted))
        build.repack(temporary / f"{name}.config", temporary / f"{name}.bit")
        (temporary / "csr.json").rename(temporary / f"{name}.csr.json")
        (folder / "patched").mkdir(exist_ok=True)
        for ending in (".config", ".bit", ".csr.json"):
            os.replace(temporary / f"{name}{ending}", folder / "patched" / f"{name}{ending}")
    return soc, folder / "patched" / f"{name}.bit"


def generate_beside(parser, args, folder, generate):
    """(soc, gateware folder) of the SoC with the other model; writes below `folder` only."""
    model = Model.load(args.patch_model)
    soc, builder = generate(
        parser, args, model, folder, generate_doc=False, csr_svd=None, copies=False
    )
    return soc, Path(builder.gateware_dir)


def _without_contents(gateware, name):
    """File -> text of all that a patch leaves as it is."""
    texts = {path.name: path.read_text() for path in gateware.glob("*.init")}
    del texts[f"{name}_rom.init"]
    return {f"{name}.v": patch.without_contents((gateware / f"{name}.v").read_text()), **texts}


def _first_difference(old, new):
    """Where two designs of _without_contents begin to differ, in words."""
    file = min(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    pairs = zip_longest(
        *(files.get(file, "").splitlines() for files in (old, new)), fillvalue="nothing"
    )
    number, (one, other) = next(
        (n, pair) for n, pair in enumerate(pairs, start=1) if pair[0] != pair[1]
    )
    return f"{file} has {other.strip()[:60]!r} in line {number}, the build {one.strip()[:60]!r}"


def _some(reasons, most=3):
    more = f" and {len(reasons) - most} more" if len(reasons) > most else ""
    return "; ".join(reasons[:most]) + more
