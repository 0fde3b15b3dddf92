# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The firmware's network in plain C, compiled for this machine; undefined behaviour is trapped."""

import ctypes
import subprocess

import numpy as np

from models.graph.program import needed_words, program, weights
from soc.flow.firmware_image import SOURCES
from tests.support.limits import HANG_S

GUARD = 16  # words behind each array that must stay as they are


class _Net(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_void_p)
        for name in ("program", "weights", "rings", "slots", "sums", "totals", "window", "needed")
    ] + [("depth", ctypes.c_uint32)]


def compile_net(folder):
    """(word bits, only chains) -> library with net_step, net_need and net_settle."""
    libraries = {}
    for bits, chain in ((16, 0), (32, 0), (16, 1)):
        library = folder / f"net{bits}{chain}.so"
        command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined"]
        command += ["-fno-sanitize-recover", "-static-libubsan", "-shared", "-fPIC"]
        command += [f"-DNET_BITS={bits}", f"-DNET_CHAIN={chain}", f"-I{SOURCES}"]
        command += ["-DNET_FRAC=12", "-DNET_FLOOR=0", SOURCES / "net" / "net.c", "-o", library]
        subprocess.run(command, check=True, timeout=HANG_S)
        libraries[bits, chain] = ctypes.CDLL(str(library))
    return libraries


class CNet:
    """A GraphModel run by net.c; its memory is exactly what the Program says, guarded."""

    def __init__(self, libraries, model, depth=0, frames=0, chain=0):
        self.plan, self.spec = program(model.spec), model.spec
        self.library = libraries[self.plan.word_bits, chain]
        self.kind = np.int16 if self.plan.word_bits == 16 else np.int32
        self.arrays = {
            "program": self._array(self.plan.words, np.int32),
            "weights": self._array(weights(model), self.kind),
            "rings": self._array(np.zeros(self.plan.ring_words), self.kind),
            "slots": self._array(np.zeros(len(model.spec.channels)), np.int32),
            "sums": self._array(np.zeros(self.plan.sum_words), np.int64),
            "totals": self._array(np.zeros(self.plan.most_outputs), np.int64),
            "window": self._array(np.zeros(self.plan.window_words), self.kind),
        }
        if depth:
            size = needed_words(model.spec, depth)
            self.arrays["needed"] = self._array(np.zeros(size), np.uint32)
        pointers = {name: array.ctypes.data for name, array in self.arrays.items()}
        self.net = _Net(**pointers, depth=depth)
        if depth:
            self.library.net_need(ctypes.byref(self.net), frames)

    @staticmethod
    def _array(values, kind):
        array = np.full(len(values) + GUARD, 0x55, kind)
        array[: len(values)] = values
        return array

    def settle(self):
        self.library.net_settle(ctypes.byref(self.net))

    def run(self, frames):
        """int [n, in] -> int64 [n, out]; with `depth`, n of them that end at age 0."""
        out = self._array(np.zeros(self.spec.out_channels), self.kind)
        result = []
        for index, frame in enumerate(np.ascontiguousarray(frames, self.kind)):
            self.library.net_step(
                ctypes.byref(self.net),
                ctypes.c_void_p(frame.ctypes.data),
                ctypes.c_void_p(out.ctypes.data),
                ctypes.c_uint32(len(frames) - 1 - index),
            )
            result.append(out[:-GUARD].astype(np.int64))
        for array in (out, *self.arrays.values()):
            assert (array[-GUARD:] == 0x55).all(), "written beyond an array"
        return np.reshape(result, (-1, self.spec.out_channels))
