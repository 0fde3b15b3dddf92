# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""How a refusal reads, in one line: what must hold, then what was given."""


def either(values):
    """The allowed values as text: "a", "a or b", "a, b or c"."""
    *others, last = map(str, values)
    return f"{', '.join(others)} or {last}" if others else last


def must_be(what, allowed, got):
    """ "layer: kernel_size must be 1 to 4096, got 0": `what` names the argument or the file."""
    return f"{what} must be {allowed}, got {got}"
