// SPDX-License-Identifier: GPL-2.0-only
/* Opening heaps for other modules. The API for buffers is in buffer.c and cpu_*.c. */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>

#include "api.h"
#include "carveout.h"
#include "debugfs.h"
#include "heap.h"
#include "kcompat.h"
#include "lent.h"
#include "region.h"
#include "reserved.h"
#include "stock.h"

/* Consumes the caller's reference on @region; the heap takes its own. */
static struct heap *open_on(struct region *region, const char *name,
			    bool uncached)
{
	struct heap *heap;

	if (IS_ERR(region))
		return ERR_CAST(region);
	if (!region->mapped)
		uncached = true;
	else if (!CONTIG_UNCACHED_ALIAS)
		uncached = false;
	heap = heap_new(region, name, uncached);
	if (!IS_ERR(heap)) {
		heap->physical = true;
		region_debugfs_add(region);
	}
	region_put(region);
	return heap;
}

/**
 * contig_heap_open() - open a heap on an existing region
 * @name: name of the heap
 * @region: name of the region
 * @uncached: make its buffers write-combined. This is ignored for memory that
 *	cannot be cached, whose buffers are always write-combined, and on
 *	architectures that allow only cached mappings of memory that the
 *	kernel maps cached
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
 * contig_heap_open_node() - open a heap on memory reserved by the device tree
 * @name: name of the heap, and of the region if it does not exist yet
 * @memory: a node under /reserved-memory
 * @quantum: quantum of the region in bytes, if it is created here
 * @uncached: as contig_heap_open()
 *
 * Context: may sleep.
 * Return: as contig_heap_open(); also -EBUSY if a part of the memory belongs to
 * another region, or the kernel uses it; -EINVAL for a bad range.
 */
struct heap *contig_heap_open_node(const char *name, struct device_node *memory,
				   u64 quantum, bool uncached)
{
	return open_on(region_from_node(name, memory, quantum), name, uncached);
}

CONTIG_EXPORT(contig_heap_open_node);

/*
 * Find the region with exactly this range. Fails if it is of the wrong kind:
 * device registers must not be used as memory, nor the reverse.
 */
static struct region *find_at(phys_addr_t base, u64 size, bool device)
{
	struct region *region = region_find(base, size);

	if (!region || region->device == device)
		return region;
	region_put(region);
	return ERR_PTR(-EBUSY);
}

/**
 * contig_heap_open_at() - open a heap on memory at a given address
 * @name: name of the heap, and of the region if it does not exist yet
 * @base: physical address of the first byte
 * @size: bytes
 * @quantum: quantum of the region in bytes, if it is created here
 * @uncached: as contig_heap_open()
 *
 * The memory must be reserved, as for a carveout with a base. Errors are
 * explained in the kernel log.
 *
 * Context: may sleep.
 * Return: as contig_heap_open_node(); -EINVAL for a bad range, such as one that
 * is not memory; -EBUSY also for memory that the kernel uses.
 */
struct heap *contig_heap_open_at(const char *name, phys_addr_t base, u64 size,
				 u64 quantum, bool uncached)
{
	struct region *region = find_at(base, size, false);

	return open_on(region ?: carveout_create(name, base, size, quantum, NULL),
		       name, uncached);
}

CONTIG_EXPORT(contig_heap_open_at);

/**
 * contig_heap_open_device() - open a heap on a device's memory
 * @name: name of the heap, and of the region if it does not exist yet
 * @base: physical address of the first byte
 * @size: bytes
 * @quantum: quantum of the region in bytes, if it is created here
 *
 * For device registers, for example. The caller must be the driver of the
 * device, which is responsible for the range; it may have claimed the addresses
 * itself. The memory is not zeroed and not mapped by the kernel; programs map
 * it as device memory. No device can import it.
 *
 * Context: may sleep.
 * Return: as contig_heap_open(); -EINVAL for a bad range, or one that is memory;
 * -EBUSY if a part of it belongs to another region.
 */
struct heap *contig_heap_open_device(const char *name, phys_addr_t base,
				     u64 size, u64 quantum)
{
	struct region *region = find_at(base, size, true);

	return open_on(region ?: carveout_create_device(name, base, size, quantum),
		       name, true);
}

CONTIG_EXPORT(contig_heap_open_device);

/**
 * contig_heap_open_lent() - open a heap that borrows its memory while it is used
 * @name: name of the heap and its region
 * @lender: heap whose region lends the memory, as one block
 * @size: bytes of that block
 * @quantum: quantum of the region in bytes
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
 * @heap: the heap; live buffers stay valid
 *
 * Context: may sleep.
 */
void contig_heap_close(struct heap *heap)
{
	heap_put(heap);
}

CONTIG_EXPORT(contig_heap_close);

/**
 * contig_heap_watch() - be notified when memory of a heap is released
 * @heap: the heap, which has at most one watcher
 * @released: called after each release of a buffer, when the memory is free
 *	again, in any process or a worker. It may sleep, and call any function
 *	of this API except contig_heap_watch() and contig_heap_unwatch()
 * @data: for @released
 *
 * Context: may sleep.
 */
void contig_heap_watch(struct heap *heap, void (*released)(void *data),
		       void *data)
{
	mutex_lock(&heap->watch_lock);
	heap->released = released;
	heap->watch_data = data;
	mutex_unlock(&heap->watch_lock);
}

CONTIG_EXPORT(contig_heap_watch);

/**
 * contig_heap_unwatch() - end the notifications
 * @heap: the heap, watched or not
 *
 * Waits for a running call of the watcher.
 *
 * Context: may sleep. The caller must not hold a lock that the watcher takes.
 */
void contig_heap_unwatch(struct heap *heap)
{
	contig_heap_watch(heap, NULL, NULL);
}

CONTIG_EXPORT(contig_heap_unwatch);

/**
 * contig_heap_stat() - get the statistics of a heap's region
 * @heap: the heap
 * @stat: filled in
 *
 * Context: may sleep.
 */
void contig_heap_stat(struct heap *heap, struct contig_stat *stat)
{
	struct region *region = heap->region;
	struct stock_stat figures;

	region_stat(region, &figures);
	mutex_lock(&region->lock);
	*stat = (struct contig_stat) {
		.base		= region->base,
		.total		= figures.total,
		.free		= figures.free,
		.largest	= figures.largest,
		.used		= heap->bytes,
		.mapped		= region->mapped,
		.places		= region_has_places(region),
	};
	mutex_unlock(&region->lock);
}

CONTIG_EXPORT(contig_heap_stat);

/**
 * contig_heap_next_free() - find free memory by its offset
 * @heap: the heap
 * @offset: offset at which the search begins, in bytes
 * @start: filled in with the offset of the first free run at or after @offset
 * @len: filled in with its length in bytes
 *
 * Context: may sleep.
 * Return: false if there is none, or if the region does not know its offsets.
 */
bool contig_heap_next_free(struct heap *heap, u64 offset, u64 *start, u64 *len)
{
	return region_next_free(heap->region, offset, start, len);
}

CONTIG_EXPORT(contig_heap_next_free);
