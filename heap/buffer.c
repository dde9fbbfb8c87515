// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers: the one dma-buf exporter for all heaps.
 *
 * A buffer is one extent of its heap's region, or several if the region is scattered.
 * Its place and its size never change, so reading them takes no lock.
 *
 * The dma-buf owns the buffer. Everything that gives access to the memory (fd, CPU
 * mapping, attachment, kernel mapping) holds a reference on the dma-buf, and the
 * release of the dma-buf frees the memory. The buffer holds a reference on its heap,
 * and the heap on its region. The dma-buf pins the module.
 */
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include <uapi/linux/dma-buf.h>

#include "../uapi/linux/contig_heap.h"
#include "api.h"
#include "buffer.h"
#include "buffer_internal.h"
#include "heap.h"
#include "kcompat.h"
#include "region.h"
#include "stock.h"
#include "trace.h"

/* Owns the memory from now on; frees it on failure. */
static struct buffer *buffer_new(struct heap *heap, u64 size,
				 const struct extents *extents)
{
	struct buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);

	if (!buffer) {
		region_free(heap->region, extents);
		return ERR_PTR(-ENOMEM);
	}
	buffer->heap = heap_get(heap);
	buffer->extents = *extents;
	buffer->size = size;
	mutex_init(&buffer->lock);
	INIT_LIST_HEAD(&buffer->attachments);
	buffer->born = ktime_get_boottime();
	buffer->pid = task_tgid_nr(current);
	get_task_comm(buffer->comm, current);
	return buffer;
}

static void buffer_free(struct buffer *buffer)
{
	struct region *region = buffer_region(buffer);

	region_free(region, &buffer->extents);
	mutex_destroy(&buffer->lock);
	heap_put(buffer->heap);
	kfree(buffer);
}

static void buffer_release(struct dma_buf *dmabuf)
{
	struct buffer *buffer = dmabuf->priv;
	struct region *region = buffer_region(buffer);
	struct heap *heap = heap_get(buffer->heap);

	mutex_lock(&region->lock);
	list_del(&buffer->entry);
	WRITE_ONCE(heap->buffers, heap->buffers - 1);
	heap->bytes -= buffer->size;
	WRITE_ONCE(region->nr_buffers, region->nr_buffers - 1);
	mutex_unlock(&region->lock);
	trace_contig_free(heap, buffer->size, buffer_offset(buffer));
	buffer_free(buffer);
	heap_buffer_released(heap);
	heap_put(heap);
}

/* For all buffers but those of device memory. */
static const struct dma_buf_ops buffer_ops = {
	.attach			= buffer_attach,
	.detach			= buffer_detach,
	.map_dma_buf		= buffer_map,
	.unmap_dma_buf		= buffer_unmap,
	.begin_cpu_access	= buffer_begin_cpu_access,
	.end_cpu_access		= buffer_end_cpu_access,
	.mmap			= buffer_mmap,
	.vmap			= buffer_vmap,
	.vunmap			= buffer_vunmap,
	.release		= buffer_release,
};

/* For device memory: without vmap, as the dma-buf core warns if that fails. */
static const struct dma_buf_ops device_ops = {
	.attach			= buffer_attach,
	.map_dma_buf		= buffer_map,
	.unmap_dma_buf		= buffer_unmap,
	.mmap			= buffer_mmap,
	.release		= buffer_release,
};

static bool buffer_is_ours(const struct dma_buf *dmabuf)
{
	return dmabuf->ops == &buffer_ops || dmabuf->ops == &device_ops;
}

static struct dma_buf *buffer_export(struct heap *heap, u64 size,
				     const struct extents *extents,
				     u32 fd_flags)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct buffer *buffer = buffer_new(heap, size, extents);
	struct region *region = heap->region;
	struct dma_buf *dmabuf;

	if (IS_ERR(buffer))
		return ERR_CAST(buffer);
	info.exp_name = heap->name;
	info.ops = region->device ? &device_ops : &buffer_ops;
	info.size = size;
	info.flags = fd_flags;
	info.priv = buffer;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		buffer_free(buffer);
		return dmabuf;
	}
	buffer->dmabuf = dmabuf;
	buffer->inode = file_inode(dmabuf->file)->i_ino;

	mutex_lock(&region->lock);
	list_add_tail(&buffer->entry, &region->buffers);
	WRITE_ONCE(heap->buffers, heap->buffers + 1);
	heap->bytes += size;
	WRITE_ONCE(region->nr_buffers, region->nr_buffers + 1);
	mutex_unlock(&region->lock);
	return dmabuf;
}

/* Compute the size of a buffer for @len bytes. */
static int buffer_size(const struct heap *heap, u64 len, u64 *size)
{
	if (!len || check_add_overflow(len, (u64)PAGE_SIZE - 1, size))
		return -EINVAL;
	*size &= PAGE_MASK;
	if (*size > heap->region->size || *size > SIZE_MAX)
		return -ENOMEM;
	return 0;
}

/*
 * Until the zeros have reached memory, an uncached mapping or a device would see
 * the data of the last owner. A line of zeros that is written back later would
 * overwrite what a device wrote.
 */
static unsigned int alloc_flags(const struct heap *heap)
{
	return heap->uncached || heap->physical || contig_map_discards() ?
	       ALLOC_TO_MEMORY : 0;
}

static struct dma_buf *create(struct heap *heap, u64 len, u64 align,
			      unsigned int flags, u32 fd_flags, u64 *offset)
{
	struct region *region = heap->region;
	struct extents extents;
	u64 size;
	int ret;

	if (!contig_is_power_of_2(align))
		return ERR_PTR(-EINVAL);
	ret = buffer_size(heap, len, &size);
	if (!ret)
		ret = region_alloc(region, size, max_t(u64, align, PAGE_SIZE),
				   flags | alloc_flags(heap), &extents);
	if (ret)
		return ERR_PTR(ret);
	if (!region->scattered)
		*offset = extents.one.phys - region->base;
	return buffer_export(heap, size, &extents, fd_flags);
}

static struct dma_buf *create_traced(struct heap *heap, u64 len, u64 align,
				     unsigned int flags, u32 fd_flags)
{
	u64 offset = 0;
	struct dma_buf *dmabuf = create(heap, len, align, flags, fd_flags,
					&offset);

	trace_contig_alloc(heap, len, align, offset, PTR_ERR_OR_ZERO(dmabuf));
	return dmabuf;
}

/**
 * contig_alloc() - allocate a buffer and export it
 * @heap: the heap
 * @len: bytes, rounded up to whole pages
 * @align: alignment of the physical address in bytes, a power of two
 * @fd_flags: access mode of the dma-buf's file
 *
 * The memory is zero.
 *
 * Context: may sleep.
 * Return: a dma-buf with one reference for the caller; -EINVAL for a bad @len or
 * @align; -ENOMEM; -EINTR after a fatal signal; -EOPNOTSUPP for system memory if
 * @align is more than a page.
 */
struct dma_buf *contig_alloc(struct heap *heap, u64 len, u64 align,
			     u32 fd_flags)
{
	return create_traced(heap, len, align, 0, fd_flags);
}

CONTIG_EXPORT(contig_alloc);

/**
 * contig_alloc_lowest() - allocate a buffer at the lowest offset that fits
 * @heap: the heap
 * @len: bytes, rounded up to whole pages
 * @align: alignment of the physical address in bytes, a power of two
 * @fd_flags: access mode of the dma-buf's file
 *
 * First fit from the bottom, for callers that rely on the free memory that this
 * leaves. In a CMA area, the kernel chooses the offset.
 *
 * Context: may sleep.
 * Return: as contig_alloc().
 */
struct dma_buf *contig_alloc_lowest(struct heap *heap, u64 len, u64 align,
				    u32 fd_flags)
{
	return create_traced(heap, len, align, ALLOC_LOWEST, fd_flags);
}

CONTIG_EXPORT(contig_alloc_lowest);

static struct dma_buf *create_at(struct heap *heap, u64 offset, u64 len,
				 u32 fd_flags)
{
	struct extents extents;
	u64 size;
	int ret = buffer_size(heap, len, &size);

	if (!ret)
		ret = region_alloc_at(heap->region, offset, size,
				      alloc_flags(heap), &extents);
	if (ret)
		return ERR_PTR(ret);
	return buffer_export(heap, size, &extents, fd_flags);
}

/**
 * contig_alloc_at() - allocate a buffer at a given offset
 * @heap: the heap
 * @offset: offset in the heap's region in bytes, a multiple of its quantum
 * @len: bytes, rounded up to whole pages
 * @fd_flags: access mode of the dma-buf's file
 *
 * Context: may sleep.
 * Return: as contig_alloc(); also -EBUSY if any of the range is in use, and
 * -EOPNOTSUPP if the offset cannot be chosen.
 */
struct dma_buf *contig_alloc_at(struct heap *heap, u64 offset, u64 len,
				u32 fd_flags)
{
	struct dma_buf *dmabuf = create_at(heap, offset, len, fd_flags);

	trace_contig_alloc(heap, len, PAGE_SIZE, offset,
			   PTR_ERR_OR_ZERO(dmabuf));
	return dmabuf;
}

CONTIG_EXPORT(contig_alloc_at);

/**
 * contig_place() - get the location of a buffer
 * @dmabuf: any dma-buf
 * @place: filled in
 *
 * Return: 0; -EINVAL if @dmabuf is not ours; -EOPNOTSUPP for a buffer of system
 * memory, even if it happens to be contiguous.
 */
int contig_place(struct dma_buf *dmabuf, struct contig_place *place)
{
	struct buffer *buffer = dmabuf->priv;
	struct region *region;
	phys_addr_t phys;

	if (!buffer_is_ours(dmabuf))
		return -EINVAL;
	region = buffer_region(buffer);
	if (region->scattered)
		return -EOPNOTSUPP;
	phys = buffer->extents.one.phys;
	*place = (struct contig_place) {
		.phys		= phys,
		.offset		= buffer_offset(buffer),
		.size		= buffer->size,
		.uncached	= buffer->heap->uncached,
		.mapped		= region->mapped,
		.vaddr		= region_vaddr(region, phys),
	};
	return 0;
}

CONTIG_EXPORT(contig_place);

/* PMD_SIZE decides whether huge entries can be used; with 64-KiB pages it exceeds 32 MiB. */
#define MAX_MODULUS	(CONTIG_HUGE ? min_t(u64, PMD_SIZE, SZ_32M) : PAGE_SIZE)

/**
 * buffer_phase() - get the offset of a buffer within a huge page
 * @dmabuf: any dma-buf
 * @modulus: bytes
 * @phase: physical address modulo @modulus; filled in
 *
 * This reveals no more than programs can learn by counting the page faults of a
 * mapping: nothing if buffers are mapped page by page.
 *
 * Return: 0; -EINVAL if @dmabuf is not ours, or if @modulus is not a power of two or
 * exceeds MAX_MODULUS; -EOPNOTSUPP for a buffer of system memory.
 */
int buffer_phase(struct dma_buf *dmabuf, u64 modulus, u64 *phase)
{
	const struct buffer *buffer = dmabuf->priv;

	if (!buffer_is_ours(dmabuf))
		return -EINVAL;
	if (!contig_is_power_of_2(modulus) || modulus > MAX_MODULUS)
		return -EINVAL;
	if (buffer_region(buffer)->scattered)
		return -EOPNOTSUPP;
	*phase = buffer->extents.one.phys & (modulus - 1);
	return 0;
}

/**
 * buffer_describe() - get information about a buffer
 * @dmabuf: any dma-buf
 * @what: filled in, except fd and reserved; unchanged on failure
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if @dmabuf is not ours; -EINTR after a fatal signal.
 */
int buffer_describe(struct dma_buf *dmabuf, struct contig_heap_buffer *what)
{
	struct buffer *buffer = dmabuf->priv;
	struct attachment *attachment;
	u32 importers = 0, mapped = 0;

	if (!buffer_is_ours(dmabuf))
		return -EINVAL;
	if (mutex_lock_killable(&buffer->lock))
		return -EINTR;
	list_for_each_entry(attachment, &buffer->attachments, entry) {
		importers++;
		mapped += attachment->mapped;
	}
	mutex_unlock(&buffer->lock);
	what->flags = heap_flags(buffer->heap);
	what->size = buffer->size;
	what->age = ktime_to_ns(ktime_sub(ktime_get_boottime(), buffer->born));
	what->extents = buffer->extents.nr;
	what->importers = importers;
	what->mapped = mapped;
	/* All bytes are copied to user space. */
	strscpy_pad(what->heap, buffer->heap->name, sizeof(what->heap));
	strscpy_pad(what->kind, buffer_region(buffer)->ops->kind,
		    sizeof(what->kind));
	return 0;
}

/**
 * buffer_check_range() - check a range of a buffer that a program passed
 * @dmabuf: any dma-buf
 * @offset: first byte
 * @len: bytes
 *
 * Return: 0; -EINVAL if @dmabuf is not ours, or the range is empty or not in it.
 */
int buffer_check_range(const struct dma_buf *dmabuf, u64 offset, u64 len)
{
	if (!buffer_is_ours(dmabuf))
		return -EINVAL;
	if (!len || offset > dmabuf->size || len > dmabuf->size - offset)
		return -EINVAL;
	return 0;
}

/**
 * buffer_sync() - begin or end the CPU's access to a part of a buffer
 * @dmabuf: any dma-buf
 * @offset: first byte
 * @len: bytes
 * @dir: DMA_FROM_DEVICE to read, DMA_TO_DEVICE to write, or both
 * @start: begin, otherwise end
 *
 * At the start, waits like buffer_begin_access() for the fences of the whole
 * buffer: there are none for parts.
 *
 * Context: may sleep; dma_resv of the dma-buf not held.
 * Return: 0; -EINVAL if @dmabuf is not ours, or the range is empty or not in it;
 * -ERESTARTSYS when a signal ended the wait.
 */
int buffer_sync(struct dma_buf *dmabuf, u64 offset, u64 len,
		enum dma_data_direction dir, bool start)
{
	int ret = buffer_check_range(dmabuf, offset, len);

	if (ret)
		return ret;
	if (start)
		return buffer_begin_access(dmabuf, offset, len, dir);
	buffer_end_access(dmabuf, offset, len, dir);
	return 0;
}
