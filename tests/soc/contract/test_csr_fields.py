# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The fields of the registers, as csr.json carries them to a host."""

from types import SimpleNamespace

import pytest
from litex.soc.interconnect.csr import CSRField, CSRStatus, CSRStorage

from soc.contract.csr_fields import Field, parse, text

STATUS = CSRStatus(
    name="status",
    fields=[CSRField("armed", size=1, offset=0), CSRField("count", size=11, offset=8)],
)
REGIONS = {
    "capture": SimpleNamespace(obj=[STATUS, CSRStorage(32, name="plain")]),
    "memory": SimpleNamespace(obj=object()),  # of a Memory
}


def test_the_text_and_back():
    assert text(REGIONS) == "capture_status armed 0 1 count 8 11"
    found = {"capture_status": {"armed": Field(0, 1), "count": Field(8, 11)}}
    assert parse(text(REGIONS)) == found
    assert parse("") == {}


@pytest.mark.parametrize("constant", ["a b", "a b 1", "a b 1 x"])
def test_a_text_that_holds_no_fields_is_refused(constant):
    with pytest.raises(ValueError):
        parse(constant)


def test_a_field_of_a_word():
    field = Field(8, 4)
    assert field.get(0xABCDE) == 0xC
    assert [field.signed(word) for word in (0x7FF, 0x8FF, 0xFFF)] == [7, -8, -1]
    assert field.put(-2, 0xFFF0FF) == 0xFFFEFF
    assert field.put(0x1F) == 0xF00
