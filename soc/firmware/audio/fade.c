// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* fade: how long the cross-fade from one model to the next takes. */

#include <generated/csr.h>
#include <generated/soc.h>

#include "console/commands.h"
#include "console/console.h"
#include "audio/fade.h"
#include "audio/ramp.h"

#ifdef CSR_WAVENET_FADE_ADDR

static uint32_t fade_frames(void)
{
	return ramp_rate(wavenet_fade_read());
}

uint32_t fade_frames_most(void)
{
	/* The time may have been set anew since it began. At the end what is heard comes to rest on the
	 * new model: within a period of the sound. */
	return WAVENET_WARM_UP + AUDIO_FS / 1000 * RAMP_MS_MOST + AUDIO_FS;
}

void fade_report(void)
{
	console_key_dec("fade_frames", fade_frames());
}

void command_fade(int argc, char **argv)
{
	uint32_t frames;

	if (argc == 2) {
		if (ramp_parse("fade:", argv[1], &frames))
			return;
		wavenet_fade_write(ramp_rate(frames));
	}
	fade_report();
}

#else

uint32_t fade_frames_most(void)
{
	return AUDIO_FS;
}

void fade_report(void)
{
}

void command_fade(int argc, char **argv)
{
	console_puts("fade: this build has no cross-fade (--with-crossfade); models change at once\n");
}

#endif
