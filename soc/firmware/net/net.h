// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef NET_H
#define NET_H

#include <stdint.h>

/* A network of version 2 in plain C, as a microcontroller would run it: a cached convolution. Each
 * signal keeps its latest frames in a ring, so nothing is computed twice. The integers are those of
 * models/graph/reference.py. The tables are made by models/graph/program.py, which says what the
 * fields mean; every field is an int32_t there and here. */

#ifndef NET_BITS
#define NET_BITS 16 /* or 32: of an integer that holds every word, weight and table entry */
#endif
/* 1 leaves out what only networks have that are no chain of version 1; NET_FRAC and NET_FLOOR then
 * tell the one format's fractional bits and rounding. It makes half the code, for small ROMs. */
#ifndef NET_CHAIN
#define NET_CHAIN 0
#endif

#if NET_BITS == 16
typedef int16_t net_word;
typedef int32_t net_product;
#else
typedef int32_t net_word;
typedef int64_t net_product;
#endif

struct net_header {
	int32_t inputs, signals, layers, terms, adds, outputs;
};

struct net_signal {
	int32_t channels, slots, ring; /* ring: its first word in net.rings */
};

struct net_layer {
	int32_t product, outputs, terms, adds; /* of a product: its two signals */
	int32_t bias, bias_shift;              /* in net.weights, or -1 */
	int32_t shift, floor, low, high;
	int32_t activation, first, second, table, segments, bits;
	int32_t wide, sums; /* in net.sums, or -1 */
};

struct net_term {
	int32_t source, taps, dilation, weights, shift;
};

struct net_add {
	int32_t signal, wide, shift; /* wide: in net.sums, or -1 */
};

/* What a caller provides; sizes in models/graph/program.py. */
struct net {
	const int32_t *program;
	const net_word *weights;
	net_word *rings;    /* zeros at first, or a settled state */
	int32_t *slots;     /* [signals], zeros at first: where each signal's newest frame lies */
	int64_t *sums;      /* kept wide */
	int64_t *totals;    /* [most outputs] */
	net_word *window;   /* the taps of one term */
	uint32_t *needed;   /* [signals][(depth + 31) / 32], or null: all is computed */
	uint32_t depth;     /* frames that `needed` tells of */
};

/* Notes in net->needed which frames of which signals the outputs of the last `frames` of net->depth
 * frames rest on. Others need not be computed. */
void net_need(const struct net *net, uint32_t frames);

/* The next frame: in[inputs] to out[all outputs' channels]. `age`: how many frames before the last
 * of net->depth it is; looked at with net->needed only. An output that is not needed is undefined. */
void net_step(const struct net *net, const net_word *in, net_word *out, uint32_t age);

/* Fills all rings with what endless silence leaves there. net->needed must be null. */
void net_settle(const struct net *net);

#endif
