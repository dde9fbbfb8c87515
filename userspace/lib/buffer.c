// SPDX-License-Identifier: MIT
/* The life cycle of buffers, from allocation or import to the last reference. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/android_pmem.h>
#include <linux/contig_heap.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/magic.h>

#include "internal.h"

#define KNOWN_FLAGS	(DMAHEAP_ALLOC_CACHED | DMAHEAP_ALLOC_UNCACHED | \
			 DMAHEAP_ALLOC_READ_ONLY | DMAHEAP_ALLOC_ANY_PLACE)

/**
 * dmaheap_buffer_new() - create a buffer from a dma-buf
 * @heap: its heap or NULL; the buffer takes a reference
 * @fd: the dma-buf; the buffer takes ownership, even on failure
 * @out: the buffer
 *
 * Return: 0 or a negative errno; -EINVAL if @fd is not a dma-buf.
 */
int dmaheap_buffer_new(struct dmaheap *heap, int fd, struct dmaheap_buffer **out)
{
	struct dmaheap_buffer *buffer;
	struct statfs fs;
	int mode = 0, ret = 0;
	off_t size = 0;

	if (fstatfs(fd, &fs))
		ret = -errno;
	else if ((unsigned long)fs.f_type != DMA_BUF_MAGIC)
		ret = -EINVAL;
	if (!ret) {
		size = lseek(fd, 0, SEEK_END);
		mode = fcntl(fd, F_GETFL);
		if (size <= 0 || mode < 0)
			ret = size ? -errno : -EINVAL;
	}
	if (ret)
		goto close_fd;
	buffer = calloc(1, sizeof(*buffer));
	if (!buffer) {
		ret = -ENOMEM;
		goto close_fd;
	}
	atomic_init(&buffer->refs, 1);
	buffer->heap = dmaheap_ref(heap);
	buffer->fd = fd;
	buffer->writable = (mode & O_ACCMODE) == O_RDWR;
	buffer->size = size;
	pthread_mutex_init(&buffer->lock, NULL);
	*out = buffer;
	return 0;

close_fd:
	close(fd);
	return dmaheap_log(ret, "taking file descriptor %d for a buffer", fd);
}

static int alloc_plain(struct dmaheap *heap, uint64_t size, uint32_t fd_flags)
{
	struct dma_heap_allocation_data data = { .len = size, .fd_flags = fd_flags };
	int ret = dmaheap_ioctl(heap->fd, DMA_HEAP_IOCTL_ALLOC, &data);

	return ret ? ret : (int)data.fd;
}

static int alloc_aligned(struct dmaheap *heap, uint64_t size, uint64_t align, uint32_t fd_flags)
{
	struct contig_heap_alloc data = { .len = size, .align = align, .fd_flags = fd_flags };
	int ret = dmaheap_ioctl(heap->fd, CONTIG_HEAP_IOCTL_ALLOC, &data);

	return ret ? ret : (int)data.fd;
}

/* Returns a file descriptor or a negative errno; for *aligned, see struct dmaheap_buffer. */
static int alloc_fd(struct dmaheap *heap, uint64_t size, const struct dmaheap_options *options,
		    bool *aligned)
{
	uint32_t mode = options->flags & DMAHEAP_ALLOC_READ_ONLY ? O_RDONLY : O_RDWR;
	uint32_t fd_flags = O_CLOEXEC | mode;
	bool can_align = heap->features & DMAHEAP_CAN_ALIGN;
	uint64_t page = sysconf(_SC_PAGESIZE);

	if (heap->udmabuf)
		return options->align > page || options->flags & DMAHEAP_ALLOC_READ_ONLY ?
		       -EOPNOTSUPP : dmaheap_udmabuf_alloc(heap->fd, size);
	if (options->align > page) {
		if (!can_align)
			return -EOPNOTSUPP;
		*aligned = options->align >= dmaheap_huge_size();
		return alloc_aligned(heap, size, options->align, fd_flags);
	}
	/* With CMA, an alignment costs memory, and the caller did not request it. */
	if (can_align && !heap->cma && !options->align && size >= dmaheap_huge_size() &&
	    !(options->flags & DMAHEAP_ALLOC_ANY_PLACE)) {
		int fd = alloc_aligned(heap, size, dmaheap_huge_size(), fd_flags);

		*aligned = fd >= 0;
		if (fd != -ENOMEM)
			return fd;
	}
	return alloc_plain(heap, size, fd_flags);
}

static int check_options(const struct dmaheap_options *options)
{
	const uint32_t both = DMAHEAP_ALLOC_CACHED | DMAHEAP_ALLOC_UNCACHED;

	if (options->flags & ~KNOWN_FLAGS || (options->flags & both) == both)
		return -EINVAL;
	if (options->align & (options->align - 1))
		return -EINVAL;
	if (options->name && strlen(options->name) >= BUFFER_NAME_SIZE)
		return -ENAMETOOLONG;
	return 0;
}

static int alloc(struct dmaheap *heap, uint64_t size, const struct dmaheap_options *options,
		 struct dmaheap_buffer **out)
{
	struct dmaheap_buffer *buffer;
	bool aligned = false;
	int fd, ret;

	ret = check_options(options);
	if (ret)
		return ret;
	if (options->flags & (heap->uncached ? DMAHEAP_ALLOC_CACHED : DMAHEAP_ALLOC_UNCACHED)) {
		ret = dmaheap_twin(heap, &heap);
		if (ret)
			return ret;
	}
	fd = alloc_fd(heap, size, options, &aligned);
	if (fd < 0)
		return fd;
	ret = dmaheap_buffer_new(heap, fd, &buffer);
	if (ret)
		return ret;
	buffer->aligned = aligned;
	if (options->name) {
		ret = dmaheap_buffer_set_name(buffer, options->name);
		if (ret) {
			dmaheap_buffer_unref(buffer);
			return ret;
		}
	}
	*out = buffer;
	return 0;
}

API int dmaheap_alloc(struct dmaheap *heap, uint64_t size, const struct dmaheap_options *options,
		      struct dmaheap_buffer **buffer)
{
	struct dmaheap_options known = DMAHEAP_OPTIONS_INIT;
	int ret = 0;

	if (!heap || !buffer || !size)
		return -EINVAL;
	if (options)
		ret = dmaheap_accept(options, &known, sizeof(known));
	if (!ret)
		ret = alloc(heap, size, &known, buffer);
	return dmaheap_log(ret, "allocating %llu bytes from \"%s\"", (unsigned long long)size,
			   heap->name);
}

/* Can another heap succeed after this error? */
static bool is_of_heap(int error)
{
	return error == -ENOENT || error == -EACCES || error == -ENODEV || error == -ENOMEM ||
	       error == -EOPNOTSUPP;
}

API int dmaheap_alloc_first(const char *const *names, uint64_t size,
			    const struct dmaheap_options *options, struct dmaheap **heap,
			    struct dmaheap_buffer **buffer)
{
	int first = -ENOENT;

	for (names = names ? names : dmaheap_default_names; *names; names++) {
		struct dmaheap *one;
		int ret = dmaheap_open(*names, &one);

		if (!ret) {
			ret = dmaheap_alloc(one, size, options, buffer);
			if (!ret && heap)
				*heap = dmaheap_ref(one);
			dmaheap_unref(one);
		}
		if (!is_of_heap(ret))
			return ret;
		if (first == -ENOENT)
			first = ret;
	}
	return first;
}

API int dmaheap_buffer_import(struct dmaheap *heap, int fd, struct dmaheap_buffer **buffer)
{
	int own;

	if (!buffer)
		return -EINVAL;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return -errno;
	return dmaheap_buffer_new(heap, own, buffer);
}

API int dmaheap_buffer_take(struct dmaheap *heap, int fd, struct dmaheap_buffer **buffer)
{
	if (!buffer) {
		close(fd);
		return -EINVAL;
	}
	return dmaheap_buffer_new(heap, fd, buffer);
}

API struct dmaheap_buffer *dmaheap_buffer_ref(struct dmaheap_buffer *buffer)
{
	if (buffer)
		atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed);
	return buffer;
}

API void dmaheap_buffer_unref(struct dmaheap_buffer *buffer)
{
	if (!buffer || atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (buffer->maps)
		munmap(buffer->data, buffer->size);
	pthread_mutex_destroy(&buffer->lock);
	close(buffer->fd);
	dmaheap_unref(buffer->heap);
	free(buffer);
}

API int dmaheap_buffer_fd(const struct dmaheap_buffer *buffer)
{
	return buffer->fd;
}

API uint64_t dmaheap_buffer_size(const struct dmaheap_buffer *buffer)
{
	return buffer->size;
}

API int dmaheap_buffer_export(struct dmaheap_buffer *buffer, int *fd)
{
	int copy;

	if (!fd)
		return -EINVAL;
	copy = fcntl(buffer->fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return -errno;
	*fd = copy;
	return 0;
}

API int dmaheap_buffer_set_name(struct dmaheap_buffer *buffer, const char *name)
{
	if (!name)
		return -EINVAL;
	if (strlen(name) >= BUFFER_NAME_SIZE)
		return -ENAMETOOLONG;
	return dmaheap_ioctl(buffer->fd, DMA_BUF_SET_NAME_B, (void *)name);
}

/* The PMEM interface returns EINVAL for many errors; check if it is a PMEM file. */
static bool is_pmem(int fd)
{
	struct pmem_region region;

	return !dmaheap_ioctl(fd, PMEM_GET_TOTAL_SIZE, &region);
}

API int dmaheap_buffer_import_pmem(struct dmaheap *heap, int pmem_fd,
				   struct dmaheap_buffer **buffer)
{
	struct pmem_dmabuf arg = { .fd_flags = O_RDWR | O_CLOEXEC };
	int ret;

	if (!buffer)
		return -EINVAL;
	if (fcntl(pmem_fd, F_GETFD) < 0)
		return -errno;
	if (!is_pmem(pmem_fd))
		return -EOPNOTSUPP;
	ret = dmaheap_ioctl(pmem_fd, PMEM_EXPORT_DMABUF, &arg);
	if (ret)
		return dmaheap_log(ret, "taking the buffer of a PMEM file");
	return dmaheap_buffer_new(heap, arg.fd, buffer);
}

API int dmaheap_buffer_export_pmem(struct dmaheap_buffer *buffer, int pmem_fd)
{
	struct pmem_dmabuf arg = { .fd = buffer->fd };

	if (fcntl(pmem_fd, F_GETFD) < 0)
		return -errno;
	if (!is_pmem(pmem_fd))
		return -EOPNOTSUPP;
	return dmaheap_log(dmaheap_ioctl(pmem_fd, PMEM_IMPORT_DMABUF, &arg),
			   "giving a buffer to a PMEM file");
}
