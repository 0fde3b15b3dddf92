// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include <generated/soc.h>

#include "model/banks.h"
#include "console/console.h"
#include "model/image.h"

#ifdef WAVENET_MAP

#define HEADER_BYTES ((unsigned int)WAVENET_IMAGE_HEADER)
#define BODY_BYTES   (HEADER_BYTES + 4u * WAVENET_IMAGE_WORDS) /* what the CRC-32 is of */
#define BYTES        (BODY_BYTES + 4u)
#define LAYER_COUNT  (sizeof(layers) / sizeof(layers[0]))

static const struct layer layers[] = { LAYERS };

/* CRC-32 --------------------------------------------------------------------------------------- */

/* As of Ethernet and zlib. The state is the inverse of the CRC. */
static uint32_t crc32_table[256];

static void crc32_make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t state = i;

		for (int bit = 0; bit < 8; bit++)
			state = state >> 1 ^ (state & 1 ? 0xedb88320u : 0);
		crc32_table[i] = state;
	}
}

static inline uint32_t crc32(uint32_t state, uint8_t byte)
{
	return state >> 8 ^ crc32_table[(state ^ byte) & 255];
}

/* Cursor --------------------------------------------------------------------------------------- */

enum place {
	PLACE_MEMORY,
	PLACE_ABSENT, /* of an output that this build has not */
	PLACE_PADDING,
	PLACE_END,
};

static void cursor_layer(struct cursor *c, const struct layer *layer)
{
	*c = (struct cursor){ .layer = layer };
}

static void cursor_next_output(struct cursor *c, uint32_t step0, uint32_t step1)
{
	const struct layer *l = c->layer;

	c->output_part += step0;
	if (++c->output0 == l->pe) {
		c->output0 = 0;
		c->output_part += step1 - l->pe * step0;
	}
	if (++c->output == l->outputs) {
		c->output = c->output0 = c->output_part = 0;
		c->biases++;
	}
}

/* Where the next value of the payload belongs, and one further. */
static enum place cursor_next(struct cursor *c, unsigned int bank, uint32_t *address)
{
	const struct layer *l = c->layer;
	int absent;

	if (l == layers + LAYER_COUNT)
		return PLACE_END;
	absent = c->output >= l->built;
	*address = c->output_part + bank * l->bank;
	if (c->biases == 0) {
		*address += l->weight + c->input_part;
		c->input_part += l->input0;
		if (++c->input0 == l->simd) {
			c->input0 = 0;
			c->input_part += l->input1 - l->simd * l->input0;
		}
		if (++c->input == l->inputs) {
			c->input = c->input0 = c->input_part = 0;
			cursor_next_output(c, l->output0, l->output1);
		}
	} else if (c->biases == 1) {
		*address += l->bias;
		cursor_next_output(c, l->bias0, l->bias1);
		if (c->biases == 2 && !(l->outputs & (l->inputs + 1) & 1))
			cursor_layer(c, l + 1);
	} else {
		cursor_layer(c, l + 1);
		return PLACE_PADDING;
	}
	return absent ? PLACE_ABSENT : PLACE_MEMORY;
}

/* Image ---------------------------------------------------------------------------------------- */

static void fail(struct image *image, enum image_fault fault, uint32_t found, uint32_t allowed)
{
	image->fault = fault;
	image->found = found;
	image->allowed = allowed;
}

void image_start(struct image *image, unsigned int bank)
{
	*image = (struct image){ .bank = bank, .crc = ~0u };
	if (!crc32_table[1])
		crc32_make_table();
	cursor_layer(&image->cursor, layers);
}

/* Differs for any sequence that differs in one value. */
static uint32_t digest(uint32_t state, int32_t value)
{
	return (state << 5) + state + (uint32_t)value;
}

static void header(struct image *image)
{
	static const uint32_t allowed[] = { IMAGE_HEADER };
	unsigned int i = image->position / 4 - 1;

	if (image->word != allowed[i])
		fail(image, IMAGE_GOOD + 1 + i, image->word, allowed[i]);
	else if (i == sizeof(allowed) / sizeof(allowed[0]) - 1)
		banks_set_crc(image->bank, 0); /* From here on the bank is being written. */
}

/* `value` ends at the image's position. */
static inline void value(struct image *image, int32_t value)
{
	uint32_t address;

	switch (cursor_next(&image->cursor, image->bank, &address)) {
	case PLACE_MEMORY:
		if (value < -(1 << (WAVENET_BITS - 1)) || value >= 1 << (WAVENET_BITS - 1)) {
			fail(image, IMAGE_VALUE, image->position - 2, 0);
			break;
		}
		window_write(address, value);
		image->written = digest(image->written, value);
		break;
	case PLACE_PADDING:
		if (value)
			fail(image, IMAGE_PADDING, image->position - 2, 0);
		break;
	default:
		break;
	}
}

static void put_byte(struct image *image, uint8_t byte)
{
	uint32_t at = image->position;

	if (at >= BYTES) {
		fail(image, IMAGE_LONG, 0, BYTES);
		return;
	}
	image->position++;
	if (at < BODY_BYTES)
		image->crc = crc32(image->crc, byte);
	image->word = image->word >> 8 | (uint32_t)byte << 24;
	if (at < HEADER_BYTES) {
		if (at % 4 == 3)
			header(image);
	} else if (at < BODY_BYTES) {
		if (at % 2)
			value(image, (int32_t)image->word >> 16);
	} else if (at == BYTES - 1 && image->word != ~image->crc) {
		fail(image, IMAGE_CRC, image->word, ~image->crc);
	}
}

void image_put(struct image *image, const uint8_t *data, unsigned int length)
{
	while (length && !image->fault) {
		uint32_t at = image->position;

		if (length >= 2 && at % 2 == 0 && at >= HEADER_BYTES && at < BODY_BYTES) {
			image->crc = crc32(crc32(image->crc, data[0]), data[1]);
			image->position = at + 2;
			value(image, (int16_t)(data[0] | data[1] << 8));
			data += 2;
			length -= 2;
		} else {
			put_byte(image, *data++);
			length--;
		}
		if (image->position % 8 == 0)
			console_poll();
	}
}

enum image_fault image_finish(struct image *image)
{
	struct cursor cursor;
	uint32_t address, read = 0;
	enum place place;

	if (image->fault)
		return image->fault;
	if (image->position != BYTES) {
		fail(image, IMAGE_TORN, image->position, BYTES);
		return image->fault;
	}
	cursor_layer(&cursor, layers);
	while ((place = cursor_next(&cursor, image->bank, &address)) != PLACE_END) {
		if (place == PLACE_MEMORY)
			read = digest(read, window_read(address));
		console_poll();
	}
	if (read != image->written)
		fail(image, IMAGE_READ_BACK, read, image->written);
	return image->fault;
}

int16_t *image_copy(unsigned int bank, int16_t *to)
{
	struct cursor cursor;
	uint32_t address;
	enum place place;

	cursor_layer(&cursor, layers);
	while ((place = cursor_next(&cursor, bank, &address)) != PLACE_END) {
		if (place == PLACE_MEMORY)
			*to++ = (int16_t)window_read(address);
		console_poll();
	}
	return to;
}

uint32_t image_crc(const struct image *image)
{
	return ~image->crc;
}

void image_explain(const struct image *image)
{
	static const char *const texts[] = {
		[IMAGE_MAGIC]       = "magic ",
		[IMAGE_VERSION]     = "version ",
		[IMAGE_FINGERPRINT] = "fingerprint of another topology, ",
		[IMAGE_LENGTH]      = "length in words ",
		[IMAGE_VALUE]       = "a value beyond the number format, at byte ",
		[IMAGE_PADDING]     = "padding that is not zero, at byte ",
		[IMAGE_LONG]        = "too long",
		[IMAGE_TORN]        = "torn, bytes ",
		[IMAGE_CRC]         = "damaged, CRC-32 ",
		[IMAGE_READ_BACK]   = "read-back failed, digest of the bank ",
	};
	int hexadecimal = image->fault == IMAGE_MAGIC || image->fault == IMAGE_FINGERPRINT
		|| image->fault == IMAGE_CRC || image->fault == IMAGE_READ_BACK;
	void (*put)(uint32_t) = hexadecimal ? console_put_hex : console_put_dec;

	console_puts(texts[image->fault]);
	if (image->fault != IMAGE_LONG)
		put(image->found);
	if (image->fault != IMAGE_VALUE && image->fault != IMAGE_PADDING) {
		console_puts("; allowed: ");
		put(image->allowed);
		if (image->fault == IMAGE_LONG)
			console_puts(" bytes");
	}
}

#endif
