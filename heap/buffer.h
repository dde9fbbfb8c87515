/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONTIG_BUFFER_H
#define CONTIG_BUFFER_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct contig_heap_buffer;
struct dma_buf;

int buffer_sync(struct dma_buf *dmabuf, u64 offset, u64 len,
		enum dma_data_direction dir, bool start);
int buffer_phase(struct dma_buf *dmabuf, u64 modulus, u64 *phase);
int buffer_describe(struct dma_buf *dmabuf, struct contig_heap_buffer *what);

#endif /* CONTIG_BUFFER_H */
