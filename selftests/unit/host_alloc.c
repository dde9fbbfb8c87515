// SPDX-License-Identifier: GPL-2.0-only
/* Memory allocation of the pool in host programs, see host.h. */
#include <stdlib.h>

#include "host.h"
#include "pool_shim.h"

struct host_alloc host_alloc;
u64 pool_host_visits;

void *pool_host_calloc(size_t n, size_t size)
{
	void *p;

	if (host_alloc.fail_in && !--host_alloc.fail_in)
		return NULL;
	p = calloc(n, size);
	if (p) {
		host_alloc.live++;
		host_alloc.bytes += n * size;
	}
	return p;
}

void pool_host_free(void *p)
{
	if (p)
		host_alloc.live--;
	free(p);
}
