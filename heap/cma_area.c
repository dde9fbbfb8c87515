// SPDX-License-Identifier: GPL-2.0-only
/*
 * CMA areas, as the kernel lets a module have them.
 *
 * From 7.3 on it exports what it takes. The kernels before export nothing of CMA
 * but its use by way of a device, dma_alloc_pages(), which
 *  - falls back to the page allocator without a word, so that what it returns
 *    has to be checked against the bounds of the area;
 *  - takes a single page from the default area never, so that one page is asked
 *    for as two;
 *  - aligns to the size, and to no more than CONFIG_CMA_ALIGNMENT, so that more
 *    alignment takes more memory;
 *  - zeroes everything at once, and cannot be interrupted.
 * What it gave can be given back in any parts.
 *
 * Of an area in high memory, where 32-bit kernels put the default one if they
 * have any, dma_alloc_pages() makes no use. There, pages come from
 * dma_alloc_attrs(), which does not zero them. So they do on kernels that debug
 * the use of that interface: those know blocks, and no parts.
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

/* NORETRY is for the page allocator alone, whose memory we do not want. */
#define CMA_GFP		(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)

static bool is_in_area(const struct cma_area *area, phys_addr_t phys, u64 size)
{
	return phys >= area->base && size <= area->size &&
	       phys - area->base <= area->size - size;
}

/* The alignment that dma_alloc_pages() gives to an allocation anyway. */
static u64 natural_align(u64 size)
{
	return PAGE_SIZE << min(get_order(size), CONFIG_CMA_ALIGNMENT);
}

/**
 * cma_area_ask() - how much has to be taken for memory that is aligned
 * @area: the area
 * @size: bytes, a multiple of the page size
 * @align: alignment, a power of two
 *
 * Return: bytes, @size at least.
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
 * @align: alignment of the first byte that is usable, a power of two, at least a page
 * @block: filled in; has @size bytes from its @start on
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
 * Context: may sleep. Allocates nothing.
 */
void cma_area_give(const struct cma_area *area, phys_addr_t phys, u64 size)
{
	give_pages(area, pfn_to_page(PHYS_PFN(phys)), size);
}

/**
 * cma_area_of_tree() - use the area that the device tree names
 * @area: its device set
 * @rmem: a reusable node
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if the kernel made no CMA area of it.
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

/* Is the page block in the area of a device? Before 7.3: in any. */
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
 * CMA, up to the next area that the tree names. Before 7.3, others that border
 * on it, such as one for huge pages, cannot be told from it.
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
 * An area of @known bytes in what may be more areas than one: its lowest pages
 * that are free are at @phys, and those are its lowest unless they are taken.
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

/* Two pages of an area tell where it is. */
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
 * @area: its device set
 * @known: how many bytes the area has, or 0; what cannot be is ignored, and so is
 *	everything from 7.3 on, where the kernel says which pages belong to it
 *
 * No symbol tells a module where that area is, but an allocation from it does.
 * Where it ends is a guess on older kernels, which the log says, unless the
 * administrator knows.
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if there is no such area, or nothing left in it.
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
