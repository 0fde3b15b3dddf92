# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""What bounds the simulations of the codec port."""


def passive(generator):
    """`generator` as one that does not keep a simulation alive: others bound its time."""
    yield "passive"
    yield from generator
