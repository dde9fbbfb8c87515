// SPDX-License-Identifier: GPL-2.0-only
/* The CPU's access to buffers: what caches need before it, and after it. */
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
 * buffer_flush() - bring cache and memory to the same contents
 * @buffer: the buffer
 * @offset: first byte
 * @len: bytes
 *
 * Nothing to do where the kernel has no cached mapping.
 *
 * Context: may sleep: it can be gigabytes.
 */
void buffer_flush(const struct buffer *buffer, u64 offset, u64 len)
{
	maintain(buffer, offset, len, memory_flush);
}

/* Hand [offset, offset + len) of a mapping over to the CPU or to the device. */
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
	 * In the terms in which it was mapped: the checks of the DMA API do not
	 * know others when a device has the same memory mapped twice.
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
 * The direction of the CPU's access decides only whether there is anything to
 * do; the maintenance follows the direction of the mapping. A CPU that is about
 * to write a part of a cache line needs the device's data in the rest of it,
 * and a device that is to overwrite memory must not have the CPU's lines evicted
 * over what it wrote.
 */
static bool needs_sync(const struct attachment *attachment,
		       enum dma_data_direction dir, bool start)
{
	if (!attachment->mapped || attachment->upkeep == UPKEEP_NONE)
		return false;
	/* The CPU has changed nothing, or the device will have not. */
	return start ? attachment->dir != DMA_TO_DEVICE :
		       dir != DMA_FROM_DEVICE;
}

/*
 * Of two devices that go around the cache, the one whose sync does all that the
 * other one needs: write back what the CPU has changed before the device's
 * turn, forget what it has read before the CPU's.
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
 * There is one cache, however many devices: it is maintained for one of those
 * that go around it, or once for those that look into it where the CPU does not.
 * Bounce buffers are each device's own. They come second, because what is copied
 * out of them must not be forgotten by the cache again.
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
 * The dma-buf core waits for devices after an access has begun, when they may have
 * written behind our back. So this waits, and before.
 *
 * Context: may sleep; dma_resv of the dma-buf not held.
 * Return: 0, or -ERESTARTSYS when a signal ended the wait; nothing has begun then.
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
 * buffer_end_access() - end what buffer_begin_access() has begun
 * @dmabuf: the buffer's dma-buf
 * @offset: first byte
 * @len: bytes
 * @dir: as it was begun
 *
 * Waits for nobody: a device may be waiting for this very end.
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
 * Waits for the fences of devices that write, and for those of all when the CPU is
 * to write.
 *
 * Context: may sleep; dma_resv of the dma-buf not held.
 * Return: 0, or -ERESTARTSYS when a signal ended the wait; nothing has begun then.
 */
int buffer_begin_cpu_access(struct dma_buf *dmabuf,
			    enum dma_data_direction dir)
{
	return buffer_begin_access(dmabuf, 0, dmabuf->size, dir);
}

/**
 * buffer_end_cpu_access() - end what buffer_begin_cpu_access() has begun
 * @dmabuf: the buffer's dma-buf
 * @dir: as it was begun
 *
 * Waits for nobody: a device may be waiting for this very end.
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
