// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that the pool of a region needs: pool_bytes REGION BYTES QUANTUM
 *
 * Runs the pool's own code on the host; prints a row for "report". Counts requested bytes, without
 * the allocator's overhead.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pool.h"

static size_t asked_for = sizeof(struct pool);

void *pool_host_calloc(size_t n, size_t size)
{
	asked_for += n * size;
	return calloc(n, size);
}

void pool_host_free(void *p)
{
	free(p);
}

int main(int argc, char **argv)
{
	unsigned long long bytes, quantum;
	struct pool pool;

	if (argc != 4)
		return 2;
	bytes = strtoull(argv[2], NULL, 0);
	quantum = strtoull(argv[3], NULL, 0);
	if (!quantum || pool_init(&pool, 0, bytes / quantum, true)) {
		fprintf(stderr, "pool_bytes: there is no such pool\n");
		return 1;
	}
	pool_destroy(&pool);
	printf("pool-bytes,%s,%llu,0,%zu\n", argv[1], bytes, asked_for);
	return 0;
}
