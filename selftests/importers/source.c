// SPDX-License-Identifier: GPL-2.0-only
/* Buffers for importers; declared in source.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/android_pmem.h>
#include <linux/dma-heap.h>

#include "source.h"

/* The file may be closed: the dma-buf keeps the memory. */
static int alloc_from_node(int node, size_t len)
{
	struct pmem_dmabuf export = { .fd_flags = O_RDWR | O_CLOEXEC };

	if (ioctl(node, PMEM_ALLOCATE, len) < 0 || ioctl(node, PMEM_EXPORT_DMABUF, &export))
		return -1;
	return export.fd;
}

static int alloc_from_heap(int heap, size_t len)
{
	struct dma_heap_allocation_data data = {
		.len = len,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	return ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) ? -1 : (int)data.fd;
}

/* Allocate at least @len bytes from the heap or legacy node @path; returns a dma-buf, or -1. */
int source_alloc(const char *path, size_t len)
{
	int node = open(path, O_RDWR | O_CLOEXEC);
	int fd;

	if (node < 0)
		return -1;
	if (strstr(path, "/dma_heap/"))
		fd = alloc_from_heap(node, len);
	else
		fd = alloc_from_node(node, len);
	close(node);
	return fd;
}

/* Is its memory outside of the kernel's linear map? */
bool source_is_nomap(const char *path)
{
	return strstr(path, "audio");
}

/* Are its CPU mappings cached? */
bool source_is_cached(const char *path)
{
	return !strstr(path, "-uncached") && !strstr(path, "smipool") && !source_is_nomap(path);
}

/* Can it have several pieces? */
bool source_is_scattered(const char *path)
{
	return strstr(path, "/system");
}

/* The last part of @path. */
const char *source_name(const char *path)
{
	return strrchr(path, '/') + 1;
}
