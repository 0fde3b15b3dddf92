#include <generated/soc.h>

#include "commands.h"
#include "console.h"

#define WORDS_MAX 8

static void command_help(int argc, char **argv);
static void command_reboot(int argc, char **argv);

static const struct command {
	const char *name;
	const char *arguments;
	int arguments_max;
	void (*run)(int argc, char **argv);
	const char *text;
} commands[] = {
	{ "help",   "",      0, command_help,   "this list" },
	{ "info",   "",      0, command_info,   "build, network, sample rate, folding" },
	{ "status", "",      0, command_status, "counters and states" },
	{ "embed",  "E0 E1", 4, command_embed,  "set the embedding point; codec: from there; --glide MS: in a straight line" },
	{ "load",   "",      0, command_load,   "take a model from litex_term --images into the idle bank, play it" },
	{ "swap",   "",      0, command_swap,   "play the other bank: A/B" },
	{ "fade",   "MS",    1, command_fade,   "time of the cross-fade of load and swap; 0: at once" },
	{ "bench",  "",      0, command_bench,  "the network in C on this CPU against the accelerator, in cycles" },
	{ "capture", "N",    1, command_capture, "take frames of the codec's inputs for a host, show the first N" },
	{ "codec",  "restart", 1, command_codec,  "how its bring-up went; restart: power it down and up again" },
	{ "unlock", "",      0, command_unlock, "take the banks from a host that is gone" },
	{ "reboot", "",      0, command_reboot, "restart this console; the sound goes on" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void command_help(int argc, char **argv)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		int column = 14;

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
