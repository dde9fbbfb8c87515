// SPDX-License-Identifier: MIT
/* /dev/contig_buffer, which answers whoever has a buffer of contig_heaps. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

/**
 * dmaheap_buffer_ioctl() - have the node do something with a buffer
 * @buffer: the buffer
 * @command: CONTIG_HEAP_IOCTL_*
 * @arg: its argument, correct but for whose buffer it is
 *
 * A signal ends it: who must not wait, wants to know.
 *
 * Return: 0 or a negative errno; -EOPNOTSUPP if there is no such node or command, or the buffer is
 * not of contig_heaps.
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
