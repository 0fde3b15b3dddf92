// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef EMBEDDING_H
#define EMBEDDING_H

/* Prints where each coordinate comes from and what was last set from here. */
void embedding_report(void);

#endif
