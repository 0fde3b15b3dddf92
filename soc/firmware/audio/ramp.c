#include <generated/soc.h>

#include "console/console.h"
#include "audio/ramp.h"

#define FS (CONFIG_CLOCK_FREQUENCY / AUDIO_CYCLES_PER_SAMPLE)

int ramp_parse(const char *what, const char *text, uint32_t *frames)
{
	uint32_t ms;

	if (console_parse(what, text, RAMP_MS_MOST, "ms", &ms))
		return -1;
	*frames = ms * (FS / 100) / 10;
	return 0;
}

uint32_t ramp_rate(uint32_t frames)
{
	return frames < 2 ? 0 : 0xffffffff / frames + 1;
}
