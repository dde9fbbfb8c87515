// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps: ways to allocate from a region. pair.c gives them names in /dev/dma_heap.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../uapi/linux/contig_heap.h"
#include "heap.h"
#include "region.h"

static void heap_release(struct kref *ref)
{
	struct heap *heap = container_of(ref, struct heap, ref);

	region_put(heap->region);
	mutex_destroy(&heap->watch_lock);
	kfree(heap);
}

/**
 * heap_get() - take a reference
 * @heap: the heap
 *
 * Return: @heap.
 */
struct heap *heap_get(struct heap *heap)
{
	kref_get(&heap->ref);
	return heap;
}

/**
 * heap_put() - drop a reference
 * @heap: the heap; freed with the last reference
 *
 * Context: may sleep.
 */
void heap_put(struct heap *heap)
{
	kref_put(&heap->ref, heap_release);
}

/**
 * heap_flags() - get the flags of a heap for programs
 * @heap: the heap
 *
 * Context: any.
 * Return: CONTIG_HEAP_F_*.
 */
u32 heap_flags(const struct heap *heap)
{
	const struct region *region = heap->region;
	u32 flags = 0;

	if (heap->uncached)
		flags |= CONTIG_HEAP_F_UNCACHED;
	if (region->scattered)
		flags |= CONTIG_HEAP_F_SCATTERED | CONTIG_HEAP_F_ESTIMATE;
	else if (region->estimate)
		flags |= CONTIG_HEAP_F_CMA | CONTIG_HEAP_F_ESTIMATE;
	if (!region->mapped)
		flags |= CONTIG_HEAP_F_NO_MAP;
	return flags;
}

/**
 * heap_buffer_released() - call the watcher of a heap
 * @heap: the heap; one of its buffers has been released
 *
 * Context: may sleep.
 */
void heap_buffer_released(struct heap *heap)
{
	mutex_lock(&heap->watch_lock);
	if (heap->released)
		heap->released(heap->watch_data);
	mutex_unlock(&heap->watch_lock);
}

/**
 * heap_new() - create a heap without a node
 * @region: the region; the heap takes its own reference
 * @name: its name, without "-uncached"
 * @uncached: make its buffers write-combined, and append "-uncached"
 *
 * Context: may sleep.
 * Return: the heap, with one reference for the caller; -EINVAL if the name is
 * too long; -ENOMEM.
 */
struct heap *heap_new(struct region *region, const char *name, bool uncached)
{
	struct heap *heap = kzalloc(sizeof(*heap), GFP_KERNEL);

	if (!heap)
		return ERR_PTR(-ENOMEM);
	kref_init(&heap->ref);
	INIT_LIST_HEAD(&heap->nodes);
	mutex_init(&heap->watch_lock);
	heap->region = region_get(region);
	heap->uncached = uncached;
	if (snprintf(heap->name, sizeof(heap->name), "%s%s", name,
		     uncached ? "-uncached" : "") >= sizeof(heap->name)) {
		pr_err("%s: the name is too long\n", name);
		heap_put(heap);
		return ERR_PTR(-EINVAL);
	}
	return heap;
}
