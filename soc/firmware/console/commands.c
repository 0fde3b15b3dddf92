// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#include <generated/csr.h>
#include <generated/soc.h>

#include "console/commands.h"
#include "console/console.h"

#define WORDS_MAX 8

/* What this build has: the other commands are not listed, and say why they do nothing. */
#ifdef CSR_WAVENET_BASE
#define HAS_WAVENET 1
#else
#define HAS_WAVENET 0
#endif
#ifdef CSR_WAVENET_FADE_ADDR
#define HAS_FADE 1
#else
#define HAS_FADE 0
#endif
#if defined(WAVENET_BITS) && WAVENET_BITS <= 16
#define HAS_LOAD 1
#else
#define HAS_LOAD 0
#endif
#ifdef NET_CHANNELS
#define HAS_BENCH 1
#else
#define HAS_BENCH 0
#endif
#ifdef CSR_CAPTURE_BASE
#define HAS_CAPTURE 1
#else
#define HAS_CAPTURE 0
#endif
#ifdef CSR_CODEC_BASE
#define HAS_CODEC 1
#else
#define HAS_CODEC 0
#endif

static void command_help(int argc, char **argv);
static void command_reboot(int argc, char **argv);

#if HAS_WAVENET
#include <generated/contract.h>
#else
#define CORNER_NAMES ""
#endif

static const struct command {
	const char *name;
	const char *arguments;
	void (*run)(int argc, char **argv);
	const char *text;
	unsigned char arguments_max, listed;
} commands[] = {
	{ "help",   "",      command_help,   "this list", 0, 1 },
	{ "info",   "",      command_info,   "build, network, sample rate, folding", 0, 1 },
	{ "status", "",      command_status, "counters and states", 0, 1 },
	{ "embed",  "E0 E1", command_embed,  "set the embedding point; one word: codec" CORNER_NAMES "; --glide MS: in a straight line", 4, HAS_WAVENET },
	{ "load",   "",      command_load,   "take a model from litex_term --images into the idle bank, play it", 0, HAS_LOAD },
	{ "swap",   "",      command_swap,   "play the other bank: A/B", 0, HAS_WAVENET },
	{ "fade",   "MS",    command_fade,   "time of the cross-fade of load and swap; 0: at once", 1, HAS_FADE },
	{ "bench",  "",      command_bench,  "the network in C on this CPU against the accelerator, in cycles", 0, HAS_BENCH },
	{ "capture", "N",    command_capture, "take frames of the codec's inputs for a host, show the first N", 1, HAS_CAPTURE },
	{ "codec",  "restart", command_codec,  "how its bring-up went; restart: power it down and up again", 1, HAS_CODEC },
	{ "unlock", "",      command_unlock, "take the banks from a host that is gone", 0, HAS_WAVENET },
	{ "reboot", "",      command_reboot, "restart this console; the sound goes on", 0, 1 },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void command_help(int argc, char **argv)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		int column = 16;

		if (!commands[i].listed)
			continue;
		for (const char *c = commands[i].name; *c; c++, column--)
			console_putc(*c);
		console_putc(' ');
		for (const char *c = commands[i].arguments; *c; c++, column--)
			console_putc(*c);
		while (column-- > 0)
			console_putc(' ');
		console_puts(commands[i].text);
		console_putc('\n');
	}
}

/* A jump, not a reset of the SoC: the accelerator and the codec are not disturbed. */
static void command_reboot(int argc, char **argv)
{
	console_puts("rebooting\n");
	console_flush();
	((void (*)(void))CONFIG_CPU_RESET_ADDR)();
}

static void unknown(const char *word)
{
	console_puts("unknown command '");
	console_puts(word);
	console_puts("'; there are:");
	for (unsigned int i = 0; i < COMMANDS; i++) {
		if (!commands[i].listed)
			continue;
		console_putc(' ');
		console_puts(commands[i].name);
	}
	console_putc('\n');
}

void commands_run(char *line)
{
	char *words[WORDS_MAX + 1];
	int count = 0;

	while (count <= WORDS_MAX) {
		while (*line == ' ')
			*line++ = 0;
		if (!*line)
			break;
		words[count++] = line;
		while (*line && *line != ' ')
			line++;
	}
	if (!count || words[0][0] == '#')
		return;
	for (unsigned int i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];

		if (!text_equal(words[0], command->name))
			continue;
		if (count - 1 > command->arguments_max) {
			console_puts(command->name);
			console_puts(": too many arguments; allowed: ");
			console_puts(command->arguments_max ? command->arguments : "none");
			console_putc('\n');
		} else {
			command->run(count, words);
		}
		return;
	}
	unknown(words[0]);
}
