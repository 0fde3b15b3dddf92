// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef SFL_H
#define SFL_H

#include <stdint.h>

/* LiteX's serial-boot protocol, the board's side: litex_term answers it with --images or --kernel. */

#define SFL_PAYLOAD_MAX 255

enum sfl_command {
	SFL_ABORT = 0,
	SFL_LOAD  = 1,
	SFL_JUMP  = 2,
};

enum sfl_reply {
	SFL_SUCCESS   = 'K',
	SFL_CRC_ERROR = 'C',
	SFL_UNKNOWN   = 'U',
	SFL_ERROR     = 'E',
};

/* As it comes: all bytes. */
struct sfl_frame {
	uint8_t length; /* of the payload */
	uint8_t crc[2];
	uint8_t command;
	uint8_t payload[SFL_PAYLOAD_MAX];
};

/* Asks for an upload. Returns 0 when litex_term has answered, -1 when it has not. */
int sfl_request(void);

/* Waits for a frame. Returns 0, -1 when its CRC is wrong, -2 when no byte has come for
 * LOAD_TIMEOUT_FRAMES frames of audio. */
int sfl_receive(struct sfl_frame *frame);

void sfl_reply(enum sfl_reply reply);

/* The address that the payload of LOAD and JUMP begins with. */
uint32_t sfl_address(const struct sfl_frame *frame);

#endif
