// SPDX-License-Identifier: GPL-2.0-only
/* CPU access to buffers: cache maintenance before and after it. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/minmax.h>
#include <linux/scatterlist.h>

#include "api.h"
#include "buffer_internal.h"
#include "kcompat.h"
#include "memory.h"
#include "trace.h"

static void maintain(const struct buffer *buffer, u64 offset, u64 len,
		     void (*what)(void *vaddr, phys_addr_t phys, size_t size))
{
	struct region *region = buffer_region(buffer);
	u64 end = offset + len;

	if (!region->mapped)
		return;
	for (; offset < end; offset += len) {
		phys_addr_t phys;

		len = end - offset;
		phys = buffer_run(buffer, offset, &len);
		what(region_vaddr(region, phys), phys, len);
	}
}

/**
 * buffer_flush() - clean and invalidate a part of a buffer in all caches
 * @buffer: the buffer
 * @offset: first byte
 * @len: bytes
 *
 * Does nothing if the kernel does not map the memory cached.
 *
 * Context: may sleep.
 */
void buffer_flush(const struct buffer *buffer, u64 offset, u64 len)
{
	maintain(buffer, offset, len, memory_flush);
}

/* Sync [offset, offset + len) of a mapping for the CPU or for the device. */
static void sync_mapping(const struct attachment *attachment, u64 offset,
			 u64 len, bool for_cpu)
{
	const struct sg_table *whole = &attachment->table;
	struct device *dev = attachment->dev;
	struct scatterlist *sg;
	u64 end = offset + len;
	u64 pos = 0;
	int i;

	/*
	 * Sync the same sg_table that was mapped: CONFIG_DMA_API_DEBUG cannot match
	 * anything else if a device has mapped the same memory twice.
	 */
	if (len == attachment->buffer->size) {
		if (for_cpu)
			dma_sync_sg_for_cpu(dev, whole->sgl, whole->orig_nents,
					    attachment->dir);
		else
			dma_sync_sg_for_device(dev, whole->sgl,
					       whole->orig_nents,
					       attachment->dir);
		return;
	}
	for_each_sgtable_dma_sg(whole, sg, i) {
		u64 from = max(offset, pos);
		u64 to = min(end, pos + sg_dma_len(sg));

		if (from < to && for_cpu)
			dma_sync_single_for_cpu(dev, sg_dma_address(sg) +
						(from - pos), to - from,
						attachment->dir);
		else if (from < to)
			dma_sync_single_for_device(dev, sg_dma_address(sg) +
						   (from - pos), to - from,
						   attachment->dir);
		pos += sg_dma_len(sg);
	}
}

/*
 * The direction of the CPU access only decides whether maintenance is needed; the
 * direction of the mapping decides which. If the CPU writes a part of a cache line,
 * the rest of the line must have the device's data. And when a device writes to
 * memory, no dirty lines of the CPU may be evicted over its data.
 */
static bool needs_sync(const struct attachment *attachment,
		       enum dma_data_direction dir, bool start)
{
	if (!attachment->mapped || attachment->upkeep == UPKEEP_NONE)
		return false;
	/* At the start: may the device have written? At the end: has the CPU written? */
	return start ? attachment->dir != DMA_TO_DEVICE :
		       dir != DMA_FROM_DEVICE;
}

/*
 * For two devices that bypass the cache: does the sync of @one do everything that
 * @other needs? That is, write back what the CPU has changed before the device
 * accesses memory, and discard lines that are stale before the CPU does.
 */
static bool covers(const struct attachment *one, const struct attachment *other)
{
	if (one->dir == other->dir || one->dir == DMA_BIDIRECTIONAL)
		return true;
	return one->dir == DMA_TO_DEVICE && other->dir == DMA_FROM_DEVICE;
}

static void sync_copy(struct attachment *attachment, u64 offset, u64 len,
		      bool start)
{
	struct buffer *buffer = attachment->buffer;
	bool uncached = buffer->heap->uncached;

	if (uncached && !start)
		buffer_flush(buffer, offset, len);
	sync_mapping(attachment, offset, len, start);
	if (uncached && start)
		buffer_flush(buffer, offset, len);
}

/*
 * All devices share one cache, so maintain it once: for one of the devices that
 * bypass it, or with a flush if devices snoop it and the CPU bypasses it. But each
 * device has its own bounce buffers. Copy them last, because the cache must not
 * discard what was copied from them.
 */
static void sync_attachments(struct buffer *buffer, u64 offset, u64 len,
			     enum dma_data_direction dir, bool start)
{
	struct attachment *attachment, *chosen = NULL;
	unsigned int devices = 0, passes = 0;

	mutex_lock(&buffer->lock);
	list_for_each_entry(attachment, &buffer->attachments, entry) {
		if (!needs_sync(attachment, dir, start))
			continue;
		devices++;
		if (attachment->upkeep != UPKEEP_COPY &&
		    (!chosen || !covers(chosen, attachment)))
			chosen = attachment;
	}
	if (chosen) {
		if (chosen->upkeep == UPKEEP_FLUSH)
			buffer_flush(buffer, offset, len);
		else
			sync_mapping(chosen, offset, len, start);
		passes++;
	}
	list_for_each_entry(attachment, &buffer->attachments, entry) {
		if (attachment->upkeep != UPKEEP_COPY ||
		    !needs_sync(attachment, dir, start))
			continue;
		sync_copy(attachment, offset, len, start);
		passes++;
	}
	mutex_unlock(&buffer->lock);
	trace_contig_sync(buffer->heap, offset, len, dir, start, devices,
			  passes);
}

/**
 * buffer_begin_access() - begin the CPU's access to a part of a buffer
 * @dmabuf: its dma-buf
 * @offset: first byte
 * @len: bytes
 * @dir: DMA_FROM_DEVICE to read, DMA_TO_DEVICE to write, or both
 *
 * The dma-buf core waits for the devices only after this function. They could still
 * write after the cache maintenance, so this waits for them first.
 *
 * Context: may sleep; dma_resv of the dma-buf not held.
 * Return: 0, or -ERESTARTSYS if a signal ended the wait; the access has not begun then.
 */
int buffer_begin_access(struct dma_buf *dmabuf, u64 offset, u64 len,
			enum dma_data_direction dir)
{
	enum dma_resv_usage usage = dma_resv_usage_rw(dir != DMA_FROM_DEVICE);
	long ret = dma_resv_wait_timeout(dmabuf->resv, usage, true,
					 MAX_SCHEDULE_TIMEOUT);

	if (ret < 0)
		return ret;
	sync_attachments(dmabuf->priv, offset, len, dir, true);
	return 0;
}

/**
 * buffer_end_access() - end an access that buffer_begin_access() has begun
 * @dmabuf: the buffer's dma-buf
 * @offset: first byte
 * @len: bytes
 * @dir: as for buffer_begin_access()
 *
 * Does not wait for fences: a device may be waiting for the end of this access.
 *
 * Context: may sleep.
 */
void buffer_end_access(struct dma_buf *dmabuf, u64 offset, u64 len,
		       enum dma_data_direction dir)
{
	sync_attachments(dmabuf->priv, offset, len, dir, false);
}

/**
 * buffer_begin_cpu_access() - begin the CPU's access to all of a buffer
 * @dmabuf: its dma-buf
 * @dir: DMA_FROM_DEVICE to read, DMA_TO_DEVICE to write, or both
 *
 * Waits for the fences of devices that write; if the CPU is to write, for those of
 * all devices.
 *
 * Context: may sleep; dma_resv of the dma-buf not held.
 * Return: 0, or -ERESTARTSYS if a signal ended the wait; the access has not begun then.
 */
int buffer_begin_cpu_access(struct dma_buf *dmabuf,
			    enum dma_data_direction dir)
{
	return buffer_begin_access(dmabuf, 0, dmabuf->size, dir);
}

/**
 * buffer_end_cpu_access() - end an access that buffer_begin_cpu_access() has begun
 * @dmabuf: the buffer's dma-buf
 * @dir: as for buffer_begin_cpu_access()
 *
 * Does not wait for fences: a device may be waiting for the end of this access.
 *
 * Context: may sleep.
 * Return: 0.
 */
int buffer_end_cpu_access(struct dma_buf *dmabuf,
			  enum dma_data_direction dir)
{
	buffer_end_access(dmabuf, 0, dmabuf->size, dir);
	return 0;
}

/**
 * contig_maintain() - cache maintenance of a part of a buffer
 * @dmabuf: a dma-buf of ours
 * @offset: first byte
 * @len: bytes
 * @what: the kind of maintenance
 *
 * For devices that access the memory without a mapping by the DMA API. There is
 * no invalidation without cleaning, as that would lose data that others wrote
 * to the same cache lines.
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL if the range is not in the buffer.
 */
int contig_maintain(struct dma_buf *dmabuf, u64 offset, u64 len,
		    enum contig_maintenance what)
{
	struct buffer *buffer = dmabuf->priv;

	if (offset > buffer->size || len > buffer->size - offset)
		return -EINVAL;
	if (!len || buffer->heap->uncached)
		return 0;
	maintain(buffer, offset, len,
		 what == CONTIG_CLEAN ? memory_clean : memory_flush);
	return 0;
}

CONTIG_EXPORT(contig_maintain);
