// SPDX-License-Identifier: MIT
/* Find, open and query heaps. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/contig_heap.h>
#include <linux/dma-heap.h>

#include "internal.h"

#define FOLDER		"/dev/dma_heap"
#define UNCACHED	"-uncached"

#ifdef DMAHEAP_TEST_ROOT
/* For tests without a kernel: the folder that contains the system folders. */
const char *dmaheap_root(void)
{
	const char *root = getenv("DMAHEAP_ROOT");

	return root ? root : "";
}
#endif

/* Returns 0 or a negative errno; restarts after a signal. */
int dmaheap_ioctl(int fd, unsigned long command, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, command, arg);
	} while (ret == -1 && (errno == EINTR || errno == EAGAIN));
	return ret == -1 ? -errno : 0;
}

static int check_name(const char *name)
{
	if (!name || !*name || *name == '.' || strchr(name, '/'))
		return -EINVAL;
	if (strlen(name) >= NAME_SIZE)
		return -ENAMETOOLONG;
	return 0;
}

static bool is_uncached_name(const char *name)
{
	size_t len = strlen(name), end = strlen(UNCACHED);

	return len > end && !strcmp(name + len - end, UNCACHED);
}

/* Determine the features of the heap by calling it. */
static int probe(struct dmaheap *heap)
{
	struct contig_heap_query query = { 0 };
	struct dma_heap_allocation_data nothing = { .fd_flags = ~0U };
	int ret = dmaheap_ioctl(heap->fd, CONTIG_HEAP_IOCTL_QUERY, &query);

	if (!ret) {
		heap->features = DMAHEAP_CAN_QUERY | DMAHEAP_CAN_SYNC_PART;
		/* Scattered memory has no place. */
		if (!(query.flags & CONTIG_HEAP_F_SCATTERED))
			heap->features |= DMAHEAP_CAN_ALIGN;
		heap->uncached = query.flags & CONTIG_HEAP_F_UNCACHED;
		heap->cma = query.flags & CONTIG_HEAP_F_CMA;
		return 0;
	}
	if (ret != -ENOTTY && ret != -EINVAL)
		return ret;
	/* No heap allocates 0 bytes, but this shows that it knows the command. */
	ret = dmaheap_ioctl(heap->fd, DMA_HEAP_IOCTL_ALLOC, &nothing);
	if (ret != -EINVAL)
		return ret == -ENODEV ? ret : -EINVAL;
	heap->uncached = is_uncached_name(heap->name);
	return 0;
}

/* Takes ownership of the file descriptor, even on failure. */
static int heap_new(int fd, const char *name, struct dmaheap **out)
{
	struct dmaheap *heap = calloc(1, sizeof(*heap));
	struct stat st;
	int ret;

	if (!heap) {
		close(fd);
		return -ENOMEM;
	}
	atomic_init(&heap->refs, 1);
	heap->fd = fd;
	memcpy(heap->name, name, strlen(name) + 1);
	pthread_mutex_init(&heap->lock, NULL);
	heap->udmabuf = !strcmp(name, DMAHEAP_UDMABUF);
	if (fstat(fd, &st))
		ret = -errno;
	else if (!S_ISCHR(st.st_mode))
		ret = -EINVAL;
	else
		ret = heap->udmabuf ? 0 : probe(heap);
	if (ret) {
		dmaheap_unref(heap);
		return ret;
	}
	*out = heap;
	return 0;
}

static int open_heap(const char *name, struct dmaheap **heap)
{
	const char *folder = FOLDER "/";
	char path[4096];
	int fd, ret = 0;

	if (name && !strcmp(name, DMAHEAP_UDMABUF))
		folder = "";
	else
		ret = check_name(name);
	if (ret)
		return ret;
	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", dmaheap_root(), folder, name) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	/* Non-blocking, because it may be a pipe instead of a heap. */
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	return heap_new(fd, name, heap);
}

API int dmaheap_open(const char *name, struct dmaheap **heap)
{
	if (!heap)
		return -EINVAL;
	return dmaheap_log(open_heap(name, heap), "opening heap \"%s\"", name ? name : "");
}

/* Names of the kernel's default contiguous area. */
const char *const dmaheap_default_names[] = {
	"default_cma_region", "linux,cma", "reserved", NULL,
};

API int dmaheap_open_first(const char *const *names, struct dmaheap **heap)
{
	int first = -ENOENT;

	for (names = names ? names : dmaheap_default_names; *names; names++) {
		int ret = dmaheap_open(*names, heap);

		if (!ret)
			return 0;
		if (first == -ENOENT)
			first = ret;
	}
	return first;
}

API int dmaheap_open_fd(int fd, struct dmaheap **heap)
{
	int own;

	if (!heap)
		return -EINVAL;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return -errno;
	return heap_new(own, "", heap);
}

API struct dmaheap *dmaheap_ref(struct dmaheap *heap)
{
	if (heap)
		atomic_fetch_add_explicit(&heap->refs, 1, memory_order_relaxed);
	return heap;
}

API void dmaheap_unref(struct dmaheap *heap)
{
	if (!heap || atomic_fetch_sub_explicit(&heap->refs, 1, memory_order_acq_rel) != 1)
		return;
	dmaheap_unref(heap->twin);
	pthread_mutex_destroy(&heap->lock);
	close(heap->fd);
	free(heap);
}

API const char *dmaheap_name(const struct dmaheap *heap)
{
	return heap->name;
}

API int dmaheap_fd(const struct dmaheap *heap)
{
	return heap->fd;
}

API uint32_t dmaheap_features(const struct dmaheap *heap)
{
	return heap->features;
}

static int open_twin(const struct dmaheap *heap, struct dmaheap **twin)
{
	char name[NAME_SIZE];
	size_t len = strlen(heap->name);
	int ret;

	if (!len || heap->udmabuf)
		return -EOPNOTSUPP;
	memcpy(name, heap->name, len + 1);
	if (is_uncached_name(name))
		name[len - strlen(UNCACHED)] = '\0';
	else if (len + strlen(UNCACHED) < sizeof(name))
		memcpy(name + len, UNCACHED, sizeof(UNCACHED));
	else
		return -EOPNOTSUPP;
	ret = open_heap(name, twin);
	if (ret)
		return ret == -ENOENT ? -EOPNOTSUPP : ret;
	/* The name alone does not prove that it is the twin. */
	if ((*twin)->uncached == heap->uncached) {
		dmaheap_unref(*twin);
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * dmaheap_twin() - get the heap on the same memory with the other kind of mappings
 * @heap: the heap; it keeps the reference
 * @twin: filled in
 *
 * Return: 0; -EOPNOTSUPP if there is none; otherwise as dmaheap_open().
 */
int dmaheap_twin(struct dmaheap *heap, struct dmaheap **twin)
{
	int ret = 0;

	pthread_mutex_lock(&heap->lock);
	if (!heap->twin)
		ret = open_twin(heap, &heap->twin);
	if (ret)
		heap->twin = NULL;
	*twin = heap->twin;
	pthread_mutex_unlock(&heap->lock);
	return ret;
}

/* Smaller structures lack even the flags, so the size was not set. */
#define LEAST	(2 * sizeof(uint32_t))

/**
 * dmaheap_fill() - fill in a structure that begins with its size
 * @result: the caller's structure, or NULL
 * @known: the values
 * @size: size of @known
 *
 * Fields that the library does not know are set to 0.
 *
 * Return: 0, or -EINVAL if the structure is invalid.
 */
int dmaheap_fill(void *result, const void *known, uint32_t size)
{
	uint32_t callers;

	if (!result)
		return -EINVAL;
	memcpy(&callers, result, sizeof(callers));
	if (callers < LEAST)
		return -EINVAL;
	memset(result, 0, callers);
	memcpy(result, known, size < callers ? size : callers);
	memcpy(result, &callers, sizeof(callers));
	return 0;
}

/**
 * dmaheap_accept() - copy a structure that begins with its size
 * @given: the caller's structure
 * @known: filled in with the fields that the library knows; those that the caller lacks are 0
 * @size: size of @known
 *
 * Return: 0; -EINVAL; -E2BIG if the caller sets fields that the library does not know.
 */
int dmaheap_accept(const void *given, void *known, uint32_t size)
{
	uint32_t callers, i;

	memcpy(&callers, given, sizeof(callers));
	if (callers < LEAST)
		return -EINVAL;
	for (i = size; i < callers; i++)
		if (((const char *)given)[i])
			return -E2BIG;
	memset(known, 0, size);
	memcpy(known, given, size < callers ? size : callers);
	return 0;
}

API int dmaheap_query(struct dmaheap *heap, struct dmaheap_info *info)
{
	struct contig_heap_query query = { 0 };
	struct dmaheap_info known = { .size = sizeof(known) };
	int ret;

	if (!(heap->features & DMAHEAP_CAN_QUERY))
		return -EOPNOTSUPP;
	ret = dmaheap_ioctl(heap->fd, CONTIG_HEAP_IOCTL_QUERY, &query);
	if (ret)
		return dmaheap_log(ret, "asking heap \"%s\"", heap->name);
	known.flags = query.flags & DMAHEAP_INFO_ALL;
	known.total = query.total;
	known.free = query.free;
	known.largest = query.largest;
	known.dirty = query.dirty;
	known.quantum = query.quantum;
	known.buffers = query.buffers;
	known.region_buffers = query.region_buffers;
	known.held = query.held;
	return dmaheap_fill(info, &known, sizeof(known));
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The order must not depend on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

API int dmaheap_for_each(int (*each)(const char *name, void *data), void *data)
{
	struct dirent **entries;
	char path[4096];
	int count, i, ret = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s" FOLDER, dmaheap_root()) >= sizeof(path))
		return -ENAMETOOLONG;
	count = scandir(path, &entries, is_name, by_name);
	if (count < 0)
		return -errno;
	for (i = 0; i < count; i++) {
		if (!ret)
			ret = each(entries[i]->d_name, data);
		free(entries[i]);
	}
	free(entries);
	return ret;
}
