# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The SoC of each board, as it is built for it, on the simulation platform: boots and plays."""

import json
import sys

import numpy as np
import pytest

from boards.platforms import BOARDS
from boards.platforms.codec_pmods import CALIBRATION
from boards.targets import board
from boards.targets.parser import make_parser
from models.reference import Reference
from models.spec import Model
from soc.sim.runner import Simulation
from tests.support.hdl.calibration import calibrated
from tests.support.soc.soc_runs import TIMEOUT_S, assert_plays, codes, network_frames

FRAMES = 1500


def seen_by_software(folder):
    """What the C headers, and a host, know of a SoC: registers, memories, constants."""
    csr = json.loads((folder / "csr.json").read_text())
    del csr["constants"]["config_platform_name"]
    return csr


@pytest.mark.parametrize("name", BOARDS)
def test_the_soc_of_a_board_boots_and_plays(name, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["build.py", "--board", name, "--build"])
    parser = make_parser("")
    args = parser.parse_args()
    model = Model.load(args.model)
    soc, _ = board.generate(parser, args, model, tmp_path / "board")

    sound = np.random.default_rng(len(name)).integers(-6000, 6001, (FRAMES, 4))
    folding = board.plan_for(args, model, soc.platform, soc.crg)
    module = CALIBRATION[args.codec]
    with Simulation(
        model,
        folding,
        frames=codes(sound),
        endless=True,
        output_dir=tmp_path / "sim",
        builder_kwargs=parser.builder_argdict,
        **{**parser.soc_argdict, "uart_name": "sim"},
        sys_clk_freq=soc.crg.sys_clk_freq,
        sample_rate=args.sample_rate,
        wavenet_clk_ratio=args.wavenet_clk_ratio,
        **module,
    ) as sim:
        info = sim.console.values("info", TIMEOUT_S)
        sim.wait_frames(FRAMES, TIMEOUT_S)
        status = sim.console.values("status", TIMEOUT_S)
    assert seen_by_software(tmp_path / "sim") == seen_by_software(tmp_path / "board")

    assert sim.report["complaints"] == []
    assert sim.report["sample_rate"] == pytest.approx(soc.sample_rate, rel=1e-6)
    assert float(info["fs"]) == pytest.approx(soc.sample_rate, rel=1e-9)
    assert info["folding"] == str(folding)
    assert (status["overruns"], status["cycles_used"]) == ("0", str(folding.cycles))
    inputs = [np.zeros((model.spec.receptive_field, 4), int), sim.frames_in >> 8]
    heard = calibrated(np.concatenate(inputs), module["input_calibration"], invert=True)
    outputs = Reference(model).run(network_frames(model.spec, heard << 8))
    outputs = calibrated(outputs[-len(sim.frames_in) :], module["output_calibration"])
    assert_plays(sim, outputs)
    assert np.ptp(outputs[:FRAMES]) > 4096  # else the comparison above says nothing
