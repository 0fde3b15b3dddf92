// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include <generated/soc.h>

#include "model/banks.h"
#include "audio/codec.h"
#include "console/commands.h"
#include "console/console.h"

/* The start-up code of every CPU refers to it. Interrupts stay masked: the console polls. */
void isr(void);
void isr(void)
{
}

int main(void)
{
	char line[CONSOLE_LINE_MAX + 1];

	console_puts("\nWaveNet SoC, build " BUILD_ID "\n");
	banks_start();
	for (;;) {
		do
			console_puts(CONSOLE_PROMPT);
		while (console_idle(codec_watch));
		if (console_readline(line)) {
			console_puts("line too long; allowed: ");
			console_put_dec(CONSOLE_LINE_MAX);
			console_puts(" characters\n");
		} else {
			commands_run(line);
		}
	}
}
