# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The firmware's load, on this machine: where it writes, what it takes, that it returns."""

import re

import pytest

from models import image
from models.arch.planner import plan
from models.spec import Conv1DSpec, NetworkSpec
from tests.support.hdl.nets import random_model, random_network
from tests.support.soc.load_runs import (
    ABORT,
    HOST_TOKEN,
    LOAD,
    MAGIC_ACK,
    Board,
    calibration,
    flipped,
    frame,
    jump,
    load_frames,
    upload,
)
from tests.support.soc.small_board import FIRST, FOLDING, IMAGE, OTHER, accepted, plays_on, refused


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
    assert said == "load: an image holds at most 16 bits per word, this build's words have more\n"
    assert (left, board.get("writes")) == (len(data), 0)


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


def test_nothing_is_written_before_the_idle_bank_is_idle(board):
    """Frames of it may be inside: BankGuard would keep the writes out, and the read-back fail."""
    for _ in range(2):  # bank 1, then bank 0, each just left
        board.set("under_way", 1)
        said, _ = board.run(upload(IMAGE))
        assert said.endswith("K\nreported"), said
        assert board.get("forbidden") == 0


def test_a_host_that_swaps_before_the_claim_is_not_overwritten(board):
    """The bank to be written is chosen when the banks are the console's, not before."""
    board.set("swapped_by_host", 1)
    said, _ = board.run(upload(IMAGE))
    assert said.endswith("K\nreported"), said
    assert (board.get("playing"), board.get("swaps"), board.get("forbidden")) == (0, 1, 0)
    assert board.holds(0, OTHER) and board.holds(1, FIRST)


@pytest.mark.parametrize("command", ["load", "swap"])
def test_without_frames_nothing_is_said_to_play(board, command):
    board.set("no_clock", 1)
    said, _ = board.run(upload(IMAGE), command)
    assert said == "no clock\n"
    assert (board.get("writes"), board.get("owner")) == (0, 0)


def test_swap_goes_there_and_back(board):
    accepted(board, upload(IMAGE))
    for playing in (0, 1):
        assert board.run(command="swap")[0] == "reported"
        assert board.get("playing") == playing
    assert board.holds(0, FIRST) and board.holds(1, OTHER)
