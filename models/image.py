# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The weight image: one model as a file that any build of its topology can load while it plays.

Little-endian 32-bit words:

    magic "WNET" | version 1 | fingerprint | length of the payload | payload | CRC-32 of the rest

The fingerprint (NetworkSpec.fingerprint) stands for the layers' shapes and the number format. The
payload holds per layer the weights as int16 in [out][tap][in] order, then the biases as int16, each
layer padded with zeros to a whole word. How a build folds the net never shows.

Words of fewer than 16 bits are sign-extended; a format of more than 16 bits has no image of version
1 and is refused. An image is always of the whole net: a build with fewer outputs leaves out what it
has no place for.
"""

import json
import struct
import zlib
from pathlib import Path

import numpy as np

from models.files import read_bytes, write_bytes, written_whole
from models.messages import must_be
from models.number_format import ModelError
from models.spec import Model

MAGIC = 0x54454E57  # "WNET"
VERSION = 1
MOST_BITS = 16
HEADER_BYTES = 16
MOST_BYTES = 16 << 20  # of a file
LOAD_ADDRESS = 0x4000_0000  # litex_term's default --kernel-adr


class ImageError(ModelError):
    """Bytes that are no image, or one that does not belong here; one line for the user."""


def header(fingerprint, words):
    """{name: word} of an image's header, in the order in which they lie in it and are checked.

    fingerprint, words: of the topology, and of its payload
    """
    return {"magic": MAGIC, "version": VERSION, "fingerprint": fingerprint, "length": words}


def _layer_values(layer):
    """16-bit values of a layer in the payload, padding included."""
    return layer.parameters + layer.parameters % 2


def payload_words(spec):
    """Length of the payload in 32-bit words."""
    return sum(_layer_values(layer) for layer in spec.layers) // 2


def pack(model):
    """The image of `model`, as bytes.

    Raises ImageError for a number format of more than 16 bits.
    """
    spec = model.spec
    if spec.number_format.bits > MOST_BITS:
        raise ImageError(
            f"image: the number format must have at most {MOST_BITS} bits, got {spec.number_format}"
        )
    payload = b""
    for layer, (kernel, bias) in zip(spec.layers, model.weights):
        values = np.zeros(_layer_values(layer), "<i2")
        values[: kernel.size] = kernel.transpose(2, 0, 1).ravel()
        values[kernel.size : kernel.size + bias.size] = bias
        payload += values.tobytes()
    words = header(spec.fingerprint, payload_words(spec)).values()
    body = struct.pack("<4I", *words) + payload
    return body + struct.pack("<I", zlib.crc32(body))


def crc_of(data):
    """The CRC-32 that a whole image ends with: what `status` calls the model by."""
    return struct.unpack("<I", data[-4:])[0]


def check(data, fingerprint, words):
    """The payload of an image for the topology with this fingerprint and `words` of payload.

    Returns int16 [2*words]. Raises ImageError that names the first thing that is wrong, in the
    words of the firmware's `load`.
    """
    if len(data) < HEADER_BYTES:
        raise ImageError(f"image: torn: {len(data)} bytes, the header alone has {HEADER_BYTES}")
    magic, version, found, length = struct.unpack("<4I", data[:HEADER_BYTES])
    if magic != MAGIC:
        raise ImageError(must_be("image: magic", f"0x{MAGIC:08x}", f"0x{magic:08x}"))
    if version != VERSION:
        raise ImageError(must_be("image: version", VERSION, version))
    if found != fingerprint:
        raise ImageError(
            f"image: fingerprint must be 0x{fingerprint:08x}, got 0x{found:08x}: the image is of "
            "another topology"
        )
    if length != words:
        raise ImageError(must_be("image: length", f"{words} words", length))
    wanted = HEADER_BYTES + 4 * words + 4
    if len(data) != wanted:
        kind = "torn" if len(data) < wanted else "too long"
        raise ImageError(f"image: {kind}: must have {wanted} bytes, got {len(data)}")
    if zlib.crc32(data[:-4]) != crc_of(data):
        raise ImageError(
            f"image: CRC-32 must be 0x{zlib.crc32(data[:-4]):08x}, got 0x{crc_of(data):08x}: the "
            "image is damaged"
        )
    return np.frombuffer(data, "<i2", 2 * words, HEADER_BYTES)


def unpack(data, spec):
    """The Model of an image made for `spec`. Raises ImageError, ModelError."""
    values = check(data, spec.fingerprint, payload_words(spec))
    weights, at = [], 0
    for layer in spec.layers:
        size = layer.fan_in * layer.out_channels
        shape = (layer.out_channels, layer.kernel_size, layer.in_channels)
        kernel = values[at : at + size].reshape(shape).transpose(1, 2, 0)
        weights.append((kernel, values[at + size : at + layer.parameters]))
        if values[at + layer.parameters : at + _layer_values(layer)].any():
            raise ImageError("image: the padding is not zero")
        at += _layer_values(layer)
    return Model(spec, weights)


def read(path):
    """The image in a file: bytes of a .bin as they are, or of a trained model's .npz packed.

    Raises ModelError, FileError.
    """
    path = Path(path)
    if path.suffix == ".npz":
        return pack(Model.load(path))
    return read_bytes(path, MOST_BYTES)


def corners(path):
    """({name: (e0, e1)}, CRC-32 of the image) of a trained model's .npz: names of places on its
    embedding plane, see Model.corners. Raises ModelError.
    """
    model = Model.load(path)
    return model.corners, crc_of(pack(model))


def write(path, model):
    """Write the image and, beside it, the .json that `litex_term --images` takes.

    Returns the path of the .json. Both files appear whole or not at all. Raises ImageError,
    FileError.
    """
    path = Path(path)
    listing = path.with_suffix(".json")
    text = json.dumps({path.name: f"0x{LOAD_ADDRESS:08x}"}) + "\n"
    data = pack(model)
    with written_whole(path) as partial:
        partial.write_bytes(data)
        write_bytes(listing, text.encode())
    return listing
