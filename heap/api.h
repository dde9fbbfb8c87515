/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions for other modules, in the symbol namespace CONTIG_HEAPS.
 *
 * A module opens its own heaps: on the same memory as a heap under
 * /dev/dma_heap, or on memory without a heap there. Its buffers are dma-bufs
 * like all others; a reference to a dma-buf keeps its memory allocated. A new
 * buffer is zeroed in memory, and no cache holds lines of it, so its address can
 * be passed to a device at once.
 */
#ifndef CONTIG_API_H
#define CONTIG_API_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct device_node;
struct dma_buf;
struct heap;
struct vm_area_struct;
struct vm_fault;

/**
 * struct contig_place - location of a buffer, constant during its lifetime
 * @phys: physical address of its first byte
 * @offset: offset of the buffer in its region
 * @size: bytes
 * @uncached: the heap is write-combined
 * @mapped: the kernel maps the memory cached
 * @vaddr: kernel address; cached if @mapped, otherwise write-combined; NULL for
 *	device memory
 */
struct contig_place {
	phys_addr_t phys;
	u64 offset;
	u64 size;
	bool uncached;
	bool mapped;
	void *vaddr;
};

/**
 * struct contig_stat - statistics of a heap's region at one moment
 * @base: physical address of the region
 * @total: bytes of the region
 * @free: bytes not allocated
 * @largest: bytes of the longest free run
 * @used: bytes of the live buffers of this heap only
 * @mapped: the kernel maps the region cached, so buffers can be cached
 * @places: the region knows which offsets are free; contig_alloc_at() works
 */
struct contig_stat {
	phys_addr_t base;
	u64 total;
	u64 free;
	u64 largest;
	u64 used;
	bool mapped;
	bool places;
};

/**
 * enum contig_maintenance - cache maintenance of a range
 * @CONTIG_CLEAN: write dirty lines back to memory, and keep them
 * @CONTIG_CLEAN_INVALIDATE: write dirty lines back and discard all lines. Each line
 *	takes one operation, so that no write is lost
 */
enum contig_maintenance {
	CONTIG_CLEAN,
	CONTIG_CLEAN_INVALIDATE,
};

struct heap *contig_heap_open(const char *name, const char *region,
			      bool uncached);
struct heap *contig_heap_open_node(const char *name, struct device_node *memory,
				   u64 quantum, bool uncached);
struct heap *contig_heap_open_at(const char *name, phys_addr_t base, u64 size,
				 u64 quantum, bool uncached);
struct heap *contig_heap_open_device(const char *name, phys_addr_t base,
				     u64 size, u64 quantum);
struct heap *contig_heap_open_lent(const char *name, struct heap *lender,
				   u64 size, u64 quantum, bool uncached);
void contig_heap_close(struct heap *heap);
void contig_heap_watch(struct heap *heap, void (*released)(void *data),
		       void *data);
void contig_heap_unwatch(struct heap *heap);
void contig_heap_stat(struct heap *heap, struct contig_stat *stat);
bool contig_heap_next_free(struct heap *heap, u64 offset, u64 *start, u64 *len);

struct dma_buf *contig_alloc(struct heap *heap, u64 len, u64 align,
			     u32 fd_flags);
struct dma_buf *contig_alloc_lowest(struct heap *heap, u64 len, u64 align,
				    u32 fd_flags);
struct dma_buf *contig_alloc_at(struct heap *heap, u64 offset, u64 len,
				u32 fd_flags);
int contig_place(struct dma_buf *dmabuf, struct contig_place *place);
pgprot_t contig_pgprot(struct dma_buf *dmabuf, bool uncached, pgprot_t prot);
int contig_map_user(struct dma_buf *dmabuf, struct vm_area_struct *vma,
		    bool uncached);
vm_fault_t contig_fault_user(struct dma_buf *dmabuf, struct vm_fault *vmf,
			     unsigned int order);
int contig_maintain(struct dma_buf *dmabuf, u64 offset, u64 len,
		    enum contig_maintenance what);

#endif /* CONTIG_API_H */
