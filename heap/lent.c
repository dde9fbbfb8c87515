// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lent regions: a stock that borrows its memory from another region, as one block,
 * from the first allocation to the last release. If the lender is a CMA area, the
 * kernel can use the memory while nothing is allocated.
 *
 * The address of such a region can change each time it borrows memory. It does not
 * change while anything in the region is allocated.
 */
#include <linux/mutex.h>
#include <linux/slab.h>

#include "cleaner.h"
#include "kcompat.h"
#include "lent.h"
#include "region.h"
#include "stock.h"

/**
 * struct lent - a region that has memory only while it is in use
 * @region: the common part; region.base is valid while @users is not 0, and
 *	region.view is a part of the lender's
 * @stock: its memory, while @users is not 0
 * @lender: where the block comes from; a reference is held
 * @lock: protects @users and @block, and changes of region.base and region.view
 * @users: number of live extents, and of allocations in progress
 * @block: the borrowed block, while @users is not 0
 */
struct lent {
	struct region region;
	struct stock stock;
	struct region *lender;
	struct mutex lock;
	unsigned int users;
	struct extents block;
};

static struct lent *to_lent(struct region *region)
{
	return container_of(region, struct lent, region);
}

/* The lender zeroes the block. With ALLOC_TO_MEMORY, it counts as clean here. */
static int borrow(struct lent *lent)
{
	struct region *region = &lent->region, *lender = lent->lender;
	int ret;

	lockdep_assert_held(&lent->lock);
	ret = region_alloc(lender, region->size, region->quantum,
			   ALLOC_TO_MEMORY, &lent->block);
	if (ret)
		return ret;
	region->base = lent->block.one.phys;
	if (lender->view)
		region->view = region_vaddr(lender, region->base);
	stock_place(&lent->stock, region->base,
		    region_vaddr(region, region->base), CONTIG_MAY_NOT_SNOOP);
	stock_add(&lent->stock, 0, region->size, false);
	return 0;
}

static void give_back(struct lent *lent)
{
	lockdep_assert_held(&lent->lock);
	stock_remove(&lent->stock, 0, lent->region.size);
	lent->region.view = NULL;
	region_free(lent->lender, &lent->block);
	/* The lender must not hold the memory, so that the kernel can use it. */
	region_trim(lent->lender, 0);
}

static int lent_enter(struct region *region)
{
	struct lent *lent = to_lent(region);
	int ret = mutex_lock_killable(&lent->lock);

	if (ret)
		return ret;
	if (!lent->users)
		ret = borrow(lent);
	if (!ret)
		lent->users++;
	mutex_unlock(&lent->lock);
	return ret;
}

static void lent_leave(struct region *region)
{
	struct lent *lent = to_lent(region);

	mutex_lock(&lent->lock);
	if (!--lent->users)
		give_back(lent);
	mutex_unlock(&lent->lock);
}

static void lent_stop(struct region *region)
{
	cleaner_stop(&to_lent(region)->stock);
}

static void lent_destroy(struct region *region)
{
	struct lent *lent = to_lent(region);

	stock_destroy(&lent->stock);
	if (lent->lender)
		region_put(lent->lender);
	mutex_destroy(&lent->lock);
	kfree(lent);
}

static const struct region_ops lent_ops = {
	.kind		= "lent",
	.enter		= lent_enter,
	.leave		= lent_leave,
	.stop		= lent_stop,
	.destroy	= lent_destroy,
};

static int lent_open(struct lent *lent, struct region *lender, u64 size,
		     u64 quantum)
{
	struct region *region = &lent->region;
	int ret;

	lent->lender = region_get(lender);
	region->stock = &lent->stock;
	region->size = size;
	region->quantum = quantum;
	region->mapped = true;
	region->paged = true;
	ret = stock_init(&lent->stock, region_name(region), size, quantum);
	return ret ?: cleaner_start(&lent->stock);
}

/**
 * lent_create() - create a region that borrows its memory while it is in use
 * @name: its name
 * @lender: the lender; must be mapped cached; the region takes a reference
 * @size: bytes
 * @quantum: quantum in bytes
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -EINVAL for an invalid
 * size, quantum or lender; -ENOMEM.
 */
struct region *lent_create(const char *name, struct region *lender, u64 size,
			   u64 quantum)
{
	struct lent *lent;
	int ret;

	if (!contig_is_power_of_2(quantum) || quantum < lender->quantum || !size ||
	    !IS_ALIGNED(size, quantum) || size > lender->size || !lender->mapped)
		return ERR_PTR(-EINVAL);
	lent = kzalloc(sizeof(*lent), GFP_KERNEL);
	if (!lent)
		return ERR_PTR(-ENOMEM);
	mutex_init(&lent->lock);
	ret = region_init(&lent->region, name, &lent_ops);
	if (!ret)
		ret = lent_open(lent, lender, size, quantum);
	if (ret) {
		region_put(&lent->region);
		return ERR_PTR(ret);
	}
	return &lent->region;
}
