// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef NUMBER_H
#define NUMBER_H

#include <stdint.h>

/* Fixed point: the integer n of `bits` bits is the value n / 2**frac, 1 <= frac < bits <= 18.
 * No floating point anywhere: the CPUs have none, and printf's would not fit the ROM. */

/* Parses a decimal number such as "-1", "0.25", ".5" into the nearest integer, half to even, as
 * models.spec.NumberFormat.from_float rounds. Values in [2**(bits-1-frac) - half a step, the end of
 * the range) become the largest integer. Returns 0 on success, NUMBER_MALFORMED or NUMBER_RANGE. */
#define NUMBER_MALFORMED 1
#define NUMBER_RANGE     2
int number_parse(const char *text, unsigned int bits, unsigned int frac, int32_t *value);

/* Writes the value exactly ("-0.5", "7.999755859375") and returns `text`, which needs 40 bytes. */
char *number_format(int32_t value, unsigned int frac, char *text);

#endif
