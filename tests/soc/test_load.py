"""The firmware's load, on this machine: where it writes, what it refuses, that it returns."""

import random
import re
import struct
import zlib

import pytest

from models import image
from models.folding import Folding, LayerFolding
from models.planner import plan
from models.spec import Conv1DSpec, NetworkSpec, NumberFormat
from tests.support.load_runs import (
    ABORT,
    HOST_TOKEN,
    LOAD,
    MAGIC_ACK,
    Board,
    calibration,
    frame,
    jump,
    load_frames,
    upload,
    word,
)
from tests.support.nets import random_model, random_network

LAYERS = (Conv1DSpec(3, 4, 2, 2), Conv1DSpec(4, 3, 1, weights="po2", relu=False))
SPEC = NetworkSpec(LAYERS, name="small")
FOLDING = Folding(SPEC, (LayerFolding(LAYERS[0], 2, 3), LayerFolding(LAYERS[1], 3, 2)), 0)
FIRST, OTHER = (random_model(SPEC, seed, 0.3) for seed in (1, 2))
IMAGE = image.pack(OTHER)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    return Board(tmp_path_factory.mktemp("load"), FIRST, FOLDING)


@pytest.fixture
def board(compiled):
    """Bank 0 plays FIRST, bank 1 holds it too."""
    for bank in range(2):
        addresses, values = compiled.places(FIRST, bank)
        compiled.window[addresses] = values
        compiled.crcs[bank] = image.crc_of(image.pack(FIRST))
    for name in ("playing", "owner", "writes", "forbidden", "swaps"):
        compiled.set(name, 0)
    return compiled


def plays_on(board):
    """Bank 0 plays FIRST as before, nothing else was touched but bank 1; the banks are free."""
    assert (board.get("playing"), board.get("swaps"), board.get("owner")) == (0, 0, 0)
    assert board.get("forbidden") == 0
    assert board.holds(0, FIRST)
    assert not board.window[board.elsewhere].any()
    return True


def refused(board, data):
    """The one line that a refused upload ends with, after the replies."""
    said, left = board.run(data)
    assert left == 0 and plays_on(board)
    lines = said.split("\n")
    assert lines[-1] == "" and re.fullmatch("[KCUE]*", "".join(lines[:-2])), said
    assert lines[-2].startswith("load: ") and lines[-2].endswith("; the model plays on")
    return lines[-2].removeprefix("load: ").removesuffix("; the model plays on")


def accepted(board, data, model=OTHER):
    said, left = board.run(data)
    assert said.endswith("K\nreported") and left == 0
    assert (board.get("playing"), board.get("swaps"), board.get("owner")) == (1, 1, 0)
    assert board.get("forbidden") == 0
    assert board.holds(1, model)
    assert board.crcs[1] == image.crc_of(image.pack(model))
    return said


@pytest.mark.parametrize("length", [1, 2, 3, 7, 60, 251])
@pytest.mark.parametrize("base", [image.LOAD_ADDRESS, 0, 0xFFFF_FFF0])
def test_frames_of_any_length_at_any_address(board, length, base):
    said = accepted(board, upload(IMAGE, base, length))
    assert said.count("K") == -(-len(IMAGE) // length) + 1


def test_the_default_mode_calibrates_first(board):
    frames = b"".join(load_frames(IMAGE))
    accepted(board, b"\r\n" + MAGIC_ACK + calibration() + frames + jump())


@pytest.mark.parametrize("seed", range(12))
def test_any_net_and_folding(tmp_path, seed):
    """Each parameter lands where the gateware's layout has it, and nowhere else."""
    model, folding = random_network(seed)
    if model.spec.number_format.bits > image.MOST_BITS:
        return
    board = Board(tmp_path, model, folding)
    other = random_model(model.spec, seed + 100)
    accepted(board, upload(image.pack(other)), other)
    assert board.holds(0, model)
    assert board.get("writes") == model.spec.parameters


def test_outputs_that_are_not_built_are_left_out(tmp_path):
    spec = NetworkSpec((Conv1DSpec(3, 4, 3), Conv1DSpec(4, 5, 2, relu=False)))
    model, other = random_model(spec, 1), random_model(spec, 2)
    board = Board(tmp_path, model, plan(spec, 64, outputs=2))
    accepted(board, upload(image.pack(other)), other)
    assert board.get("writes") == spec.narrowed(2).parameters


def test_more_than_sixteen_bits_have_no_image(tmp_path):
    board = Board(tmp_path, FIRST, FOLDING, bits=18)
    data = upload(IMAGE)
    said, left = board.run(data)
    assert said == "load: an image holds at most 16 bits a word, this build's words have more\n"
    assert (left, board.get("writes")) == (len(data), 0)


# Damaged images -----------------------------------------------------------------------------------


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_flipped_bit_of_the_header(board):
    names = ["magic ", "version ", "fingerprint of another topology, ", "length in words "]
    for bit in range(8 * image.HEADER_BYTES):
        reason = refused(board, upload(flipped(IMAGE, bit)))
        assert reason.startswith("refused: " + names[bit // 32]), bit
        assert board.get("writes") == 0 and board.crcs[1] != 0


def test_every_flipped_bit_behind_it(board):
    for bit in range(8 * image.HEADER_BYTES, 8 * len(IMAGE)):
        reason = refused(board, upload(flipped(IMAGE, bit)))
        assert re.match("refused: (damaged, CRC-32 0x|padding that is not zero, at byte )", reason)
        assert board.crcs[1] == 0
        assert "holds no whole model" in board.run(command="swap")[0] and plays_on(board)


def test_torn_at_every_byte(board):
    for size in range(len(IMAGE)):
        reason = refused(board, upload(IMAGE[:size]))
        if size == 0:
            assert reason == "refused: no image came before the jump"
        else:
            assert reason == f"refused: torn, bytes {size}; allowed: {len(IMAGE)}"


@pytest.mark.parametrize("more", [1, 2, 60, 5000])
def test_oversized(board, more):
    reason = refused(board, upload(IMAGE + bytes(more)))
    assert reason == f"refused: too long; allowed: {len(IMAGE)} bytes"


def test_an_image_of_another_topology(board):
    reason = refused(board, upload(image.pack(random_model(NetworkSpec(LAYERS[:1]), 1))))
    assert reason.startswith("refused: fingerprint of another topology, 0x")
    assert reason.endswith(f"; allowed: 0x{SPEC.fingerprint:08x}")


def with_crc(body):
    return body + struct.pack("<I", zlib.crc32(body))


def test_a_weight_that_the_memory_cannot_hold(tmp_path):
    layers = (Conv1DSpec(1, 1),)
    spec = NetworkSpec(layers, NumberFormat(8, 5))
    model = random_model(spec, 1)
    board = Board(tmp_path, model, plan(spec, 64))
    body = image.pack(model)[:-4]
    said, _ = board.run(upload(with_crc(body[:16] + b"\x80\0" + body[18:])))
    assert "refused: a value beyond the number format, at byte 16; the model plays on" in said
    assert board.get("swaps") == 0


def test_a_memory_that_does_not_keep_what_is_written(board):
    board.set("mask", 0xFFFF_FFEF)
    reason = refused(board, upload(IMAGE))
    board.set("mask", 0xFFFF_FFFF)
    assert reason.startswith("refused: read-back failed, digest of the bank 0x")


# Broken-off and strange uploads -------------------------------------------------------------------


def test_broken_off_at_every_byte(board):
    data = upload(IMAGE, length=20)
    for size in range(len(data)):
        said, left = board.run(data[:size])
        assert left == 0 and plays_on(board)
        if size < len(MAGIC_ACK):
            assert said == "load: no upload came; start litex_term with --images=model.json\n"
        else:
            end = "load: broken off: nothing came any more; the model plays on\n"
            assert re.fullmatch("K*\n" + end, said)
    accepted(board, data)


def test_broken_off_by_the_sender(board):
    frames = load_frames(IMAGE, length=20)
    for count in range(len(frames)):
        data = MAGIC_ACK + b"".join(frames[:count]) + frame(ABORT)
        assert refused(board, data) == "broken off by the sender"


def test_after_a_torn_upload_a_whole_one_is_taken(board):
    refused(board, upload(IMAGE[:30]))
    assert board.crcs[1] == 0
    accepted(board, upload(IMAGE))


def test_a_damaged_frame_may_be_sent_again(board):
    frames = load_frames(IMAGE, length=20)
    frames[2:2] = [flipped(frames[2], 100)] * 3
    said = accepted(board, MAGIC_ACK + b"".join(frames) + jump())
    assert said.startswith("KKCCCK")


def test_a_damaged_frame_that_is_not_sent_again(board):
    frames = load_frames(IMAGE, length=20)
    frames[2] = flipped(frames[2], 100)
    reason = refused(board, MAGIC_ACK + b"".join(frames) + jump())
    address = image.LOAD_ADDRESS + 60
    assert reason == (
        f"refused: a frame for another address than the next one: 0x{address:08x}"
        "; damaged frames: 1"
    )


def test_frames_out_of_order_and_jumps_elsewhere(board):
    frames = load_frames(IMAGE, length=20)
    for at in range(1, len(frames) - 1):
        swapped = frames[:at] + [frames[at + 1], frames[at]] + frames[at + 2 :]
        reason = refused(board, MAGIC_ACK + b"".join(swapped) + jump())
        assert reason.startswith("refused: a frame for another address than the next one: 0x")
    reason = refused(board, MAGIC_ACK + b"".join(frames) + jump(0))
    assert reason == "refused: a jump to another address than the image's: 0x00000000"


@pytest.mark.parametrize("strange", [frame(b"\x07"), frame(LOAD, b"abc"), frame(b"\x02", b"")])
def test_frames_that_are_none_of_the_protocol(board, strange):
    frames = b"".join(load_frames(IMAGE))
    assert "U" in accepted(board, MAGIC_ACK + strange + frames + strange + jump())


def test_a_stream_of_noise_is_given_up(board):
    said, left = board.run(MAGIC_ACK + frame(b"\x09") * 40)
    assert said.endswith("load: broken off: too many damaged frames in a row; the model plays on\n")
    assert left == 24 * len(frame(b"\x09")) and plays_on(board)


def test_the_host_has_the_banks(board):
    board.set("owner", HOST_TOKEN)
    reply = f": a host has the banks (token {HOST_TOKEN}); try again when it is done, "
    for command in ("load", "swap"):
        said, left = board.run(upload(IMAGE), command)
        assert said == command + reply + "or 'unlock' when it is gone\n"
    assert board.get("writes") == 0 and board.get("owner") == HOST_TOKEN
    assert board.run(command="unlock")[0] == "the banks are free\n"
    accepted(board, upload(IMAGE))


def test_swap_goes_there_and_back(board):
    accepted(board, upload(IMAGE))
    for playing in (0, 1):
        assert board.run(command="swap")[0] == "reported"
        assert board.get("playing") == playing
    assert board.holds(0, FIRST) and board.holds(1, OTHER)


# Fuzz ---------------------------------------------------------------------------------------------


def random_frame(choose):
    """A frame: valid, or with a wrong CRC, length, command, address or content."""
    base = choose.choice([image.LOAD_ADDRESS, image.LOAD_ADDRESS, choose.getrandbits(32)])
    at = choose.choice([0, 0, 20 * choose.randrange(6), choose.getrandbits(32)])
    size = choose.choice([20, choose.randrange(252)])
    content = IMAGE[at : at + size] if choose.random() < 0.8 else choose.randbytes(size)
    command = choose.choice([LOAD] * 8 + [b"\x02", choose.randbytes(1)])
    data = frame(command, word(base + at) + content)
    kind = choose.random()
    if kind < 0.1:
        data = flipped(data, choose.randrange(8 * len(data)))
    elif kind < 0.15:
        data = data[: choose.randrange(len(data))]
    return data


@pytest.mark.parametrize("seed", range(4))
def test_a_million_bytes_of_frames(board, seed):
    """It returns every time, writes into the idle bank alone, and never plays what is not whole."""
    choose, total = random.Random(seed), 0
    whole = {bank: FIRST for bank in range(2)}
    while total < 300_000:
        data = b"".join(random_frame(choose) for _ in range(choose.randrange(1, 40)))
        data = choose.choice([MAGIC_ACK, MAGIC_ACK, b"", choose.randbytes(14)]) + data
        total += len(data)
        while data:
            before = board.get("playing")
            said, left = board.run(data)
            data = data[len(data) - left :] if left else b""
            assert board.get("forbidden") == 0 and board.get("owner") == 0
            if board.get("playing") != before:
                whole[1 - before] = OTHER
            assert board.holds(board.get("playing"), whole[board.get("playing")])
            assert said.endswith("\n") or said.endswith("reported")
    assert not board.window[board.elsewhere].any()
    assert board.run(upload(IMAGE))[0].endswith("K\nreported")
