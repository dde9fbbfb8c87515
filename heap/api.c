// SPDX-License-Identifier: GPL-2.0-only
/* Opening heaps for other modules. For what they do with buffers see buffer.c and cpu_*.c. */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>

#include "api.h"
#include "heap.h"
#include "kcompat.h"
#include "region.h"

/* The heap holds the region from then on. */
static struct heap *open_on(struct region *region, const char *name,
			    bool uncached)
{
	struct heap *heap;

	if (IS_ERR(region))
		return ERR_CAST(region);
	if (!region->mapped)
		uncached = true;
	heap = heap_new(region, name, uncached);
	region_put(region);
	return heap;
}

/**
 * contig_heap_open() - open a heap on a region that exists
 * @name: what to call the heap
 * @region: name of the region
 * @uncached: make its buffers write-combined; memory that cannot be cached is
 *	made so anyway
 *
 * Context: may sleep.
 * Return: the heap, to be closed; -ENODEV without such a region; -EINVAL for a
 * name that is too long; -ENOMEM.
 */
struct heap *contig_heap_open(const char *name, const char *region,
			      bool uncached)
{
	return open_on(region_by_name(region) ?: ERR_PTR(-ENODEV), name,
		       uncached);
}

CONTIG_EXPORT(contig_heap_open);

/**
 * contig_heap_open_node() - open a heap on memory that the tree reserves
 * @name: what to call the heap, and the region if there is none yet
 * @memory: a node under /reserved-memory
 * @quantum: granularity of that region in bytes, if it is made here
 * @uncached: as contig_heap_open()
 *
 * Context: may sleep.
 * Return: as contig_heap_open(); also -EBUSY if a part of the memory belongs to
 * another region.
 */
struct heap *contig_heap_open_node(const char *name, struct device_node *memory,
				   u64 quantum, bool uncached)
{
	struct reserved_mem *rmem = of_reserved_mem_lookup(memory);
	struct region *region = NULL;

	if (rmem && rmem->size)
		region = region_find(rmem->base, rmem->size);
	return open_on(region ?: region_from_node(name, memory, quantum), name,
		       uncached);
}

CONTIG_EXPORT(contig_heap_open_node);

/**
 * contig_heap_open_at() - open a heap on memory at a known address
 * @name: what to call the heap, and the region if there is none yet
 * @base: physical address of the first byte
 * @size: bytes
 * @quantum: granularity of that region in bytes, if it is made here
 * @uncached: as contig_heap_open()
 *
 * Who calls this vouches for the memory being reserved.
 *
 * Context: may sleep.
 * Return: as contig_heap_open_node().
 */
struct heap *contig_heap_open_at(const char *name, phys_addr_t base, u64 size,
				 u64 quantum, bool uncached)
{
	struct region *region = region_find(base, size);

	return open_on(region ?: carveout_create(name, base, size, quantum),
		       name, uncached);
}

CONTIG_EXPORT(contig_heap_open_at);

/**
 * contig_heap_open_lent() - open a heap that borrows its memory while it is used
 * @name: what to call the heap and its region
 * @lender: heap whose region lends the memory, as one block
 * @size: bytes of that block
 * @quantum: granularity in bytes
 * @uncached: as contig_heap_open()
 *
 * Context: may sleep.
 * Return: as contig_heap_open(); -EINVAL for a bad size or quantum.
 */
struct heap *contig_heap_open_lent(const char *name, struct heap *lender,
				   u64 size, u64 quantum, bool uncached)
{
	return open_on(lent_create(name, lender->region, size, quantum), name,
		       uncached);
}

CONTIG_EXPORT(contig_heap_open_lent);

/**
 * contig_heap_close() - close a heap
 * @heap: the heap; buffers that live keep what they need of it
 *
 * Context: may sleep.
 */
void contig_heap_close(struct heap *heap)
{
	heap_put(heap);
}

CONTIG_EXPORT(contig_heap_close);

/**
 * contig_heap_stat() - figures of a heap's memory
 * @heap: the heap
 * @stat: filled in
 *
 * Context: may sleep.
 */
void contig_heap_stat(struct heap *heap, struct contig_stat *stat)
{
	struct region *region = heap->region;
	struct region_stat figures;

	region->ops->stat(region, &figures);
	mutex_lock(&region->lock);
	*stat = (struct contig_stat) {
		.base		= region->base,
		.total		= figures.total,
		.free		= figures.free,
		.largest	= figures.largest,
		.used		= heap->bytes,
		.mapped		= region->mapped,
	};
	mutex_unlock(&region->lock);
}

CONTIG_EXPORT(contig_heap_stat);

/**
 * contig_heap_next_free() - find free memory by address
 * @heap: the heap
 * @offset: where to begin, in bytes
 * @start: filled in with the offset of the first free run at or after @offset
 * @len: filled in with its length in bytes
 *
 * Context: may sleep.
 * Return: false if there is none, or the region does not know.
 */
bool contig_heap_next_free(struct heap *heap, u64 offset, u64 *start, u64 *len)
{
	struct region *region = heap->region;

	return region->ops->next_free &&
	       region->ops->next_free(region, offset, start, len);
}

CONTIG_EXPORT(contig_heap_next_free);
