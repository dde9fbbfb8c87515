// SPDX-License-Identifier: GPL-2.0-only
/*
 * CMA areas: memory that the kernel uses for movable pages until a contiguous block
 * is allocated.
 *
 * A stock holds the memory that was taken from the area. Released buffers stay there
 * for a while: as in a carveout, their memory is zeroed in the background and used
 * for new buffers. If nothing in the stock fits, more is taken from the area. Free
 * memory is returned to the kernel
 *
 *  - under memory pressure, before anything is swapped or killed (a shrinker);
 *  - when it has not been needed for a while (keep->idle_ms);
 *  - when it exceeds the maximum (keep->max);
 *  - when it is in the way of a larger request;
 *  - on request, and before hibernation.
 *
 * The reserve is never returned. This code cannot see what drivers allocate from
 * the area.
 *
 *		  cma_area_take()	       stock
 *	the kernel's ----------> +---------------------------+
 *		     <---------- | free, dirty or clean	| used |
 *		  cma_area_give()+---------------------------+
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>

#include "cleaner.h"
#include "cma.h"
#include "cma_area.h"
#include "kcompat.h"
#include "keep.h"
#include "memory.h"
#include "region.h"
#include "stock.h"

/* Amount to take for smaller requests, if it is available. */
#define GROW_SIZE	((u64)SZ_256K)

/* Bytes to return in one step. */
#define GIVE_SIZE	((u64)SZ_1M)

/* Jiffies until excess memory is returned, in case it is needed again. */
#define TOO_MUCH_DELAY	(HZ / 10)

/**
 * struct cma_region - a region over a CMA area
 * @region: the common part; its device is bound to the area
 * @area: where the memory comes from
 * @stock: the memory that we have
 * @growing: held while memory is taken from the area
 * @giving: held while memory moves from @stock to @area; the holder must not
 *	allocate memory
 * @gone: number of such moves; changed under @giving
 * @lock: protects @counted, @idle, @period_end and @hurry
 * @counted: pages that we have reported to the kernel as reclaimable
 * @idle: bytes that were free throughout the current period
 * @period_end: end of the period, in jiffies; @idle bytes are returned then
 * @hurry: @look is scheduled before @period_end
 * @look: returns memory that is not needed
 * @shrinker: returns memory that others need
 * @hibernation: returns memory before hibernation
 * @open: @look, @shrinker and @hibernation are in use
 */
struct cma_region {
	struct region region;
	struct cma_area area;
	struct stock stock;
	struct mutex growing;
	struct mutex giving;
	unsigned long gone;
	spinlock_t lock;
	unsigned long counted;
	u64 idle;
	unsigned long period_end;
	bool hurry;
	struct delayed_work look;
	struct contig_shrinker shrinker;
	struct notifier_block hibernation;
	bool open;
};

static struct cma_region *to_cma_region(struct region *region)
{
	return container_of(region, struct cma_region, region);
}

static const struct region_keep *keep_of(const struct cma_region *cma)
{
	return &cma->region.keep;
}

static u64 reserve_of(const struct cma_region *cma)
{
	return READ_ONCE(cma->region.keep.reserve);
}

/* Free bytes that can be returned. Memory in use counts towards the reserve. */
static u64 spare(const struct cma_region *cma)
{
	u64 present = stock_present(&cma->stock);

	return min(stock_held(&cma->stock),
		   present - min(present, reserve_of(cma)));
}

/* How many of these exceed the maximum. */
static u64 too_much(const struct cma_region *cma)
{
	u64 free = stock_held(&cma->stock);

	return min(free - min(free, READ_ONCE(keep_of(cma)->max)), spare(cma));
}

static unsigned long period_of(const struct cma_region *cma)
{
	return msecs_to_jiffies(READ_ONCE(keep_of(cma)->idle_ms)) / 2 + 1;
}

/* Update the statistics after the stock has changed. */
static void take_stock(struct cma_region *cma)
{
	struct page *page = pfn_to_page(PHYS_PFN(cma->area.base));
	unsigned long pages;

	spin_lock(&cma->lock);
	pages = spare(cma) >> PAGE_SHIFT;
	mod_node_page_state(page_pgdat(page), NR_KERNEL_MISC_RECLAIMABLE,
			    (long)(pages - cma->counted));
	cma->counted = pages;
	cma->idle = min(cma->idle, stock_held(&cma->stock));
	spin_unlock(&cma->lock);
}

/* Return the next free memory to the area, at most @bytes. Returns how many. */
static u64 give_next(struct cma_region *cma, u64 bytes, u64 *offset)
{
	u64 size = 0;

	mutex_lock(&cma->giving);
	if (stock_remove_next(&cma->stock, min(bytes, GIVE_SIZE),
			      reserve_of(cma), offset, &size)) {
		cma_area_give(&cma->area, cma->area.base + *offset, size);
		WRITE_ONCE(cma->gone, cma->gone + 1);
	}
	mutex_unlock(&cma->giving);
	return size;
}

/*
 * Return free memory to the area, at most @bytes. Returns how many. Waits for memory
 * that others are returning.
 */
static u64 give_back(struct cma_region *cma, u64 bytes)
{
	u64 given = 0, offset = 0, size;

	while (given < bytes &&
	       (size = give_next(cma, bytes - given, &offset))) {
		given += size;
		offset += size;
		cond_resched();
	}
	if (given)
		take_stock(cma);
	return given;
}

/*
 * Memory that was free throughout the period was not needed. A period is half of
 * @idle_ms, so memory is returned after it has been idle for one to two periods.
 */
static u64 end_period(struct cma_region *cma)
{
	u64 idle = 0, held;

	spin_lock(&cma->lock);
	WRITE_ONCE(cma->hurry, false);
	if (time_after_eq(jiffies, cma->period_end)) {
		held = stock_held(&cma->stock);
		idle = READ_ONCE(keep_of(cma)->idle_ms) ? cma->idle : 0;
		cma->idle = held - min3(idle, held, spare(cma));
		cma->period_end = jiffies + period_of(cma);
	}
	spin_unlock(&cma->lock);
	return idle;
}

/* Schedule look() for the end of the period, or sooner if there is excess memory. */
static void look_later(struct cma_region *cma)
{
	bool hurry = too_much(cma);

	if (!hurry && (!READ_ONCE(keep_of(cma)->idle_ms) || !spare(cma)))
		return;
	if (delayed_work_pending(&cma->look) && (!hurry || READ_ONCE(cma->hurry)))
		return;
	spin_lock(&cma->lock);
	if (!delayed_work_pending(&cma->look) &&
	    time_after_eq(jiffies, cma->period_end)) {
		cma->period_end = jiffies + period_of(cma);
		cma->idle = stock_held(&cma->stock);
	}
	WRITE_ONCE(cma->hurry, hurry);
	cancel_delayed_work(&cma->look);
	schedule_delayed_work(&cma->look, hurry ? TOO_MUCH_DELAY :
					  cma->period_end - jiffies);
	spin_unlock(&cma->lock);
}

static void look(struct work_struct *work)
{
	struct cma_region *cma = container_of(to_delayed_work(work),
					      struct cma_region, look);

	give_back(cma, max(end_period(cma), too_much(cma)));
	look_later(cma);
}

static unsigned long count_spare(struct shrinker *shrinker,
				 struct shrink_control *control)
{
	return spare(container_of(contig_shrinker_of(shrinker),
				  struct cma_region, shrinker)) >> PAGE_SHIFT;
}

static unsigned long shrink(struct shrinker *shrinker,
			    struct shrink_control *control)
{
	struct cma_region *cma = container_of(contig_shrinker_of(shrinker),
					      struct cma_region, shrinker);
	u64 bytes = (u64)control->nr_to_scan << PAGE_SHIFT;
	unsigned long given;

	/* The rest would be too little to keep. */
	if (spare(cma) < bytes + GIVE_SIZE)
		bytes = U64_MAX;
	given = give_back(cma, bytes) >> PAGE_SHIFT;
	contig_shrinker_gave(given);
	return given ?: SHRINK_STOP;
}

static u64 offset_of(const struct cma_region *cma, phys_addr_t phys)
{
	return phys - cma->area.base;
}

/* Add a block that was taken for a request to the stock, with @size bytes in use. */
static int use_block(struct cma_region *cma, const struct cma_block *block,
		     u64 size, unsigned int flags, u64 *offset)
{
	int ret;

	*offset = offset_of(cma, block->start);
	ret = stock_add_used(&cma->stock, offset_of(cma, block->phys),
			     block->size, *offset, size, !block->zero, flags);
	if (!ret && block->zero && flags & ALLOC_TO_MEMORY && cma->stock.cached)
		memory_flush(region_vaddr(&cma->region, block->start),
			     block->start, size);
	return ret;
}

/* Align for PMD mappings, unless that takes more than a quarter of the size in addition. */
static bool should_align(const struct cma_region *cma, u64 size)
{
	return IS_ALIGNED(size, PMD_SIZE) &&
	       cma_area_ask(&cma->area, size, PMD_SIZE) <= size + size / 4;
}

/* Try to take more than is needed, or with a larger alignment, if that is useful. */
static int take_block(struct cma_region *cma, u64 size, u64 align,
		      struct cma_block *block)
{
	int ret = -ENOMEM;

	if (size < GROW_SIZE)
		ret = cma_area_take(&cma->area, GROW_SIZE, align, block);
	else if (align < PMD_SIZE && should_align(cma, size))
		ret = cma_area_take(&cma->area, size, PMD_SIZE, block);
	return ret ? cma_area_take(&cma->area, size, align, block) : 0;
}

static int take_whole(struct cma_region *cma, u64 size, u64 align,
		      unsigned int flags, u64 *offset)
{
	struct cma_block block;
	int ret = take_block(cma, size, align, &block);

	return ret ?: use_block(cma, &block, size, flags, offset);
}

/*
 * The area allocates its lowest free memory. So the missing part is likely to be
 * adjacent to the memory that we have. If not, it stays in the stock for a while.
 */
static int take_missing(struct cma_region *cma, u64 size, unsigned int flags,
			u64 *offset)
{
	u64 missing = size - min(size, stock_largest(&cma->stock));
	struct cma_block block;
	int ret;

	if (!missing || missing > size / 2)
		return -ENOMEM;
	ret = cma_area_take(&cma->area, missing, PAGE_SIZE, &block);
	if (ret)
		return ret;
	if (block.zero && cma->stock.cached)
		memory_flush(region_vaddr(&cma->region, block.phys), block.phys,
			     block.size);
	ret = stock_add(&cma->stock, offset_of(cma, block.phys), block.size,
			!block.zero);
	return ret ?: stock_alloc(&cma->stock, size, PAGE_SIZE, flags, offset);
}

static u64 bytes_present(struct stock *stock)
{
	return stock_present(stock);
}

static u64 next_smaller(u64 piece)
{
	return 1ULL << ilog2(piece - 1);
}

/*
 * Take memory until @measure yields @bytes: in one piece, or else in pieces whose
 * sizes are powers of two, so that alignment leaves no gaps between them.
 */
static int take_until(struct cma_region *cma, u64 (*measure)(struct stock *stock),
		      u64 bytes)
{
	u64 piece = bytes, there;
	struct cma_block block;
	int ret;

	while ((there = measure(&cma->stock)) < bytes) {
		if (piece > bytes - there)
			piece = piece == bytes ? bytes - there :
						 next_smaller(bytes - there + 1);
		ret = take_block(cma, piece, PAGE_SIZE, &block);
		if (!ret) {
			stock_add(&cma->stock, offset_of(cma, block.phys),
				  block.size, true);
			continue;
		}
		if (ret != -ENOMEM || piece <= GROW_SIZE)
			return ret;
		piece = next_smaller(piece);
	}
	return 0;
}

/* The reserve does not move, so take the rest of the memory around it. */
static int take_around_reserve(struct cma_region *cma, u64 size,
			       unsigned int flags, u64 *offset)
{
	int ret = take_until(cma, stock_largest, size);

	if (!ret)
		ret = stock_alloc(&cma->stock, size, PAGE_SIZE, flags, offset);
	if (ret)
		give_back(cma, U64_MAX);
	return ret;
}

static int take_more(struct cma_region *cma, u64 size, u64 align,
		     unsigned int flags, u64 *offset)
{
	unsigned long gone = READ_ONCE(cma->gone);
	int ret = -ENOMEM;

	if (align <= PAGE_SIZE)
		ret = take_missing(cma, size, flags, offset);
	if (ret == -ENOMEM)
		ret = take_whole(cma, size, align, flags, offset);
	if (ret != -ENOMEM)
		return ret;
	/* Our free memory may be in the way, or memory that is just being returned. */
	give_back(cma, U64_MAX);
	if (READ_ONCE(cma->gone) != gone)
		ret = take_whole(cma, size, align, flags, offset);
	if (ret == -ENOMEM && align <= PAGE_SIZE && reserve_of(cma) &&
	    size <= cma->area.size)
		ret = take_around_reserve(cma, size, flags, offset);
	return ret;
}

/* Try the stock again under the lock: others may have freed memory, or taken more. */
static int grow(struct cma_region *cma, u64 size, u64 align,
		unsigned int flags, u64 *offset)
{
	int ret = mutex_lock_killable(&cma->growing);

	if (ret)
		return ret;
	ret = stock_alloc(&cma->stock, size, align, flags, offset);
	if (ret == -ENOMEM)
		ret = take_more(cma, size, align, flags, offset);
	mutex_unlock(&cma->growing);
	look_later(cma);
	return ret;
}

static int cma_region_alloc(struct region *region, u64 size, u64 align,
			    unsigned int flags, struct extents *extents)
{
	struct cma_region *cma = to_cma_region(region);
	u64 offset;
	int ret;

	ret = stock_alloc(&cma->stock, size, align, flags, &offset);
	if (ret == -ENOMEM)
		ret = grow(cma, size, align, flags, &offset);
	take_stock(cma);
	if (ret)
		return ret;
	*extents = (struct extents) {
		.one.phys	= region->base + offset,
		.one.size	= size,
		.nr		= 1,
	};
	return 0;
}

static void cma_region_free(struct region *region,
			    const struct extents *extents)
{
	struct cma_region *cma = to_cma_region(region);

	stock_free(&cma->stock, offset_of(cma, extents->one.phys),
		   extents->one.size);
	take_stock(cma);
	look_later(cma);
}

/* Upper bound: drivers may have allocated some of the memory that we do not use. */
static void cma_region_stat(struct region *region, struct stock_stat *stat)
{
	struct cma_region *cma = to_cma_region(region);
	u64 largest = 0, offset = 0, start, len;

	while (stock_next_free(&cma->stock, offset, &start, &len)) {
		largest = max(largest, len);
		offset = start + len;
	}
	stock_stat(&cma->stock, stat);
	stat->largest = min(largest, stat->free);
}

static void cma_region_trim(struct region *region, u64 held)
{
	struct cma_region *cma = to_cma_region(region);
	u64 free = stock_held(&cma->stock);

	give_back(cma, free - min(free, held));
}

/* Begin a new period after idle_ms has changed. */
static void begin_again(struct cma_region *cma)
{
	spin_lock(&cma->lock);
	cma->period_end = jiffies;
	WRITE_ONCE(cma->hurry, false);
	cancel_delayed_work(&cma->look);
	spin_unlock(&cma->lock);
}

/* Readers take no lock. */
static void write_keep(struct cma_region *cma, enum region_keep_value which,
		       u64 value)
{
	struct region_keep *keep = &cma->region.keep;

	if (which == KEEP_RESERVE)
		WRITE_ONCE(keep->reserve, value);
	else if (which == KEEP_MAX)
		WRITE_ONCE(keep->max, value);
	else
		WRITE_ONCE(keep->idle_ms, value);
}

/* The kernel may take long to migrate pages out of the area. */
static int set_reserve(struct cma_region *cma, u64 reserve)
{
	u64 old;
	int ret;

	if (reserve > cma->region.size || !PAGE_ALIGNED(reserve))
		return -EINVAL;
	ret = mutex_lock_killable(&cma->growing);
	if (ret)
		return ret;
	old = cma->region.keep.reserve;
	/* Set it first, so that none of the reserve is returned meanwhile. */
	write_keep(cma, KEEP_RESERVE, reserve);
	ret = take_until(cma, bytes_present, reserve);
	if (ret)
		write_keep(cma, KEEP_RESERVE, old);
	mutex_unlock(&cma->growing);
	return ret;
}

static int cma_region_set_keep(struct region *region,
			       enum region_keep_value which, u64 value)
{
	struct cma_region *cma = to_cma_region(region);
	int ret = 0;

	if (which == KEEP_RESERVE)
		ret = set_reserve(cma, value);
	else
		write_keep(cma, which, value);
	if (which == KEEP_IDLE_MS)
		begin_again(cma);
	take_stock(cma);
	look_later(cma);
	return ret;
}

/* Free memory would be saved in the image. */
static int on_hibernation(struct notifier_block *block, unsigned long event,
			  void *unused)
{
	struct cma_region *cma = container_of(block, struct cma_region,
					      hibernation);

	if (event == PM_HIBERNATION_PREPARE)
		give_back(cma, U64_MAX);
	return NOTIFY_OK;
}

static void cma_region_stop(struct region *region)
{
	struct cma_region *cma = to_cma_region(region);

	if (cma->open) {
		unregister_pm_notifier(&cma->hibernation);
		contig_shrinker_remove(&cma->shrinker);
		cancel_delayed_work_sync(&cma->look);
	}
	cleaner_stop(&cma->stock);
	region->keep.reserve = 0;
	give_back(cma, U64_MAX);
}

static void cma_region_destroy(struct region *region)
{
	struct cma_region *cma = to_cma_region(region);

	stock_destroy(&cma->stock);
	mutex_destroy(&cma->giving);
	mutex_destroy(&cma->growing);
	kfree(cma);
}

static const struct region_ops cma_region_ops = {
	.kind		= "cma",
	.alloc		= cma_region_alloc,
	.free		= cma_region_free,
	.stat		= cma_region_stat,
	.trim		= cma_region_trim,
	.set_keep	= cma_region_set_keep,
	.stop		= cma_region_stop,
	.destroy	= cma_region_destroy,
};

static struct cma_region *cma_region_new(const char *name)
{
	struct cma_region *cma = kzalloc(sizeof(*cma), GFP_KERNEL);
	int ret;

	if (!cma)
		return ERR_PTR(-ENOMEM);
	mutex_init(&cma->growing);
	mutex_init(&cma->giving);
	spin_lock_init(&cma->lock);
	cma->period_end = jiffies;
	INIT_DELAYED_WORK(&cma->look, look);
	cma->hibernation.notifier_call = on_hibernation;
	ret = region_init(&cma->region, name, &cma_region_ops);
	cma->area.dev = cma->region.dev;
	cma->region.quantum = PAGE_SIZE;
	cma->region.estimate = true;
	if (ret) {
		region_put(&cma->region);
		return ERR_PTR(ret);
	}
	return cma;
}

static int open_stock(struct cma_region *cma)
{
	struct region *region = &cma->region;
	int ret;

	ret = stock_init(&cma->stock, region_name(region), region->size,
			 region->quantum);
	if (ret)
		return ret;
	region->stock = &cma->stock;
	stock_place(&cma->stock, region->base,
		    region_vaddr(region, region->base), CONTIG_MAY_NOT_SNOOP);
	return cleaner_start(&cma->stock);
}

/* Enable everything that returns kept memory, then take the reserve. */
static int start_keeping(struct cma_region *cma, bool shared)
{
	struct region *region = &cma->region;
	u64 reserve = keep_reserve(region_name(region));
	int ret;

	region->keep.max = shared ? PAGE_ALIGN(region->size / 4) : region->size;
	region->keep.idle_ms = keep_idle_ms();
	/* seeks 0: return memory early. Not every allocation can use it, so others must remain. */
	ret = contig_shrinker_add(&cma->shrinker, region_name(region),
				  count_spare, shrink, 0);
	if (ret)
		return ret;
	ret = register_pm_notifier(&cma->hibernation);
	if (ret) {
		contig_shrinker_remove(&cma->shrinker);
		return ret;
	}
	cma->open = true;
	if (reserve) {
		ret = cma_region_set_keep(region, KEEP_RESERVE, reserve);
		pr_info("%s: reserve of %llu KiB: %pe\n", region_name(region),
			reserve >> 10, ERR_PTR(ret));
	}
	return 0;
}

static struct region *cma_region_open(struct cma_region *cma, bool shared)
{
	struct region *region = &cma->region;
	int ret;

	region->base = cma->area.base;
	region->size = cma->area.size;
	ret = region_claim(region, NULL);
	if (!ret)
		ret = open_stock(cma);
	if (!ret)
		ret = start_keeping(cma, shared);
	if (ret) {
		region_put(region);
		return ERR_PTR(ret);
	}
	region_publish(region);
	return region;
}

/**
 * cma_create() - create a region over a CMA area of the device tree
 * @name: name of the region
 * @rmem: a node with "reusable"
 * @shared: drivers also allocate from it, so keep no more than a quarter of it
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -ENODEV if the kernel
 * did not make it a CMA area; -EBUSY if it is already a region; -ENOMEM.
 */
struct region *cma_create(const char *name, struct reserved_mem *rmem,
			  bool shared)
{
	struct cma_region *cma = cma_region_new(name);
	int ret;

	if (IS_ERR(cma))
		return ERR_CAST(cma);
	ret = cma_area_of_tree(&cma->area, rmem);
	if (ret) {
		region_put(&cma->region);
		return ERR_PTR(ret);
	}
	return cma_region_open(cma, shared);
}

/**
 * cma_create_default() - create a region over the kernel's default CMA area
 * @name: name of the region
 * @known: size of the area in bytes, or 0; ignored if it cannot be right
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -ENODEV if there is no
 * such area, or if it is full; -EBUSY if it is already a region; -ENOMEM.
 */
struct region *cma_create_default(const char *name, u64 known)
{
	struct cma_region *cma = cma_region_new(name);
	int ret;

	if (IS_ERR(cma))
		return ERR_CAST(cma);
	ret = cma_area_find_default(&cma->area, known);
	if (ret) {
		region_put(&cma->region);
		return ERR_PTR(ret);
	}
	return cma_region_open(cma, true);
}
