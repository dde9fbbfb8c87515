// SPDX-License-Identifier: GPL-2.0-only
/* Calls of /dev/heap_importer; declared in importer_client.h. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "importer_client.h"

int importer_open(void)
{
	return open(HEAP_IMPORTER_PATH, O_RDWR | O_CLOEXEC);
}

int importer_device(int importer, __u64 dma_mask, __u32 max_segment,
		    __u64 boundary)
{
	struct heap_importer_device data = {
		.dma_mask = dma_mask,
		.boundary = boundary,
		.max_segment = max_segment,
	};

	return ioctl(importer, HEAP_IMPORTER_DEVICE, &data) ? -1 : (int)data.id;
}

/* Create a device on a bus that can only address so many bytes. */
int importer_device_behind(int importer, __u64 window)
{
	struct heap_importer_device data = {
		.dma_mask = ANY_ADDRESS,
		.boundary = ANY_ADDRESS,
		.max_segment = ANY_SEGMENT,
		.window = window,
	};

	return ioctl(importer, HEAP_IMPORTER_DEVICE, &data) ? -1 : (int)data.id;
}

/* Create a device whose bus addresses differ from the physical ones. */
int importer_device_shifted(int importer, __u64 boundary, __u64 shift)
{
	struct heap_importer_device data = {
		.dma_mask = ANY_ADDRESS,
		.boundary = boundary,
		.max_segment = ANY_SEGMENT,
		.window = 1ULL << 40,
		.shift = shift,
	};

	return ioctl(importer, HEAP_IMPORTER_DEVICE, &data) ? -1 : (int)data.id;
}

/* Create a device without limits. */
int importer_any_device(int importer)
{
	return importer_device(importer, ANY_ADDRESS, ANY_SEGMENT, ANY_ADDRESS);
}

/* Create a device with unexpected bounce buffers. */
int importer_copying_device(int importer)
{
	__u32 id = importer_any_device(importer);

	return ioctl(importer, HEAP_IMPORTER_COPY, &id) ? -1 : (int)id;
}

int importer_attach(int importer, int device, int fd)
{
	struct heap_importer_attach data = { .fd = fd, .device = device };

	return ioctl(importer, HEAP_IMPORTER_ATTACH, &data) ? -1 : (int)data.id;
}

int importer_detach(int importer, int attachment)
{
	__u32 id = attachment;

	return ioctl(importer, HEAP_IMPORTER_DETACH, &id);
}

/* Returns the number of segments. */
int importer_map(int importer, int attachment, int direction)
{
	struct heap_importer_map data = {
		.attachment = attachment,
		.direction = direction,
	};

	return ioctl(importer, HEAP_IMPORTER_MAP, &data) ? -1 :
							   (int)data.segments;
}

int importer_unmap(int importer, int attachment)
{
	__u32 id = attachment;

	return ioctl(importer, HEAP_IMPORTER_UNMAP, &id);
}

int importer_keep(int importer, int attachment)
{
	__u32 id = attachment;

	return ioctl(importer, HEAP_IMPORTER_KEEP, &id);
}

int importer_take(int importer, int device, size_t len, __u64 *address)
{
	struct heap_importer_take data = { .len = len, .device = device };
	int ret = ioctl(importer, HEAP_IMPORTER_TAKE, &data);

	*address = data.address;
	return ret;
}

int importer_segment(int importer, int attachment, int index, __u64 *address,
		     __u64 *len)
{
	struct heap_importer_segment data = {
		.attachment = attachment,
		.index = index,
	};
	int ret = ioctl(importer, HEAP_IMPORTER_SEGMENT, &data);

	*address = data.address;
	*len = data.len;
	return ret;
}

static int copy(int importer, unsigned long cmd, int id, __u64 offset,
		const void *user, size_t len, int write)
{
	struct heap_importer_access data = {
		.offset = offset,
		.len = len,
		.user = (uintptr_t)user,
		.id = id,
		.write = write,
	};

	return ioctl(importer, cmd, &data);
}

int importer_dma_read(int importer, int attachment, __u64 offset, void *to,
		      size_t len)
{
	return copy(importer, HEAP_IMPORTER_DMA, attachment, offset, to, len,
		    0);
}

int importer_dma_write(int importer, int attachment, __u64 offset,
		       const void *from, size_t len)
{
	return copy(importer, HEAP_IMPORTER_DMA, attachment, offset, from, len,
		    1);
}

int importer_vmap(int importer, int fd)
{
	struct heap_importer_vmap data = { .fd = fd };

	return ioctl(importer, HEAP_IMPORTER_VMAP, &data) ? -1 : (int)data.id;
}

int importer_vunmap(int importer, int vmap)
{
	__u32 id = vmap;

	return ioctl(importer, HEAP_IMPORTER_VUNMAP, &id);
}

int importer_kernel_read(int importer, int vmap, __u64 offset, void *to,
			 size_t len)
{
	return copy(importer, HEAP_IMPORTER_KERNEL, vmap, offset, to, len, 0);
}

int importer_kernel_write(int importer, int vmap, __u64 offset,
			  const void *from, size_t len)
{
	return copy(importer, HEAP_IMPORTER_KERNEL, vmap, offset, from, len,
		    1);
}

int importer_cpu_access(int importer, int fd, int direction, int begin)
{
	struct heap_importer_cpu data = {
		.fd = fd,
		.direction = direction,
		.begin = begin,
	};

	return ioctl(importer, HEAP_IMPORTER_CPU, &data);
}

/* Returns the number of the fence; @sync_file is for waiting. */
int importer_fence(int importer, int *sync_file)
{
	struct heap_importer_fence data = {};
	int ret = ioctl(importer, HEAP_IMPORTER_FENCE, &data);

	*sync_file = data.fd;
	return ret ? -1 : (int)data.id;
}

int importer_signal(int importer, int fence)
{
	__u32 id = fence;

	return ioctl(importer, HEAP_IMPORTER_SIGNAL, &id);
}

/*
 * The address that a device without limits and without an IOMMU sees: the physical address. 0 if
 * the buffer is not contiguous.
 */
__u64 buffer_address(int fd)
{
	int importer = importer_open();
	int device = importer_any_device(importer);
	int attachment = importer_attach(importer, device, fd);
	__u64 address = 0, len;

	if (importer_map(importer, attachment, HEAP_IMPORTER_BOTH) != 1 ||
	    importer_segment(importer, attachment, 0, &address, &len) ||
	    len != (__u64)lseek(fd, 0, SEEK_END))
		address = 0;
	close(importer);
	return address;
}
