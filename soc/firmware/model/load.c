// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* load and swap: another model into the bank that is not playing, and the banks exchanged. */

#include <generated/soc.h>

#include "model/banks.h"
#include "console/commands.h"
#include "console/console.h"
#include "model/image.h"
#include "model/sfl.h"

#ifdef WAVENET_MAP

#define FAILURES_MOST 16 /* damaged frames in a row: this is no upload */

struct upload {
	struct image image;
	uint32_t base;         /* address of the first frame: the image's */
	uint32_t strange;      /* a frame's address that follows on nothing */
	unsigned int frames, damaged;
	int is_strange;
};

int banks_reserve(const char *command)
{
	uint32_t owner = banks_claim();

	if (!owner)
		return 0;
	console_puts(command);
	console_puts(": a host has the banks (token ");
	console_put_dec(owner);
	console_puts("); try again when it is done, or 'unlock' when it is gone\n");
	return -1;
}

/* litex_term first tries the line with frames of zeros for the image's address; then come the
 * image's own, in order. A frame for the start therefore starts anew. */
static void take(struct upload *upload, const struct sfl_frame *frame)
{
	uint32_t address = sfl_address(frame);

	if (!upload->frames++)
		upload->base = address;
	if (address == upload->base) {
		image_start(&upload->image, upload->image.bank);
		upload->is_strange = 0;
	} else if (!upload->image.fault && !upload->is_strange
		&& address != upload->base + upload->image.position) {
		upload->is_strange = 1;
		upload->strange = address;
	}
	if (upload->is_strange)
		return;
	image_put(&upload->image, frame->payload + 4, frame->length - 4u);
}

/* The text that tells why the jump at the end of an upload is refused, or 0. */
static const char *verdict(struct upload *upload, const struct sfl_frame *jump)
{
	if (!upload->frames)
		return "no image came before the jump";
	if (upload->is_strange)
		return "a frame for another address than the next one: ";
	if (sfl_address(jump) != upload->base)
		return "a jump to another address than the image's: ";
	return image_finish(&upload->image) ? "" : 0;
}

static void refuse(const struct upload *upload, const struct sfl_frame *jump, const char *reason)
{
	console_puts("\nload: refused: ");
	console_puts(reason);
	if (!*reason)
		image_explain(&upload->image);
	else if (upload->is_strange)
		console_put_hex(upload->strange);
	else if (upload->frames)
		console_put_hex(sfl_address(jump));
}

static void go_live(const struct image *image)
{
	uint32_t crc = image_crc(image);

	banks_set_crc(image->bank, crc);
	banks_ask(image->bank);
}

/* Receives frames until the jump. Returns 0 when the new model plays, 1 when it was asked for and is
 * not heard, -1 when the one before plays on; the latter two after a line that tells why. */
static int receive(struct upload *upload)
{
	static struct sfl_frame frame;
	unsigned int failures = 0;

	while (failures < FAILURES_MOST) {
		const char *reason;
		int result = sfl_receive(&frame);

		if (result == -2) {
			console_puts("\nload: broken off: nothing came any more");
			return -1;
		}
		if (result == -1) {
			sfl_reply(SFL_CRC_ERROR);
			upload->damaged++;
			failures++;
			continue;
		}
		if (frame.command == SFL_ABORT) {
			sfl_reply(SFL_SUCCESS);
			console_puts("\nload: broken off by the sender");
			return -1;
		}
		if ((frame.command != SFL_LOAD && frame.command != SFL_JUMP) || frame.length < 4) {
			sfl_reply(SFL_UNKNOWN);
			failures++;
			continue;
		}
		failures = 0;
		if (frame.command == SFL_LOAD) {
			take(upload, &frame);
			sfl_reply(SFL_SUCCESS);
			continue;
		}
		reason = verdict(upload, &frame);
		if (!reason) {
			go_live(&upload->image);
			sfl_reply(SFL_SUCCESS);
			console_putc('\n');
			return banks_play(upload->image.bank) ? 1 : 0;
		}
		sfl_reply(SFL_ERROR);
		refuse(upload, &frame, reason);
		return -1;
	}
	console_puts("\nload: broken off: too many damaged frames in a row");
	return -1;
}

static void finish(const struct upload *upload, int result)
{
	if (!result)
		banks_report();
	if (result >= 0)
		return;
	if (upload->damaged) {
		console_puts("; damaged frames: ");
		console_put_dec(upload->damaged);
	}
	console_puts("; the model plays on\n");
}

void command_load(int argc, char **argv)
{
	static struct upload upload;
	unsigned int bank;

#if WAVENET_BITS > 16
	console_puts("load: an image holds at most 16 bits per word, this build's words have more\n");
	return;
#endif
	if (banks_reserve("load"))
		return;
	bank = !banks_playing(); /* Not before the banks are the console's: a host may swap until then. */
	upload = (struct upload){ 0 };
	image_start(&upload.image, bank);
	/* Waits until no frame of the idle bank is on its way: only then it may be written. */
	if (!banks_play(!bank)) {
		console_puts("waiting for litex_term with --images or --kernel; any key cancels\n");
		if (sfl_request())
			console_puts("load: no upload came; start litex_term with --images=model.json\n");
		else
			finish(&upload, receive(&upload));
	}
	banks_release();
}

void command_swap(int argc, char **argv)
{
	unsigned int bank;

	if (banks_reserve("swap"))
		return;
	bank = !banks_playing();
	if (banks_crc(bank)) {
		if (!banks_play(bank))
			banks_report();
	} else {
		console_puts("swap: refused: bank ");
		console_put_dec(bank);
		console_puts(" holds no whole model; 'load' one\n");
	}
	banks_release();
}

void command_unlock(int argc, char **argv)
{
	banks_unlock();
	console_puts("the banks are free\n");
}

#else

static void refuse(void)
{
	console_puts("this build has no accelerator\n");
}

void command_load(int argc, char **argv)
{
	refuse();
}

void command_swap(int argc, char **argv)
{
	refuse();
}

void command_unlock(int argc, char **argv)
{
	refuse();
}

#endif
