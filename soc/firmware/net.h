#ifndef NET_H
#define NET_H

#include <stdint.h>

/* The network in plain C, as a microcontroller would run it: a cached convolution. Every pass keeps
 * what it was given in a ring, so that a frame costs each output taps * inputs multiplications and
 * nothing is computed twice. The integers are those of models/reference.py. */

struct net_layer {
	uint16_t inputs, outputs, taps, dilation;
	uint8_t relu, repeat;
};

struct net {
	const int16_t *weights; /* [out][tap][in], then biases, layer by layer */
	int16_t *histories;     /* rings of (taps - 1) * dilation + 1 frames, pass by pass */
	int32_t from, to;       /* frames whose output counts */
};

/* Frame number `time`, from 0 on, in order: frame[inputs] becomes frame[outputs] of a network of
 * NET_CHANNELS channels at most. Before net->from only what later frames need is computed, and the
 * output does not count. */
void net_step(const struct net *net, int16_t *frame, int32_t time);

#endif
