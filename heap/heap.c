// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps: from a region to the names that programs open.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "alias.h"
#include "heap.h"
#include "kcompat.h"
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
 * @heap: the heap; gone when this was the last reference
 *
 * Context: may sleep.
 */
void heap_put(struct heap *heap)
{
	kref_put(&heap->ref, heap_release);
}

/**
 * heap_buffer_released() - tell whoever watches a heap
 * @heap: the heap, of which a buffer has been released
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

static void heap_add_alias(const char *alias, void *data)
{
	struct heap *heap = data;
	char name[HEAP_NAME_MAX];

	if (snprintf(name, sizeof(name), "%s%s", alias,
		     heap->uncached ? "-uncached" : "") < sizeof(name))
		node_add(heap, name);
}

/**
 * heap_new() - make a heap that nothing under /dev/dma_heap shows
 * @region: the region; the heap takes a reference of its own
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

/**
 * heap_create() - show a region under /dev/dma_heap
 * @region: the region; the heap takes a reference of its own
 * @name: what to call it, without "-uncached"
 * @uncached: make its buffers write-combined, and append "-uncached"
 *
 * The aliases of @name come with it, as far as their names are free.
 *
 * Context: may sleep.
 * Return: the heap, to be removed by heap_remove(); -EEXIST if the name is
 * taken, -EINVAL if it cannot be a name, -ENOMEM, -ENOSPC without a free minor.
 */
struct heap *heap_create(struct region *region, const char *name, bool uncached)
{
	struct heap *heap = heap_new(region, name, uncached);
	int ret;

	if (IS_ERR(heap))
		return heap;
	ret = node_add(heap, heap->name);
	if (ret) {
		heap_put(heap);
		return ERR_PTR(ret);
	}
	walk_aliases(name, heap_add_alias, heap);
	return heap;
}

/**
 * heap_remove() - take a heap away from /dev/dma_heap
 * @heap: the heap, or NULL
 *
 * Its live buffers stay as they are; nothing more can be allocated.
 *
 * Context: may sleep.
 */
void heap_remove(struct heap *heap)
{
	if (!heap)
		return;
	WRITE_ONCE(heap->gone, true);
	nodes_remove(heap);
	heap_put(heap);
}

/**
 * twins_create() - show a region in all the ways it can be used
 * @region: the region; its reference passes to the twins on success
 * @name: name of the cached heap
 *
 * Context: may sleep.
 * Return: the twins, to be removed by twins_remove(), or as heap_create().
 */
struct twins *twins_create(struct region *region, const char *name)
{
	struct twins *twins = kzalloc(sizeof(*twins), GFP_KERNEL);
	struct heap *heap;

	if (!twins)
		return ERR_PTR(-ENOMEM);
	if (region->mapped) {
		heap = heap_create(region, name, false);
		if (IS_ERR(heap))
			goto free_twins;
		twins->cached = heap;
	}
	if (!region->mapped || CONTIG_UNCACHED_ALIAS) {
		heap = heap_create(region, name, true);
		if (IS_ERR(heap))
			goto remove_cached;
		twins->uncached = heap;
	}
	twins->region = region;
	pr_info("%s: %s of %llu KiB, quantum %llu KiB%s\n", name,
		region->estimate ? "CMA area" : "carveout", region->size >> 10,
		region->quantum >> 10, region->mapped ? "" : ", uncached only");
	return twins;

remove_cached:
	heap_remove(twins->cached);
free_twins:
	kfree(twins);
	return ERR_CAST(heap);
}

/**
 * twins_remove() - remove both heaps and let the region go
 * @twins: the twins
 *
 * Context: may sleep.
 */
void twins_remove(struct twins *twins)
{
	heap_remove(twins->uncached);
	heap_remove(twins->cached);
	region_put(twins->region);
	kfree(twins);
}
