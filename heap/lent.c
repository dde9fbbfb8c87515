// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lent regions: a pool over memory that another region lends as one block, from
 * the first allocation to the last free. Over a CMA area this is memory that
 * the kernel can use itself as long as nobody allocates.
 *
 * Where such a region is changes from one time of use to the next; it stays the
 * same as long as anything in it is allocated.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "debugfs.h"
#include "kcompat.h"
#include "pool.h"
#include "pool_tune.h"
#include "region.h"
#include "trace.h"

/**
 * struct lent - a region that is there only while it is used
 * @region: the common part; its @base is valid while @users is not 0, and its
 *	@view is a part of the lender's
 * @lender: where the block comes from; a reference is held
 * @lock: protects the fields below and changes of region.base
 * @users: live extents
 * @block: the block, while @users is not 0
 * @pool: what of it is free, while @users is not 0
 */
struct lent {
	struct region region;
	struct region *lender;
	struct mutex lock;
	unsigned int users;
	struct extent block;
	struct pool pool;
};

static struct lent *to_lent(struct region *region)
{
	return container_of(region, struct lent, region);
}

static u64 to_bytes(const struct lent *lent, u32 quanta)
{
	return quanta * lent->region.quantum;
}

static u32 to_quanta(const struct lent *lent, u64 bytes)
{
	return bytes >> ilog2(lent->region.quantum);
}

static int borrow(struct lent *lent)
{
	struct region *region = &lent->region;
	int ret;

	lockdep_assert_held(&lent->lock);
	if (lent->users)
		return 0;
	ret = lent->lender->ops->alloc(lent->lender, region->size,
				       region->quantum, false, &lent->block);
	if (ret)
		return ret;
	/* What a region hands out is zero. */
	ret = pool_init(&lent->pool, lent->block.phys >> ilog2(region->quantum),
			to_quanta(lent, region->size), false);
	if (ret) {
		lent->lender->ops->free(lent->lender, &lent->block);
		return ret;
	}
	pool_tune(&lent->pool, region->quantum);
	region->base = lent->block.phys;
	if (lent->lender->view)
		region->view = region_vaddr(lent->lender, region->base);
	return 0;
}

static void give_back(struct lent *lent)
{
	lockdep_assert_held(&lent->lock);
	if (lent->users)
		return;
	pool_destroy(&lent->pool);
	lent->region.view = NULL;
	lent->lender->ops->free(lent->lender, &lent->block);
}

static int zero_dirty(struct lent *lent, u32 start, u32 len)
{
	u32 step = max_t(u64, to_quanta(lent, ZERO_SLICE), 1);
	u32 pos = start, run;

	lockdep_assert_held(&lent->lock);
	while ((run = pool_next_dirty(&lent->pool, pos, start + len, step,
				      &pos))) {
		int ret = region_zero(region_vaddr(&lent->region,
						   lent->region.base +
						   to_bytes(lent, pos)),
				      to_bytes(lent, run));

		if (ret)
			return ret;
		trace_contig_zero(&lent->region, to_bytes(lent, pos),
				  to_bytes(lent, run), false);
		pos += run;
	}
	return 0;
}

static int take(struct lent *lent, u32 start, u32 quanta,
		struct extent *extent)
{
	int ret = zero_dirty(lent, start, quanta);

	if (ret) {
		pool_free(&lent->pool, start, quanta);
		return ret;
	}
	extent->phys = lent->region.base + to_bytes(lent, start);
	extent->size = to_bytes(lent, quanta);
	extent->block = extent->phys;
	extent->block_size = extent->size;
	lent->users++;
	return 0;
}

static int find(struct lent *lent, struct pool_search *search, u32 *start)
{
	int ret;

	lockdep_assert_held(&lent->lock);
	for (;;) {
		ret = pool_alloc_step(&lent->pool, search, start);
		if (ret != -EAGAIN)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

static int lent_alloc(struct region *region, u64 size, u64 align, bool lowest,
		      struct extent *extent)
{
	u64 spacing = max(align, region->quantum) >> ilog2(region->quantum);
	u64 quanta = region_quanta(region, size);
	struct lent *lent = to_lent(region);
	struct pool_search search = {
		.len = quanta, .align = spacing, .exhaustive = lowest,
	};
	u32 start;
	int ret;

	if (size > region->size || spacing > POOL_MAX_QUANTA)
		return -ENOMEM;
	mutex_lock(&lent->lock);
	ret = borrow(lent);
	if (ret)
		goto unlock;
	ret = find(lent, &search, &start);
	if (!ret)
		ret = take(lent, start, quanta, extent);
	give_back(lent);
unlock:
	mutex_unlock(&lent->lock);
	return ret == -ENOSPC ? -ENOMEM : ret;
}

static int lent_alloc_at(struct region *region, u64 offset, u64 size,
			 struct extent *extent)
{
	u64 quanta = region_quanta(region, size);
	struct lent *lent = to_lent(region);
	u32 start = to_quanta(lent, offset);
	int ret;

	if (offset >= region->size || size > region->size - offset ||
	    !IS_ALIGNED(offset, region->quantum))
		return -EINVAL;
	mutex_lock(&lent->lock);
	ret = borrow(lent);
	if (ret)
		goto unlock;
	ret = pool_alloc_at(&lent->pool, start, quanta);
	if (!ret)
		ret = take(lent, start, quanta, extent);
	give_back(lent);
unlock:
	mutex_unlock(&lent->lock);
	return ret;
}

static void lent_free(struct region *region, const struct extent *extent)
{
	struct lent *lent = to_lent(region);
	int ret;

	mutex_lock(&lent->lock);
	ret = pool_free(&lent->pool, to_quanta(lent, extent->block -
					       region->base),
			to_quanta(lent, extent->block_size));
	if (!WARN_ONCE(ret, "%s: freed what was not allocated\n",
		       region_name(region))) {
		lent->users--;
		give_back(lent);
	}
	mutex_unlock(&lent->lock);
}

static void lent_stat(struct region *region, struct region_stat *stat)
{
	struct lent *lent = to_lent(region);

	mutex_lock(&lent->lock);
	stat->total = region->size;
	stat->free = region->size;
	stat->largest = region->size;
	stat->dirty = 0;
	if (lent->users) {
		stat->free = to_bytes(lent, lent->pool.free);
		stat->largest = to_bytes(lent, pool_largest(&lent->pool));
		stat->dirty = to_bytes(lent, lent->pool.dirty);
	}
	mutex_unlock(&lent->lock);
}

static bool lent_next_free(struct region *region, u64 offset, u64 *start,
			   u64 *len)
{
	struct lent *lent = to_lent(region);
	struct pool_run run;
	u32 from, free = 0;

	if (offset >= region->size)
		return false;
	from = to_quanta(lent, offset);
	mutex_lock(&lent->lock);
	if (!lent->users) {
		*start = offset;
		free = to_quanta(lent, region->size) - from;
	}
	while (lent->users && pool_next_run(&lent->pool, from, &run) &&
	       !(free && run.state == POOL_USED)) {
		if (run.state != POOL_USED) {
			if (!free)
				*start = to_bytes(lent, run.start);
			free += run.len;
		}
		from = run.start + run.len;
	}
	mutex_unlock(&lent->lock);
	*len = to_bytes(lent, free);
	return free;
}

static void lent_destroy(struct region *region)
{
	struct lent *lent = to_lent(region);

	if (lent->lender)
		region_put(lent->lender);
	mutex_destroy(&lent->lock);
	kfree(lent);
}

static const struct region_ops lent_ops = {
	.alloc		= lent_alloc,
	.alloc_at	= lent_alloc_at,
	.free		= lent_free,
	.stat		= lent_stat,
	.next_free	= lent_next_free,
	.destroy	= lent_destroy,
};

/**
 * lent_create() - make a region that borrows its memory while it is used
 * @name: its name
 * @lender: where from; must be mapped; the region takes a reference
 * @size: bytes
 * @quantum: granularity in bytes
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -EINVAL for a size or
 * a quantum that cannot be; -ENOMEM.
 */
struct region *lent_create(const char *name, struct region *lender, u64 size,
			   u64 quantum)
{
	struct lent *lent;
	int ret;

	if (!contig_is_power_of_2(quantum) || quantum < lender->quantum || !size ||
	    !IS_ALIGNED(size, quantum) || size > lender->size ||
	    size >> ilog2(quantum) > POOL_MAX_QUANTA || !lender->mapped)
		return ERR_PTR(-EINVAL);
	lent = kzalloc(sizeof(*lent), GFP_KERNEL);
	if (!lent)
		return ERR_PTR(-ENOMEM);
	mutex_init(&lent->lock);
	ret = region_init(&lent->region, name, &lent_ops);
	if (ret) {
		region_put(&lent->region);
		return ERR_PTR(ret);
	}
	lent->lender = region_get(lender);
	lent->region.size = size;
	lent->region.quantum = quantum;
	lent->region.mapped = true;
	lent->region.paged = true;
	region_debugfs_add(&lent->region);
	return &lent->region;
}
