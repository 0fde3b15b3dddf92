# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The groups of options that a SoC is made with."""

from dataclasses import fields
from types import SimpleNamespace

from boards.targets.arguments import soc_options
from soc.options import GROUPS, AudioOptions, BridgeOptions, grouped


def test_each_option_goes_to_its_group_and_the_rest_to_litex():
    made = grouped(codec="i2s", with_uartbone=True, uart_name="sim", cpu_type="serv")
    assert made.pop("audio") == AudioOptions(codec="i2s")
    assert made.pop("bridges") == BridgeOptions(with_uartbone=True)
    assert made.pop("accelerator") == GROUPS["accelerator"]()
    assert made.pop("capture") == GROUPS["capture"]()
    assert made == {"uart_name": "sim", "cpu_type": "serv"}


def test_no_option_is_in_two_groups():
    names = [field.name for group in GROUPS.values() for field in fields(group)]
    assert len(names) == len(set(names))


def test_what_board_and_simulation_share_is_all_in_the_groups():
    args = SimpleNamespace(
        **dict(sample_rate=96_000, wavenet_clk_ratio=2, with_crossfade=True, no_bench=True),
        **dict(no_capture=False, capture_frames=64, capture_outputs=1),
    )
    made = grouped(**soc_options(args))
    assert set(made) == set(GROUPS)
    assert (made["audio"].sample_rate, made["accelerator"].with_bench) == (96_000, False)
    assert (made["capture"].with_capture, made["capture"].capture_frames) == (True, 64)
