# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Arrays of an .npz of unknown origin: nothing in it is executed, and what it takes is bounded.

A zip of 4 MB can hold 4 GB, and a header of 100 bytes can announce any shape, so the sizes are
looked at before anything is unpacked.
"""

import json
import math
import struct
import zipfile
import zlib

import numpy as np

from models.files import FileError, check_readable, reason

MEMBERS = 4096
DIRECTORY_BYTES = 1 << 20  # of the zip's list of members; zipfile takes ten times as much
# The end of a zip: the record that tells of the list, a comment, and before it what tells of a
# record of 64 bits.
END, END_MARK, END_MOST = struct.Struct("<4s4H2LH"), b"PK\5\6", 22 + 65535
LOCATOR_MARK, LOCATOR_BYTES = b"PK\6\7", 20
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that NumPy writes
KINDS = "biufU"  # of arrays: numbers and text
TEXT_BYTES = 16 << 20  # of an array of text, 4 a character

# What zipfile and NumPy raise on files that are damaged or of another kind. RuntimeError: a zip
# with features that zipfile does not know.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    OSError,
    EOFError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
_PICKLED = "must hold plain arrays, got pickled objects, which are never loaded"


def read(path, most_bytes):
    """{name: array} of the .npz file `path`, at most `most_bytes` as packed, and as unpacked.

    Raises FileError, one line that begins with the path.
    """
    check_readable(path, most_bytes)
    try:
        with open(path, "rb") as file:
            return _read(file, most_bytes)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
    except _UNREADABLE as error:
        text = reason(error).splitlines()[0]
        raise FileError(f"{path}: not a readable .npz: {text}") from error


def _read(file, most_bytes):
    start = file.read(6)
    if start == b"\x93NUMPY":
        raise FileError("a bare array, not an .npz")
    if start[:1] == b"\x80":
        raise FileError(f"not a readable .npz: {_PICKLED}")
    check_zip(file)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MEMBERS:
            raise FileError(f"must hold at most {MEMBERS} arrays, got {len(members)}")
        unpacked = sum(member.file_size for member in members)
        if unpacked > most_bytes:
            raise FileError(f"must unpack to at most {most_bytes} bytes, got {unpacked}")
        return {_name(member): _array(archive, member) for member in members}


def check_zip(file):
    """Raise FileError for a zip whose list of members would fill the memory, ValueError for what is
    no zip. file: binary, seekable; it is left anywhere."""
    size = file.seek(0, 2)
    file.seek(max(size - END_MOST, 0))
    tail = file.read()
    plain = len(tail) >= END.size and tail[-END.size :][:4] == END_MARK and tail[-2:] == b"\0\0"
    at = len(tail) - END.size if plain else tail.rfind(END_MARK)
    if at < 0 or len(tail) < at + END.size:
        raise ValueError("File is not a zip file")
    if tail[:at][-LOCATOR_BYTES:].startswith(LOCATOR_MARK):
        raise FileError("must be at most 4 GB, got a 64-bit zip")
    if END.unpack_from(tail, at)[5] > DIRECTORY_BYTES:
        raise FileError(f"must hold at most {MEMBERS} files")


def _name(member):
    return member.filename.removesuffix(".npy")


def _array(archive, member):
    """The array of a member whose header tells no more than the member holds."""
    if member.compress_type not in METHODS:
        raise FileError(f"compression must be deflate or none, got {member.compress_type}")
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"array version {version}")
        readers = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
        shape, fortran, dtype = readers[version[0]](stream)
        if dtype.hasobject:
            raise FileError(f"not a readable .npz: {_PICKLED}")
        if dtype.kind not in KINDS:
            raise FileError(f"array {_name(member)!r} must hold numbers or text, got {dtype}")
        held = member.file_size - stream.tell()
        wanted = math.prod(shape) * dtype.itemsize
        if held != wanted:
            raise FileError(
                f"array {_name(member)!r} of shape {shape} must have {wanted} bytes, got {held}"
            )
        if dtype.kind == "U" and held > TEXT_BYTES:
            raise FileError(f"text must have at most {TEXT_BYTES} bytes, got {held}")
        data = stream.read(held)
        if len(data) != held:
            raise EOFError("File is torn")
        # A copy: of bytes alone the array could not be written to, as trainings do.
        array = np.frombuffer(data, dtype).copy() if held else np.empty(0, dtype)
        return array.reshape(shape, order="F" if fortran else "C")


def read_json(text):
    """What JSON says, in a string or an array of one. Raises ValueError."""
    try:
        return json.loads(str(text))
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None
