# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The firmware's parts that a host can run, its size, and what its compilation refuses."""

import ctypes
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.spec import NumberFormat
from soc.flow.firmware_image import SOURCES, FirmwareError
from soc.sim.sim_soc import generate
from soc.wavenet_soc import WaveNetSoC
from tests.support.limits import HANG_S
from tests.support.soc.soc_runs import planned, zoo_model

OK, MALFORMED, RANGE = 0, 1, 2


@pytest.fixture(scope="module")
def number(tmp_path_factory):
    """number.c, compiled for this machine."""
    library = tmp_path_factory.mktemp("number") / "number.so"
    source = SOURCES / "console" / "number.c"
    subprocess.run(
        ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined"]
        + [
            "-fno-sanitize-recover",
            "-static-libubsan",
            "-shared",
            "-fPIC",
            f"-I{SOURCES}",
            source,
            "-o",
            library,
        ],
        check=True,
        timeout=HANG_S,
    )
    return ctypes.CDLL(str(library))


def parse(number, text, bits=16, frac=12):
    value = ctypes.c_int32(-999)
    status = number.number_parse(text.encode(), bits, frac, ctypes.byref(value))
    return status, value.value


def rounded(exact, fmt):
    """The nearest integer, half to even (Python's round of a Fraction), saturated."""
    return min(max(round(exact * fmt.one), fmt.min), fmt.max)


digits = st.text("0123456789", max_size=22)


@given(
    st.sampled_from(["", "-", "+"]), digits, digits, st.sampled_from([(16, 12), (8, 5), (18, 1)])
)
def test_parse_is_exact(number, sign, whole, fraction, size):
    fmt = NumberFormat(*size)
    text = f"{sign}{whole}.{fraction}"
    if not whole and not fraction:
        assert parse(number, text, *size)[0] == MALFORMED
        return
    exact = Fraction(f"{sign}{whole or 0}.{fraction or 0}")
    limit = Fraction(-fmt.min, fmt.one)
    if -limit <= exact < limit:
        assert parse(number, text, *size) == (OK, rounded(exact, fmt))
    else:
        assert parse(number, text, *size)[0] == RANGE


@given(st.integers(-(2**17), 2**17 - 1))
def test_ties_go_to_even(number, halves):
    """Halfway between two integers, exactly: 13 decimals."""
    exact = Fraction(halves, 2**13)
    if not -8 <= exact < 8:
        return
    text = f"{'-' if halves < 0 else ''}{abs(halves) * 5**13 // 10**13}"
    text += f".{abs(halves) * 5**13 % 10**13:013}"
    assert Fraction(text) == exact
    assert parse(number, text) == (OK, rounded(exact, NumberFormat()))


@pytest.mark.parametrize("text", ["", ".", "-", "1e1", " 1", "1 ", "--1", "1.2.3", "0x1", "nan"])
def test_malformed(number, text):
    assert parse(number, text)[0] == MALFORMED


@given(st.integers(-32768, 32767))
def test_format_is_exact_and_parses_back(number, value):
    buffer = ctypes.create_string_buffer(40)
    number.number_format(value, 12, buffer)
    text = buffer.value.decode()
    assert Fraction(text) == Fraction(value, 4096)
    assert parse(number, text) == (OK, value)


def test_fits_with_room_for_the_stack(tmp_path):
    model = zoo_model()
    soc, gateware, _ = generate(model, planned(model), tmp_path)
    size = (Path(tmp_path) / "software" / "firmware.bin").stat().st_size
    print(f"firmware: {size} bytes of {WaveNetSoC.rom_size}")
    assert 0 < size <= WaveNetSoC.rom_size
    words = (gateware / "sim_rom.init").read_text().split()
    assert len(words) * 4 == size


def test_too_small_a_rom_is_an_error(tmp_path):
    model = zoo_model()
    with pytest.raises(FirmwareError, match="region `rom' overflowed"):
        generate(model, planned(model), tmp_path, integrated_rom_size=2048)
