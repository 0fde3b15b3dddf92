// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include <generated/soc.h>

#include "console/console.h"
#include "model/sfl.h"

/* CCITT polynomial 0x1021, from 0. */
static inline uint16_t crc16(uint16_t crc, uint8_t byte)
{
	uint8_t x = (uint8_t)(crc >> 8) ^ byte;

	x ^= x >> 4;
	return (uint16_t)(crc << 8 ^ x << 12 ^ x << 5 ^ x);
}

int sfl_request(void)
{
	static const char request[] = "sL5DdSMmkekro\n", answer[] = "z6IHG7cYDID6o\n";
	uint8_t byte;

	for (const char *c = request; *c; c++) /* byte for byte, no CR */
		console_write((uint8_t)*c);
	for (const char *c = answer; *c;) {
		if (console_read(&byte, 1, LOAD_TIMEOUT_FRAMES))
			return -1;
		if (byte == *c)
			c++;
		else if (c != answer || (byte != '\r' && byte != '\n')) /* what is left of a line's end */
			return -1;
	}
	return 0;
}

int sfl_receive(struct sfl_frame *frame)
{

	const uint8_t *data = &frame->command;
	uint16_t crc = 0;

	if (console_read(&frame->length, 3, LOAD_TIMEOUT_FRAMES))
		return -2;
	if (console_read(&frame->command, 1u + frame->length, LOAD_TIMEOUT_FRAMES))
		return -2;
	for (unsigned int i = 0; i <= frame->length; i++) {
		crc = crc16(crc, data[i]);
		if (i % 8 == 0)
			console_poll();
	}
	return crc == (frame->crc[0] << 8 | frame->crc[1]) ? 0 : -1;
}

void sfl_reply(enum sfl_reply reply)
{
	console_write(reply);
}

uint32_t sfl_address(const struct sfl_frame *frame)
{
	const uint8_t *p = frame->payload;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
