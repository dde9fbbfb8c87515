// SPDX-License-Identifier: GPL-2.0-only
/*
 * CMA areas: memory that the kernel fills with movable pages until somebody
 * needs it in one piece.
 *
 * A stock has what was taken from the area. What is freed stays there for a while:
 * it is zeroed in the background and handed out as a carveout's would be. When
 * nothing in the stock fits, the area is asked for what is missing. Free memory
 * goes back to the kernel
 *
 *  - under memory pressure, before anything is swapped or killed (a shrinker);
 *  - when nobody has needed it for a while (@keep);
 *  - when there is more than one may keep from others (@max);
 *  - when it is in the way of a larger request;
 *  - when somebody asks, or the machine is about to hibernate.
 *
 * A reserve never goes back. What others take from the area, by way of drivers,
 * cannot be seen from here.
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

/* The least that is taken at once. */
#define GROW_SIZE	((u64)SZ_256K)

/* Bytes that are given back without a break. */
#define GIVE_SIZE	((u64)SZ_1M)

/* What is too much goes back after so many jiffies: it may be wanted again. */
#define TOO_MUCH_DELAY	(HZ / 10)

/**
 * struct cma_region - a region over a CMA area
 * @region: the common part; its device is bound to the area
 * @area: where the memory comes from
 * @stock: the memory that we have
 * @growing: held while the area is asked for more
 * @giving: held while memory is on its way from @stock to @area; nothing is
 *	allocated then
 * @gone: how often some has gone that way; changed under @giving
 * @lock: protects what follows up to @hurry
 * @counted: pages that the kernel counts as reclaimable because of us
 * @idle: the least that was free at any time since the period began, in bytes
 * @period_end: when that is given back, in jiffies
 * @hurry: @look has been called before that
 * @look: gives back what nobody needs
 * @shrinker: gives back what others need
 * @hibernation: told of it
 * @open: the last three are in use
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

/* How many free bytes the kernel could have back: what is in use counts for the reserve. */
static u64 spare(const struct cma_region *cma)
{
	u64 present = stock_present(&cma->stock);

	return min(stock_held(&cma->stock),
		   present - min(present, reserve_of(cma)));
}

/* How many of them are more than may be kept. */
static u64 too_much(const struct cma_region *cma)
{
	u64 free = stock_held(&cma->stock);

	return min(free - min(free, READ_ONCE(keep_of(cma)->max)), spare(cma));
}

static unsigned long period_of(const struct cma_region *cma)
{
	return msecs_to_jiffies(READ_ONCE(keep_of(cma)->idle_ms)) / 2 + 1;
}

/* What is in the stock has changed. */
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

/* Give back what is free next, @bytes at most; returns how many it were. */
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
 * Give free memory back, @bytes at most; returns how many it were. What others were
 * about to give has arrived by then, too.
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
 * Of what was free throughout the period, nothing was needed. So it goes after
 * it has been idle for one to two periods, which is half of @idle_ms each.
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

/* Look again when the period ends, if there is one, or soon. */
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

	/* No use in keeping the rest. */
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

/* Put what was taken for one request into the stock, and that in use. */
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

/* So that large entries of page tables map it, if that takes no more than a quarter more. */
static bool should_align(const struct cma_region *cma, u64 size)
{
	return IS_ALIGNED(size, PMD_SIZE) &&
	       cma_area_ask(&cma->area, size, PMD_SIZE) <= size + size / 4;
}

/* Take more than is needed, if that does good and can be had. */
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
 * The area hands out its lowest memory first. So what is missing may well come to
 * lie next to what we have; if not, it stays with us for a while.
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
 * Take memory until there is so much by some measure: in one piece, or else in pieces
 * whose sizes are powers of two, between which no alignment leaves a gap.
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

/* The reserve stays where it is; so the rest has to be had around it. */
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
	/* What we have may be in the way, and what is on its way back. */
	give_back(cma, U64_MAX);
	if (READ_ONCE(cma->gone) != gone)
		ret = take_whole(cma, size, align, flags, offset);
	if (ret == -ENOMEM && align <= PAGE_SIZE && reserve_of(cma) &&
	    size <= cma->area.size)
		ret = take_around_reserve(cma, size, flags, offset);
	return ret;
}

/* Others may have freed something, or taken more than they needed, meanwhile. */
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

/* Nobody knows what others have taken: at most, all that we do not use is free. */
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

/* What has been going on is not measured by the new time. */
static void begin_again(struct cma_region *cma)
{
	spin_lock(&cma->lock);
	cma->period_end = jiffies;
	WRITE_ONCE(cma->hurry, false);
	cancel_delayed_work(&cma->look);
	spin_unlock(&cma->lock);
}

/* Who reads it takes no lock. */
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

/* In the area's own time: the kernel may take long to move what is in the way. */
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
	/* First, so that nothing of it goes again meanwhile. */
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

/* What is free would be saved in the image, and read again. */
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

/* From here on, memory may be kept. */
static int start_keeping(struct cma_region *cma, bool shared)
{
	struct region *region = &cma->region;
	u64 reserve = keep_reserve(region_name(region));
	int ret;

	region->keep.max = shared ? PAGE_ALIGN(region->size / 4) : region->size;
	region->keep.idle_ms = keep_idle_ms();
	/* Early, or else nothing but CMA memory is free: not every page may be there. */
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
 * cma_create() - make a region over a CMA area that the device tree names
 * @name: the region's name
 * @rmem: a reusable area
 * @shared: drivers take from it, too, so that no more than a quarter may be kept
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -ENODEV if the kernel
 * made no CMA area of it; -EBUSY if it is a region already; -ENOMEM.
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
 * cma_create_default() - make a region over the kernel's default CMA area
 * @name: the region's name
 * @known: how many bytes the area has, or 0; what cannot be is ignored
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -ENODEV if there is no
 * such area, or nothing left in it; -EBUSY if it is a region already; -ENOMEM.
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
