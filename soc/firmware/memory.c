// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* The compiler calls it to clear structures; there is no libc to bring it. */

#include <stddef.h>

__attribute__((used, optimize("no-tree-loop-distribute-patterns")))
void *memset(void *destination, int value, size_t size);

void *memset(void *destination, int value, size_t size)
{
	for (char *c = destination; size--; c++)
		*c = (char)value;
	return destination;
}
