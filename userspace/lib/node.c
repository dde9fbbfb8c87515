// SPDX-License-Identifier: MIT
/* /dev/contig_buffer, which any holder of a buffer of contig_heaps can use. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/contig_heap.h>

#include "internal.h"

/* The kernel returns EINVAL for many errors; check if the buffer is one of contig_heaps. */
static bool is_of_contig_heaps(int node, int fd)
{
	struct contig_heap_place place = { .fd = fd, .modulus = sysconf(_SC_PAGESIZE) };

	return dmaheap_ioctl(node, CONTIG_HEAP_IOCTL_PLACE, &place) != -EINVAL;
}

/**
 * dmaheap_buffer_ioctl() - call the node for a buffer
 * @buffer: the buffer
 * @command: CONTIG_HEAP_IOCTL_*
 * @arg: its argument; must be valid for a buffer of contig_heaps
 *
 * Not restarted after a signal, so that the caller can stop waiting.
 *
 * Return: 0 or a negative errno; -EOPNOTSUPP if there is no such node or command, or the buffer is
 * not one of contig_heaps.
 */
int dmaheap_buffer_ioctl(const struct dmaheap_buffer *buffer, unsigned long command, void *arg)
{
	char path[4096];
	int node, ret;

	if ((size_t)snprintf(path, sizeof(path), "%s/dev/contig_buffer", dmaheap_root()) >=
	    sizeof(path))
		return -EOPNOTSUPP;
	node = open(path, O_RDWR | O_CLOEXEC);
	if (node < 0)
		return errno == ENOENT || errno == ENODEV || errno == ENXIO ? -EOPNOTSUPP : -errno;
	ret = ioctl(node, command, arg) ? -errno : 0;
	if (ret == -ENOTTY || (ret == -EINVAL && !is_of_contig_heaps(node, buffer->fd)))
		ret = -EOPNOTSUPP;
	close(node);
	return ret;
}
