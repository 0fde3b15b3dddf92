# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Contents of block RAMs: in Verilog, in a netlist, in nextpnr's .config, and changed there."""

import re

import numpy as np
import pytest
from litex.gen.fhdl.verilog import convert
from migen import ClockDomain

from gateware.primitives import DualPortRAM
from models.arch.planner import plan
from models.spec import Conv1DSpec, NetworkSpec
from soc.flow import patch
from soc.sim.sim_soc import generate
from tests.support.hdl.nets import random_model

LAYERS = (Conv1DSpec(4, 4, 2, 3), Conv1DSpec(4, 4, weights="po2"), Conv1DSpec(4, 2, relu=False))
SPEC = NetworkSpec(LAYERS, name="small")


def config(blocks):
    """A .config with block RAMs {number: words} between other things."""
    text = ".device LFE5U-25F\n\n.tile R1C1:PLC2\nword: SLICEA.K0.INIT 1111111111111111\n\n"
    for number, words in blocks.items():
        lines = [" ".join(f"{w:03x}" for w in words[at : at + 8]) for at in range(0, 2048, 8)]
        text += f".bram_init {number}\n" + "\n".join(lines) + "\n\n"
    return text + ".tile R1C2:PLC2\n"


def block(seed):
    return tuple(np.random.default_rng(seed).integers(0, 512, patch.BLOCK_WORDS).tolist())


def test_words_of_a_block():
    """Row 17 of 18 bits: bits 20 to 37 of INITVAL_01."""
    words = patch.block_words({1: 0x2_AB_CD << 20})
    assert words[34:36] == (0x1CD, 0x155)
    assert not any(words[:34]) and not any(words[36:])


@pytest.mark.parametrize("bits, depth", [(18, 1024), (16, 600), (9, 2048), (4, 4096), (1, 16384)])
def test_instances_hold_what_the_memory_was_given(bits, depth):
    """Read by address as the data sheet has it: {row, byte, bits} of the lowest bit of a word."""
    init = np.random.default_rng(bits).integers(0, 2**bits, depth).tolist()
    memory = DualPortRAM(bits, depth, init, primitives="ecp5", block=True)
    ios = {memory.a_adr, memory.a_dat_r, memory.b_adr, memory.b_we, memory.b_dat_w, memory.b_dat_r}
    memory.cd_sys = ClockDomain("sys")
    text = str(convert(memory, ios | {memory.cd_sys.clk, memory.cd_sys.rst}))
    ((_, words),) = patch.instances(text).items()
    per_word = max(8 // bits, 1)
    for index, value in enumerate(init):
        if bits > 9:
            found = words[2 * index] | words[2 * index + 1] << 9
        else:
            found = words[index // per_word] >> bits * (index % per_word)
        assert found & 2**bits - 1 == value


def test_the_parameters_of_a_patchable_soc_are_all_in_instances(tmp_path):
    """Two models, one design: without contents the Verilog is the same, and so are all other
    memories but the ROM; with them, every parameter that differs is in an instance."""
    models = [random_model(SPEC, seed, 0.3) for seed in (1, 2)]
    texts, inits = [], []
    for index, model in enumerate(models):
        _, folder, _ = generate(
            model, plan(SPEC, 256), tmp_path / str(index), primitives="ecp5", patchable=True
        )
        texts.append((folder / "sim.v").read_text())
        inits.append({path.name: path.read_text() for path in folder.glob("*.init")})
    first, second = map(patch.instances, texts)
    assert patch.without_contents(texts[0]) == patch.without_contents(texts[1])
    assert first.keys() == second.keys()
    # Weights of each lane and biases of each layer.
    lanes = sum(fold.pe * fold.simd for fold in plan(SPEC, 256).layers)
    assert sum(first[name] != second[name] for name in first) == lanes + len(LAYERS)
    assert {name for name in inits[0] if inits[0][name] != inits[1][name]} <= {"sim_rom.init"}


def test_rom_blocks():
    """As yosys 0.70 laid out a ROM of this project: bits 4n to 4n + 3, the even word below."""
    blocks = patch.rom_blocks([0x76543210, 0xFEDCBA98], 8)
    assert [blocks[f"rom.0.{n}"][0] for n in range(8)] == [
        0x80, 0x91, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0xF7,
    ]  # fmt: skip
    assert all(not any(words[1:]) and len(words) == 2048 for words in blocks.values())
    for words, count in (([0] * 5000, 8), ([0] * 10, 4)):
        with pytest.raises(patch.PatchError, match="a ROM of "):
            patch.rom_blocks(words, count)


def test_patch_changes_these_blocks_and_nothing_else():
    blocks = {3: block(1), 4: (0,) * 2048, 5: block(2), 9: (0,) * 2048}
    text = config(blocks)
    old = {"a": blocks[5], "b": blocks[3], "c": blocks[4], "d": blocks[9]}
    assert patch.config_blocks(text) == blocks
    assert patch.patch(text, old, {}) == text
    patched = patch.patch(text, old, {"a": block(7)})
    assert patched == config(blocks | {5: block(7)})
    lines = zip(text.splitlines(), patched.splitlines())
    assert sum(a != b for a, b in lines) == 256


def test_what_cannot_be_told_apart_is_refused():
    text = config({3: block(1), 4: block(1), 5: block(2)})
    old = {"a": block(1), "b": block(1), "c": block(2)}
    assert patch.patch(text, old, {"a": block(3), "b": block(3)}) == config(
        {3: block(3), 4: block(3), 5: block(2)}
    )
    with pytest.raises(patch.PatchError, match=re.escape("2 block RAMs (a, b, ...) held the same")):
        patch.patch(text, old, {"a": block(3)})
    with pytest.raises(patch.PatchError, match="block RAM 5 of the design holds what the build"):
        patch.patch(text, {"a": block(1), "b": block(1)}, {})
