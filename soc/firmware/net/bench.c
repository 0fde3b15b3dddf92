// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* bench: the network in plain C on this CPU against the accelerator, on the same live frames. */

#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>

#include "model/banks.h"
#include "console/commands.h"
#include "console/console.h"
#include "model/image.h"
#include "net/net.h"

#ifdef NET_CHANNELS

#include <generated/contract.h>

#define WAIT_FRAMES (4u * BENCH_DEPTH + 1000u)
#define FIRST       (BENCH_DEPTH - BENCH_FRAMES) /* frame whose answer counts */

static const int32_t program[] = { NET_PROGRAM };

static int16_t recorded(uint32_t address)
{
	recorder_address_write(address);
	return (int16_t)recorder_data_read();
}

/* Records the frames to come. Returns 0, or -1 when there are none. */
static int record(void)
{
	uint32_t start = wavenet_frames_read();

	recorder_control_write(1u << CSR_RECORDER_CONTROL_GO_OFFSET);
	while (!(recorder_status_read() & 1u << CSR_RECORDER_STATUS_DONE_OFFSET))
		if (wavenet_frames_read() - start > WAIT_FRAMES)
			return -1;
	return 0;
}

/* Runs recorded frame `time` through the C network; returns whether its answer is the accelerator's,
 * as far as the codec can hear it. Answers are recorded of the last BENCH_FRAMES. */
static int step(const struct net *net, uint32_t time)
{
	static int16_t in[NET_CHANNELS], out[NET_CHANNELS];
	int equal = 1;

	console_poll();
	for (unsigned int i = 0; i < BENCH_INPUTS; i++)
		in[i] = recorded(RECORDER_INPUT_STEP * time + i);
	net_step(net, in, out, BENCH_DEPTH - 1 - time);
	if (time >= FIRST)
		for (unsigned int i = 0; i < BENCH_OUTPUTS; i++)
			equal &= out[i] == recorded(RECORDER_ANSWERS + RECORDER_ANSWER_STEP * (time - FIRST) + i);
	return equal;
}

/* An array of struct net in the memory for it. */
#define PLACE(offset) ((void *)(BENCH_RAM_BASE + (offset)))

void command_bench(int argc, char **argv)
{
	int16_t *weights = PLACE(BENCH_WEIGHTS);
	const struct net net = {
		.program = program,
		.weights = weights,
		.rings = PLACE(BENCH_RINGS),
		.slots = PLACE(BENCH_SLOTS),
		.totals = PLACE(BENCH_TOTALS),
		.window = PLACE(BENCH_WINDOW),
		.needed = PLACE(BENCH_NEEDED),
		.depth = BENCH_DEPTH,
	};
	uint32_t start, frames, cycles;
	int equal = 1;

	if (banks_reserve("bench"))
		return;
	/* In a cross-fade two networks are heard. */
	if (banks_play(banks_playing())) {
		banks_release();
		return;
	}
	if (record()) {
		console_puts("bench: no frames are played\n");
		banks_release();
		return;
	}
	image_copy(banks_playing(), weights);
	banks_release();
	for (uint32_t i = 0; i < NET_SIGNALS; i++)
		net.slots[i] = 0;
	net_need(&net, BENCH_FRAMES);
	for (uint32_t time = 0; time < FIRST; time++)
		step(&net, time);
	start = wavenet_frames_read();
	for (uint32_t time = FIRST; time < BENCH_DEPTH; time++)
		equal &= step(&net, time);
	frames = wavenet_frames_read() - start;

	cycles = frames * AUDIO_CYCLES_PER_SAMPLE / BENCH_FRAMES;
	console_key_dec("frames", BENCH_FRAMES);
	console_key_str("integers", equal ? "equal" : "differ");
	console_key_dec("c_cycles", cycles);
	console_key_dec("accelerator_cycles", wavenet_cycles_used_read() / WAVENET_CLK_RATIO);
	console_key_dec("ratio", cycles / (wavenet_cycles_used_read() / WAVENET_CLK_RATIO));
}

#else

void command_bench(int argc, char **argv)
{
	console_puts("bench: the network in C does not fit this build's memory\n");
}

#endif
