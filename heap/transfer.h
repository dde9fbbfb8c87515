/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading files into buffers, and writing them from buffers: transfer.c. */
#ifndef CONTIG_TRANSFER_H
#define CONTIG_TRANSFER_H

#include <linux/types.h>

struct dma_buf;
struct file;

int buffer_transfer(struct dma_buf *dmabuf, u64 offset, struct file *file,
		    u64 file_offset, u64 len, bool load, u64 *done);

#endif /* CONTIG_TRANSFER_H */
