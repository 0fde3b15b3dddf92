# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""`make bench` (python3 -m tests.bench): what the accelerator costs and how fast it is."""
