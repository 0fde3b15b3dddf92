# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Numbers that gateware and its models both compute with, in plain Python: no Migen, no NumPy."""
