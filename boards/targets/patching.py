"""build.py --patch-model: another model in the bitstream of a board's build, in seconds."""

import os
import tempfile
from pathlib import Path

from models.spec import Model
from soc import patch
from soc.bitstream import Bitstream
from soc.patch import PatchError


def patched(parser, args, folder, progress, generate):
    """Patches the build in `folder` as the arguments say: (soc, path of the bitstream).

    The new .config, .bit and csr.json are in folder/patched, named after board and model.
    generate(parser, args, model, folder, **builder_kwargs) -> (soc, builder), as of the build.
    Raises PatchError, before anything is written there.
    """
    gateware = Path(parser.builder_argdict["gateware_dir"] or folder / "gateware")
    if not (gateware / f"build_{args.board}.sh").exists():
        raise PatchError(f"{folder} has no build to patch: --build makes it")
    build = Bitstream(gateware, args.board, progress)
    parts = build.built()
    if parts is None:
        raise PatchError(f"{folder} has no finished build to patch: --build makes it")
    netlist, config = parts
    name = f"{args.board}-{args.patch_model.stem}"
    with tempfile.TemporaryDirectory(dir=folder, prefix="patch-") as temporary:
        temporary = Path(temporary)
        with progress.step("SoC: Verilog and firmware"):
            soc, new = generate_beside(parser, args, temporary, generate)
        with progress.step("Patch"):
            texts = [(f / f"{args.board}.v").read_text() for f in (gateware, new)]
            if patch.without_contents(texts[0]) != patch.without_contents(texts[1]):
                raise PatchError(
                    f"{args.patch_model} is not allowed: it, or another argument, makes another "
                    "design than the one built; a patch changes only a net's parameters"
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
    elsewhere = ("gateware_dir", "software_dir", "include_dir", "generated_dir")
    exports = ("csr_csv", "csr_json", "csr_svd", "memory_x")
    model = Model.load(args.patch_model)
    soc, builder = generate(
        parser, args, model, folder, generate_doc=False, **dict.fromkeys(elsewhere + exports)
    )
    return soc, Path(builder.gateware_dir)
