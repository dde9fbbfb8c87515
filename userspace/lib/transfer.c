// SPDX-License-Identifier: MIT
/* Contents of files into buffers and back, without a copy in the program. */
#include <errno.h>

#include <linux/contig_heap.h>

#include "internal.h"

static int transfer(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
		    uint64_t file_offset, unsigned long command, uint64_t *done)
{
	struct contig_heap_transfer data = {
		.fd = buffer->fd,
		.file = fd,
		.offset = offset,
		.file_offset = file_offset,
		.len = len ? len : buffer->size - offset,
	};
	int ret;

	if (!done || offset >= buffer->size || len > buffer->size - offset)
		return -EINVAL;
	ret = dmaheap_buffer_ioctl(buffer, command, &data);
	if (!ret)
		*done = data.done;
	return ret;
}

API int dmaheap_buffer_load(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			    uint64_t file_offset, uint64_t *done)
{
	return transfer(buffer, offset, len, fd, file_offset, CONTIG_HEAP_IOCTL_LOAD, done);
}

API int dmaheap_buffer_store(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			     uint64_t file_offset, uint64_t *done)
{
	return transfer(buffer, offset, len, fd, file_offset, CONTIG_HEAP_IOCTL_STORE, done);
}
