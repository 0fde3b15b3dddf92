# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The accelerator and the audio around it, in Migen; gateware.shapes is plain Python."""
