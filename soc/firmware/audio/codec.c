// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* codec: how its bring-up goes, which the gateware does by itself. */

#include <generated/csr.h>

#include "audio/codec.h"
#include "console/commands.h"
#include "console/console.h"

#ifdef CSR_CODEC_BASE

enum fault { NONE, NO_ANSWER, DIFFERS, PLAYS_ALTHOUGH };

static int has(uint32_t status, unsigned int offset)
{
	return status >> offset & 1;
}

static enum fault fault_of(uint32_t status)
{
	if (has(status, CSR_CODEC_STATUS_ERROR_OFFSET))
		return has(status, CSR_CODEC_STATUS_DIFFERS_OFFSET) ? DIFFERS : NO_ANSWER;
	return has(status, CSR_CODEC_STATUS_DIFFERS_OFFSET) ? PLAYS_ALTHOUGH : NONE;
}

static void say(enum fault fault, uint32_t status)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t reg = status >> CSR_CODEC_STATUS_REGISTER_OFFSET;

	if (fault == NONE) {
		console_puts("codec: plays\n");
	} else if (fault == NO_ANSWER) {
		console_puts("codec: no answer on I2C at 0x10: is the module plugged in, and at the build's "
			"--pmod-port? no sound until it answers\n");
	} else {
		console_puts("codec: register 0x");
		console_putc(digits[reg >> 4 & 15]);
		console_putc(digits[reg & 15]);
		console_puts(fault == DIFFERS ? " reads back otherwise than written; trying again\n"
			: " reads back otherwise than written; it plays all the same\n");
	}
}

void codec_report(void)
{
	uint32_t status = codec_status_read();
	const char *state = "starting";

	if (has(status, CSR_CODEC_STATUS_ERROR_OFFSET))
		state = "error";
	else if (has(status, CSR_CODEC_STATUS_READY_OFFSET))
		state = "ready";
	console_key_str("codec", state);
	console_key_dec("codec_retries", codec_retries_read());
}

int codec_watch(void)
{
	static enum fault told;
	uint32_t status = codec_status_read();
	enum fault fault = fault_of(status);

	/* A fault stands until the codec plays. */
	if (fault == told || (fault == NONE && !has(status, CSR_CODEC_STATUS_READY_OFFSET)))
		return 0;
	told = fault;
	console_putc('\n');
	say(fault, status);
	return 1;
}

void command_codec(int argc, char **argv)
{
	uint32_t status;
	enum fault fault;

	if (argc == 2) {
		if (!text_equal(argv[1], "restart")) {
			console_puts("codec: must be restart or nothing, got '");
			console_puts(argv[1]);
			console_puts("'\n");
			return;
		}
		codec_control_write(1 << CSR_CODEC_CONTROL_RESTART_OFFSET);
	}
	status = codec_status_read();
	fault = fault_of(status);
	codec_report();
	if (fault != NONE)
		say(fault, status);
}

#else

void codec_report(void)
{
}

int codec_watch(void)
{
	return 0;
}

void command_codec(int argc, char **argv)
{
	console_puts("codec: this build has none that is set up\n");
}

#endif
