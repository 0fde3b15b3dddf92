// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef CODEC_H
#define CODEC_H

/* The codec's lines of `status`. */
void codec_report(void);

/* To be called while nothing else is printed. Says in one line when the codec stops answering, or
 * plays again after that. Returns whether it has said something. */
int codec_watch(void);

#endif
