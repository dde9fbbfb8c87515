// SPDX-License-Identifier: GPL-2.0-only
/*
 * For LD_PRELOAD. Programs for video devices only get dma-bufs from the device (with
 * VIDIOC_EXPBUF); with this, they come from the heap in the environment variable HEAP. At exit,
 * prints their number on stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <linux/videodev2.h>

static int count;

static int kernel(int fd, unsigned long command, void *arg)
{
	return syscall(SYS_ioctl, fd, command, arg);
}

/* The length of the buffer that the device would export, or 0. */
static __u32 length_of(int fd, const struct v4l2_exportbuffer *export)
{
	struct v4l2_plane planes[VIDEO_MAX_PLANES];
	struct v4l2_buffer buffer = { .type = export->type, .index = export->index };

	memset(planes, 0, sizeof(planes));
	if (!V4L2_TYPE_IS_MULTIPLANAR(export->type))
		return kernel(fd, VIDIOC_QUERYBUF, &buffer) ? 0 : buffer.length;
	buffer.m.planes = planes;
	buffer.length = VIDEO_MAX_PLANES;
	if (kernel(fd, VIDIOC_QUERYBUF, &buffer) || export->plane >= buffer.length)
		return 0;
	return planes[export->plane].length;
}

/* Only permit what the device would permit. */
static int export_from_heap(int fd, struct v4l2_exportbuffer *export)
{
	struct dma_heap_allocation_data data = { .fd_flags = O_RDWR | O_CLOEXEC };
	int heap, ret;

	ret = kernel(fd, VIDIOC_EXPBUF, export);
	if (ret)
		return ret;
	close(export->fd);
	data.len = length_of(fd, export);
	heap = open(getenv("HEAP"), O_RDWR | O_CLOEXEC);
	if (heap < 0)
		return -1;
	ret = kernel(heap, DMA_HEAP_IOCTL_ALLOC, &data);
	close(heap);
	if (ret)
		return ret;
	export->fd = data.fd;
	count++;
	return 0;
}

int ioctl(int fd, unsigned long command, ...)
{
	va_list list;
	void *arg;

	va_start(list, command);
	arg = va_arg(list, void *);
	va_end(list);
	if (command == VIDIOC_EXPBUF && getenv("HEAP"))
		return export_from_heap(fd, arg);
	return kernel(fd, command, arg);
}

__attribute__((destructor)) static void tell(void)
{
	if (count)
		fprintf(stderr, "heap_expbuf: %d buffers of %s\n", count, getenv("HEAP"));
}
