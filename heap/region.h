/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A region is a stretch of physical memory and the way to hand out parts of it:
 * a carveout (memory that nobody else uses, under a pool) or a CMA area (memory
 * that the kernel lends to movable pages meanwhile).
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
 *   buffer->lock         attachments and kernel mappings of one buffer
 *   lent->lock           whether a lent region has its memory, and its pool
 *   carveout->slice      writing to free memory of a carveout
 *   dmabuf->name_lock, carveout->lock, cma_region->lock (spinlocks, innermost)
 *
 * None of them is held over an access to user memory, and no mmap_lock is taken
 * below any of them: mmap() of a buffer needs none, because size and place of a
 * buffer never change.
 */
#ifndef CONTIG_REGION_H
#define CONTIG_REGION_H

#include <linux/device.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct device_node;
struct region;

/* Bytes that are zeroed at one stroke: some 10 us. */
#define ZERO_SLICE	((size_t)SZ_64K)

/**
 * struct extent - memory handed out by a region
 * @phys: physical address of the first usable byte
 * @size: usable bytes
 * @block: physical address of what the backend took for it
 * @block_size: bytes of that, which covers the usable bytes
 *
 * Owned by whoever called region_alloc(), until region_free().
 */
struct extent {
	phys_addr_t phys;
	u64 size;
	phys_addr_t block;
	u64 block_size;
};

/**
 * struct region_stat - figures of a region at one moment, all in bytes
 * @total: bytes managed
 * @free: bytes not handed out
 * @largest: longest free run
 * @dirty: free bytes that have to be zeroed before they are handed out
 */
struct region_stat {
	u64 total;
	u64 free;
	u64 largest;
	u64 dirty;
};

/**
 * struct region_ops - what the kinds of regions do differently
 * @alloc: take at least @size bytes, the first one at a multiple of @align; both
 *	are multiples of the page size, @align is a power of two. With @lowest,
 *	where the region chooses the place itself, it is the lowest that fits.
 *	The memory is zero. May sleep. Returns -ENOMEM when nothing fits and
 *	-EINTR when a fatal signal came first.
 * @alloc_at: the same at a given offset into the region, a multiple of the
 *	quantum; -EBUSY if any of it is taken. NULL where that is not possible.
 * @free: take an extent back. May sleep.
 * @stat: fill in the figures. May sleep.
 * @next_free: the first free run at or after an offset, false if there is none.
 *	May sleep. NULL where that is not known.
 * @map: draw the region for people, or NULL. May sleep.
 * @stop: end what the region does in the background, or NULL. May sleep.
 * @destroy: free the structure that embeds the region and give the memory back.
 */
struct region_ops {
	int (*alloc)(struct region *region, u64 size, u64 align, bool lowest,
		     struct extent *extent);
	int (*alloc_at)(struct region *region, u64 offset, u64 size,
			struct extent *extent);
	void (*free)(struct region *region, const struct extent *extent);
	void (*stat)(struct region *region, struct region_stat *stat);
	bool (*next_free)(struct region *region, u64 offset, u64 *start,
			  u64 *len);
	void (*map)(struct region *region, struct seq_file *seq);
	void (*stop)(struct region *region);
	void (*destroy)(struct region *region);
};

/**
 * struct region - common part of every region
 * @dev: its reference count and its name; also the device for which CMA pages
 *	are allocated, hence never coherent and without limits on addresses
 * @ops: what its kind does
 * @base: physical address of the first byte
 * @size: bytes
 * @quantum: bytes; a power of two, at least a page; extents are multiples of it
 * @mapped: the kernel maps it write-back cached
 * @paged: every page of it has a struct page
 * @estimate: only an upper bound is known of what is free
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
 * @debugfs: its directory there
 *
 * Set up before the region is visible and constant then, unless said otherwise.
 */
struct region {
	struct device dev;
	const struct region_ops *ops;
	phys_addr_t base;
	u64 size;
	u64 quantum;
	bool mapped;
	bool paged;
	bool estimate;
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
	struct dentry *debugfs;
};

/* How many quanta @bytes of it take; the quantum may be more than 32 bits wide. */
static inline u64 region_quanta(const struct region *region, u64 bytes)
{
	return (bytes + (region->quantum - 1)) >> ilog2(region->quantum);
}

static inline const char *region_name(const struct region *region)
{
	return dev_name(&region->dev);
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
void region_clean(void *vaddr, phys_addr_t phys, size_t size);
void region_flush(void *vaddr, phys_addr_t phys, size_t size);
int region_zero(void *vaddr, size_t size);

void regions_wait_gone(void);

struct region *carveout_create(const char *name, phys_addr_t base, u64 size,
			       u64 quantum, const struct device_node *node);
struct region *carveout_create_device(const char *name, phys_addr_t base,
				      u64 size, u64 quantum);
struct region *carveout_create_anywhere(const char *name, u64 size,
					u64 quantum);

struct reserved_mem;
#ifdef CONFIG_DMA_CMA
struct region *cma_create(const char *name, struct reserved_mem *rmem);
struct region *cma_create_default(const char *name, u64 known);
#else
static inline struct region *cma_create(const char *name,
					struct reserved_mem *rmem)
{
	return ERR_PTR(-ENODEV);
}

static inline struct region *cma_create_default(const char *name, u64 known)
{
	return ERR_PTR(-ENODEV);
}
#endif

struct region *lent_create(const char *name, struct region *lender, u64 size,
			   u64 quantum);

struct region *region_from_node(const char *name, struct device_node *memory,
				u64 quantum);

#endif /* CONTIG_REGION_H */
