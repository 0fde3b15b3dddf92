# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What LiteX and Migen keep to themselves and this project cannot do without, in one file.

Migen's DUID : the order of statements in the Verilog follows from the numbers that it gives to
               signals, and there is no call that starts them anew. Without that the second design
               of a process would differ from the same design made first, and miss the cache.
LiteX's SoCError : it tells the reason to the log, has no message, and takes sys.stderr away, so
               that nothing said after it would be seen.
"""

import sys
from contextlib import contextmanager

from migen.fhdl.structure import DUID

from litex.soc.integration.soc import SoCError

from models.errors import FAILED, UserError

class DesignError(UserError):
    """LiteX cannot build the SoC; its log says why."""
    exit_status = FAILED

@contextmanager
def numbered_afresh():
    """Within the block Migen numbers signals as in a new process."""
    before = DUID.get_max_duid()
    DUID._DUID__next_uid = 0
    try:
        yield
    finally:
        DUID._DUID__next_uid = max(before, DUID.get_max_duid())

@contextmanager
def soc_errors():
    """Raises DesignError in place of LiteX's SoCError, with sys.stderr as it was."""
    stderr = sys.stderr
    try:
        yield
    except SoCError:
        sys.stderr = stderr
        raise DesignError("LiteX refuses this SoC for the reason above") from None
