// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include <generated/csr.h>

#include "console/console.h"

#define RING_SIZE 4096 /* a power of two; an upload runs on while a frame is worked on */

static uint8_t ring[RING_SIZE];
static unsigned int ring_head, ring_tail;

/* Moves what the UART has received into the ring, as long as there is room: in a full ring the
 * bytes stay in the UART's FIFO, and a sender with flow control is held there. */
void console_poll(void)
{
	unsigned int head = ring_head, full = ring_tail + RING_SIZE;

	while (!uart_rxempty_read() && head != full) {
		ring[head++ % RING_SIZE] = uart_rxtx_read();
		uart_ev_pending_write(1 << CSR_UART_EV_PENDING_RX_OFFSET);
	}
	ring_head = head;
}

static uint8_t getc_blocking(void)
{
	while (ring_head == ring_tail)
		console_poll();
	return ring[ring_tail++ % RING_SIZE];
}

#ifdef CSR_WAVENET_BASE
int console_read(uint8_t *data, unsigned int length, uint32_t frames)
{
	while (length) {
		uint32_t start;
		unsigned int tail = ring_tail, head;

		console_poll();
		for (head = ring_head; tail != head && length; length--)
			*data++ = ring[tail++ % RING_SIZE];
		ring_tail = tail;
		if (!length)
			break;
		start = wavenet_frames_read();
		while (uart_rxempty_read())
			if (wavenet_frames_read() - start > frames)
				return -1;
	}
	return 0;
}
#endif

void console_write(uint8_t byte)
{
	do
		console_poll();
	while (uart_txfull_read());
	uart_rxtx_write(byte);
}

void console_putc(char c)
{
	if (c == '\n')
		console_write('\r');
	console_write((uint8_t)c);
}

int text_equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

int console_parse(const char *what, const char *text, uint32_t most, const char *unit, uint32_t *value)
{
	const char *digit = text;

	*value = 0;
	do {
		if (*digit < '0' || *digit > '9' || (*value = 10 * *value + (*digit - '0')) > most) {
			console_puts(what);
			console_puts(" must be 0 to ");
			console_put_dec(most);
			console_putc(' ');
			console_puts(unit);
			console_puts(", got '");
			console_puts(text);
			console_puts("'\n");
			return -1;
		}
	} while (*++digit);
	return 0;
}

void console_puts(const char *text)
{
	while (*text)
		console_putc(*text++);
}

void console_put_dec(uint32_t value)
{
	char digits[10];
	unsigned int count = 0;

	do {
		digits[count++] = '0' + value % 10;
		value /= 10;
	} while (value);
	while (count)
		console_putc(digits[--count]);
}

void console_put_hex(uint32_t value)
{
	console_puts("0x");
	for (int shift = 28; shift >= 0; shift -= 4)
		console_putc("0123456789abcdef"[value >> shift & 15]);
}

void console_key(const char *key)
{
	console_puts(key);
	console_putc('=');
}

void console_key_str(const char *key, const char *value)
{
	console_key(key);
	console_puts(value);
	console_putc('\n');
}

void console_key_dec(const char *key, uint32_t value)
{
	console_key(key);
	console_put_dec(value);
	console_putc('\n');
}

void console_key_hex(const char *key, uint32_t value)
{
	console_key(key);
	console_put_hex(value);
	console_putc('\n');
}

void console_flush(void)
{
	while (!uart_txempty_read())
		console_poll();
}

/* Swallows an escape sequence: ESC [ ... final byte, or ESC and one byte. A line end breaks off a
 * sequence that never finishes and is returned, so that noise cannot swallow the next command. */
static uint8_t skip_escape(void)
{
	uint8_t c = getc_blocking();

	if (c == '[')
		do
			c = getc_blocking();
		while (c >= 0x20 && c < 0x40);
	return (c == '\r' || c == '\n') ? c : 0;
}

int console_idle(int (*watch)(void))
{
	int said = 0;

	console_poll();
	while (ring_head == ring_tail && !said) {
		said = watch();
		console_poll();
	}
	return said;
}

int console_readline(char *line)
{
	static uint8_t previous;
	unsigned int length = 0;
	int too_long = 0;

	for (;;) {
		uint8_t c = getc_blocking();
		uint8_t before = previous;

		if (c == 0x1b)
			c = skip_escape();
		previous = c;
		if (c == '\n' && before == '\r')
			continue; /* CR LF is one line end */
		if (c == '\r' || c == '\n') {
			console_putc('\n');
			line[length] = 0;
			return too_long ? -1 : 0;
		}
		if (c == 0x08 || c == 0x7f) {
			if (length) {
				length--;
				console_puts("\b \b");
			}
		} else if (c >= 0x20 && c < 0x7f) {
			if (length == CONSOLE_LINE_MAX) {
				too_long = 1;
			} else {
				line[length++] = c;
				console_putc(c);
			}
		}
	}
}
