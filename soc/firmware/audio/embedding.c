// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* embed: the point of the embedding plane, from the codec's inputs or from the console. */

#include <generated/csr.h>
#include <generated/soc.h>

#include "model/banks.h"
#include "console/commands.h"
#include "console/console.h"
#include "audio/embedding.h"
#include "console/number.h"
#include "audio/ramp.h"

#ifdef CSR_INGRESS_BASE

#include <generated/contract.h>

#define COORDINATES 2
#define FIELD       CSR_INGRESS_EMBEDDING_E0_SIZE
#define BITS        (WAVENET_BITS < FIELD ? WAVENET_BITS : FIELD)
#define MASK        ((1u << FIELD) - 1)

static const unsigned int value_offset[COORDINATES] = {
	CSR_INGRESS_EMBEDDING_E0_OFFSET,
	CSR_INGRESS_EMBEDDING_E1_OFFSET,
};
static const unsigned int source_offset[COORDINATES] = {
	CSR_INGRESS_CONTROL_E0_SOURCE_OFFSET,
	CSR_INGRESS_CONTROL_E1_SOURCE_OFFSET,
};

/* Names that the model gives to places: soc/contract/corners.py. */
static const struct corner {
	const char *name;
	int16_t words[COORDINATES];
} corners[] = { CORNERS { 0, { 0 } } };

static int is_codec(const char *text)
{
	return text_equal(text, "codec");
}

static void refuse(const char *text, const char *reason)
{
	console_puts("embed: '");
	console_puts(text);
	console_puts(reason);
	console_puts("; allowed: codec, or a decimal number from -");
	console_put_dec(1u << (BITS - 1 - WAVENET_FRAC));
	console_puts(" to below ");
	console_put_dec(1u << (BITS - 1 - WAVENET_FRAC));
	console_putc('\n');
}

void embedding_report(void)
{
	uint32_t values = ingress_embedding_read(), sources = ingress_control_read();

	for (unsigned int i = 0; i < COORDINATES; i++) {
		uint32_t field = values >> value_offset[i] & MASK;
		int32_t value = (int32_t)(field << (32 - FIELD)) >> (32 - FIELD);
		char text[40];

		console_putc('e');
		console_put_dec(i);
		console_putc('=');
		if (sources >> source_offset[i] & 1)
			console_puts(number_format(value, WAVENET_FRAC, text));
		else
			console_puts("codec");
		console_putc('\n');
	}
}

/* Takes "--glide MS" off the end of the arguments. Returns 0, or -1 after it has said what is wrong. */
static int take_glide(int *argc, char **argv, uint32_t *frames)
{
	*frames = 0;
	for (int i = 1; i < *argc; i++) {
		if (!text_equal(argv[i], "--glide"))
			continue;
		if (i != *argc - 2) {
			console_puts("embed: --glide takes one number of ms, at the end of the line\n");
			return -1;
		}
		if (ramp_parse("embed: --glide", argv[i + 1], frames))
			return -1;
		*argc -= 2;
	}
	return 0;
}

/* A coordinate: its value and whether it is software's. Returns 0, or -1 after a line. */
static int take_coordinate(const char *text, int32_t *value, int *is_software)
{
	*value = 0;
	*is_software = !is_codec(text);
	if (!*is_software)
		return 0;
	switch (number_parse(text, BITS, WAVENET_FRAC, value)) {
	case NUMBER_MALFORMED:
		refuse(text, "' is not a number");
		return -1;
	case NUMBER_RANGE:
		refuse(text, "' is out of range");
		return -1;
	}
	return 0;
}

/* Both of a single word: codec, or a name of the model that the build came with. */
static int take_place(const char *text, int32_t *values, int *is_software)
{
	for (const struct corner *corner = corners; corner->name; corner++) {
		if (!text_equal(text, corner->name))
			continue;
		if (!banks_built_in()) {
			console_puts("embed: the names are those of " WAVENET_NAME
				", which does not play; give two numbers: E0 E1\n");
			return -1;
		}
		for (unsigned int i = 0; i < COORDINATES; i++) {
			values[i] = corner->words[i];
			is_software[i] = 1;
		}
		return 0;
	}
	if (is_codec(text)) {
		is_software[0] = is_software[1] = 0;
		return 0;
	}
	console_puts("embed: two arguments are needed: E0 E1; or one: codec" CORNER_NAMES "\n");
	return -1;
}

void command_embed(int argc, char **argv)
{
	uint32_t words = 0, sources = 0, glide;
	int32_t values[COORDINATES] = { 0 };
	int is_software[COORDINATES];

	if (take_glide(&argc, argv, &glide))
		return;
	if (argc != 3) {
		if (take_place(argc == 2 ? argv[1] : "", values, is_software))
			return;
	} else if (take_coordinate(argv[1], &values[0], &is_software[0])
		|| take_coordinate(argv[2], &values[1], &is_software[1])) {
		return;
	}
	for (unsigned int i = 0; i < COORDINATES; i++) {
		words |= ((uint32_t)values[i] & MASK) << value_offset[i];
		sources |= (uint32_t)is_software[i] << source_offset[i];
	}
	/* The last write takes all over at once: no frame sees one coordinate old and one new. */
	ingress_embedding_write(words);
	ingress_glide_write(ramp_rate(glide));
	ingress_control_write(sources);
	console_key_dec("frame", wavenet_frames_read());
	console_key_dec("glide_frames", glide);
	embedding_report();
}

#else

void embedding_report(void)
{
}

void command_embed(int argc, char **argv)
{
	console_puts("embed: this build has no accelerator\n");
}

#endif
