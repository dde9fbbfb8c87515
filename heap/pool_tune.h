/* SPDX-License-Identifier: GPL-2.0-only */
/* What the pool of a region takes for a large request. */
#ifndef CONTIG_POOL_TUNE_H
#define CONTIG_POOL_TUNE_H

#include <linux/log2.h>
#include <linux/pgtable.h>
#include <linux/sizes.h>

#include "pool.h"

/*
 * Requests from here on are kept away from the others, at the other end of the
 * pool. Of the sizes that were tried on traces this one fragments least, and it
 * is what one entry of a page table of the second level maps if pages have 4 KiB.
 */
#define LARGE_SIZE	SZ_2M

/**
 * pool_tune() - tell a pool which requests are large
 * @pool: the pool
 * @quantum: its quantum in bytes
 *
 * Those that fill whole entries of the second level begin at such an entry if it
 * costs nothing, so that they can be mapped by them.
 */
static inline void pool_tune(struct pool *pool, u64 quantum)
{
	unsigned int shift = ilog2(quantum);

	if (quantum < LARGE_SIZE)
		pool_set_large(pool, LARGE_SIZE >> shift,
			       max_t(u64, PMD_SIZE, LARGE_SIZE) >> shift);
}

#endif /* CONTIG_POOL_TUNE_H */
