// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef FADE_H
#define FADE_H

#include <stdint.h>

/* Frames that a change of the bank may take until the new one is heard alone. */
uint32_t fade_frames_most(void);

/* The line of `status`; nothing in a build without cross-fade. */
void fade_report(void);

#endif
