// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef BANKS_H
#define BANKS_H

#include <stdint.h>

/* The two weight banks: who may write them, what they hold, which one plays. The registers are those
 * of gateware/wavenet/banks/ledger.py and core.py; a host on a bridge uses them likewise. */

/* 0 when the banks are now the console's, else the token of the host that has them. */
uint32_t banks_claim(void);
void banks_release(void);

/* The same for a command, which is refused in one line: 0, or -1 when a host has the banks. */
int banks_reserve(const char *command);

/* Takes the banks from whoever has them. */
void banks_unlock(void);

/* At the start of the console: tells of an upload that a reset of the CPU has broken off. */
void banks_start(void);

/* The bank asked for; the other one is idle as soon as no frame of it is on its way. */
unsigned int banks_playing(void);

/* Asks for the frames to come to be computed by `bank`. */
void banks_ask(unsigned int bank);

/* The same, and waits until it is heard, in a build with cross-fade alone. Returns 0, or -1 after it
 * has said that no frame of it came. */
int banks_play(unsigned int bank);

/* Whether what is heard is the model that the build came with. */
int banks_built_in(void);

/* CRC-32 of the image in a bank; 0: none that is whole. */
uint32_t banks_crc(unsigned int bank);
void banks_set_crc(unsigned int bank, uint32_t crc);

/* bank=, model=, crc= and idle_crc= lines, of the last frame's bank and of the other; frames= as it was
 * then. */
void banks_report(void);

/* A word of the accelerator's window on the parameters, at a word address. */
void window_write(uint32_t address, int32_t value);
int32_t window_read(uint32_t address);

#endif
