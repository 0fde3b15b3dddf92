# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Types of command-line arguments with a range."""

import argparse
import math


def _number(kind, allowed, test):
    def convert(text):
        value = kind(text)
        if not test(value):
            raise argparse.ArgumentTypeError(f"must be {allowed}, got {text}")
        return value

    convert.__name__ = kind.__name__  # argparse: "invalid int value: 'x'"
    return convert


positive = _number(int, "at least 1", lambda value: value >= 1)
natural = _number(int, "at least 0", lambda value: value >= 0)
finite = _number(float, "a finite number", math.isfinite)
share = _number(float, "0 to 1", lambda value: 0 <= value <= 1)
weight = _number(float, "at least 0", lambda value: 0 <= value < math.inf)
positive_float = _number(float, "above 0", lambda value: 0 < value < math.inf)
factor = _number(float, "1 to 4", lambda value: 1 <= value <= 4)
