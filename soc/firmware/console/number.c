// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include "console/number.h"

#define FRACTION_DIGITS 18
#define FRACTION_ONE    1000000000000000000ull /* 10**FRACTION_DIGITS; twice that fits 64 bits */

int number_parse(const char *text, unsigned int bits, unsigned int frac, int32_t *value)
{
	uint32_t limit = 1u << (bits - 1 - frac); /* the range is [-limit, limit) */
	uint32_t whole = 0, magnitude;
	uint64_t fraction = 0;
	int negative = 0, digits = 0, decimals = 0, beyond = 0;

	if (*text == '-' || *text == '+')
		negative = *text++ == '-';
	for (; *text >= '0' && *text <= '9'; text++, digits++)
		if (whole <= limit)
			whole = 10 * whole + (*text - '0');
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++, digits++) {
			if (decimals < FRACTION_DIGITS) {
				fraction = 10 * fraction + (*text - '0');
				decimals++;
			} else {
				beyond |= *text != '0'; /* matters only to break a tie */
			}
		}
	for (; decimals < FRACTION_DIGITS; decimals++)
		fraction *= 10;
	if (*text || !digits)
		return NUMBER_MALFORMED;
	if (whole > limit || (whole == limit && (!negative || fraction || beyond)))
		return NUMBER_RANGE;

	magnitude = whole;
	for (unsigned int i = 0; i < frac; i++) {
		fraction *= 2;
		magnitude *= 2;
		if (fraction >= FRACTION_ONE) {
			fraction -= FRACTION_ONE;
			magnitude++;
		}
	}
	fraction *= 2;
	if (fraction > FRACTION_ONE || (fraction == FRACTION_ONE && (beyond || magnitude % 2)))
		magnitude++;
	if (!negative && magnitude == limit << frac)
		magnitude--;
	*value = negative ? -(int32_t)magnitude : (int32_t)magnitude;
	return 0;
}

char *number_format(int32_t value, unsigned int frac, char *text)
{
	uint32_t magnitude = value < 0 ? -(uint32_t)value : (uint32_t)value;
	uint32_t mask = (1u << frac) - 1, whole = magnitude >> frac, rest = magnitude & mask;
	char digits[10], *out = text;
	unsigned int count = 0;

	if (value < 0)
		*out++ = '-';
	do {
		digits[count++] = '0' + whole % 10;
		whole /= 10;
	} while (whole);
	while (count)
		*out++ = digits[--count];
	*out++ = '.';
	do {
		rest *= 10;
		*out++ = '0' + (rest >> frac);
		rest &= mask;
	} while (rest);
	*out = 0;
	return text;
}
