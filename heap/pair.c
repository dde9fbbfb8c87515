// SPDX-License-Identifier: GPL-2.0-only
/* Creates the two heaps of a region, and their names in /dev/dma_heap. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "debugfs.h"
#include "heap.h"
#include "kcompat.h"
#include "node.h"
#include "region.h"
#include "pair.h"

/*
 * Add the nodes of a new heap. Passes the reference on @heap to the caller on
 * success, and drops it on failure. Returns @heap if that is an error.
 */
static struct heap *heap_show(struct heap *heap)
{
	int ret;

	if (IS_ERR(heap))
		return heap;
	ret = node_add(heap, heap->name);
	if (ret) {
		heap_put(heap);
		return ERR_PTR(ret);
	}
	return heap;
}

static struct heap *heap_create(struct region *region, const char *name,
				bool uncached)
{
	return heap_show(heap_new(region, name, uncached));
}

/* Live buffers stay valid; nothing more can be allocated. */
static void heap_remove(struct heap *heap)
{
	if (!heap)
		return;
	WRITE_ONCE(heap->gone, true);
	nodes_remove(heap);
	heap_put(heap);
}

/**
 * pair_create() - create the heaps of a region
 * @region: the region; on success, the pair takes over the caller's reference
 * @name: name of the cached heap
 *
 * Context: may sleep.
 * Return: the pair, to be removed by pair_remove(); -EEXIST if a name is in use,
 * -EINVAL if a name is invalid, -ENOMEM, -EBUSY without a free minor number.
 */
struct pair *pair_create(struct region *region, const char *name)
{
	struct pair *pair = kzalloc(sizeof(*pair), GFP_KERNEL);
	struct heap *heap;

	if (!pair)
		return ERR_PTR(-ENOMEM);
	if (region->mapped) {
		heap = heap_create(region, name, false);
		if (IS_ERR(heap))
			goto free_twins;
		pair->cached = heap;
	}
	if (!region->mapped || CONTIG_UNCACHED_ALIAS) {
		heap = heap_create(region, name, true);
		if (IS_ERR(heap))
			goto remove_cached;
		pair->uncached = heap;
	}
	pair->region = region;
	region_debugfs_add(region);
	pr_info("%s: %s of %llu KiB, quantum %llu KiB%s\n", name,
		region->estimate ? "CMA area" : "carveout", region->size >> 10,
		region->quantum >> 10, region->mapped ? "" : ", uncached only");
	return pair;

remove_cached:
	heap_remove(pair->cached);
free_twins:
	kfree(pair);
	return ERR_CAST(heap);
}

/**
 * pair_add() - create the heaps of a region that belongs to no device
 * @region: the region, or an ERR_PTR(); consumes the caller's reference
 * @name: name of the cached heap
 * @list: the pair is added here
 *
 * Context: may sleep.
 * Return: 0, the error in @region, or as pair_create().
 */
int pair_add(struct region *region, const char *name, struct list_head *list)
{
	struct pair *pair;

	if (IS_ERR(region))
		return PTR_ERR(region);
	pair = pair_create(region, name);
	if (IS_ERR(pair)) {
		region_put(region);
		return PTR_ERR(pair);
	}
	list_add(&pair->entry, list);
	return 0;
}

/**
 * pair_add_heap() - create one heap of a region, with any name
 * @region: the region; consumes the caller's reference
 * @name: name of the heap
 * @uncached: make its buffers write-combined
 * @list: a pair with just this heap is added here
 *
 * Context: may sleep.
 * Return: 0, or as pair_create().
 */
int pair_add_heap(struct region *region, const char *name, bool uncached,
		  struct list_head *list)
{
	struct pair *pair = kzalloc(sizeof(*pair), GFP_KERNEL);
	struct heap *heap;

	if (!pair) {
		region_put(region);
		return -ENOMEM;
	}
	heap = heap_new(region, name, false);
	if (!IS_ERR(heap))
		heap->uncached = uncached;
	heap = heap_show(heap);
	if (IS_ERR(heap)) {
		kfree(pair);
		region_put(region);
		return PTR_ERR(heap);
	}
	*(uncached ? &pair->uncached : &pair->cached) = heap;
	pair->region = region;
	region_debugfs_add(region);
	list_add(&pair->entry, list);
	return 0;
}

/**
 * pair_remove() - remove the heaps and drop the region
 * @pair: the pair
 *
 * Context: may sleep.
 */
void pair_remove(struct pair *pair)
{
	heap_remove(pair->uncached);
	heap_remove(pair->cached);
	region_put(pair->region);
	kfree(pair);
}
