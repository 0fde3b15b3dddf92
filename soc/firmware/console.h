#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

#define CONSOLE_LINE_MAX 79

/* Polled, not interrupt driven: bytes that arrive while a reply is printed go to a ring buffer, so
 * that pasted lines survive. "\n" is sent as "\r\n". */
void console_putc(char c);
void console_puts(const char *text);
void console_put_dec(uint32_t value);

/* key=value lines, the form every command answers in. */
void console_key(const char *key);
void console_key_str(const char *key, const char *value);
void console_key_dec(const char *key, uint32_t value);

/* Waits until the last byte has left the UART. */
void console_flush(void);

/* Reads a line with echo and backspace into `line` (CONSOLE_LINE_MAX + 1 bytes, zero terminated).
 * Bytes that do not print are dropped, and escape sequences (arrow keys) as a whole.
 * Returns 0, or -1 when the line was longer than CONSOLE_LINE_MAX. */
int console_readline(char *line);

#endif
