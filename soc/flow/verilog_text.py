# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Verilog as LiteX writes it, reduced to the design: two texts of one design are equal."""

import re

# LiteX sorts the black boxes in this comment by Python's text of them, which has the address where
# they happen to lie in memory: the same design now and then has them in another order.
HIERARCHY = re.compile(r"^// Hierarchy\n//-+\n\s*/\*\n.*?^\*/\n", re.MULTILINE | re.DOTALL)
# Here is the time of day.
LINES = re.compile(r"^\s*//.*\n", re.MULTILINE)

def without_comments(text):
    """The text without LiteX's comment on the hierarchy and without comments that are whole lines.
    """
    return LINES.sub("", HIERARCHY.sub("", text))
