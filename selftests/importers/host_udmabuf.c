// SPDX-License-Identifier: GPL-2.0-only
/*
 * For LD_PRELOAD with QEMU on a host without /dev/udmabuf, which virtio-gpu needs for blobs:
 * emulates that device. A buffer consists of parts of the guest's memory, a memfd; it is a file
 * descriptor for which mmap() maps these parts. QEMU only maps such a buffer as a whole, and
 * closes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/types.h>
#include <linux/udmabuf.h>

#define MAX_FD	4096

/**
 * struct buffer - the meaning of a file descriptor
 * @count: number of its parts, 0 if it is not ours
 * @part: the parts, in order
 */
struct buffer {
	__u32 count;
	struct udmabuf_create_item *part;
};

static struct buffer buffers[MAX_FD];
static int device = -1;

static int new_fd(void)
{
	return syscall(SYS_memfd_create, "udmabuf", 0U);
}

int open64(const char *path, int flags, ...)
{
	va_list list;
	int mode;

	va_start(list, flags);
	mode = va_arg(list, int);
	va_end(list);
	if (!strcmp(path, "/dev/udmabuf")) {
		if (device < 0)
			device = new_fd();
		return dup(device);
	}
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int create(const struct udmabuf_create_list *list)
{
	size_t size = list->count * sizeof(list->list[0]);
	int fd = new_fd();

	if (fd < 0 || fd >= MAX_FD || !list->count) {
		errno = EINVAL;
		return -1;
	}
	buffers[fd].part = malloc(size);
	if (!buffers[fd].part)
		abort();
	memcpy(buffers[fd].part, list->list, size);
	buffers[fd].count = list->count;
	return fd;
}

int ioctl(int fd, unsigned long command, ...)
{
	va_list list;
	void *arg;

	va_start(list, command);
	arg = va_arg(list, void *);
	va_end(list);
	if (command == UDMABUF_CREATE_LIST)
		return create(arg);
	return syscall(SYS_ioctl, fd, command, arg);
}

static void *map(void *start, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)syscall(SYS_mmap, start, len, prot, flags, fd, offset);
}

/* Map the parts one after the other, over a range that is reserved first. */
static void *map_buffer(const struct buffer *buffer, size_t len, int prot, int flags)
{
	char *start = map(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t done = 0;
	__u32 i;

	if (start == MAP_FAILED)
		return start;
	for (i = 0; i < buffer->count && done < len; i++) {
		const struct udmabuf_create_item *part = &buffer->part[i];
		size_t size = part->size < len - done ? part->size : len - done;

		if (map(start + done, size, prot, flags | MAP_FIXED, part->memfd,
			part->offset) == MAP_FAILED)
			return MAP_FAILED;
		done += size;
	}
	return start;
}

void *mmap64(void *start, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (fd >= 0 && fd < MAX_FD && buffers[fd].count)
		return map_buffer(&buffers[fd], len, prot, flags);
	return map(start, len, prot, flags, fd, offset);
}

void *mmap(void *start, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap64(start, len, prot, flags, fd, offset);
}

int close(int fd)
{
	if (fd >= 0 && fd < MAX_FD && buffers[fd].count) {
		buffers[fd].count = 0;
		free(buffers[fd].part);
	}
	return syscall(SYS_close, fd);
}
