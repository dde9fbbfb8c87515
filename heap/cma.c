// SPDX-License-Identifier: GPL-2.0-only
/*
 * CMA areas: memory that the kernel fills with movable pages until somebody
 * needs it in one piece.
 *
 * Limits first. The kernels we build for export nothing of CMA but its use by
 * way of a device, dma_alloc_pages(), which
 *  - falls back to the page allocator without a word, so that what it returns
 *    has to be checked against the bounds of the area;
 *  - takes a single page from the default area never, so that one page is asked
 *    for as two;
 *  - aligns to the size, and to no more than CONFIG_CMA_ALIGNMENT, so that more
 *    alignment costs memory, which the buffer keeps as long as it lives;
 *  - zeroes everything at once, and cannot be interrupted.
 * What else is taken from the area, by drivers, cannot be seen from here.
 *
 * Of an area in high memory, where 32-bit kernels put the default one if they
 * have any, dma_alloc_pages() makes no use. There, pages come from
 * dma_alloc_attrs(), which does not zero them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "cma.h"
#include "kcompat.h"
#include "memory.h"
#include "region.h"
#include "stock.h"

/**
 * struct cma_region - a region over a CMA area
 * @region: the common part; its device is bound to the area
 * @lock: protects @used
 * @used: bytes taken from the area through this region
 * @pairs: the device reaches the area only for more than one page
 * @high: the area is in high memory
 */
struct cma_region {
	struct region region;
	spinlock_t lock;
	u64 used;
	bool pairs;
	bool high;
};

/* NORETRY is for the page allocator alone, whose memory we do not want. */
#define CMA_GFP		(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)

static struct cma_region *to_cma_region(struct region *region)
{
	return container_of(region, struct cma_region, region);
}

/* The alignment that dma_alloc_pages() gives to an allocation anyway. */
static u64 natural_align(u64 size)
{
	return PAGE_SIZE << min(get_order(size), CONFIG_CMA_ALIGNMENT);
}

static bool in_region(const struct region *region, phys_addr_t phys, u64 size)
{
	return phys >= region->base && size <= region->size &&
	       phys - region->base <= region->size - size;
}

static struct page *take_pages(struct cma_region *cma, u64 size,
			       dma_addr_t *dma)
{
	struct device *dev = cma->region.dev;

	if (cma->high)
		return dma_alloc_attrs(dev, size, dma, CMA_GFP,
				       DMA_ATTR_NO_KERNEL_MAPPING);
	return dma_alloc_pages(dev, size, dma, DMA_BIDIRECTIONAL, CMA_GFP);
}

static void give_pages(struct cma_region *cma, u64 size, struct page *pages,
		       dma_addr_t dma)
{
	struct device *dev = cma->region.dev;

	if (cma->high)
		dma_free_attrs(dev, size, pages, dma,
			       DMA_ATTR_NO_KERNEL_MAPPING);
	else
		dma_free_pages(dev, size, pages, dma, DMA_BIDIRECTIONAL);
}

static int cma_region_alloc(struct region *region, u64 size, u64 align,
			    unsigned int flags, struct extents *extents)
{
	struct cma_region *cma = to_cma_region(region);
	phys_addr_t block, phys;
	struct page *pages;
	dma_addr_t dma;
	u64 total = size;
	int ret = 0;

	if (size > region->size || align > region->size)
		return -ENOMEM;
	if (align > natural_align(size))
		total += align - PAGE_SIZE;
	if (cma->pairs)
		total = max_t(u64, total, 2 * PAGE_SIZE);
	if (total > region->size)
		return -ENOMEM;

	pages = take_pages(cma, total, &dma);
	if (!pages)
		return -ENOMEM;
	block = page_to_phys(pages);
	if (!in_region(region, block, total))
		ret = -ENOMEM;
	else if (cma->high)
		ret = memory_zero(region_vaddr(region, block), total);
	if (ret) {
		give_pages(cma, total, pages, dma);
		return ret;
	}
	phys = ALIGN(block, align);
	if (flags & ALLOC_TO_MEMORY && CONTIG_MAY_NOT_SNOOP)
		memory_flush(region_vaddr(region, phys), phys, size);
	*extents = (struct extents) {
		.one.phys	= phys,
		.one.size	= size,
		.nr		= 1,
		.block		= block,
		.block_size	= total,
	};

	spin_lock(&cma->lock);
	cma->used += total;
	spin_unlock(&cma->lock);
	return 0;
}

static void cma_region_free(struct region *region,
			    const struct extents *extents)
{
	struct cma_region *cma = to_cma_region(region);

	give_pages(cma, extents->block_size,
		   pfn_to_page(PHYS_PFN(extents->block)),
		   phys_to_dma(region->dev, extents->block));
	spin_lock(&cma->lock);
	cma->used -= extents->block_size;
	spin_unlock(&cma->lock);
}

static void cma_region_stat(struct region *region, struct stock_stat *stat)
{
	struct cma_region *cma = to_cma_region(region);

	spin_lock(&cma->lock);
	stat->total = region->size;
	stat->free = region->size - cma->used;
	stat->largest = stat->free;
	stat->dirty = 0;
	spin_unlock(&cma->lock);
}

static void cma_region_destroy(struct region *region)
{
	kfree(to_cma_region(region));
}

static const struct region_ops cma_region_ops = {
	.kind		= "cma",
	.alloc		= cma_region_alloc,
	.free		= cma_region_free,
	.stat		= cma_region_stat,
	.destroy	= cma_region_destroy,
};

static struct cma_region *cma_region_new(const char *name)
{
	struct cma_region *cma = kzalloc(sizeof(*cma), GFP_KERNEL);
	int ret;

	if (!cma)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&cma->lock);
	ret = region_init(&cma->region, name, &cma_region_ops);
	cma->region.quantum = PAGE_SIZE;
	cma->region.estimate = true;
	if (ret) {
		region_put(&cma->region);
		return ERR_PTR(ret);
	}
	return cma;
}

static struct region *cma_region_open(struct cma_region *cma, phys_addr_t base,
				      u64 size)
{
	int ret;

	cma->region.base = base;
	cma->region.size = size;
	cma->high = PageHighMem(pfn_to_page(PHYS_PFN(base)));
	ret = region_claim(&cma->region, NULL);
	if (ret) {
		region_put(&cma->region);
		return ERR_PTR(ret);
	}
	region_publish(&cma->region);
	return &cma->region;
}

/**
 * cma_create() - make a region over a CMA area that the device tree names
 * @name: the region's name
 * @rmem: a reusable area
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -ENODEV if the kernel
 * made no CMA area of it; -EBUSY if it is a region already; -ENOMEM.
 */
struct region *cma_create(const char *name, struct reserved_mem *rmem)
{
	struct cma_region *cma;
	int ret;

	if (!rmem->ops || !rmem->ops->device_init)
		return ERR_PTR(-ENODEV);
	cma = cma_region_new(name);
	if (IS_ERR(cma))
		return ERR_CAST(cma);
	ret = rmem->ops->device_init(rmem, cma->region.dev);
	if (ret) {
		region_put(&cma->region);
		return ERR_PTR(ret);
	}
	return cma_region_open(cma, rmem->base, rmem->size);
}

/* Is the page in a CMA area? */
static bool block_is_cma(unsigned long pfn)
{
	unsigned long bit, *flags;

	if (!pfn_valid(pfn))
		return false;
	flags = contig_pageblocks(pfn, &bit);
	bit *= NR_PAGEBLOCK_BITS;
	return contig_flags_of_cma(READ_ONCE(flags[bit / BITS_PER_LONG]) >>
				   bit % BITS_PER_LONG);
}

/*
 * Where the areas of the tree next to a page are. Those that the kernel did not
 * take, because its command line describes another one, say nothing.
 */
static void tree_bounds(phys_addr_t phys, phys_addr_t *low, phys_addr_t *high)
{
	struct device_node *parent, *child;

	parent = of_find_node_by_path("/reserved-memory");
	for_each_child_of_node(parent, child) {
		struct reserved_mem *rmem = of_reserved_mem_lookup(child);

		if (!rmem || !rmem->ops)
			continue;
		if (rmem->base <= phys)
			*low = max(*low, rmem->base + rmem->size);
		else
			*high = min(*high, rmem->base);
	}
	of_node_put(parent);
}

/*
 * The bounds of the area that a page of it is in: all neighbouring blocks of
 * CMA, up to the next area that the tree names. Others that border on it, such
 * as one for huge pages, cannot be told from it.
 */
static void find_bounds(phys_addr_t phys, phys_addr_t *base, u64 *size)
{
	unsigned long block = pageblock_nr_pages;
	unsigned long first = ALIGN_DOWN(PHYS_PFN(phys), block);
	unsigned long end = first + block;
	phys_addr_t low = 0, high = PHYS_ADDR_MAX;

	tree_bounds(phys, &low, &high);
	while (first >= block && PFN_PHYS(first - block) >= low &&
	       block_is_cma(first - block))
		first -= block;
	while (PFN_PHYS(end + block) <= high && block_is_cma(end))
		end += block;
	*base = PFN_PHYS(first);
	*size = PFN_PHYS(end - first);
}

/*
 * An area of @known bytes in what may be more areas than one: its lowest pages
 * that are free are at @phys, and those are its lowest unless they are taken.
 */
static void narrow_bounds(phys_addr_t phys, u64 known, phys_addr_t *base,
			  u64 *size)
{
	phys_addr_t last_base = *base + (*size - known);

	if (phys - *base >= known)
		*base = min(ALIGN_DOWN(phys, PAGE_SIZE * pageblock_nr_pages),
			    last_base);
	*size = known;
}

/*
 * Where the default area is, as told by two pages of it, and its size if that is
 * @known.
 */
static bool find_default(struct cma_region *cma, u64 known, phys_addr_t *base,
			 u64 *size)
{
	struct page *pages;
	dma_addr_t dma;
	bool found;

	pages = take_pages(cma, 2 * PAGE_SIZE, &dma);
	if (!pages)
		return false;
	found = block_is_cma(page_to_pfn(pages));
	if (found) {
		find_bounds(page_to_phys(pages), base, size);
		if (known && known <= *size && IS_ALIGNED(known, PAGE_SIZE))
			narrow_bounds(page_to_phys(pages), known, base, size);
		else
			pr_info("%s: %llu KiB, if no other CMA area borders on it; cma_size= tells otherwise\n",
				region_name(&cma->region), *size >> 10);
	}
	give_pages(cma, 2 * PAGE_SIZE, pages, dma);
	return found;
}

/**
 * cma_create_default() - make a region over the kernel's default CMA area
 * @name: the region's name
 * @known: how many bytes the area has, or 0; what cannot be is ignored
 *
 * No symbol tells a module where that area is, but an allocation from it does.
 * Where it ends is a guess, which the log says, unless the administrator knows.
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -ENODEV if there is no
 * such area, or nothing left in it; -EBUSY if it is a region already; -ENOMEM.
 */
struct region *cma_create_default(const char *name, u64 known)
{
	struct cma_region *cma = cma_region_new(name);
	phys_addr_t base;
	u64 size;

	if (IS_ERR(cma))
		return ERR_CAST(cma);
	cma->pairs = true;
	if (!find_default(cma, known, &base, &size)) {
		cma->high = IS_ENABLED(CONFIG_HIGHMEM);
		if (!cma->high || !find_default(cma, known, &base, &size)) {
			region_put(&cma->region);
			return ERR_PTR(-ENODEV);
		}
	}
	return cma_region_open(cma, base, size);
}
