// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>

#include "model/banks.h"
#include "console/console.h"
#include "audio/fade.h"

#ifdef CSR_BANKS_BASE

#define LOOKS_MOST 4096 /* at the counter of frames; one takes far fewer */

uint32_t banks_claim(void)
{
	uint32_t owner;

	banks_claim_write(BANKS_CONSOLE);
	owner = banks_owner_read();
	return owner == BANKS_CONSOLE ? 0 : owner;
}

void banks_release(void)
{
	banks_release_write(BANKS_CONSOLE);
}

void banks_unlock(void)
{
	banks_release_write(banks_owner_read());
}

void banks_start(void)
{
	if (banks_owner_read() != BANKS_CONSOLE)
		return;
	banks_release();
	console_puts("a reset broke off what the console did with the banks\n");
}

unsigned int banks_playing(void)
{
	return wavenet_control_read() >> CSR_WAVENET_CONTROL_BANK_OFFSET & 1;
}

static unsigned int heard(void)
{
	return wavenet_status_read() >> CSR_WAVENET_STATUS_BANK_OFFSET & 1;
}

/* One look at both: between two fades, one after the other, each alone may be what is waited for. */
static int alone(unsigned int bank)
{
	uint32_t fading = 1u << CSR_WAVENET_STATUS_FADING_OFFSET;
	uint32_t heard = 1u << CSR_WAVENET_STATUS_BANK_OFFSET;

	return (wavenet_status_read() & (fading | heard)) == (bank ? heard : 0);
}

void banks_ask(unsigned int bank)
{
	uint32_t control = wavenet_control_read() & ~(1u << CSR_WAVENET_CONTROL_BANK_OFFSET);

	wavenet_control_write(control | bank << CSR_WAVENET_CONTROL_BANK_OFFSET);
}

int banks_play(unsigned int bank)
{
	uint32_t start = wavenet_frames_read(), most = fade_frames_most();

	banks_ask(bank);
	/* Without an audio clock there are no frames to count. */
	/* Twice: from a clock of their own the two may come a cycle apart. */
	for (int i = 0; !alone(bank) || !alone(bank); i++) {
		uint32_t frames = wavenet_frames_read() - start;

		if (frames > most || (!frames && i > LOOKS_MOST)) {
			console_puts("no frame of bank ");
			console_put_dec(bank);
			console_puts(" was heard: no audio clock?\n");
			return -1;
		}
		console_poll();
	}
	return 0;
}

uint32_t banks_crc(unsigned int bank)
{
	uint32_t crc = bank ? banks_crc1_read() : banks_crc0_read();

	return crc == (uint32_t)BANKS_BUILT_IN ? WAVENET_CRC : crc;
}

void banks_set_crc(unsigned int bank, uint32_t crc)
{
	if (bank)
		banks_crc1_write(crc);
	else
		banks_crc0_write(crc);
}

int banks_built_in(void)
{
	return banks_crc(heard()) == WAVENET_CRC;
}

static void report_crc(const char *key, uint32_t crc)
{
	if (crc)
		console_key_hex(key, crc);
	else
		console_key_str(key, "none");
}

void banks_report(void)
{
	uint32_t frame = wavenet_frames_read();
	unsigned int bank = heard();
	uint32_t crc = banks_crc(bank);

	console_key_dec("bank", bank);
	console_key_str("model", crc == WAVENET_CRC ? WAVENET_NAME : "loaded");
	report_crc("crc", crc);
	report_crc("idle_crc", banks_crc(!bank));
	console_key_dec("frames", frame);
}

void window_write(uint32_t address, int32_t value)
{
	((volatile uint32_t *)WAVENET_BASE)[address] = (uint32_t)value;
}

int32_t window_read(uint32_t address)
{
	return (int32_t)((volatile uint32_t *)WAVENET_BASE)[address];
}

#else

void banks_start(void)
{
}

void banks_report(void)
{
}

#endif
