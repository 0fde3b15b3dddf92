// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include "net/net.h"

enum { LINEAR, RELU, CLIP, LEAKY, TABLE }; /* models/graph/words.py, KINDS */

struct tables {
	const struct net_header *header;
	const struct net_signal *signals;
	const struct net_layer *layers;
	const struct net_term *terms;
	const struct net_add *adds;
	const int32_t *outputs;
};

static struct tables tables_of(const struct net *net)
{
	struct tables t;

	t.header = (const struct net_header *)net->program;
	t.signals = (const struct net_signal *)(t.header + 1);
	t.layers = (const struct net_layer *)(t.signals + t.header->signals);
	t.terms = (const struct net_term *)(t.layers + t.header->layers);
	t.adds = (const struct net_add *)(t.terms + t.header->terms);
	t.outputs = (const int32_t *)(t.adds + t.header->adds);
	return t;
}

/* Arithmetic ------------------------------------------------------------------------------------ */

static int64_t align(int64_t value, int32_t shift)
{
	return (int64_t)((uint64_t)value << shift);
}

/* round(value / 2**shift), half to even unless `floor`; a negative shift multiplies. */
static int64_t round_shift(int64_t value, int32_t shift, int32_t floor)
{
	int64_t whole;
	uint64_t rest, half;

	if (shift <= 0)
		return align(value, -shift);
	whole = value >> shift;
	if (floor)
		return whole;
	rest = (uint64_t)value & (((uint64_t)1 << shift) - 1);
	half = (uint64_t)1 << (shift - 1);
	return whole + (rest > half || (rest == half && (whole & 1)));
}

#if NET_CHAIN
#define SHIFT(l)      NET_FRAC
#define BIAS_SHIFT(l) NET_FRAC
#define FLOOR(l)      NET_FLOOR
#else
#define SHIFT(l)      ((l)->shift)
#define BIAS_SHIFT(l) ((l)->bias_shift)
#define FLOOR(l)      ((l)->floor)
#endif

static int64_t clip(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

static int32_t activate(const struct net_layer *l, const net_word *weights, int32_t word)
{
	if (NET_CHAIN || l->activation == RELU)
		return l->activation == RELU && word < 0 ? 0 : word;
	switch (l->activation) {
	case CLIP:
		return word < l->first ? l->first : word > l->second ? l->second : word;
	case LEAKY:
		return word < 0 ? (int32_t)round_shift((int64_t)word * l->first, l->second, 0) : word;
	case TABLE: {
		int32_t rest_bits = l->bits - l->segments, offset = word - l->low;
		int32_t segment = offset >> rest_bits, rest = offset & ((1 << rest_bits) - 1);
		int64_t part = (int64_t)weights[l->table + (1 << l->segments) + segment] * rest;

		part += ((int64_t)1 << l->second) >> 1;
		return weights[l->table + segment] + (int32_t)(part >> l->second);
	}
	default:
		return word;
	}
}

/* A layer's exact sums as words in out, kept where adds need them wide. */
static void finish(const struct net *net, const struct net_layer *l, net_word *out)
{
	for (int32_t o = 0; o < l->outputs; o++) {
		int64_t total = net->totals[o];
		int64_t word = clip(round_shift(total, SHIFT(l), FLOOR(l)), l->low, l->high);

		out[o] = (net_word)activate(l, net->weights, (int32_t)word);
		if (!NET_CHAIN && l->sums >= 0) {
			int64_t most = (int64_t)1 << (l->wide - 1);

			net->sums[l->sums + o] = clip(total, -most, most - 1);
		}
	}
}

/* Rings ----------------------------------------------------------------------------------------- */

static net_word *newest(const struct net *net, const struct net_signal *signals, int32_t signal)
{
	const struct net_signal *s = &signals[signal];

	return net->rings + s->ring + net->slots[signal] * s->channels;
}

static void advance(const struct net *net, const struct net_signal *signals, int32_t signal)
{
	if (++net->slots[signal] == signals[signal].slots)
		net->slots[signal] = 0;
}

/* The term's taps, oldest first, one after the other: products then run along one array. */
static void gather(const struct net *net, const struct net_signal *signals, const struct net_term *t)
{
	const struct net_signal *s = &signals[t->source];
	net_word *to = net->window;
	int32_t slot = net->slots[t->source] - (t->taps - 1) * t->dilation;

	if (slot < 0)
		slot += s->slots;
	for (int32_t tap = 0; tap < t->taps; tap++) {
		const net_word *from = net->rings + s->ring + slot * s->channels;

		for (int32_t c = 0; c < s->channels; c++)
			*to++ = from[c];
		slot += t->dilation;
		if (slot >= s->slots)
			slot -= s->slots;
	}
}

/* Layers ---------------------------------------------------------------------------------------- */

static void convolve(const struct net *net, const struct net_signal *signals,
	const struct net_layer *l, const struct net_term *t)
{
	const net_word *weights = net->weights + t->weights;
	int32_t length = t->taps * signals[t->source].channels;

	gather(net, signals, t);
	for (int32_t o = 0; o < l->outputs; o++) {
		int64_t sum = 0;

		for (int32_t i = 0; i < length; i++)
			sum += (net_product)weights[i] * net->window[i];
		weights += length;
		net->totals[o] += NET_CHAIN ? sum : align(sum, t->shift);
	}
}

static void add(const struct net *net, const struct net_signal *signals, const struct net_layer *l,
	const struct net_add *a)
{
	const net_word *words = newest(net, signals, a->signal);

	for (int32_t o = 0; o < l->outputs; o++) {
		int64_t value = a->wide < 0 ? words[o] : net->sums[a->wide + o];

		net->totals[o] += align(value, a->shift);
	}
}

static void compute(const struct net *net, const struct net_signal *signals,
	const struct net_layer *l, const struct net_term *terms, const struct net_add *adds)
{
	if (!NET_CHAIN && l->product) {
		const net_word *a = newest(net, signals, l->terms), *b = newest(net, signals, l->adds);

		for (int32_t o = 0; o < l->outputs; o++)
			net->totals[o] = (int64_t)a[o] * b[o];
		return;
	}
	for (int32_t o = 0; o < l->outputs; o++)
		net->totals[o] = l->bias < 0 ? 0 : align(net->weights[l->bias + o], BIAS_SHIFT(l));
	for (int32_t i = 0; i < l->terms; i++)
		convolve(net, signals, l, &terms[i]);
	for (int32_t i = 0; !NET_CHAIN && i < l->adds; i++)
		add(net, signals, l, &adds[i]);
}

static int32_t terms_of(const struct net_layer *l)
{
	return !NET_CHAIN && l->product ? 0 : l->terms;
}

static int32_t adds_of(const struct net_layer *l)
{
	return NET_CHAIN || l->product ? 0 : l->adds;
}

static int is_needed(const struct net *net, int32_t signal, uint32_t age)
{
	const uint32_t *set;

	if (!net->needed)
		return 1;
	set = net->needed + (uint32_t)signal * ((net->depth + 31) / 32);
	return age < net->depth && (set[age / 32] >> age % 32 & 1);
}

void net_step(const struct net *net, const net_word *in, net_word *out, uint32_t age)
{
	struct tables t = tables_of(net);
	const struct net_term *terms = t.terms;
	const struct net_add *adds = t.adds;

	advance(net, t.signals, 0);
	for (int32_t c = 0; c < t.header->inputs; c++)
		newest(net, t.signals, 0)[c] = in[c];
	for (int32_t i = 0; i < t.header->layers; i++) {
		const struct net_layer *l = &t.layers[i];

		advance(net, t.signals, i + 1);
		if (is_needed(net, i + 1, age)) {
			compute(net, t.signals, l, terms, adds);
			finish(net, l, newest(net, t.signals, i + 1));
		}
		terms += terms_of(l);
		adds += adds_of(l);
	}
	for (int32_t i = 0; i < t.header->outputs; i++) {
		const net_word *from = newest(net, t.signals, t.outputs[i]);

		for (int32_t c = 0; c < t.signals[t.outputs[i]].channels; c++)
			*out++ = from[c];
	}
}

/* What is needed -------------------------------------------------------------------------------- */

/* to |= from, `back` frames earlier. */
static void need_earlier(const struct net *net, int32_t from, int32_t to, uint32_t back)
{
	uint32_t words = (net->depth + 31) / 32, *set = net->needed + (uint32_t)to * words;

	for (uint32_t age = 0; age + back < net->depth; age++)
		if (is_needed(net, from, age))
			set[(age + back) / 32] |= 1u << (age + back) % 32;
}

void net_need(const struct net *net, uint32_t frames)
{
	struct tables t = tables_of(net);
	uint32_t words = (net->depth + 31) / 32;
	const struct net_term *terms = t.terms + t.header->terms;
	const struct net_add *adds = t.adds + t.header->adds;

	for (uint32_t i = 0; i < (uint32_t)t.header->signals * words; i++)
		net->needed[i] = 0;
	for (int32_t i = 0; i < t.header->outputs; i++)
		for (uint32_t age = 0; age < frames; age++)
			net->needed[(uint32_t)t.outputs[i] * words + age / 32] |= 1u << age % 32;
	for (int32_t i = t.header->layers - 1; i >= 0; i--) {
		const struct net_layer *l = &t.layers[i];

		if (!NET_CHAIN && l->product) {
			need_earlier(net, i + 1, l->terms, 0);
			need_earlier(net, i + 1, l->adds, 0);
			continue;
		}
		terms -= l->terms;
		adds -= l->adds;
		for (int32_t j = 0; j < l->terms; j++)
			for (int32_t tap = 0; tap < terms[j].taps; tap++)
				need_earlier(net, i + 1, terms[j].source, (uint32_t)(tap * terms[j].dilation));
		for (int32_t j = 0; !NET_CHAIN && j < l->adds; j++)
			need_earlier(net, i + 1, adds[j].signal, 0);
	}
}

/* Silence --------------------------------------------------------------------------------------- */

void net_settle(const struct net *net)
{
	struct tables t = tables_of(net);
	const struct net_term *terms = t.terms;
	const struct net_add *adds = t.adds;

	for (int32_t i = 0; i < t.header->signals; i++) {
		const struct net_signal *s = &t.signals[i];
		const net_word *from;
		net_word *ring = net->rings + s->ring;

		net->slots[i] = 0;
		if (i == 0) {
			for (int32_t c = 0; c < s->channels; c++)
				ring[c] = 0;
		} else {
			const struct net_layer *l = &t.layers[i - 1];

			compute(net, t.signals, l, terms, adds);
			finish(net, l, ring);
			terms += terms_of(l);
			adds += adds_of(l);
		}
		from = ring;
		for (int32_t slot = 1; slot < s->slots; slot++)
			for (int32_t c = 0; c < s->channels; c++)
				ring[slot * s->channels + c] = from[c];
	}
}
