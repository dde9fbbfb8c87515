// SPDX-License-Identifier: MIT
/* Contents of files into buffers and back, without a copy in the program. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/contig_heap.h>

#include "internal.h"

/* The kernel has one errno for much; whose buffer it is, this tells. */
static bool is_of_contig_heaps(int node, int fd)
{
	struct contig_heap_place place = { .fd = fd, .modulus = sysconf(_SC_PAGESIZE) };

	return dmaheap_ioctl(node, CONTIG_HEAP_IOCTL_PLACE, &place) != -EINVAL;
}

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
	int node, ret;

	if (!done || offset >= buffer->size || len > buffer->size - offset)
		return -EINVAL;
	node = open("/dev/contig_buffer", O_RDWR | O_CLOEXEC);
	if (node < 0)
		return errno == ENOENT || errno == ENODEV || errno == ENXIO ? -EOPNOTSUPP : -errno;
	/* Who is interrupted, or must not wait, wants to know. */
	ret = ioctl(node, command, &data) ? -errno : 0;
	if (ret == -EINVAL && !is_of_contig_heaps(node, buffer->fd))
		ret = -EOPNOTSUPP;
	close(node);
	if (!ret)
		*done = data.done;
	return ret;
}

API int dmaheap_load(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
		     uint64_t file_offset, uint64_t *done)
{
	return transfer(buffer, offset, len, fd, file_offset, CONTIG_HEAP_IOCTL_LOAD, done);
}

API int dmaheap_store(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
		      uint64_t file_offset, uint64_t *done)
{
	return transfer(buffer, offset, len, fd, file_offset, CONTIG_HEAP_IOCTL_STORE, done);
}
