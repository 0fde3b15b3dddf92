// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* info and status: what was built, and what it does at the moment. */

#include <generated/csr.h>
#include <generated/soc.h>

#include "model/banks.h"
#include "audio/codec.h"
#include "console/commands.h"
#include "console/console.h"
#include "audio/embedding.h"
#include "audio/fade.h"

void command_info(int argc, char **argv)
{
	console_key_str("build",      BUILD_ID);
	console_key_str("cpu",        CONFIG_CPU_HUMAN_NAME);
	console_key_dec("sys_clk",    CONFIG_CLOCK_FREQUENCY);
	console_key_str("fs",         AUDIO_SAMPLE_RATE);
#ifdef CSR_WAVENET_BASE
	console_key_str("network",    WAVENET_NAME);
	console_key_str("topology",   WAVENET_TOPOLOGY);
	console_key_dec("parameters", WAVENET_PARAMETERS);
	console_key_str("format",     WAVENET_FORMAT);
	console_key_str("outputs",    WAVENET_OUTPUTS);
	console_key_str("folding",    WAVENET_FOLDING);
	console_key_dec("wavenet_clk",       WAVENET_CLK_FREQ);
	console_key_dec("wavenet_clk_ratio", WAVENET_CLK_RATIO);
#endif
}

#ifdef CSR_WAVENET_BASE
#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c)  JOIN_(a, b, c)

/* One counter per layer; the loop relies on their addresses following each other. */
#define SATURATIONS_FIRST CSR_WAVENET_SATURATIONS0_ADDR
#define SATURATIONS_LAST  JOIN(CSR_WAVENET_SATURATIONS, WAVENET_LAST_LAYER, _ADDR)
_Static_assert(SATURATIONS_LAST == SATURATIONS_FIRST + 4 * WAVENET_LAST_LAYER,
	"the saturation counters do not lie side by side");

static void saturations(void)
{
	uint32_t total = 0;

	for (unsigned int i = 0; i <= WAVENET_LAST_LAYER; i++) {
		uint32_t count = csr_read_simple(SATURATIONS_FIRST + 4 * i);

		total += count;
		console_puts("saturations");
		console_put_dec(i);
		console_putc('=');
		console_put_dec(count);
		console_putc('\n');
	}
	console_key_dec("saturations", total);
}
#endif

void command_status(int argc, char **argv)
{
	console_key_str("fs", AUDIO_SAMPLE_RATE);
	codec_report();
#ifdef CSR_WAVENET_BASE
	banks_report();
	console_key_dec("overruns",         ingress_overruns_read());
	console_key_dec("blocked_writes",   wavenet_blocked_writes_read());
	saturations();
	/* Cycles of wavenet_clk, all three. */
	console_key_dec("wavenet_clk",      WAVENET_CLK_FREQ);
	console_key_dec("cycles_used",      wavenet_cycles_used_read());
	console_key_dec("cycles_available", ingress_cycles_available_read());
	console_key_dec("latency",          WAVENET_LATENCY);
	fade_report();
	embedding_report();
#endif
}
