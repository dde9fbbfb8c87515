/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A region is a range of physical memory, and the way to allocate from it: a
 * carveout (memory that only buffers use, in a stock), a lent region (a stock that
 * borrows its memory while it is in use) or a CMA area (memory that the kernel uses
 * for movable pages until it is allocated). System memory is a region as well, but
 * not a range: its pages come from the page allocator and can be anywhere.
 *
 * Lifetime: a region is created with one reference, which its creator holds. Each
 * heap on it holds another one, and each live buffer references its heap, so that
 * memory stays claimed as long as anything can reach it. When the creator drops its
 * reference (unbind, module exit), the heaps have no nodes any more, but live
 * buffers stay valid. The address range can be claimed again after the last buffer
 * has been released.
 *
 * Lock order, outermost first, for the whole module:
 *
 *   heap->watch_lock     held while the watcher of a heap is called; the watcher's
 *                        own locks come next, then the locks below
 *   nodes_lock           names under /dev/dma_heap
 *   adding               directories in debugfs; taken with none of the others held
 *   regions_lock         list of regions, claims on address ranges
 *   dma_resv of a dma-buf (taken by the dma-buf core around our callbacks)
 *   region->lock         list of live buffers
 *   buffer->lock         attachments of one buffer
 *   lent->lock           whether a lent region has its memory
 *   cma_region->growing  memory is being allocated from a CMA area
 *   cma_region->giving   memory is being released to a CMA area; also taken under
 *                        memory pressure, so the holder must not allocate memory
 *   dmabuf->name_lock, stock->lock, stock->stroke, cma_region->lock, store->lock
 *                        (spinlocks, innermost; they do not nest)
 *
 * None of them is held while user memory is accessed, and no mmap_lock is taken
 * while one of them is held. mmap() of a buffer takes no lock, because the size and
 * place of a buffer never change.
 */
#ifndef CONTIG_REGION_H
#define CONTIG_REGION_H

#include <linux/device.h>
#include <linux/err.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "extents.h"

struct device_node;
struct region;
struct stock;
struct stock_stat;

/**
 * struct region_keep - how much memory a region keeps from the kernel
 * @reserve: bytes that are never returned, in use or free
 * @max: free bytes that are kept at most, unless the reserve is larger
 * @idle_ms: milliseconds after which unused free memory is returned; 0: when the
 *	kernel needs it
 */
struct region_keep {
	u64 reserve;
	u64 max;
	unsigned int idle_ms;
};

/**
 * enum region_keep_value - a field of struct region_keep
 * @KEEP_RESERVE: &region_keep.reserve
 * @KEEP_MAX: &region_keep.max
 * @KEEP_IDLE_MS: &region_keep.idle_ms
 */
enum region_keep_value { KEEP_RESERVE, KEEP_MAX, KEEP_IDLE_MS };

/**
 * struct region_ops - what the kinds of regions do differently
 * @kind: its name in sysfs
 * @alloc: allocate @size bytes at a multiple of @align. Both are multiples of the
 *	page size, and @align is a power of two. @flags are ALLOC_*. The memory is
 *	zero. May sleep. Returns -ENOMEM if nothing fits and -EINTR after a fatal
 *	signal. NULL if all memory comes from the stock.
 * @free: free such memory. May sleep.
 * @stat: fill in the statistics, or NULL to use those of the stock. May sleep.
 * @trim: return free memory to the kernel until no more than @held bytes of it, or
 *	only the reserve, are left; or NULL. May sleep.
 * @set_keep: change one value of region->keep, or NULL. May sleep. Returns -EINVAL for
 *	an invalid value, -ENOMEM if the reserve cannot be allocated, -EINTR after a
 *	fatal signal.
 * @enter: without @alloc: add memory to the stock before an allocation, or NULL
 *	if it is always there. May sleep. Returns 0, -ENOMEM or -EINTR.
 * @leave: undo one @enter, after the allocation has failed or been freed
 * @stop: end the background work of the region, or NULL. May sleep.
 * @destroy: free the structure that embeds the region and release the memory.
 */
struct region_ops {
	const char *kind;
	int (*alloc)(struct region *region, u64 size, u64 align,
		     unsigned int flags, struct extents *extents);
	void (*free)(struct region *region, const struct extents *extents);
	void (*stat)(struct region *region, struct stock_stat *stat);
	void (*trim)(struct region *region, u64 held);
	int (*set_keep)(struct region *region, enum region_keep_value which,
			u64 value);
	int (*enter)(struct region *region);
	void (*leave)(struct region *region);
	void (*stop)(struct region *region);
	void (*destroy)(struct region *region);
};

/**
 * struct region - common part of every region
 * @ref: references. Code that drops one keeps the module loaded, through an open
 *	file, a dma-buf, a driver bound to a device or a user of api.h, or it is the
 *	module's exit function
 * @dev: has the name of the region. CMA pages are allocated for this device, so it
 *	is never coherent and has no address limits. It is not registered; the kernel
 *	frees it, maybe later than the region
 * @ops: operations of its kind
 * @stock: where its memory comes from, or NULL; embedded in the same structure
 * @base: physical address of the first byte
 * @size: bytes; if @scattered, the largest possible request
 * @quantum: bytes; a power of two, at least a page; extents are multiples of it
 * @mapped: the kernel maps it write-back cached
 * @paged: every page of it has a struct page
 * @estimate: only an upper bound of the free memory is known
 * @scattered: an allocation may have many extents. Such a region has no address
 *	range: it claims nothing, @base is 0, and offsets cannot be chosen
 * @from_kernel: the kernel has allocated the memory for us, maybe from a CMA area
 *	that is itself a region; nothing else can own it
 * @device: memory of a device, such as registers: this module never accesses it,
 *	and the kernel does not map it
 * @claimed: @entry is on the list of regions
 * @published: lookups on the list find it; protected by regions_lock
 * @view: kernel mapping of memory outside of the linear map: write-back if @mapped,
 *	else write-combined. Otherwise NULL
 * @resource: our entry in /proc/iomem for the range, or NULL
 * @entry: in the list of regions; protected by regions_lock
 * @lock: protects @buffers and @nr_buffers
 * @buffers: live buffers, by their @entry
 * @nr_buffers: length of that list
 * @keep: how much memory it keeps; only ops->set_keep() changes it
 * @debugfs: its directory in debugfs
 *
 * Fields are set before the region is visible and constant afterwards, unless noted.
 */
struct region {
	struct kref ref;
	struct device *dev;
	const struct region_ops *ops;
	struct stock *stock;
	phys_addr_t base;
	u64 size;
	u64 quantum;
	bool mapped;
	bool paged;
	bool estimate;
	bool scattered;
	bool from_kernel;
	bool device;
	bool claimed;
	bool published;
	void *view;
	struct resource *resource;
	struct list_head entry;
	struct mutex lock;
	struct list_head buffers;
	unsigned int nr_buffers;
	struct region_keep keep;
	struct dentry *debugfs;
};

static inline const char *region_name(const struct region *region)
{
	return dev_name(region->dev);
}

int region_init(struct region *region, const char *name,
		const struct region_ops *ops);
int region_check_quantum(const char *name, u64 quantum);
int region_claim(struct region *region, const struct device_node *node);
void region_publish(struct region *region);
bool region_exists(phys_addr_t base, u64 size);
struct region *region_find(phys_addr_t base, u64 size);
struct region *region_by_name(const char *name);
struct region *region_get(struct region *region);
void region_put(struct region *region);
void *region_vaddr(const struct region *region, phys_addr_t phys);

int region_alloc(struct region *region, u64 size, u64 align,
		 unsigned int flags, struct extents *extents);
int region_alloc_at(struct region *region, u64 offset, u64 size,
		    unsigned int flags, struct extents *extents);
void region_free(struct region *region, const struct extents *extents);
bool region_has_places(const struct region *region);
void region_stat(struct region *region, struct stock_stat *stat);
void region_trim(struct region *region, u64 held);
bool region_next_free(struct region *region, u64 offset, u64 *start, u64 *len);

#endif /* CONTIG_REGION_H */
