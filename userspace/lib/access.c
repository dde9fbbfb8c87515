// SPDX-License-Identifier: MIT
/* The CPU's access: mappings and cache maintenance. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/contig_heap.h>
#include <linux/dma-buf.h>

#include "internal.h"

_Static_assert(DMAHEAP_READ == DMA_BUF_SYNC_READ && DMAHEAP_WRITE == DMA_BUF_SYNC_WRITE &&
	       DMAHEAP_END == DMA_BUF_SYNC_END && DMA_BUF_SYNC_START == 0, "flags are the kernel's");

API int dmaheap_buffer_map(struct dmaheap_buffer *buffer, void **data)
{
	int prot = PROT_READ | (buffer->writable ? PROT_WRITE : 0);
	int ret = 0;

	if (!data)
		return -EINVAL;
	if (buffer->size > SIZE_MAX / 2)
		return -EOVERFLOW;
	pthread_mutex_lock(&buffer->lock);
	if (!buffer->maps) {
		void *mapped = dmaheap_map(buffer, 0, buffer->size, prot);

		if (mapped == MAP_FAILED)
			ret = -errno;
		else
			buffer->data = mapped;
	}
	if (!ret) {
		buffer->maps++;
		*data = buffer->data;
	}
	pthread_mutex_unlock(&buffer->lock);
	return dmaheap_log(ret, "mapping a buffer of %llu bytes", (unsigned long long)buffer->size);
}

API int dmaheap_buffer_unmap(struct dmaheap_buffer *buffer)
{
	int ret = 0;

	pthread_mutex_lock(&buffer->lock);
	if (!buffer->maps)
		ret = -EINVAL;
	else if (!--buffer->maps)
		munmap(buffer->data, buffer->size);
	pthread_mutex_unlock(&buffer->lock);
	return ret;
}

static bool is_part(const struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len)
{
	return len && offset <= buffer->size && len <= buffer->size - offset;
}

API int dmaheap_buffer_map_part(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
				uint32_t flags, void **data)
{
	uint64_t within = offset % sysconf(_SC_PAGESIZE);
	char *mapped;

	if (!data || !(flags & DMAHEAP_RW) || flags & ~DMAHEAP_RW || !is_part(buffer, offset, len))
		return -EINVAL;
	if (flags & DMAHEAP_WRITE && !buffer->writable)
		return -EACCES;
	if (len > SIZE_MAX / 2)
		return -EOVERFLOW;
	mapped = dmaheap_map(buffer, offset - within, len + within,
			     PROT_READ | (flags & DMAHEAP_WRITE ? PROT_WRITE : 0));
	if (mapped == MAP_FAILED)
		return dmaheap_log(-errno, "mapping %llu bytes at %llu of a buffer",
				   (unsigned long long)len, (unsigned long long)offset);
	*data = mapped + within;
	return 0;
}

API int dmaheap_buffer_unmap_part(void *data, uint64_t len)
{
	size_t within = (uintptr_t)data % sysconf(_SC_PAGESIZE);

	if (!data || !len || len > SIZE_MAX / 2)
		return -EINVAL;
	return munmap((char *)data - within, len + within) ? -errno : 0;
}

static int sync_all(struct dmaheap_buffer *buffer, uint32_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return dmaheap_ioctl(buffer->fd, DMA_BUF_IOCTL_SYNC, &sync);
}

static int sync_part(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, uint32_t flags)
{
	struct contig_heap_sync sync = {
		.offset = offset,
		.len = len,
		.fd = buffer->fd,
		.flags = flags,
	};
	int ret;

	/*
	 * Do not maintain the whole buffer instead: another thread may be writing to the rest of
	 * it, and its data would be lost.
	 */
	if (!buffer->heap) {
		do {
			ret = dmaheap_buffer_ioctl(buffer, CONTIG_HEAP_IOCTL_SYNC, &sync);
		} while (ret == -EINTR);
		return ret;
	}
	if (!(buffer->heap->features & DMAHEAP_CAN_SYNC_PART))
		return -EOPNOTSUPP;
	ret = dmaheap_ioctl(buffer->heap->fd, CONTIG_HEAP_IOCTL_SYNC, &sync);
	/* The arguments are valid, so the buffer is not one of contig_heaps. */
	return ret == -EINVAL ? -EOPNOTSUPP : ret;
}

API int dmaheap_buffer_sync(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			    uint32_t flags)
{
	int ret;

	if (!(flags & DMAHEAP_RW) || flags & ~(DMAHEAP_RW | DMAHEAP_END))
		return -EINVAL;
	if (!is_part(buffer, offset, len))
		return -EINVAL;
	ret = len == buffer->size ? sync_all(buffer, flags) : sync_part(buffer, offset, len, flags);
	return dmaheap_log(ret, "access to %llu bytes at %llu of a buffer",
			   (unsigned long long)len, (unsigned long long)offset);
}

API int dmaheap_access_begin(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len,
			     uint32_t flags, struct dmaheap_access *access)
{
	void *data;
	int ret;

	if (!access || flags & ~DMAHEAP_RW || offset >= buffer->size)
		return -EINVAL;
	if (flags & DMAHEAP_WRITE && !buffer->writable)
		return -EACCES;
	if (!len)
		len = buffer->size - offset;
	ret = dmaheap_buffer_map(buffer, &data);
	if (ret)
		return ret;
	ret = dmaheap_buffer_sync(buffer, offset, len, flags);
	if (ret) {
		dmaheap_buffer_unmap(buffer);
		return ret;
	}
	*access = (struct dmaheap_access) {
		.data = (char *)data + offset,
		.len = len,
		.offset = offset,
		.buffer = dmaheap_buffer_ref(buffer),
		.flags = flags,
	};
	return 0;
}

API int dmaheap_access_end(struct dmaheap_access *access)
{
	struct dmaheap_buffer *buffer;
	int ret;

	if (!access)
		return -EINVAL;
	buffer = access->buffer;
	if (!buffer)
		return 0;
	ret = dmaheap_buffer_sync(buffer, access->offset, access->len, access->flags | DMAHEAP_END);
	dmaheap_buffer_unmap(buffer);
	access->buffer = NULL;
	access->data = NULL;
	dmaheap_buffer_unref(buffer);
	return ret;
}
