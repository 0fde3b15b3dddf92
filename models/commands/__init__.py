# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause

"""The larger commands of python3 -m models, a file each: what they take and what they print."""
