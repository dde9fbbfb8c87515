// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to CMA areas for modules.
 *
 * Since 7.3, the kernel exports the CMA functions. On older kernels, a module has to
 * use dma_alloc_pages(), which allocates from the CMA area of a device. It
 *  - silently falls back to the page allocator, so the result has to be checked
 *    against the bounds of the area;
 *  - never takes a single page from the default area, so we request two for one;
 *  - aligns to the size, up to CONFIG_CMA_ALIGNMENT, so a larger alignment takes
 *    more memory;
 *  - zeroes everything at once, and cannot be interrupted.
 * Its pages can be released in any parts.
 *
 * dma_alloc_pages() does not use areas in high memory, where 32-bit kernels with
 * high memory put the default area. There, dma_alloc_attrs() allocates the pages,
 * without zeroing them. Kernels with CONFIG_DMA_API_DEBUG use it, too, because that
 * checks that dma_alloc_pages() memory is released in whole blocks.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/sched/signal.h>

#include "cma_area.h"
#include "kcompat.h"

/* NORETRY only affects the fallback to the page allocator, which we do not want. */
#define CMA_GFP		(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)

static bool is_in_area(const struct cma_area *area, phys_addr_t phys, u64 size)
{
	return phys >= area->base && size <= area->size &&
	       phys - area->base <= area->size - size;
}

/* The alignment that dma_alloc_pages() guarantees. */
static u64 natural_align(u64 size)
{
	return PAGE_SIZE << min(get_order(size), CONFIG_CMA_ALIGNMENT);
}

/**
 * cma_area_ask() - how much to take for aligned memory
 * @area: the area
 * @size: bytes, a multiple of the page size
 * @align: alignment, a power of two
 *
 * Return: bytes, at least @size.
 */
u64 cma_area_ask(const struct cma_area *area, u64 size, u64 align)
{
	u64 natural = natural_align(size);

	if (CONTIG_HAS_CMA)
		return size;
	if (align > natural)
		size += align - natural;
	return area->pairs ? max_t(u64, size, 2 * PAGE_SIZE) : size;
}

static struct page *take_pages(const struct cma_area *area, u64 size, u64 align)
{
	dma_addr_t dma;

	if (CONTIG_HAS_CMA)
		return contig_cma_alloc(area->dev, PHYS_PFN(size),
					get_order(align));
	if (area->unmapped)
		return dma_alloc_attrs(area->dev, size, &dma, CMA_GFP,
				       DMA_ATTR_NO_KERNEL_MAPPING);
	return dma_alloc_pages(area->dev, size, &dma, DMA_BIDIRECTIONAL,
			       CMA_GFP);
}

static void give_pages(const struct cma_area *area, struct page *pages, u64 size)
{
	dma_addr_t dma = phys_to_dma(area->dev, page_to_phys(pages));

	if (CONTIG_HAS_CMA)
		contig_cma_release(area->dev, pages, PHYS_PFN(size));
	else if (area->unmapped)
		dma_free_attrs(area->dev, size, pages, dma,
			       DMA_ATTR_NO_KERNEL_MAPPING);
	else
		dma_free_pages(area->dev, size, pages, dma, DMA_BIDIRECTIONAL);
}

/**
 * cma_area_take() - take memory from an area
 * @area: the area
 * @size: bytes, a multiple of the page size
 * @align: alignment of block->start, a power of two, at least a page
 * @block: filled in; has at least @size bytes from block->start on
 *
 * Context: may sleep, as long as the kernel takes to move pages, which no signal ends.
 * Return: 0, -ENOMEM, or -EINTR when a fatal signal came first.
 */
int cma_area_take(const struct cma_area *area, u64 size, u64 align,
		  struct cma_block *block)
{
	struct page *pages;

	if (size > area->size || align > area->size)
		return -ENOMEM;
	size = cma_area_ask(area, size, align);
	if (size > area->size)
		return -ENOMEM;
	/* Whoever has been killed meanwhile does not begin another attempt. */
	if (fatal_signal_pending(current))
		return -EINTR;
	pages = take_pages(area, size, align);
	if (!pages)
		return -ENOMEM;
	*block = (struct cma_block) {
		.phys	= page_to_phys(pages),
		.size	= size,
		.start	= ALIGN(page_to_phys(pages), align),
		.zero	= !CONTIG_HAS_CMA && !area->unmapped,
	};
	if (is_in_area(area, block->phys, size))
		return 0;
	give_pages(area, pages, size);
	return -ENOMEM;
}

/**
 * cma_area_give() - give memory back to an area
 * @area: the area
 * @phys: physical address of the first byte
 * @size: bytes, a multiple of the page size
 *
 * Context: may sleep. Does not allocate memory.
 */
void cma_area_give(const struct cma_area *area, phys_addr_t phys, u64 size)
{
	give_pages(area, pfn_to_page(PHYS_PFN(phys)), size);
}

/**
 * cma_area_of_tree() - use a CMA area of the device tree
 * @area: filled in; @dev must be set
 * @rmem: a node with "reusable"
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if the kernel did not make it a CMA area; another negative errno
 * if the area cannot be assigned to the device.
 */
int cma_area_of_tree(struct cma_area *area, struct reserved_mem *rmem)
{
	int ret;

	if (!rmem->ops || !rmem->ops->device_init)
		return -ENODEV;
	ret = rmem->ops->device_init(rmem, area->dev);
	if (ret)
		return ret;
	area->base = rmem->base;
	area->size = rmem->size;
	area->unmapped = IS_ENABLED(CONFIG_DMA_API_DEBUG) ||
			 PageHighMem(pfn_to_page(PHYS_PFN(area->base)));
	return 0;
}

/* Is the pageblock in the area of a device? Before 7.3: in any area. */
static bool block_is_cma(struct device *dev, unsigned long pfn)
{
	unsigned long bit, *flags;

	if (!pfn_valid(pfn))
		return false;
	if (CONTIG_HAS_CMA)
		return contig_cma_has(dev, pfn_to_page(pfn));
	flags = contig_pageblocks(pfn, &bit);
	bit *= NR_PAGEBLOCK_BITS;
	return contig_flags_of_cma(READ_ONCE(flags[bit / BITS_PER_LONG]) >>
				   bit % BITS_PER_LONG);
}

/*
 * Find the end of the nearest area of the device tree below a page, and the start of
 * the nearest one above it. Nodes that the kernel ignored, because of a CMA area on
 * its command line, do not count.
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
 * Find the bounds of the area that contains a page: all adjacent CMA pageblocks, up
 * to the next area of the device tree. Before 7.3, other adjacent areas, such as one
 * for huge pages, cannot be distinguished from it.
 */
static void find_bounds(struct cma_area *area, phys_addr_t phys)
{
	unsigned long block = pageblock_nr_pages;
	unsigned long first = ALIGN_DOWN(PHYS_PFN(phys), block);
	unsigned long end = first + block;
	phys_addr_t low = 0, high = PHYS_ADDR_MAX;

	tree_bounds(phys, &low, &high);
	while (first >= block && PFN_PHYS(first - block) >= low &&
	       block_is_cma(area->dev, first - block))
		first -= block;
	while (PFN_PHYS(end + block) <= high && block_is_cma(area->dev, end))
		end += block;
	area->base = PFN_PHYS(first);
	area->size = PFN_PHYS(end - first);
}

/*
 * Find an area of @known bytes in a range that may contain other areas. Its lowest
 * free pages are at @phys. If the first @known bytes of the range do not contain
 * them, assume that the area begins there.
 */
static void narrow_bounds(struct cma_area *area, phys_addr_t phys, u64 known)
{
	phys_addr_t last_base = area->base + (area->size - known);

	if (phys - area->base >= known)
		area->base = min(ALIGN_DOWN(phys, PAGE_SIZE * pageblock_nr_pages),
				 last_base);
	area->size = known;
}

static void guess_bounds(struct cma_area *area, phys_addr_t phys, u64 known)
{
	if (known && known <= area->size && IS_ALIGNED(known, PAGE_SIZE))
		narrow_bounds(area, phys, known);
	else
		pr_info("%s: %llu KiB, unless another CMA area is adjacent to it; then set cma_size=\n",
			dev_name(area->dev), area->size >> 10);
}

/* Allocate two pages of an area to find out where it is. */
static bool probe(struct cma_area *area, u64 known)
{
	struct page *pages = take_pages(area, 2 * PAGE_SIZE, PAGE_SIZE);
	bool found;

	if (!pages)
		return false;
	found = block_is_cma(area->dev, page_to_pfn(pages));
	if (found) {
		find_bounds(area, page_to_phys(pages));
		if (!CONTIG_HAS_CMA)
			guess_bounds(area, page_to_phys(pages), known);
	}
	give_pages(area, pages, 2 * PAGE_SIZE);
	return found;
}

/**
 * cma_area_find_default() - use the kernel's default area
 * @area: filled in; @dev must be set
 * @known: size of the area in bytes, or 0; ignored if it cannot be right, and since
 *	7.3, where the kernel tells which pages belong to the area
 *
 * No exported symbol tells where the area is, but an allocation from it does. On
 * older kernels, without @known, its end is a guess, and the log says so.
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if there is no such area, or if it is full.
 */
int cma_area_find_default(struct cma_area *area, u64 known)
{
	area->pairs = true;
	area->unmapped = IS_ENABLED(CONFIG_DMA_API_DEBUG);
	if (probe(area, known))
		return 0;
	area->unmapped = true;
	return IS_ENABLED(CONFIG_HIGHMEM) && probe(area, known) ? 0 : -ENODEV;
}
