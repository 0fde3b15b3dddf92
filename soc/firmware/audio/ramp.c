#include <generated/soc.h>

#include "console/console.h"
#include "audio/ramp.h"

/* RAMP_MS_MOST milliseconds, in thousandths of a frame, must fit 32 bits. */
_Static_assert((uint64_t)RAMP_MS_MOST * AUDIO_FS <= UINT32_MAX, "the sample rate is too high");

int ramp_parse(const char *what, const char *text, uint32_t *frames)
{
	uint32_t ms;

	if (console_parse(what, text, RAMP_MS_MOST, "ms", &ms))
		return -1;
	*frames = ms * AUDIO_FS / 1000;
	return 0;
}

uint32_t ramp_rate(uint32_t frames)
{
	return frames < 2 ? 0 : 0xffffffff / frames + 1;
}
