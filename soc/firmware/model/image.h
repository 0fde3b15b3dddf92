// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>

#include <generated/contract.h>

/* A weight image (models/image.py) on its way into a bank, byte by byte: nothing of it is kept but
 * what the bank holds. Header first: no parameter is written before it has been found good. */

/* Where the parameters of a layer lie: soc/contract/weight_map.py, under these names. */
struct layer {
	uint32_t outputs, built, inputs, pe, simd;
	uint32_t bank;
	uint32_t weight, output0, output1, input0, input1;
	uint32_t bias, bias0, bias1;
};

/* Walks the payload's values in their order. */
struct cursor {
	const struct layer *layer;
	uint32_t output, input;           /* the value's */
	uint32_t output0, input0;         /* output % pe, input % simd */
	uint32_t output_part, input_part; /* of the address */
	int biases;
};

enum image_fault {
	IMAGE_GOOD,
	IMAGE_HEADER_FAULTS, /* MAGIC, VERSION, FINGERPRINT, LENGTH, as the header has them */
	IMAGE_VALUE,   /* outside the number format */
	IMAGE_PADDING, /* not zero */
	IMAGE_LONG,
	IMAGE_TORN,
	IMAGE_CRC,
	IMAGE_READ_BACK,
};

struct image {
	unsigned int bank;
	enum image_fault fault;
	uint32_t found, allowed; /* what the fault is about */
	uint32_t position;       /* bytes taken */
	uint32_t word;           /* the bytes of the word or value so far */
	uint32_t crc;            /* of the image so far, inverted */
	uint32_t written;        /* digest of the values written */
	struct cursor cursor;
};

/* Starts anew, for `bank`. Writes nothing. */
void image_start(struct image *image, unsigned int bank);

/* Takes the next bytes; does nothing after a fault. */
void image_put(struct image *image, const uint8_t *data, unsigned int length);

/* To be called behind the last byte: is it whole, and does the bank hold it? Returns the fault. */
enum image_fault image_finish(struct image *image);

/* Copies what a bank holds, in the order of the payload without padding and without the outputs that
 * are not built. Returns the end of the copy. */
int16_t *image_copy(unsigned int bank, int16_t *to);

/* Its CRC-32, of a good image. */
uint32_t image_crc(const struct image *image);

/* Prints what is wrong, without a line end. */
void image_explain(const struct image *image);

#endif
