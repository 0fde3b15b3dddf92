# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The codecs, and the way of their frames to the accelerator and back."""

from gateware import signal_names

signal_names.install()
