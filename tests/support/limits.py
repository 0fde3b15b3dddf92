# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""Seconds of real time after which a test takes something for hung; no other verdict hangs on it.

Well above what anything here takes on a machine that does five other things at once.
"""

HANG_S = 300
