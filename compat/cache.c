// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cache maintenance for clients whose devices access memory by its physical address.
 * Nothing here accesses a user address. It is only looked up in the caller's mappings,
 * and the maintenance uses the kernel mapping of the memory.
 *
 * All invalidation also cleans: otherwise, data that another owner has written to the
 * same cache lines would be lost.
 */
#include <linux/dma-buf.h>
#include <linux/dma-direction.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "../heap/api.h"
#include "../uapi/linux/android_pmem.h"
#include "cache.h"
#include "range.h"
#include "view.h"

/*
 * Get the memory of a file, with a reference. @dmabuf is NULL if the file has no memory,
 * or was revoked; in the latter case, @len is still valid. Returns false if there is no
 * allocation.
 */
static bool get_memory(struct pmem_file *file, struct dma_buf **dmabuf,
		       u64 *len)
{
	bool allocated;

	mutex_lock(&file->lock);
	allocated = file->allocated;
	*dmabuf = file->memory.dmabuf;
	if (*dmabuf)
		get_dma_buf(*dmabuf);
	*len = file->memory.len;
	mutex_unlock(&file->lock);
	return allocated;
}

static void put_memory(struct dma_buf *dmabuf)
{
	if (dmabuf)
		dma_buf_put(dmabuf);
}

/*
 * Maintain a range by its user address. Clients that keep many buffers in one
 * allocation pass the right address but no offset, and the legacy driver used the
 * address. It is looked up in the caller's mappings, never accessed.
 */
static void maintain_by_address(struct pmem_file *file, struct dma_buf *dmabuf,
				const struct pmem_addr *addr,
				enum contig_maintenance what)
{
	unsigned long done, part;
	u64 offset;

	for (done = 0; done < addr->length; done += part) {
		part = pmem_user_part(file, dmabuf, addr->vaddr + done,
				      addr->length - done, &offset);
		if (!part)
			break;
		if (offset != (u64)addr->offset + done)
			contig_maintain(dmabuf, offset, part, what);
	}
}

/**
 * pmem_cache_maintain() - PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES, PMEM_INV_CACHES
 * @file: the file
 * @nr: number of the command
 * @addr: the range, by offset and by address; both are maintained if they differ
 *
 * Maintains caches if the node is cached, even if this file was opened uncached:
 * others may have mapped the same memory cached. Does nothing if the master of @file
 * was closed.
 *
 * Context: takes the mmap_lock; may sleep.
 * Return: 0; -EINVAL without an address; on a cached node, also -EINVAL without an
 * allocation, or for bytes outside of it.
 */
int pmem_cache_maintain(struct pmem_file *file, unsigned int nr,
			const struct pmem_addr *addr)
{
	enum contig_maintenance what = nr == _IOC_NR(PMEM_CLEAN_CACHES) ?
				       CONTIG_CLEAN : CONTIG_CLEAN_INVALIDATE;
	struct dma_buf *dmabuf;
	u64 all;

	if (!addr->vaddr)
		return -EINVAL;
	if (!file->node->cached)
		return 0;
	if (!get_memory(file, &dmabuf, &all) || addr->offset > all ||
	    addr->length > all - addr->offset) {
		put_memory(dmabuf);
		return -EINVAL;
	}
	if (dmabuf) {
		contig_maintain(dmabuf, addr->offset, addr->length, what);
		maintain_by_address(file, dmabuf, addr, what);
	}
	put_memory(dmabuf);
	return 0;
}

/**
 * pmem_cache_inv() - PMEM_CACHE_INV
 * @file: the file
 * @start: user address in any mapping of the same memory
 * @len: bytes; whole pages are maintained
 *
 * Context: takes the mmap_lock; may sleep.
 * Return: 0; -EINVAL if any of the range is not in such a mapping; -EINTR after a
 * fatal signal.
 */
int pmem_cache_inv(struct pmem_file *file, unsigned long start,
		   unsigned long len)
{
	unsigned long done, part;
	struct dma_buf *dmabuf;
	u64 all, offset, end;
	int ret = 0;

	get_memory(file, &dmabuf, &all);
	for (done = 0; !ret && done < len; done += part) {
		part = pmem_user_part(file, dmabuf, start + done, len - done,
				      &offset);
		if (!part) {
			ret = -EINVAL;
		} else if (fatal_signal_pending(current)) {
			/* The range can be long, as the memory may be mapped many times. */
			ret = -EINTR;
		} else if (dmabuf && file->node->cached) {
			end = PAGE_ALIGN(offset + part);
			offset = ALIGN_DOWN(offset, PAGE_SIZE);
			contig_maintain(dmabuf, offset, end - offset,
					CONTIG_CLEAN_INVALIDATE);
		}
	}
	put_memory(dmabuf);
	return ret;
}

/**
 * pmem_cache_sync() - PMEM_MAP_REGION and PMEM_UNMAP_REGION
 * @file: the file
 * @sync: the range and the direction
 * @map: before the device's access, otherwise after it
 *
 * A range outside of the allocation is ignored, because these commands never failed
 * in the legacy driver.
 *
 * Context: may sleep.
 */
void pmem_cache_sync(struct pmem_file *file, const struct pmem_sync_region *sync,
		     bool map)
{
	enum contig_maintenance what = CONTIG_CLEAN_INVALIDATE;
	struct dma_buf *dmabuf;
	u64 all;

	if (!file->node->cached)
		return;
	if (sync->dir == DMA_TO_DEVICE) {
		if (!map)
			return;
		what = CONTIG_CLEAN;
	}
	get_memory(file, &dmabuf, &all);
	if (dmabuf && sync->region.offset <= all &&
	    sync->region.len <= all - sync->region.offset)
		contig_maintain(dmabuf, sync->region.offset, sync->region.len,
				what);
	put_memory(dmabuf);
}

/* Replace a range by the recorded region that contains it. */
static bool containing_range(struct pmem_file *file, u64 *offset, u64 *len)
{
	struct pmem_range *range;
	bool found = false;

	mutex_lock(&file->lock);
	list_for_each_entry(range, &file->ranges, entry) {
		if (*offset >= range->offset &&
		    *offset - range->offset <= range->len &&
		    *len <= range->len - (*offset - range->offset)) {
			*offset = range->offset;
			*len = range->len;
			found = true;
			break;
		}
	}
	mutex_unlock(&file->lock);
	return found;
}

/**
 * pmem_cache_flush() - PMEM_CACHE_FLUSH
 * @file: the file
 * @offset: first byte; only used for a connected file
 * @len: bytes; only used for a connected file
 *
 * Flushes all memory of a master. For a connected file, flushes the recorded region
 * that contains the range. Never fails.
 *
 * Context: may sleep.
 */
void pmem_cache_flush(struct pmem_file *file, u64 offset, u64 len)
{
	struct dma_buf *dmabuf;
	u64 all;

	if (!file->node->cached)
		return;
	get_memory(file, &dmabuf, &all);
	if (!dmabuf)
		return;
	if (!READ_ONCE(file->connected))
		contig_maintain(dmabuf, 0, all, CONTIG_CLEAN_INVALIDATE);
	else if (containing_range(file, &offset, &len))
		contig_maintain(dmabuf, offset, len, CONTIG_CLEAN_INVALIDATE);
	dma_buf_put(dmabuf);
}
