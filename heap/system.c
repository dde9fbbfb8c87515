// SPDX-License-Identifier: GPL-2.0-only
/*
 * System memory: pages from the page allocator, which can be anywhere.
 *
 * A buffer gets the largest free blocks first; the kernel does not compact or reclaim
 * memory for them. Single pages make up the rest; the kernel may reclaim memory for
 * these. Nothing here invokes the OOM killer. A request that would leave too little
 * memory for others is refused, before it takes any, or as soon as this is detected.
 *
 * Released pages go to a store, as far as it accepts them. Allocations use the pages
 * of the store first.
 *
 * High memory is not used, because zeroing, flushing and copying use the linear map.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "kcompat.h"
#include "memory.h"
#include "region.h"
#include "stock.h"
#include "store.h"
#include "system.h"

/* The size that one PMD maps, but no more than is reasonable to zero at once. */
#define LARGE_ORDER	min_t(unsigned int, CONTIG_MAX_PAGE_ORDER,	\
			      get_order(min_t(u64, PMD_SIZE, SZ_32M)))

/* The size of contiguous page table entries, also efficient for IOMMUs. */
#define MEDIUM_ORDER	get_order(SZ_64K)

/* Bytes to take between checks of the available memory. */
#define LOOK_STEP	((u64)SZ_16M)

/**
 * struct system_region - a region of system pages
 * @region: the common part
 * @gfp: flags for all allocations
 * @low: pages must be below 4 GiB
 * @store: released pages
 */
struct system_region {
	struct region region;
	gfp_t gfp;
	bool low;
	struct store store;
};

/**
 * struct harvest - pages on their way into a buffer
 * @pages: blocks in order, linked by page->lru of their first pages
 * @nr: number of blocks
 * @left: bytes that are still missing
 * @look: check the available memory again when @left has fallen to this
 * @order: largest order that is worth trying
 */
struct harvest {
	struct list_head pages;
	unsigned int nr;
	u64 left;
	u64 look;
	unsigned int order;
};

static struct system_region *to_system_region(struct region *region)
{
	return container_of(region, struct system_region, region);
}

static u64 zone_file_pages(struct zone *zone)
{
	return (u64)zone_page_state(zone, NR_ZONE_ACTIVE_FILE) +
	       zone_page_state(zone, NR_ZONE_INACTIVE_FILE);
}

/*
 * Free pages of a zone that we may use. That excludes pages of CMA areas, and those
 * below the high watermark. It also excludes 1/32 of the zone: the per-CPU page lists
 * take megabytes of free pages without a check of the watermarks, and without that
 * reserve, the next allocation of another task could invoke the OOM killer. If the
 * result is negative, reclaimable memory has to make up for it first.
 */
static s64 zone_free_pages(struct zone *zone)
{
	s64 kept = zone->_watermark[WMARK_HIGH] + zone_managed_pages(zone) / 32;

#ifdef CONFIG_CMA
	kept += zone_page_state(zone, NR_FREE_CMA_PAGES);
#endif
	return (s64)zone_page_state(zone, NR_FREE_PAGES) - kept;
}

/*
 * Get the total memory of the zones that pages may come from, and how much of it is
 * available: free pages, half of the page cache and of reclaimable slabs (the rest is
 * likely in use), and anonymous pages that fit into swap. All in bytes.
 */
static void look_around(const struct system_region *system, u64 *total,
			u64 *available)
{
	u64 managed = 0, file = 0, anon = 0;
	s64 free = 0;
	long swap = get_nr_swap_pages();
	int node, i;

	for_each_online_node(node) {
		for (i = 0; i <= gfp_zone(system->gfp); i++) {
			struct zone *zone = &NODE_DATA(node)->node_zones[i];

			managed += zone_managed_pages(zone);
			if (!zone_managed_pages(zone))
				continue;
			free += zone_free_pages(zone);
			file += zone_file_pages(zone);
			anon += zone_page_state(zone, NR_ZONE_ACTIVE_ANON) +
				zone_page_state(zone, NR_ZONE_INACTIVE_ANON);
		}
	}
	file += global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
	free += file / 2 + min_t(u64, anon, max(swap, 0L));
	*total = managed << PAGE_SHIFT;
	*available = clamp_t(s64, free, 0, managed) << PAGE_SHIFT;
}

/* May @size bytes be available? Counts all of the store, even dirty or other groups' pages. */
static bool can_be_had(struct system_region *system, u64 size)
{
	u64 held = store_bytes(&system->store), total, available;

	if (size <= held)
		return true;
	look_around(system, &total, &available);
	return size - held <= available;
}

/* Are @size bytes of fresh pages available? Returns pages of the store if necessary. */
static bool is_available(struct system_region *system, u64 size)
{
	u64 total, available;

	look_around(system, &total, &available);
	if (size <= available)
		return true;
	if (size - available > store_bytes(&system->store))
		return false;
	store_give(&system->store, PHYS_PFN(size - available - 1) + 1);
	look_around(system, &total, &available);
	return size <= available;
}

/* May fresh pages be taken? Blocks from the store need no check: they were not free. */
static bool may_take_fresh(struct system_region *system,
			   struct harvest *harvest)
{
	if (harvest->left > harvest->look)
		return true;
	harvest->look = harvest->left - min(harvest->left, LOOK_STEP);
	return is_available(system, harvest->left);
}

/* Try hard for single pages, but without the OOM killer. */
static gfp_t gfp_for(const struct system_region *system, unsigned int order)
{
	gfp_t gfp = system->gfp | __GFP_ZERO | __GFP_NOWARN;

	if (!order)
		return gfp | __GFP_RETRY_MAYFAIL;
	return (gfp | __GFP_COMP | __GFP_NORETRY | __GFP_NOMEMALLOC) &
	       ~__GFP_RECLAIM;
}

/* Not every architecture has ZONE_DMA32, or memory below 4 GiB. */
static bool is_in_reach(const struct system_region *system, struct page *page,
			unsigned int order)
{
	u64 end = page_to_phys(page) + ((u64)PAGE_SIZE << order);

	return !system->low || end <= SZ_4G;
}

static struct page *take_block(const struct system_region *system,
			       unsigned int order)
{
	struct page *page = alloc_pages(gfp_for(system, order), order);

	if (page && !is_in_reach(system, page, order)) {
		__free_pages(page, order);
		return NULL;
	}
	return page;
}

static void flush_block(struct page *page, unsigned int order,
			unsigned int flags)
{
	if (flags & ALLOC_TO_MEMORY && CONTIG_MAY_NOT_SNOOP)
		memory_flush(page_address(page), page_to_phys(page),
			     PAGE_SIZE << order);
}

static int zero_blocks(struct list_head *blocks, unsigned int flags)
{
	struct page *page;
	int ret = 0;

	list_for_each_entry(page, blocks, lru) {
		unsigned int order = compound_order(page);

		ret = memory_zero(page_address(page), PAGE_SIZE << order);
		if (ret)
			break;
		flush_block(page, order, flags);
	}
	return ret;
}

static void add_blocks(struct harvest *harvest, unsigned int nr,
		       unsigned int order)
{
	harvest->nr += nr;
	harvest->left -= (u64)nr * PAGE_SIZE << order;
}

/* Take clean blocks from the store, or else dirty ones. Returns 1 if there are any. */
static int take_stored(struct system_region *system, struct harvest *harvest,
		       unsigned int order, unsigned int flags)
{
	u64 max = harvest->left >> PAGE_SHIFT >> order;
	unsigned int nr;
	LIST_HEAD(dirty);
	int ret;

	nr = store_take(&system->store, true, order, max, &harvest->pages);
	if (nr) {
		add_blocks(harvest, nr, order);
		return 1;
	}
	nr = store_take(&system->store, false, order, max, &dirty);
	if (!nr)
		return 0;
	ret = zero_blocks(&dirty, flags);
	list_splice_tail(&dirty, &harvest->pages);
	add_blocks(harvest, nr, order);
	return ret ?: 1;
}

/* Take one or more blocks of the largest order that is available. */
static int take_next(struct system_region *system, struct harvest *harvest,
		     unsigned int flags)
{
	unsigned int order = min_t(unsigned int, harvest->order,
				   ilog2(harvest->left >> PAGE_SHIFT));
	struct page *page;
	int taken;

	for (;;) {
		taken = take_stored(system, harvest, order, flags);
		if (taken)
			return min(taken, 0);
		if (!may_take_fresh(system, harvest))
			return -ENOMEM;
		page = take_block(system, order);
		if (page)
			break;
		if (!order)
			return -ENOMEM;
		order = order > MEDIUM_ORDER ? MEDIUM_ORDER : 0;
		harvest->order = order;
	}
	flush_block(page, order, flags);
	list_add_tail(&page->lru, &harvest->pages);
	add_blocks(harvest, 1, order);
	return 0;
}

static int take_all(struct system_region *system, struct harvest *harvest,
		    unsigned int flags)
{
	int ret = 0;

	while (!ret && harvest->left) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = take_next(system, harvest, flags);
		cond_resched();
	}
	return ret;
}

/* Fill in the extents. Unlinks the blocks, because page->lru belongs to the kernel. */
static void list_extents(struct harvest *harvest, struct extent *extent)
{
	struct page *page, *next;
	u64 start = 0;

	list_for_each_entry_safe(page, next, &harvest->pages, lru) {
		list_del(&page->lru);
		extent->phys = page_to_phys(page);
		extent->start = start;
		extent->size = PAGE_SIZE << compound_order(page);
		start += extent->size;
		extent++;
	}
}

static int make_extents(const struct system_region *system,
			struct harvest *harvest, struct extents *extents)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL |
		    (system->gfp & __GFP_ACCOUNT);

	*extents = (struct extents) { .nr = harvest->nr };
	if (extents->nr > 1) {
		extents->list = kvmalloc_array(extents->nr,
					       sizeof(*extents->list), gfp);
		if (!extents->list)
			return -ENOMEM;
	}
	list_extents(harvest, extents->list ?: &extents->one);
	return 0;
}

static int system_alloc(struct region *region, u64 size, u64 align,
			unsigned int flags, struct extents *extents)
{
	struct system_region *system = to_system_region(region);
	struct harvest harvest = {
		.pages = LIST_HEAD_INIT(harvest.pages),
		.left = size,
		.look = size,
		.order = LARGE_ORDER,
	};
	int ret;

	if (align > PAGE_SIZE)
		return -EOPNOTSUPP;
	if (!can_be_had(system, size))
		return -ENOMEM;
	ret = take_all(system, &harvest, flags);
	if (!ret)
		ret = make_extents(system, &harvest, extents);
	if (ret)
		blocks_free(&harvest.pages);
	return ret;
}

static void system_free(struct region *region, const struct extents *extents)
{
	const struct extent *extent = extents->list ?: &extents->one;
	LIST_HEAD(blocks);
	unsigned int i;

	for (i = 0; i < extents->nr; i++, extent++) {
		list_add_tail(&pfn_to_page(PHYS_PFN(extent->phys))->lru, &blocks);
		cond_resched();
	}
	kvfree(extents->list);
	store_put(&to_system_region(region)->store, &blocks);
	blocks_free(&blocks);
}

static void system_stat(struct region *region, struct stock_stat *stat)
{
	struct system_region *system = to_system_region(region);

	*stat = (struct stock_stat) {
		.held  = store_bytes(&system->store),
		.dirty = store_dirty_bytes(&system->store),
	};
	look_around(system, &stat->total, &stat->free);
	stat->free += stat->held;
	stat->largest = stat->free;
}

static void system_trim(struct region *region, u64 held)
{
	struct store *store = &to_system_region(region)->store;
	u64 free = store_bytes(store);

	store_give(store, PHYS_PFN(free - min(free, held)));
}

static void system_destroy(struct region *region)
{
	struct system_region *system = to_system_region(region);

	store_destroy(&system->store);
	kfree(system);
}

static const struct region_ops system_ops = {
	.kind		= "system",
	.alloc		= system_alloc,
	.free		= system_free,
	.stat		= system_stat,
	.trim		= system_trim,
	.destroy	= system_destroy,
};

/**
 * system_create() - create a region of system pages
 * @name: its name
 * @dma32: only use pages below 4 GiB
 * @account: charge pages to the memory cgroup of the task that allocates them
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -ENOMEM.
 */
struct region *system_create(const char *name, bool dma32, bool account)
{
	struct system_region *system = kzalloc(sizeof(*system), GFP_KERNEL);
	struct region *region;
	int ret;

	if (!system)
		return ERR_PTR(-ENOMEM);
	system->low = dma32;
	system->gfp = GFP_KERNEL | (dma32 ? GFP_DMA32 : 0) |
		      (account ? __GFP_ACCOUNT : 0);
	region = &system->region;
	region->size = SIZE_MAX & PAGE_MASK;
	region->quantum = PAGE_SIZE;
	region->mapped = true;
	region->paged = true;
	region->estimate = true;
	region->scattered = true;
	ret = region_init(region, name, &system_ops) ?:
	      store_init(&system->store, name, account);
	if (ret) {
		region_put(region);
		return ERR_PTR(ret);
	}
	return region;
}
