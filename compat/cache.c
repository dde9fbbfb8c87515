// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cache maintenance for clients whose devices get at memory by its physical
 * address alone. Nothing here touches a user address: addresses are checked
 * against the caller's mappings, and the maintenance is that of the memory.
 *
 * To invalidate is to clean and invalidate: to forget lines that another owner
 * of the same lines has written would lose that.
 */
#include <linux/dma-buf.h>

#include "pmem.h"

/* The memory with a reference, NULL if the file has none any more. */
static struct dma_buf *get_memory(struct pmem_file *file, u64 *len)
{
	struct dma_buf *dmabuf;

	mutex_lock(&file->lock);
	dmabuf = file->memory.dmabuf;
	if (dmabuf)
		get_dma_buf(dmabuf);
	*len = file->memory.len;
	mutex_unlock(&file->lock);
	return dmabuf;
}

/**
 * pmem_cache_range() - are these bytes of the allocation?
 * @file: the file
 * @offset: first byte in the allocation
 * @len: bytes
 *
 * Context: may sleep.
 * Return: 0; -EINVAL without an allocation, or for bytes outside of it.
 */
int pmem_cache_range(struct pmem_file *file, u64 offset, u64 len)
{
	int ret = 0;

	mutex_lock(&file->lock);
	if (!file->allocated || offset > file->memory.len ||
	    len > file->memory.len - offset)
		ret = -EINVAL;
	mutex_unlock(&file->lock);
	return ret;
}

/**
 * pmem_cache_check() - check a range that a client wants maintained
 * @file: the file
 * @vaddr: where the client says it is mapped
 * @offset: first byte in the allocation
 * @len: bytes
 *
 * Context: takes the mmap_lock.
 * Return: as pmem_cache_range(), or -EINVAL for an address that is not in a
 * mapping of the file.
 */
int pmem_cache_check(struct pmem_file *file, unsigned long vaddr, u64 offset,
		     u64 len)
{
	u64 mapped_at;
	int ret = pmem_cache_range(file, offset, len);

	if (ret || !len)
		return ret;
	return pmem_user_range(file->file, vaddr, len, &mapped_at);
}

/**
 * pmem_cache_maintain() - maintain a range
 * @file: the file
 * @nr: number of PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES or PMEM_INV_CACHES
 * @offset: first byte in the allocation
 * @len: bytes
 *
 * Does nothing for a file whose master is gone.
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL for bytes outside of the allocation.
 */
int pmem_cache_maintain(struct pmem_file *file, unsigned int nr, u64 offset,
			u64 len)
{
	struct dma_buf *dmabuf;
	u64 all;
	int ret;

	dmabuf = get_memory(file, &all);
	if (!dmabuf)
		return 0;
	ret = contig_maintain(dmabuf, offset, len,
			      nr == _IOC_NR(PMEM_CLEAN_CACHES) ?
			      CONTIG_CLEAN : CONTIG_CLEAN_INVALIDATE);
	dma_buf_put(dmabuf);
	return ret;
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
 * contains the range.
 *
 * Context: may sleep.
 * Return: 0, always.
 */
int pmem_cache_flush(struct pmem_file *file, u64 offset, u64 len)
{
	struct dma_buf *dmabuf;
	u64 all;

	if (file->uncached || !file->node->cached)
		return 0;
	dmabuf = get_memory(file, &all);
	if (!dmabuf)
		return 0;
	if (!READ_ONCE(file->connected))
		contig_maintain(dmabuf, 0, all, CONTIG_CLEAN_INVALIDATE);
	else if (containing_range(file, &offset, &len))
		contig_maintain(dmabuf, offset, len, CONTIG_CLEAN_INVALIDATE);
	dma_buf_put(dmabuf);
	return 0;
}
