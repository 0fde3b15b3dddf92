"""The smallest board's bitstream, made in full: clocks met, within its share of the chip."""

import subprocess
import sys

import pytest

from soc.route_report import RouteReport
from soc.toolchain import BUILD

NAME = "colorlight_i5"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_third_of_the_smallest_chip_is_enough():
    folder = BUILD / "tests" / NAME  # Kept: what has not changed is not made again.
    run = subprocess.run(
        [sys.executable, BUILD.parent / "build.py", "--board", NAME, "--build"]
        + ["--output-dir", folder],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    gateware = folder / "gateware"
    assert f"bitstream: {gateware}/{NAME}.bit" in run.stdout
    assert (gateware / f"{NAME}.bit").stat().st_size > 100_000

    report = RouteReport.load(gateware / f"{NAME}-1.json", 1)
    clocks = {clock.name: clock for clock in report.clocks}
    assert set(clocks) == {"pll_sys", "clk25"}
    assert clocks["pll_sys"].wanted == pytest.approx(25 / 2 * 59 / 15, rel=1e-3)
    assert report.headroom >= 1
    used, there = report.cells["TRELLIS_COMB"]
    assert there == 24_288 and used <= 0.35 * there
    assert report.cells["MULT18X18D"][0] <= 16
