// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

#ifndef COMMANDS_H
#define COMMANDS_H

/* Splits `line` at blanks (in place) and runs the command that its first word names; a line that is
 * empty or begins with # does nothing, one that names no command is answered with one line that lists them. */
void commands_run(char *line);

void command_info(int argc, char **argv);
void command_status(int argc, char **argv);
void command_embed(int argc, char **argv);
void command_load(int argc, char **argv);
void command_swap(int argc, char **argv);
void command_bench(int argc, char **argv);
void command_fade(int argc, char **argv);
void command_capture(int argc, char **argv);
void command_codec(int argc, char **argv);
void command_unlock(int argc, char **argv);

#endif
