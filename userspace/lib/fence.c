// SPDX-License-Identifier: MIT
/* Fences: wait until devices have finished with a buffer. */
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <linux/dma-buf.h>

#include "internal.h"

static bool is_access(uint32_t flags)
{
	return flags & DMAHEAP_RW && !(flags & ~DMAHEAP_RW);
}

API int dmaheap_buffer_wait(struct dmaheap_buffer *buffer, uint32_t flags, int timeout_ms)
{
	struct pollfd fd = {
		.fd = buffer->fd,
		.events = flags & DMAHEAP_WRITE ? POLLOUT : POLLIN,
	};
	int ret;

	if (!is_access(flags))
		return -EINVAL;
	ret = poll(&fd, 1, timeout_ms);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ETIMEDOUT;
	return fd.revents & fd.events ? 0 : -EIO;
}

API int dmaheap_buffer_export_fence(struct dmaheap_buffer *buffer, uint32_t flags, int *sync_file)
{
	struct dma_buf_export_sync_file data = { .flags = flags, .fd = -1 };
	int ret;

	if (!is_access(flags) || !sync_file)
		return -EINVAL;
	ret = dmaheap_ioctl(buffer->fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &data);
	if (!ret)
		*sync_file = data.fd;
	return ret == -ENOTTY ? -EOPNOTSUPP : ret;
}

API int dmaheap_buffer_import_fence(struct dmaheap_buffer *buffer, uint32_t flags, int sync_file)
{
	struct dma_buf_import_sync_file data = { .flags = flags, .fd = sync_file };
	int ret;

	if (!is_access(flags))
		return -EINVAL;
	ret = dmaheap_ioctl(buffer->fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &data);
	return ret == -ENOTTY ? -EOPNOTSUPP : ret;
}
