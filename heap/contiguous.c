// SPDX-License-Identifier: GPL-2.0-only
/*
 * A large block of contiguous memory from a running kernel, for carveouts without
 * reserved memory.
 *
 * This tries the default CMA area first. Otherwise the page allocator only has
 * blocks of a few MiB. Soon after boot, adjacent blocks are mostly free, so this
 * collects blocks until enough of them are adjacent.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "contiguous.h"
#include "kcompat.h"

/* The search may hold up to this many times the requested memory. */
#define COLLECT_FACTOR	4

/* NORETRY: a request of this size must not invoke the OOM killer. */
#define CONTIGUOUS_GFP	(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)

/**
 * struct contiguous - contiguous memory taken from the kernel
 * @dev: device it was allocated for
 * @base: physical address of the first byte, aligned
 * @pages: first page, if dma_alloc_pages() allocated it
 * @dma: DMA address of @pages
 * @size: bytes allocated, including what the alignment costs
 * @blocks: otherwise, the first page of every block
 * @nr_blocks: number of blocks
 */
struct contiguous {
	struct device *dev;
	phys_addr_t base;
	struct page *pages;
	dma_addr_t dma;
	size_t size;
	struct page **blocks;
	unsigned int nr_blocks;
};

#define BLOCK_ORDER	CONTIG_MAX_PAGE_ORDER
#define BLOCK_BYTES	(PAGE_SIZE << BLOCK_ORDER)

/* Insert a block, sorted by address. Returns its index. */
static unsigned int insert_block(struct page **blocks, unsigned int nr,
				 struct page *page)
{
	unsigned int pos = nr;

	while (pos && page_to_pfn(blocks[pos - 1]) > page_to_pfn(page)) {
		blocks[pos] = blocks[pos - 1];
		pos--;
	}
	blocks[pos] = page;
	return pos;
}

static bool adjacent(const struct page *first, const struct page *second)
{
	return page_to_phys(first) + BLOCK_BYTES == page_to_phys(second);
}

/* Returns the start of a row of @want adjacent blocks that includes @pos, or -1. */
static int find_row(struct page **blocks, unsigned int nr, unsigned int pos,
		    unsigned int want)
{
	unsigned int first = pos, last = pos;

	while (first && adjacent(blocks[first - 1], blocks[first]))
		first--;
	while (last + 1 < nr && adjacent(blocks[last], blocks[last + 1]))
		last++;
	return last - first + 1 >= want ? first : -1;
}

static int collect_row(struct contiguous *memory, unsigned int want)
{
	unsigned int max = want * COLLECT_FACTOR;
	unsigned int nr = 0, i;
	struct page **blocks;
	int row = -1;

	blocks = kvmalloc_array(max, sizeof(*blocks), GFP_KERNEL);
	if (!blocks)
		return -ENOMEM;
	while (nr < max && row < 0) {
		struct page *page = alloc_pages(CONTIGUOUS_GFP, BLOCK_ORDER);

		if (!page)
			break;
		i = insert_block(blocks, nr++, page);
		row = find_row(blocks, nr, i, want);
		cond_resched();
	}
	for (i = 0; i < nr; i++)
		if (row < 0 || i < row || i >= row + want)
			__free_pages(blocks[i], BLOCK_ORDER);
	if (row < 0) {
		kvfree(blocks);
		return -ENOMEM;
	}
	memmove(blocks, blocks + row, want * sizeof(*blocks));
	memory->blocks = blocks;
	memory->nr_blocks = want;
	return 0;
}

/**
 * contiguous_alloc() - take contiguous memory from the kernel
 * @dev: device without address limits
 * @size: bytes, a multiple of the page size
 * @align: alignment of the first byte, a power of two
 *
 * The memory is in the linear map.
 *
 * Context: may sleep, for long.
 * Return: the memory, to be released with contiguous_free(); -EINVAL for a size
 * that is 0 or far too large; -ENOMEM.
 */
struct contiguous *contiguous_alloc(struct device *dev, u64 size, u64 align)
{
	struct contiguous *memory;
	phys_addr_t base;
	u64 total;
	int ret;

	if (!size || check_add_overflow(size, align - PAGE_SIZE, &total) ||
	    total > SIZE_MAX / 2)
		return ERR_PTR(-EINVAL);
	/* Do not make the kernel reclaim memory for a request that cannot succeed. */
	if (total >> PAGE_SHIFT > totalram_pages())
		return ERR_PTR(-ENOMEM);
	memory = kzalloc(sizeof(*memory), GFP_KERNEL);
	if (!memory)
		return ERR_PTR(-ENOMEM);

	memory->dev = dev;
	memory->size = total;
	memory->pages = dma_alloc_pages(dev, total, &memory->dma,
					DMA_BIDIRECTIONAL, CONTIGUOUS_GFP);
	if (memory->pages) {
		base = page_to_phys(memory->pages);
	} else {
		ret = collect_row(memory, DIV_ROUND_UP_ULL(total,
							   BLOCK_BYTES));
		if (ret) {
			kfree(memory);
			return ERR_PTR(ret);
		}
		base = page_to_phys(memory->blocks[0]);
	}
	memory->base = ALIGN(base, align);
	return memory;
}

/**
 * contiguous_base() - get the address of the memory
 * @memory: from contiguous_alloc()
 *
 * Return: the physical address of its first byte.
 */
phys_addr_t contiguous_base(const struct contiguous *memory)
{
	return memory->base;
}

/**
 * contiguous_free() - release the memory
 * @memory: from contiguous_alloc(), or NULL
 *
 * Context: may sleep.
 */
void contiguous_free(struct contiguous *memory)
{
	unsigned int i;

	if (!memory)
		return;
	if (memory->pages)
		dma_free_pages(memory->dev, memory->size, memory->pages,
			       memory->dma, DMA_BIDIRECTIONAL);
	for (i = 0; i < memory->nr_blocks; i++)
		__free_pages(memory->blocks[i], BLOCK_ORDER);
	kvfree(memory->blocks);
	kfree(memory);
}
