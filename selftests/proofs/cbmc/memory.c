// SPDX-License-Identifier: GPL-2.0-only
/* The memory that is asked for: there, or not. */
#include <stdlib.h>

#include "proof.h"

size_t memory_asked;
unsigned long *memory;

void *pool_host_calloc(size_t n, size_t size)
{
	/* Or else it would be too short. */
	prove(size && n <= ~(size_t)0 / size);
	memory_asked = n * size;
	memory = nondet_bool() ? malloc(n * size) : NULL;
	return memory;
}

void pool_host_free(void *p)
{
}
