/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A region is a stretch of physical memory and the way to hand out parts of it:
 * a carveout (memory that nobody else uses, in a stock), a lent region (a stock
 * whose memory is borrowed while it is used) or a CMA area (memory that the kernel
 * fills with movable pages meanwhile). System memory is a region as well, but no
 * stretch: pages of the kernel's allocator, wherever they are.
 *
 * Life: a region is created with one reference, which its creator holds. Each
 * heap on it and each live buffer in it hold one more, so that memory stays
 * claimed as long as anything can reach it. When its creator is gone (unbind,
 * module exit) no heap shows it any more, but its buffers live on; the address
 * range can be claimed anew when the last of them is released.
 *
 * Lock order, outermost first, for the whole module:
 *
 *   heap->watch_lock     whoever watches the heap, while it is being told; what
 *                        that takes comes next, and ours after it
 *   nodes_lock           names under /dev/dma_heap
 *   regions_lock         list of regions, claims on address ranges
 *   dma_resv of a dma-buf (taken by the dma-buf core around our callbacks)
 *   region->lock         list of live buffers
 *   buffer->lock         attachments of one buffer
 *   lent->lock           whether a lent region has its memory
 *   cma_region->growing  a CMA area is asked for more
 *   cma_region->giving   it gets memory back; taken under memory pressure, too, so that
 *                        nothing may be allocated then
 *   dmabuf->name_lock, stock->lock, stock->stroke, cma_region->lock, store->lock
 *                        (spinlocks, innermost; none is taken in another)
 *
 * None of them is held over an access to user memory, and no mmap_lock is taken
 * below any of them: mmap() of a buffer needs none, because size and place of a
 * buffer never change.
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
 * struct region_keep - how much of the kernel's memory a region keeps to itself
 * @reserve: bytes that it has at any time, in use or free
 * @max: free bytes that it keeps, unless the reserve is more
 * @idle_ms: milliseconds after which free memory goes back that nobody needed; 0 for
 *	when the kernel needs it
 */
struct region_keep {
	u64 reserve;
	u64 max;
	unsigned int idle_ms;
};

/**
 * enum region_keep_value - one of them
 * @KEEP_RESERVE: &region_keep.reserve
 * @KEEP_MAX: &region_keep.max
 * @KEEP_IDLE_MS: &region_keep.idle_ms
 */
enum region_keep_value { KEEP_RESERVE, KEEP_MAX, KEEP_IDLE_MS };

/**
 * struct region_ops - what the kinds of regions do differently
 * @kind: what sysfs calls it
 * @alloc: take @size bytes, the first one at a multiple of
 *	@align; both are multiples of the page size, @align is a power of two.
 *	@flags are ALLOC_*. The memory is zero. May sleep. Returns -ENOMEM when
 *	nothing fits and -EINTR when a fatal signal came first. NULL where all
 *	memory comes from the stock.
 * @free: take such memory back. May sleep.
 * @stat: fill in the figures, or NULL if they are the stock's. May sleep.
 * @trim: give free memory back to the kernel until no more than @held bytes of it
 *	are left, or as many as are reserved; or NULL. May sleep.
 * @set_keep: change one value of what is kept, or NULL. May sleep. Returns -EINVAL for
 *	what cannot be, -ENOMEM if the reserve cannot be had and -EINTR when a fatal
 *	signal came first.
 * @enter: where there is no @alloc: get the stock its memory before an allocation, or NULL
 *	if it is always there. May sleep. Returns 0, -ENOMEM or -EINTR.
 * @leave: undo one @enter, after the allocation has failed or been freed
 * @stop: end what the region does in the background, or NULL. May sleep.
 * @destroy: free the structure that embeds the region and give the memory back.
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
 * @ref: references. Whoever drops one holds the module: by an open file, a dma-buf,
 *	a device's driver or a caller of api.h; or is the module's own end
 * @dev: its name; also the device for which CMA pages are allocated, hence never
 *	coherent and without limits on addresses. Nobody registers it, and it goes
 *	by a function of the kernel's, whenever that is
 * @ops: what its kind does
 * @stock: where its memory comes from, or NULL; part of what embeds the region
 * @base: physical address of the first byte
 * @size: bytes; where it is scattered, those that can be asked for
 * @quantum: bytes; a power of two, at least a page; extents are multiples of it
 * @mapped: the kernel maps it write-back cached
 * @paged: every page of it has a struct page
 * @estimate: only an upper bound is known of what is free
 * @scattered: what is allocated may be many extents. There is no range of its
 *	own then: it claims nothing, @base is 0, and no place can be chosen
 * @from_kernel: the kernel has given the memory, by way of a CMA area perhaps
 *	that is a region itself; nobody else can have it
 * @device: a device's memory, registers perhaps: nothing of ours reads or writes
 *	it, and the kernel does not map it
 * @claimed: @entry is on the list of regions
 * @published: others may find it there; protected by regions_lock
 * @view: where the linear map does not cover it, a kernel mapping of its own:
 *	write-back where @mapped, else write-combined
 * @resource: the claim on @base in the kernel's table of addresses, or NULL
 * @entry: in the list of regions; protected by regions_lock
 * @lock: protects @buffers and @nr_buffers
 * @buffers: live buffers, by their @entry
 * @nr_buffers: length of that list
 * @keep: what it keeps; changed by ops->set_keep() alone
 * @debugfs: its directory there
 *
 * Set up before the region is visible and constant then, unless said otherwise.
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
