# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Files of a few bytes that ask for all memory, or for ever; and what a command makes of them."""

import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np

from models.topologies import get
from tests.support.hdl.nets import random_model

ROOT = Path(__file__).resolve().parents[2]
MOST_MB = 256
TIMEOUT_S = 120  # a hang, on the slowest machine

# Runs the main function of a module with one command line after the other, and says for each its
# status, what it printed, and what memory the process has held at most by then. VmHWM is its own,
# where ru_maxrss would begin with that of the process that started it.
RUNNER = """
import contextlib, importlib, io, json, sys
module, commands = sys.argv[1:]
main = importlib.import_module(module).main
for command in json.loads(commands):
    sys.argv, out, err = [module, *command], io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main()
        except SystemExit as stop:
            status = stop.code
    with open("/proc/self/status") as file:
        held = next(line.split()[1] for line in file if line.startswith("VmHWM"))
    print(json.dumps([status, out.getvalue(), err.getvalue(), int(held) // 1024]), flush=True)
"""


def refusals(module, commands):
    """The line with which `module`.main refuses each of the commands (lists of words), all in one
    process that holds MOST_MB at most."""
    result = subprocess.run(
        [sys.executable, "-c", RUNNER, module, json.dumps(commands)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.returncode, result.stderr, len(found)) == (0, "", len(commands)), result
    for command, (status, out, err, held) in zip(commands, found, strict=True):
        assert (status, out, err.count("\n")) == (2, "", 1) and len(err) < 600, (command, err)
        assert held <= MOST_MB, (command, held)
    return [err.rstrip("\n") for _, _, err, _ in found]


# Models -------------------------------------------------------------------------------------------


def zip_of(path, members, method=zipfile.ZIP_DEFLATED):
    """members: {name: bytes}"""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def npy_header(shape, dtype="<i4"):
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape})
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()


def arrays_of(topology="original"):
    """{name: array} of a model file that is in order."""
    model = random_model(get(topology), 1, 0.05)
    arrays = {"spec": np.array(json.dumps(model.spec.to_dict())), "meta": np.array("{}")}
    for index, (kernel, bias) in enumerate(model.weights):
        arrays |= {f"kernel{index}": kernel, f"bias{index}": bias}
    return arrays


def model_with(path, **changes):
    """A model file in which the first layer, or the network, says something else."""
    arrays = arrays_of()
    spec = json.loads(str(arrays["spec"]))
    for name, value in changes.items():
        (spec["layers"][0] if name in spec["layers"][0] else spec)[name] = value
    arrays["spec"] = np.array(json.dumps(spec))
    np.savez(path, **arrays)
    return path


def bomb(path, name, mebibytes, head=b""):
    """A zip whose only member, `head` and zeros, unpacks to so much; 4095 are 4 MB packed.

    A packed block is repeated, so that this takes no time. The CRC-32 is wrong: none may come as
    far as that.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = begin + block * mebibytes + packer.flush(zlib.Z_FINISH)
    size, name = len(head) + (mebibytes << 20), name.encode()
    facts = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(data), size, len(name), 0)
    central = b"PK\1\2" + struct.pack("<H", 20) + facts + bytes(14) + name
    local = b"PK\3\4" + facts + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + len(data), 0)
    path.write_bytes(local + data + central + end)
    return path


def nested(depth=100_000):
    return "[" * depth + "]" * depth


# Sounds -------------------------------------------------------------------------------------------


def wav(path, channels=1, rate=48_000, tag=1, bits=16, data=bytes(4_000_000), said=None):
    """A WAV whose header says what it likes."""
    block = min(channels * bits // 8, 65535)
    fmt = struct.pack("<HHIIHH", tag, channels, rate, min(rate * block, 2**32 - 1), block, bits)
    said = len(data) if said is None else said
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", said)
    path.write_bytes(b"RIFF" + struct.pack("<I", min(len(body) + said, 2**32 - 1)) + body + data)
    return path
