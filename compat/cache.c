// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cache maintenance for clients whose devices get at memory by its physical
 * address alone. Nothing here touches a user address: what it shows is looked up in
 * the caller's mappings, and the maintenance is that of the memory.
 *
 * To invalidate is to clean and invalidate: to forget lines that another owner
 * of the same lines has written would lose that.
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
 * The memory with a reference: NULL if the file has none, or none any more. The
 * length is valid in the latter case, too. Returns whether there is an allocation.
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
 * The range by the client's address. Clients that hold many buffers in one
 * allocation name the right address and no offset, and the legacy driver went by
 * the address. It is looked up in the caller's mappings, never accessed.
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
 * pmem_cache_maintain() - PMEM_CLEAN_INV_CACHES and its kin
 * @file: the file
 * @nr: number of PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES or PMEM_INV_CACHES
 * @addr: the range, by offset and by address; both are maintained if they differ
 *
 * Whether the node is cached decides, not how this file was opened: others may
 * have the same memory mapped cached. Does nothing for a file whose master is
 * gone.
 *
 * Context: takes the mmap_lock; may sleep.
 * Return: 0; -EINVAL without an address, and on a cached node without an
 * allocation or for bytes outside of it.
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
 * @start: address in the caller's address space, of any mapping of the same
 *	memory
 * @len: bytes; whole pages are maintained
 *
 * Context: takes the mmap_lock; may sleep.
 * Return: 0; -EINVAL if a part of the range is not in such a mapping; -EINTR
 * when a fatal signal came.
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
			/* The same memory may be mapped over and over. */
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
 * A range that is not in the allocation is ignored, as these commands never
 * failed.
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

/* The recorded region that contains a range, as a whole. */
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
 * @offset: first byte, of interest for a connected file only
 * @len: bytes, the same
 *
 * A master is flushed as a whole; of a connected file, the recorded region that
 * contains the range. Nothing about that can fail.
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
