/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private to the files that implement buffers: buffer.c creates and releases them,
 * attachment.c handles importers, cpu_mapping.c maps buffers for programs and the
 * kernel, and cpu_access.c does the cache maintenance between accesses of the CPU
 * and of devices.
 *
 * Documentation/coherency.rst explains which caches are maintained when, and why
 * that is enough.
 */
#ifndef CONTIG_BUFFER_INTERNAL_H
#define CONTIG_BUFFER_INTERNAL_H

#include <linux/dma-buf.h>
#include <linux/dma-direction.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "heap.h"
#include "region.h"

struct iosys_map;
struct vm_area_struct;

/**
 * struct buffer - the private data of a dma-buf of ours
 * @heap: where it was allocated; a reference is held
 * @dmabuf: the dma-buf, which owns this structure
 * @extents: its memory
 * @size: bytes that users see, a multiple of the page size
 * @lock: protects @attachments and the attachments on it
 * @attachments: importers, by struct attachment.entry
 * @entry: in region->buffers; protected by region->lock
 * @inode: inode number of the dma-buf; the inode is freed before the buffer
 * @born: time of allocation, on the boot-time clock
 * @pid: thread group that allocated it, in the initial namespace
 * @comm: name of the thread that allocated it
 */
struct buffer {
	struct heap *heap;
	struct dma_buf *dmabuf;
	struct extents extents;
	u64 size;
	struct mutex lock;
	struct list_head attachments;
	struct list_head entry;
	u64 inode;
	ktime_t born;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * enum upkeep - what a CPU access has to do for a device that has a buffer mapped
 * @UPKEEP_NONE: nothing: CPU and device use the same caches, or none
 * @UPKEEP_CACHE: the device bypasses the caches; the DMA API maintains them
 * @UPKEEP_COPY: the DMA API copies from or to bounce buffers
 * @UPKEEP_FLUSH: the CPU bypasses caches that the device snoops; we flush them
 */
enum upkeep {
	UPKEEP_NONE,
	UPKEEP_CACHE,
	UPKEEP_COPY,
	UPKEEP_FLUSH,
};

/**
 * struct attachment - one importer of a buffer
 * @buffer: the buffer
 * @dev: the importing device
 * @table: the memory for @dev; private to the attachment
 * @entry: in buffer->attachments
 * @dir: direction of the mapping
 * @mapped: @table is mapped for @dev; @dir, @bounced and @upkeep are valid
 * @bounced: the mapping uses bounce buffers
 * @upkeep: what CPU accesses have to do for this mapping
 *
 * All but the first three are protected by buffer->lock.
 */
struct attachment {
	struct buffer *buffer;
	struct device *dev;
	struct sg_table table;
	struct list_head entry;
	enum dma_data_direction dir;
	bool mapped;
	bool bounced;
	enum upkeep upkeep;
};

/**
 * buffer_region() - the region that a buffer is in
 * @buffer: the buffer
 *
 * Return: its heap's region. The buffer references the heap, the heap the region.
 */
static inline struct region *buffer_region(const struct buffer *buffer)
{
	return buffer->heap->region;
}

/**
 * buffer_run() - find the physical address of a part of a buffer
 * @buffer: the buffer
 * @offset: first byte, in the buffer
 * @len: bytes, not 0; reduced to the contiguous ones
 *
 * Return: the physical address of the first byte.
 */
static inline phys_addr_t buffer_run(const struct buffer *buffer, u64 offset,
				     u64 *len)
{
	return extents_run(&buffer->extents, offset, len);
}

/**
 * buffer_offset() - where a buffer is in its region
 * @buffer: the buffer
 *
 * Return: bytes; 0 if the region is scattered.
 */
static inline u64 buffer_offset(const struct buffer *buffer)
{
	struct region *region = buffer_region(buffer);

	return region->scattered ? 0 : buffer->extents.one.phys - region->base;
}

void buffer_flush(const struct buffer *buffer, u64 offset, u64 len);

int buffer_check_range(const struct dma_buf *dmabuf, u64 offset, u64 len);

int buffer_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *at);
void buffer_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *at);
struct sg_table *buffer_map(struct dma_buf_attachment *at,
			    enum dma_data_direction dir);
void buffer_unmap(struct dma_buf_attachment *at, struct sg_table *table,
		  enum dma_data_direction dir);

int buffer_begin_access(struct dma_buf *dmabuf, u64 offset, u64 len,
			enum dma_data_direction dir);
void buffer_end_access(struct dma_buf *dmabuf, u64 offset, u64 len,
		       enum dma_data_direction dir);
int buffer_begin_cpu_access(struct dma_buf *dmabuf,
			    enum dma_data_direction dir);
int buffer_end_cpu_access(struct dma_buf *dmabuf, enum dma_data_direction dir);

int buffer_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma);
int buffer_vmap(struct dma_buf *dmabuf, struct iosys_map *map);
void buffer_vunmap(struct dma_buf *dmabuf, struct iosys_map *map);

#endif /* CONTIG_BUFFER_INTERNAL_H */
