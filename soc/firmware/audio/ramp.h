// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef RAMP_H
#define RAMP_H

#include <stdint.h>

/* Times of glides and fades, counted as gateware/shapes/ramp.py does. */

/* Reads a number of ms, 0 to RAMP_MS_MOST, as frames. Returns 0, or -1 after it has said what is wrong,
 * `what` before it. */
int ramp_parse(const char *what, const char *text, uint32_t *frames);

/* 2**32 / frames, rounded up: the part of the way in a frame; 0 for less than 2 frames, a jump. Of a
 * rate (0, or 2**32 / frames) it makes the frames again. */
uint32_t ramp_rate(uint32_t frames);

#endif
