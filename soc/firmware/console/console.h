// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

#define CONSOLE_LINE_MAX 79

/* Polled, not interrupt driven: bytes that arrive while a reply is printed go to a ring buffer, so
 * that pasted lines survive. "\n" is sent as "\r\n". */
void console_putc(char c);
void console_puts(const char *text);
void console_put_dec(uint32_t value);

int text_equal(const char *a, const char *b);

/* A whole number of 0 to `most`. Returns 0, or -1 after "WHAT must be 0 to MOST UNIT, got 'TEXT'". */
int console_parse(const char *what, const char *text, uint32_t most, const char *unit, uint32_t *value);

/* key=value lines, the form every command answers in. */
void console_key(const char *key);
void console_key_str(const char *key, const char *value);
void console_key_dec(const char *key, uint32_t value);

/* The same in eight digits, with 0x before them. */
void console_put_hex(uint32_t value);
void console_key_hex(const char *key, uint32_t value);

/* A byte as it is, for protocols. */
void console_write(uint8_t byte);

/* Reads so many bytes. Returns 0, or -1 when none has come for so many frames of audio. */
int console_read(uint8_t *data, unsigned int length, uint32_t frames);

/* Takes what has come from the UART into the ring. To be called at least every 16 bytes' time. */
void console_poll(void);

/* Waits until the last byte has left the UART. */
void console_flush(void);

/* Calls `watch` until a byte has come, or it returns other than 0; returns what it last did. */
int console_idle(int (*watch)(void));

/* Reads a line with echo and backspace into `line` (CONSOLE_LINE_MAX + 1 bytes, zero terminated).
 * Bytes that do not print are dropped, and escape sequences (arrow keys) as a whole.
 * Returns 0, or -1 when the line was longer than CONSOLE_LINE_MAX. */
int console_readline(char *line);

#endif
