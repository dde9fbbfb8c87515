// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading files into buffers, and writing them from buffers.
 *
 * read_iter() or write_iter() of the file gets the pages of the buffer, as it would
 * get those of a program, so that direct I/O does DMA to or from the buffer. Memory
 * that the kernel does not map cached, which may lack struct pages, is copied through
 * an intermediate block of pages.
 *
 * No lock of ours is held while a file is read or written. Modelled by
 * selftests/proofs/models/load.pml.
 */
#include <linux/bvec.h>
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "buffer.h"
#include "buffer_internal.h"
#include "kcompat.h"
#include "region.h"
#include "transfer.h"

/* Bytes to transfer between checks for signals. Each slice waits for the I/O of the file. */
#define SLICE	((u64)SZ_4M)

/* Maximum number of runs in one slice; takes 512 bytes of stack. */
#define MAX_RUNS	32

/* Bytes to copy at a time, if the file cannot access the memory directly. */
#define BLOCK_ORDER	(get_order(SZ_64K))
#define BLOCK	((u64)PAGE_SIZE << BLOCK_ORDER)

/**
 * struct transfer - the state of a transfer
 * @buffer: the buffer
 * @file: the file
 * @offset: next byte of the buffer
 * @pos: next byte of the file
 * @load: from file to buffer, otherwise from buffer to file
 * @block: intermediate pages, BLOCK bytes, or NULL
 */
struct transfer {
	struct buffer *buffer;
	struct file *file;
	u64 offset;
	loff_t pos;
	bool load;
	struct page *block;
};

/* Returns bytes, 0 at the end of a file, or a negative errno. */
static ssize_t file_transfer(struct transfer *transfer,
			     const struct bio_vec *bvecs, unsigned int nr,
			     size_t len)
{
	struct iov_iter iter;

	iov_iter_bvec(&iter, transfer->load ? ITER_DEST : ITER_SOURCE, bvecs,
		      nr, len);
	if (transfer->load)
		return vfs_iter_read(transfer->file, &iter, &transfer->pos, 0);
	return contig_file_write(transfer->file, &iter, &transfer->pos);
}

/*
 * The CPU accesses an uncached buffer without the cache, but the file accesses it
 * through the cache, so flush before and after. Never only invalidate: lines at both
 * ends may contain bytes of others.
 */
static ssize_t transfer_mapped(struct transfer *transfer, u64 max)
{
	struct buffer *buffer = transfer->buffer;
	bool uncached = buffer->heap->uncached;
	struct bio_vec bvecs[MAX_RUNS];
	unsigned int nr = 0;
	u64 len = 0;
	ssize_t ret;

	for (max = min(max, SLICE); nr < MAX_RUNS && len < max; nr++) {
		u64 run = max - len;
		phys_addr_t phys = buffer_run(buffer, transfer->offset + len,
					      &run);

		bvecs[nr] = (struct bio_vec) {
			.bv_page	= pfn_to_page(PHYS_PFN(phys)),
			.bv_offset	= offset_in_page(phys),
			.bv_len		= run,
		};
		len += run;
	}
	if (uncached)
		buffer_flush(buffer, transfer->offset, len);
	ret = file_transfer(transfer, bvecs, nr, len);
	if (uncached && transfer->load)
		buffer_flush(buffer, transfer->offset, len);
	return ret;
}

static ssize_t transfer_copied(struct transfer *transfer, u64 max)
{
	struct buffer *buffer = transfer->buffer;
	struct bio_vec bvec = { .bv_page = transfer->block };
	void *block = page_address(transfer->block);
	u64 len = min(max, BLOCK);
	phys_addr_t phys = buffer_run(buffer, transfer->offset, &len);
	void *memory = region_vaddr(buffer_region(buffer), phys);
	ssize_t ret;

	bvec.bv_len = len;
	if (!transfer->load)
		memcpy(block, memory, len);
	ret = file_transfer(transfer, &bvec, 1, len);
	if (transfer->load && ret > 0)
		memcpy(memory, block, ret);
	return ret;
}

/* Returns the result of the last slice. After a short slice, goes on with the rest. */
static ssize_t transfer_slices(struct transfer *transfer, u64 len)
{
	u64 end = transfer->offset + len;
	ssize_t ret = 0;

	while (transfer->offset < end) {
		if (signal_pending(current))
			return -ERESTARTSYS;
		len = end - transfer->offset;
		ret = transfer->block ? transfer_copied(transfer, len) :
					transfer_mapped(transfer, len);
		if (ret <= 0)
			break;
		transfer->offset += ret;
		cond_resched();
	}
	return ret;
}

static int check_files(const struct dma_buf *dmabuf, const struct file *file,
		       u64 file_offset, u64 len, bool load)
{
	if (!(dmabuf->file->f_mode & (load ? FMODE_WRITE : FMODE_READ)))
		return -EACCES;
	if (!(file->f_mode & (load ? FMODE_READ : FMODE_WRITE)))
		return -EBADF;
	if (load ? !file->f_op->read_iter : !file->f_op->write_iter)
		return -EINVAL;
	if (file_offset > LLONG_MAX || len > LLONG_MAX - file_offset)
		return -EINVAL;
	if (file_offset &&
	    !(file->f_mode & (load ? FMODE_PREAD : FMODE_PWRITE)))
		return -ESPIPE;
	return 0;
}

/**
 * buffer_transfer() - read a file into a buffer, or write one from it
 * @dmabuf: any dma-buf
 * @offset: first byte in the buffer
 * @file: the file
 * @file_offset: first byte in the file
 * @len: bytes
 * @load: from file to buffer, otherwise from buffer to file
 * @done: bytes transferred; filled in
 *
 * Waits for fences and does the cache maintenance, as for any CPU access.
 *
 * Context: process context; may sleep; dma_resv of the dma-buf not held.
 * Return: 0, even if @done is less than @len. If nothing was transferred: -EINVAL if
 * @dmabuf is not ours, a range is empty or out of bounds, or @file does not support
 * it; -EACCES or -EBADF if the dma-buf or the file was not opened for it; -ESPIPE for
 * an offset into a stream; -EOPNOTSUPP for device memory; -ENOMEM; -ERESTARTSYS after
 * a signal; or the error of the file.
 */
int buffer_transfer(struct dma_buf *dmabuf, u64 offset, struct file *file,
		    u64 file_offset, u64 len, bool load, u64 *done)
{
	enum dma_data_direction dir = load ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
	struct transfer transfer = {
		.file	= file,
		.offset	= offset,
		.pos	= file_offset,
		.load	= load,
	};
	ssize_t ret = buffer_check_range(dmabuf, offset, len);

	if (!ret)
		ret = check_files(dmabuf, file, file_offset, len, load);
	if (ret)
		return ret;
	transfer.buffer = dmabuf->priv;
	if (buffer_region(transfer.buffer)->device)
		return -EOPNOTSUPP;
	if (!buffer_region(transfer.buffer)->mapped) {
		transfer.block = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
		if (!transfer.block)
			return -ENOMEM;
	}

	ret = buffer_begin_access(dmabuf, offset, len, dir);
	if (!ret) {
		ret = transfer_slices(&transfer, len);
		buffer_end_access(dmabuf, offset, len, dir);
	}
	if (transfer.block)
		__free_pages(transfer.block, BLOCK_ORDER);
	*done = transfer.offset - offset;
	return *done ? 0 : min(ret, 0);
}
