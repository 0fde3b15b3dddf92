/* bench: the network in plain C on this CPU against the accelerator, on the same live frames. */

#include <generated/csr.h>
#include <generated/mem.h>
#include <generated/soc.h>

#include "banks.h"
#include "commands.h"
#include "console.h"
#include "image.h"
#include "net.h"

#ifdef NET_CHANNELS

#define WAIT_FRAMES (4u * BENCH_DEPTH + 1000u)
#define ANSWERS     0x8000u /* FrameRecorder's address of the answers */

static int16_t recorded(uint32_t address)
{
	recorder_address_write(address);
	return (int16_t)recorder_data_read();
}

/* Records the frames to come. Returns 0, or -1 when there are none. */
static int record(void)
{
	uint32_t start = wavenet_frames_read();

	recorder_control_write(1);
	while (!recorder_status_read())
		if (wavenet_frames_read() - start > WAIT_FRAMES)
			return -1;
	return 0;
}

/* Runs the frame through the C network; returns whether its answer is the accelerator's, as far as
 * the codec can hear it. */
static int step(const struct net *net, int32_t time)
{
	static int16_t frame[NET_CHANNELS];
	int equal = 1;

	console_poll();
	for (unsigned int i = 0; i < NET_CHANNELS; i++)
		frame[i] = i < BENCH_INPUTS ? recorded(4 * (uint32_t)time + i) : 0;
	net_step(net, frame, time);
	if (time >= net->from)
		for (unsigned int i = 0; i < BENCH_OUTPUTS; i++)
			equal &= frame[i] == recorded(ANSWERS + 8 * (uint32_t)(time - net->from) + i);
	return equal;
}

void command_bench(int argc, char **argv)
{
	int16_t *memory = (int16_t *)BENCH_RAM_BASE;
	struct net net = {
		.weights = memory,
		.from = BENCH_DEPTH - BENCH_FRAMES,
		.to = BENCH_DEPTH - 1,
	};
	uint32_t start, frames, cycles;
	int equal = 1;

	if (banks_reserve("bench"))
		return;
	banks_play(banks_playing()); /* In a cross-fade two networks are heard. */
	if (record()) {
		console_puts("bench: no frames are played\n");
		banks_release();
		return;
	}
	net.histories = image_copy(banks_playing(), memory);
	banks_release();
	for (int32_t time = 0; time < net.from; time++)
		step(&net, time);
	start = wavenet_frames_read();
	for (int32_t time = net.from; time <= net.to; time++)
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
