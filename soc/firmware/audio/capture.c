// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* capture: takes frames into the capture buffer and shows the first of them. */

#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>

#include "console/commands.h"
#include "console/console.h"

#ifdef CSR_CAPTURE_BASE

#define DONE        (1u << CSR_CAPTURE_STATUS_DONE_OFFSET)
#define WAIT_FRAMES (2u * CAPTURE_FRAMES + 1000u)

#ifndef CAPTURE_OUTPUTS_BASE
#define CAPTURE_OUTPUTS_BASE 0 /* never read: it has no channels */
#endif

static void show(uint32_t window, unsigned int channels, unsigned int row)
{
	for (unsigned int i = 0; i < channels; i++) {
		uint32_t pair = ((const volatile uint32_t *)window)[i / 2 * CAPTURE_FRAMES + row];
		int32_t word = (int16_t)(pair >> 16 * (i & 1));

		if (i)
			console_putc(' ');
		if (word < 0)
			console_putc('-');
		console_put_dec(word < 0 ? -word : word);
	}
}

void command_capture(int argc, char **argv)
{
	uint32_t rows = 0, start = tdm_frames_read(), first;

	if (argc == 2 && console_parse("capture:", argv[1], CAPTURE_FRAMES, "frames", &rows))
		return;
	capture_control_write(1u << CSR_CAPTURE_CONTROL_GO_OFFSET);
	while (!(capture_status_read() & DONE))
		if (tdm_frames_read() - start > WAIT_FRAMES) {
			console_puts("capture: no frames come\n");
			return;
		}
	first = capture_first_read();
	console_key_dec("first", first);
	console_key_dec("frames", CAPTURE_FRAMES);
	for (unsigned int row = 0; row < rows; row++) {
		show(CAPTURE_INPUTS_BASE, CAPTURE_INPUTS, row);
		if (CAPTURE_OUTPUTS)
			console_putc(' ');
		show(CAPTURE_OUTPUTS_BASE, CAPTURE_OUTPUTS, row);
		console_putc('\n');
	}
	if (capture_first_read() != first)
		console_puts("capture: a host took other frames meanwhile\n");
}

#else

void command_capture(int argc, char **argv)
{
	console_puts("capture: this build has no capture buffer (--no-capture)\n");
}

#endif
