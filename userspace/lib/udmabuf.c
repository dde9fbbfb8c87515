// SPDX-License-Identifier: MIT
/* Anonymous memory as a dma-buf, for systems without heaps. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/udmabuf.h>

#include "internal.h"

/* Older headers lack it, and kernels before 6.3 refuse it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U
#endif

static int new_memory(uint64_t size)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int memory = memfd_create("dmaheap", flags | MFD_NOEXEC_SEAL), ret;

	if (memory < 0 && errno == EINVAL)
		memory = memfd_create("dmaheap", flags);
	if (memory < 0)
		return -errno;
	if (!ftruncate(memory, size) && !fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		return memory;
	ret = -errno;
	close(memory);
	return ret;
}

/**
 * dmaheap_udmabuf_alloc() - allocate anonymous memory as a dma-buf
 * @device: DMAHEAP_UDMABUF, open
 * @size: bytes
 *
 * Return: a file descriptor or a negative errno; -ENOMEM also if @size exceeds the driver's limit.
 */
int dmaheap_udmabuf_alloc(int device, uint64_t size)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC };
	int fd;

	if (size > INT64_MAX - page)
		return -ENOMEM;
	create.size = (size + page - 1) / page * page;
	fd = new_memory(create.size);
	if (fd < 0)
		return fd;
	create.memfd = fd;
	fd = ioctl(device, UDMABUF_CREATE, &create);
	if (fd < 0)
		fd = errno == EINVAL ? -ENOMEM : -errno;
	close(create.memfd);
	return fd;
}
