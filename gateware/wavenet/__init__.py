# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The accelerator: a dataflow pipeline, one stage per layer, folded to PE x SIMD multipliers."""

from gateware import signal_names

signal_names.install()
