#ifndef RAMP_H
#define RAMP_H

#include <stdint.h>

/* Times of glides and fades. */
#define RAMP_MS_MOST 10000u

/* Reads a number of ms. Returns 0, or -1 after it has said what is wrong, `what` before it. */
int ramp_parse(const char *what, const char *text, uint32_t *frames);

/* 2**32 / frames, rounded up: the part of the way in a frame; 0 for less than 2 frames, a jump. */
uint32_t ramp_rate(uint32_t frames);

#endif
