/* SPDX-License-Identifier: GPL-2.0-only */
/* All steps of a request, as a heap makes it. */
#ifndef POOL_ALLOC_H
#define POOL_ALLOC_H

#include "pool.h"

static inline int all_steps(struct pool *pool, struct pool_search search,
			    u32 *start)
{
	int ret;

	do {
		ret = pool_alloc_step(pool, &search, start);
	} while (ret == -EAGAIN);
	return ret;
}

static inline int pool_alloc(struct pool *pool, u32 len, u32 align, u32 *start)
{
	struct pool_search search = { .len = len, .align = align };

	return all_steps(pool, search, start);
}

static inline int pool_alloc_lowest(struct pool *pool, u32 len, u32 align,
				    u32 *start)
{
	struct pool_search search = {
		.len = len, .align = align, .exhaustive = true,
	};

	return all_steps(pool, search, start);
}

#endif /* POOL_ALLOC_H */
