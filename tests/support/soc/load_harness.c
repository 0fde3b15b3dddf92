// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* What load.c, sfl.c and image.c stand on, for this machine: a console that reads from a buffer, and
 * two weight banks that remember whatever was done to them. */

#include <stdint.h>
#include <string.h>

#include "model/banks.h"
#include "console/commands.h"
#include "console/console.h"

#define WORDS_MAX (1u << 16)

static const uint8_t *input;
static unsigned int input_left;
static char *output;
static unsigned int output_left;

int32_t window[WORDS_MAX];
uint8_t writable[WORDS_MAX]; /* 1: a parameter of bank 0, 2: of bank 1 */
uint32_t crcs[2];
unsigned int playing, owner, writes, forbidden, swaps;
unsigned int under_way;       /* frames of the idle bank may be inside: until banks_play() it is shut */
unsigned int swapped_by_host; /* in the moment before the claim */
unsigned int no_clock;        /* no frame is ever heard */
uint32_t mask = ~0u; /* bits that the memory keeps */

static void put(char c)
{
	if (output_left) {
		*output++ = c;
		output_left--;
	}
}

void console_write(uint8_t byte) { put((char)byte); }
void console_putc(char c) { put(c); }
void console_poll(void) {}

void console_puts(const char *text)
{
	while (*text)
		put(*text++);
}

void console_put_dec(uint32_t value)
{
	if (value >= 10)
		console_put_dec(value / 10);
	put((char)('0' + value % 10));
}

void console_put_hex(uint32_t value)
{
	console_puts("0x");
	for (int shift = 28; shift >= 0; shift -= 4)
		put("0123456789abcdef"[value >> shift & 15]);
}

int console_read(uint8_t *data, unsigned int length, uint32_t frames)
{
	(void)frames;
	for (; length && input_left; length--, input_left--)
		*data++ = *input++;
	return length ? -1 : 0;
}

uint32_t banks_claim(void)
{
	if (owner > 1)
		return owner;
	playing ^= swapped_by_host;
	swapped_by_host = 0;
	owner = 1;
	return 0;
}

void banks_release(void) { owner = owner == 1 ? 0 : owner; }
void banks_unlock(void) { owner = 0; }
unsigned int banks_playing(void) { return playing; }
uint32_t banks_crc(unsigned int bank) { return crcs[bank]; }
void banks_report(void) { console_puts("reported"); }

void banks_ask(unsigned int bank)
{
	swaps += bank != playing;
	under_way |= bank != playing;
	playing = bank;
}

int banks_play(unsigned int bank)
{
	banks_ask(bank);
	under_way = no_clock;
	if (no_clock)
		console_puts("no clock\n");
	return no_clock ? -1 : 0;
}

void banks_set_crc(unsigned int bank, uint32_t crc)
{
	forbidden += bank == playing;
	crcs[bank] = crc;
}

void window_write(uint32_t address, int32_t value)
{
	if (address >= WORDS_MAX || writable[address] != 2 - playing || owner != 1 || under_way) {
		forbidden++;
		return;
	}
	writes++;
	window[address] = (int32_t)((uint32_t)value & mask);
}

int32_t window_read(uint32_t address)
{
	return address < WORDS_MAX ? window[address] : 0;
}

/* Runs a command on `size` bytes of input; returns how many were left. */
unsigned int run(const char *command, const uint8_t *data, unsigned int size, char *text,
	unsigned int text_size)
{
	input = data;
	input_left = size;
	output = text;
	output_left = text_size - 1;
	memset(text, 0, text_size);
	if (!strcmp(command, "load"))
		command_load(1, 0);
	else if (!strcmp(command, "swap"))
		command_swap(1, 0);
	else
		command_unlock(1, 0);
	return input_left;
}
