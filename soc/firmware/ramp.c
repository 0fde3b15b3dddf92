#include <generated/soc.h>

#include "console.h"
#include "ramp.h"

#define FS (CONFIG_CLOCK_FREQUENCY / AUDIO_CYCLES_PER_SAMPLE)

int ramp_parse(const char *what, const char *text, uint32_t *frames)
{
	const char *digit = text;
	uint32_t ms = 0;

	do {
		if (*digit < '0' || *digit > '9' || (ms = 10 * ms + (*digit - '0')) > RAMP_MS_MOST) {
			console_puts(what);
			console_puts(" '");
			console_puts(text);
			console_puts("' is not allowed: 0 to ");
			console_put_dec(RAMP_MS_MOST);
			console_puts(" ms\n");
			return -1;
		}
	} while (*++digit);
	*frames = ms * (FS / 100) / 10;
	return 0;
}

uint32_t ramp_rate(uint32_t frames)
{
	return frames < 2 ? 0 : 0xffffffff / frames + 1;
}
