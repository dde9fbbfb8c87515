// SPDX-License-Identifier: GPL-2.0-only
/* Memory allocation that succeeds or fails. */
#include <stdlib.h>

#include "proof.h"

size_t memory_asked;
unsigned long *memory;

void *pool_host_calloc(size_t n, size_t size)
{
	/* Otherwise, the product overflows, and the memory is too short. */
	prove(size && n <= ~(size_t)0 / size);
	memory_asked = n * size;
	memory = nondet_bool() ? malloc(n * size) : NULL;
	return memory;
}

void pool_host_free(void *p)
{
}
