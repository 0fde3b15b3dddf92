# Copyright (c) 2026, the contributors to this project
# SPDX-License-Identifier: BSD-2-Clause
