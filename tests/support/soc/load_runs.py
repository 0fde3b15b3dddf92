# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The firmware's `load`, compiled for this machine, and the frames that litex_term sends it."""

import ctypes
import re
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
from litex.tools.litex_term import SFLFrame

from gateware.wavenet.weight_memory import WeightLayout
from models import image
from soc.contract import tokens
from soc.contract.weight_map import LayerMap, WeightMap
from soc.flow.firmware_image import SOURCES
from tests.support.limits import HANG_S

MAGIC_ACK = b"z6IHG7cYDID6o\n"
LOAD, JUMP, ABORT = b"\x01", b"\x02", b"\x00"
HOST_TOKEN = 4711


def frame(command, payload=b""):
    """One SFL frame, as litex_term encodes it."""
    result = SFLFrame()
    result.cmd, result.payload = command, payload
    return result.encode()


def word(address):
    return (address % 2**32).to_bytes(4, "big")


def load_frames(data, base=image.LOAD_ADDRESS, length=60):
    """The frames of an image, without the jump."""
    return [
        frame(LOAD, word(base + at) + data[at : at + length]) for at in range(0, len(data), length)
    ]


def jump(base=image.LOAD_ADDRESS):
    return frame(JUMP, word(base))


def calibration(base=image.LOAD_ADDRESS):
    """What litex_term's default mode sends first."""
    return frame(LOAD, word(base) + bytes(64)) * 16


def upload(data, base=image.LOAD_ADDRESS, length=60):
    """All that litex_term sends after the request."""
    return MAGIC_ACK + b"".join(load_frames(data, base, length)) + jump(base)


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def reason_in(said):
    """The reason in the one line that a refused upload ends with, after the replies to frames."""
    lines = said.split("\n")
    assert lines[-1] == "" and re.fullmatch("[KCUE]*", "".join(lines[:-2])), said
    assert lines[-2].startswith("load: ") and lines[-2].endswith("; the model plays on"), said
    return lines[-2].removeprefix("load: ").removesuffix("; the model plays on")


def layouts(folding):
    return [WeightLayout(fold.layer, fold.pe, fold.simd) for fold in folding.layers]


def weight_map(spec, folding):
    """(WeightMap, window_bits) of a build, as the SoC makes it."""
    plans = layouts(folding)
    window_bits = max(layout.address_bits for layout in plans)
    maps = [
        LayerMap.of(layer, fold.layer, layout, index << window_bits)
        for index, (layer, fold, layout) in enumerate(zip(spec.layers, folding.layers, plans))
    ]
    return WeightMap(maps), window_bits


def places(folding, window_bits, model, bank):
    """(addresses, values) of the parameters that are built, from the layouts alone."""
    result = {}
    for index, (layout, fold) in enumerate(zip(layouts(folding), folding.layers)):
        kernel, bias = model.weights[index]
        base = index << window_bits
        for output in range(fold.layer.out_channels):
            lane, row = layout.bias(output)
            result[base + layout.address(lane, bank, row)] = int(bias[output])
            for flat in range(layout.fan_in):
                tap, channel = divmod(flat, fold.layer.in_channels)
                lane, row = layout.weight(output, flat)
                value = int(kernel[tap, channel, output])
                result[base + layout.address(lane, bank, row)] = value
    return np.array(list(result)), np.array(list(result.values()))


class Board:
    """load.c, sfl.c and image.c of a build, with two banks of memory. Bank 0 plays `model`.

    bits: of a word, instead of the model's
    """

    def __init__(self, folder, model, folding, bits=None):
        spec = self.spec = model.spec
        self.map, self.window_bits = weight_map(spec, folding)
        self.places = cache(lambda model, bank: places(folding, self.window_bits, model, bank))
        generated = Path(folder) / "generated"
        generated.mkdir(parents=True)
        (generated / "contract.h").write_text(self.map.header() + tokens.image_header(spec))
        (generated / "soc.h").write_text(
            '#define WAVENET_MAP ""\n#define LOAD_TIMEOUT_FRAMES 1\n'
            f"#define WAVENET_BITS {bits or spec.number_format.bits}\n"
            + "".join(f"#define {name} {value}\n" for name, value in tokens.banks(spec, 0).items())
        )
        library = Path(folder) / "load.so"
        sources = [SOURCES / name for name in ("model/load.c", "model/sfl.c", "model/image.c")]
        subprocess.run(
            ["gcc", "-O2", "-g", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"]
            + ["-fsanitize=undefined", "-fno-sanitize-recover", "-static-libubsan"]
            + ["-shared", "-fPIC", f"-I{folder}", f"-I{SOURCES}", *sources]
            + [Path(__file__).with_name("load_harness.c"), "-o", library],
            check=True,
            timeout=HANG_S,
        )
        self.library = ctypes.CDLL(str(library))
        size = 1 << 16
        self.window = np.ctypeslib.as_array((ctypes.c_int32 * size).in_dll(self.library, "window"))
        writable = (ctypes.c_uint8 * size).in_dll(self.library, "writable")
        self.writable = np.ctypeslib.as_array(writable)
        for bank in range(2):
            addresses, values = self.places(model, bank)
            self.writable[addresses] = bank + 1
            self.window[addresses] = values
        self.elsewhere = np.flatnonzero(self.writable == 0)
        self.set("mask", 2**spec.number_format.bits - 1 | -(1 << spec.number_format.bits) % 2**32)
        crc = image.crc_of(image.pack(model))
        self.crcs[0] = self.crcs[1] = crc

    def holds(self, bank, model):
        """Whether every parameter of the bank is the model's."""
        addresses, values = self.places(model, bank)
        return np.array_equal(self.window[addresses], values)

    @property
    def crcs(self):
        return (ctypes.c_uint32 * 2).in_dll(self.library, "crcs")

    def get(self, name):
        return ctypes.c_uint32.in_dll(self.library, name).value

    def set(self, name, value):
        ctypes.c_uint32.in_dll(self.library, name).value = value

    def run(self, data=b"", command="load"):
        """(what it said without the request, bytes of the input left)."""
        text = ctypes.create_string_buffer(65536)
        left = self.library.run(command.encode(), data, len(data), text, len(text))
        said = text.value.decode("ascii", "replace")
        return re.sub(r"(?s)^waiting.*?sL5DdSMmkekro\n", "", said), left
