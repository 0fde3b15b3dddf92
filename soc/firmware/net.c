#include <generated/soc.h>

#include "net.h"

#ifdef NET_CHANNELS

#define FRAC WAVENET_FRAC
#define MOST ((1 << (WAVENET_BITS - 1)) - 1)

static const struct net_layer layers[] = {
#include <generated/net.h>
};

#define LAYERS (sizeof(layers) / sizeof(layers[0]))

/* A sum at 2 * FRAC fractional bits as a word. */
static int16_t requantise(int64_t sum, int relu)
{
	int64_t word = sum >> FRAC;
#if NET_HALF_EVEN
	uint32_t rest = (uint32_t)sum & ((1u << FRAC) - 1), half = 1u << (FRAC - 1);

	word += rest > half || (rest == half && (word & 1));
#endif
	if (word > MOST)
		return MOST;
	if (relu)
		return word < 0 ? 0 : (int16_t)word;
	return word < -MOST - 1 ? -MOST - 1 : (int16_t)word;
}

/* One pass over the ring, whose newest frame is in `slot`. */
static void convolve(const struct net_layer *l, const int16_t *weights, const int16_t *ring,
	uint32_t slots, uint32_t slot, int16_t *out)
{
	const int16_t *biases = weights + l->outputs * l->taps * l->inputs;

	for (unsigned int o = 0; o < l->outputs; o++) {
		int64_t sum = (int64_t)biases[o] * (1 << FRAC);
		uint32_t at = slot + 1 == slots ? 0 : slot + 1; /* the oldest tap's */

		for (unsigned int tap = 0; tap < l->taps; tap++) {
			const int16_t *in = ring + at * l->inputs;

			for (unsigned int i = 0; i < l->inputs; i++)
				sum += (int32_t)*weights++ * *in++;
			at += l->dilation;
			if (at >= slots)
				at -= slots;
		}
		out[o] = requantise(sum, l->relu);
	}
}

/* Whether an output that counts rests on what this pass gives at `time`. */
static int needed(const struct net *net, const struct net_layer *l, unsigned int turn, int32_t time)
{
	if (time >= net->from)
		return time <= net->to;
	if (++turn == l->repeat) {
		l++;
		turn = 0;
	}
	if (l == layers + LAYERS)
		return 0;
	for (unsigned int tap = 0; tap < l->taps; tap++)
		if (needed(net, l, turn, time + (int32_t)(tap * l->dilation)))
			return 1;
	return 0;
}

void net_step(const struct net *net, int16_t *frame, int32_t time)
{
	const int16_t *weights = net->weights;
	int16_t *ring = net->histories;

	for (const struct net_layer *l = layers; l < layers + LAYERS; l++) {
		uint32_t slots = (l->taps - 1u) * l->dilation + 1, slot = (uint32_t)time % slots;

		for (unsigned int turn = 0; turn < l->repeat; turn++) {
			for (unsigned int i = 0; i < l->inputs; i++)
				ring[slot * l->inputs + i] = frame[i];
			if (!needed(net, l, turn, time))
				return;
			convolve(l, weights, ring, slots, slot, frame);
			ring += slots * l->inputs;
		}
		weights += l->outputs * (l->taps * l->inputs + 1u);
	}
}

#endif
