"""What the tests of generated Verilog and of the netlist share."""

import pytest

from tests.support.cocotb_runs import CocotbRuns


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return CocotbRuns(tmp_path_factory.mktemp("simulator"))
