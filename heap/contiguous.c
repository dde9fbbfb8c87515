// SPDX-License-Identifier: GPL-2.0-only
/*
 * A large piece of contiguous memory from a running kernel, for carveouts that
 * have no memory reserved for them.
 *
 * The default CMA area is asked first. Without one the page allocator has only
 * blocks of a few MiB; soon after boot neighbouring ones are mostly free, so
 * blocks are collected until enough of them stand in a row.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "contiguous.h"
#include "kcompat.h"

/* How many times the wanted memory may be held while looking for a row. */
#define COLLECT_FACTOR	4

/* NORETRY: whoever is asked for this much must not kill others to give it. */
#define CONTIGUOUS_GFP	(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)

/**
 * struct contiguous - a piece of memory taken from the kernel
 * @dev: device it was allocated for
 * @base: physical address of the first byte that was asked for
 * @pages: first page, if it came in one piece
 * @dma: its address for @dev
 * @size: bytes of that piece
 * @blocks: otherwise the first page of every block of the row
 * @nr_blocks: number of them
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

/* Keep blocks[] sorted by address; returns where the new one went. */
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

/* If the block at @pos completes a row of @want blocks, where does it begin? */
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
 * @dev: device without restrictions on addresses
 * @size: bytes, a multiple of the page size
 * @align: alignment of the first byte, a power of two
 *
 * The memory is in the linear map.
 *
 * Context: may sleep, for long.
 * Return: the memory, to be given back with contiguous_free(); -EINVAL for
 * sizes that no machine has, -ENOMEM.
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
	/* Nobody else should lose their caches to what cannot succeed. */
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
 * contiguous_base() - where the memory is
 * @memory: from contiguous_alloc()
 *
 * Return: the physical address of its first byte.
 */
phys_addr_t contiguous_base(const struct contiguous *memory)
{
	return memory->base;
}

/**
 * contiguous_free() - give the memory back
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
