# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Rows, goals, tables, page, plots and command line, of measurements that are made up."""

import matplotlib.image
import pytest

from models.arch.planner import plan
from models.topologies import get
from soc.flow.route_report import CriticalPath
from tests.bench import __main__ as command
from tests.bench import cycles, goals, tools
from tests.bench.measure import Measured, plan_row
from tests.bench.pages import page, plots, tables
from tests.bench.route import Run
from tests.bench.rows import ORIGINAL, ROWS

FRAME = {"TRELLIS_COMB": 199, "TRELLIS_FF": 491, "DP16KD": 0, "MULT18X18D": 0}


def measured(name, fmax=(98.0, 100.0, 99.0), comb=1200):
    _, folding = plan_row(ROWS[name])
    used = {"TRELLIS_COMB": comb + 199, "TRELLIS_FF": 1611, "DP16KD": 8}
    used["MULT18X18D"] = folding.multipliers
    path = CriticalPath(
        "core.memory_9.0.0.DOB11", "core.conv1d2_mvu_total_TRELLIS_FF_Q_3.M", 7.0, 3.0, 2
    )
    runs = tuple(
        Run(seed, f, path if f else None, used if f else {}, "" if f else "no BELs remaining")
        for seed, f in enumerate(fmax, 1)
    )
    return Measured(ROWS[name], folding, folding.cycles, folding.latency, FRAME, runs)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_row_can_be_planned_for_its_device(row):
    model, folding = plan_row(row)
    assert folding.cycles * row.contexts <= row.cycles
    assert model.spec == folding.spec
    assert row.contexts == folding.contexts


def test_figures_of_a_row():
    m = measured("voices", fmax=(98.0, 100.0, 99.0, None))
    assert (m.fmax, m.median, m.best.seed) == (100.0, 98.0, 2)
    assert m.used("TRELLIS_COMB") == 1200
    assert m.used("TRELLIS_FF") == 1611 - 491
    assert m.cycles == 4 * m.interval
    assert m.frames_per_second == 100e6 / m.interval
    assert m.latency_us == m.latency / 100
    # Of 512 cycles that 4 multipliers have, layers of 256, 1,024 and 256 products.
    assert measured("area").utilisation == 1536 / (4 * 512)


def test_figures_of_the_original():
    assert round(ORIGINAL.latency_us, 2) == 1.57
    assert round(ORIGINAL.frames_per_second) == 714_286
    assert ORIGINAL.utilisation == 1536 / (132 * 77)
    original = get("original")
    shape = (ORIGINAL.parameters, ORIGINAL.multiplications)
    assert shape == (original.parameters, original.macs_per_sample)


def judged(m):
    return {goal.text: goal.judge(m) for goal in goals.GOALS if goal.row == m.row.name}


def test_goals_are_met_or_missed():
    assert {goal.row for goal in goals.GOALS} <= set(ROWS)
    good = judged(measured("area"))
    assert all(met for _, met in good.values()), good
    assert good["at most 1,200 COMB"] == ("1,200", True)
    assert good["192 kHz at 98.304 MHz, routed"] == ("192.0 kHz", True)
    slow = judged(measured("area", fmax=(98.25, None), comb=1201))
    assert slow["at most 1,200 COMB"] == ("1,201", False)
    assert slow["192 kHz at 98.304 MHz, routed"] == ("191.9 kHz", False)
    assert slow["at most 4 multipliers"] == ("4", True)
    none = judged(measured("area", fmax=(None, None)))
    assert set(none.values()) == {("not routed", False)}
    fast = judged(measured("throughput", fmax=(160.1,)))
    assert fast["at least 10 million inferences/s"] == ("10.01 million", True)
    assert not judged(measured("throughput", fmax=(159.9,)))["at least 10 million inferences/s"][1]


def test_ratios():
    assert tables.ratio(1536, 1536) == "×1"
    assert tables.ratio(4, 132) == "÷33"
    assert tables.ratio(70_912, 1536) == "×46"
    assert tables.ratio(100, 55) == "×1.8"
    assert tables.ratio(55, 100) == "÷1.8"
    assert tables.ratio(20_000, 10) == "×2,000"


def test_names_of_pins_lose_what_yosys_counted():
    names = {
        "core.memory_9.0.0.DOB11": "memory_9.0.0 DOB11",
        "core.conv1d2_mvu_total_TRELLIS_FF_Q_3.M": "conv1d2_mvu_total TRELLIS_FF M",
        "core.a_b_LUT4_Z_1_PFUMX_Z.C": "a_b LUT4 C",
        "drive_TRELLIS_FF_Q.Q": "drive TRELLIS_FF Q",
    }
    assert {name: tables.short_name(name) for name in names} == names


def test_the_page_holds_every_row_and_the_originals_figures():
    rows = [measured(name) for name in ROWS]
    text = page.text(rows, "0.70", "0.11.1")
    for m in rows:
        lines = [line for line in text.splitlines() if line.startswith(f"| {m.row.name} |")]
        assert len(lines) >= 4, m.row.name
    area = next(line for line in text.splitlines() if line.startswith("| area | LFE5U"))
    assert area == (
        "| area | LFE5U-25F-6 | 1,572 (×1) | 1,536 (×1) | 4 (÷33) | 1,200 (÷33) | 1,120 (÷19) "
        "| 8 (÷3) |"
    )
    assert "| the original design | LFE5UM5G-85F-8 | 1,572 | 1,536 | 132 | 39,356 |" in text
    assert "| 4 × 1,536 (×1) |" in text
    assert " shifters |" in text
    assert "seeds 1 to 3" in text and "yosys 0.70, nextpnr 0.11.1" in text


def test_a_row_that_was_not_routed_says_why():
    rows = [measured("area", fmax=(None, None))]
    assert "| no BELs remaining, no BELs remaining |" in tables.path_table(rows)
    assert tables.size_table(rows).count(tables.NONE) == 4
    assert tables.NONE in tables.speed_table(rows)


def test_plots_are_drawn(tmp_path):
    rows = [measured(name) for name in ROWS]
    rows[1] = measured("area-1024", fmax=(None,))
    rows[2] = measured("throughput", fmax=(160.0, None))
    plots.draw(rows, tmp_path)
    for name in ("benchmarks_work.png", "benchmarks_fmax.png"):
        image = matplotlib.image.imread(tmp_path / name)
        assert image.std() > 0.05, name


SEEN = {"ends": [4, 8, 20], "starts": [877, *(1500 + 512 * n for n in range(20))]}


def test_cycles_are_the_simulations_and_the_planners():
    folding = plan(get("original"), 512)
    assert cycles.cycles_seen(SEEN, folding) == {"interval": 512, "latency": folding.latency}
    unsteady = [*SEEN["starts"][:-1], SEEN["starts"][-1] + 1]
    with pytest.raises(tools.BenchError, match=r"^original: frames come every \[512, 513\] "):
        cycles.cycles_seen(SEEN | {"starts": unsteady}, folding)
    with pytest.raises(tools.BenchError, match="^original: {'interval': 512, 'latency': 872} sim"):
        cycles.cycles_seen(SEEN | {"ends": [5]}, folding)


def test_the_command_line(monkeypatch, capsys, tmp_path):
    done = []

    def measure_row(row, seeds, progress):
        done.append((row.name, seeds))
        return measured(row.name)

    monkeypatch.setattr(command, "measure", measure_row)
    monkeypatch.setattr(command, "version", lambda program: "1")
    monkeypatch.setattr(command, "DOCS", tmp_path)
    monkeypatch.setattr(command.os, "nice", lambda niceness: None)

    kept = []
    monkeypatch.setattr(command, "keep", lambda name, text: kept.append((name, text)))
    assert command.main(["--rows", "po2,area", "--seeds", "2"]) == 0
    assert done == [("po2", 2), ("area", 2)]
    assert "| area | at most 1,200 COMB | 1,200 | met |" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())

    assert command.main([]) == 0
    assert done[2:] == [(row.name, row.seeds) for row in ROWS.values()]
    assert {path.name for path in tmp_path.iterdir()} == {
        "benchmarks.md",
        "benchmarks_fmax.png",
        "benchmarks_work.png",
    }
    assert kept == [("bench", (tmp_path / "benchmarks.md").read_text())]


def test_what_goes_wrong_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(command.os, "nice", lambda niceness: None)
    for arguments, message in (
        (["--rows", "area,x"], f"argument --rows: 'x' is no row; rows: {', '.join(ROWS)}"),
        (["--seeds", "0"], "argument --seeds: must be 1 to 99, got '0'"),
        (["--seeds", "two"], "argument --seeds: must be 1 to 99, got 'two'"),
    ):
        with pytest.raises(SystemExit) as stopped:
            command.main(arguments)
        assert stopped.value.code == 2
        assert capsys.readouterr().err.splitlines()[-1].endswith(message)

    def failing(error):
        def measure_row(*_):
            raise error

        return measure_row

    monkeypatch.setattr(command, "measure", failing(tools.BenchError("yosys: ERROR: no")))
    assert command.main([]) == 1
    assert capsys.readouterr().err == "python3 -m tests.bench: error: yosys: ERROR: no\n"
    monkeypatch.setattr(command, "measure", failing(KeyboardInterrupt()))
    assert command.main([]) == 130
