// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include <generated/soc.h>

#include "console/console.h"
#include "audio/ramp.h"

/* Signed, so that the compiler can multiply by what AUDIO_FS has in kHz where that is whole. */
_Static_assert((int64_t)RAMP_MS_MOST * AUDIO_FS <= INT32_MAX, "the sample rate is too high");

int ramp_parse(const char *what, const char *text, uint32_t *frames)
{
	uint32_t ms;

	if (console_parse(what, text, RAMP_MS_MOST, "ms", &ms))
		return -1;
	*frames = (int32_t)ms * AUDIO_FS / 1000;
	return 0;
}

uint32_t ramp_rate(uint32_t frames)
{
	return frames < 2 ? 0 : 0xffffffff / frames + 1;
}
