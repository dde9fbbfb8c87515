// SPDX-License-Identifier: GPL-2.0-only
/* Helpers of the heaps' test programs; declared in common.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm/drm.h>
#include <linux/contig_heap.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>

#include "common.h"

/* Helpers without a test at hand end the process, which fails the test. */
static void die(const char *what)
{
	perror(what);
	abort();
}

int heap_open(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", name);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* The heap on the same memory with the other kind of CPU mappings. */
int heap_open_twin(const char *name)
{
	const char *suffix = strstr(name, "-uncached");
	char twin[64];

	if (suffix)
		snprintf(twin, sizeof(twin), "%.*s", (int)(suffix - name), name);
	else
		snprintf(twin, sizeof(twin), "%s-uncached", name);
	return heap_open(twin);
}

/* Return a dma-buf, or -1 with errno set, as the next two do. */
int heap_alloc(int heap, __u64 len)
{
	return heap_alloc_flags(heap, len, O_RDWR | O_CLOEXEC, 0);
}

int heap_alloc_flags(int heap, __u64 len, __u32 fd_flags, __u64 heap_flags)
{
	struct dma_heap_allocation_data data = {
		.len = len,
		.fd_flags = fd_flags,
		.heap_flags = heap_flags,
	};

	return ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) ? -1 : (int)data.fd;
}

int heap_alloc_aligned(int heap, __u64 len, __u64 align)
{
	struct contig_heap_alloc data = {
		.len = len,
		.align = align,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	return ioctl(heap, CONTIG_HEAP_IOCTL_ALLOC, &data) ? -1 : (int)data.fd;
}

struct contig_heap_query heap_query(int heap)
{
	struct contig_heap_query query;

	memset(&query, 0xcc, sizeof(query));
	if (ioctl(heap, CONTIG_HEAP_IOCTL_QUERY, &query))
		die("CONTIG_HEAP_IOCTL_QUERY");
	return query;
}

/* Wait until all free memory is zero. */
void heap_wait_clean(int heap)
{
	while (heap_query(heap).dirty)
		usleep(1000);
}

void *buffer_map(int fd, size_t len)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

__u64 buffer_size(int fd)
{
	return lseek(fd, 0, SEEK_END);
}

int buffer_sync(int fd, __u64 flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

int buffer_sync_range(int heap, int fd, __u64 offset, __u64 len, __u32 flags)
{
	struct contig_heap_sync sync = {
		.offset = offset,
		.len = len,
		.fd = fd,
		.flags = flags,
	};

	return ioctl(heap, CONTIG_HEAP_IOCTL_SYNC, &sync);
}

/* @phase is poisoned before. */
int buffer_place(int heap, int fd, __u64 modulus, __u64 *phase)
{
	struct contig_heap_place place = {
		.fd = fd,
		.modulus = modulus,
		.phase = ~0ULL,
	};
	int ret = ioctl(heap, CONTIG_HEAP_IOCTL_PLACE, &place);

	*phase = place.phase;
	return ret;
}

/* Every word differs from its neighbours and from that of another seed. */
static __u32 pattern(__u32 seed, size_t word)
{
	return (seed + 1) * 0x9e3779b1U + word * 0x85ebca6bU;
}

/* len is a multiple of 4. */
void fill(void *memory, size_t len, __u32 seed)
{
	__u32 *word = memory;
	size_t i;

	for (i = 0; i < len / sizeof(*word); i++)
		word[i] = pattern(seed, i);
}

bool filled(const void *memory, size_t len, __u32 seed)
{
	const __u32 *word = memory;
	size_t i;

	for (i = 0; i < len / sizeof(*word); i++)
		if (word[i] != pattern(seed, i))
			return false;
	return true;
}

bool all_bytes(const void *memory, size_t len, unsigned char value)
{
	const unsigned char *byte = memory;

	return !len || (byte[0] == value && !memcmp(byte, byte + 1, len - 1));
}

int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		die("/proc/self/fd");
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* The number that the next file gets: numbers can be lost without any file. */
int next_fd(void)
{
	int fd = dup(STDOUT_FILENO);

	if (fd < 0)
		die("dup");
	close(fd);
	return fd;
}

/* The DRM device of the kernel's vgem, or -1. */
int open_vgem(void)
{
	int number, fd;

	for (number = 0; number < 8; number++) {
		char path[32], name[16] = "";
		struct drm_version version = {
			.name = name,
			.name_len = sizeof(name) - 1,
		};

		snprintf(path, sizeof(path), "/dev/dri/card%d", number);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!ioctl(fd, DRM_IOCTL_VERSION, &version) &&
		    !strcmp(name, "vgem"))
			return fd;
		close(fd);
	}
	return -1;
}

/* A dma-buf of another exporter, of vgem. */
int foreign_dmabuf(void)
{
	struct drm_mode_create_dumb dumb = {
		.width = 256,
		.height = 16,
		.bpp = 32,
	};
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int vgem = open_vgem();

	if (vgem < 0 || ioctl(vgem, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		die("vgem");
	prime.handle = dumb.handle;
	if (ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		die("DRM_IOCTL_PRIME_HANDLE_TO_FD");
	close(vgem);
	return prime.fd;
}

/* The same of udmabuf; -1 where the kernel has none. */
int udmabuf(size_t len)
{
	struct udmabuf_create create = { .size = len };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int memfd = memfd_create("udmabuf", MFD_ALLOW_SEALING);
	int fd;

	if (device < 0)
		return -1;
	if (memfd < 0 || ftruncate(memfd, len) ||
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		die("memfd");
	create.memfd = memfd;
	fd = ioctl(device, UDMABUF_CREATE, &create);
	if (fd < 0)
		die("UDMABUF_CREATE");
	close(memfd);
	close(device);
	return fd;
}

/* A field of /proc/meminfo, in KiB. */
long meminfo(const char *field)
{
	char *info = read_text("/proc/meminfo");
	char *line = info ? strstr(info, field) : NULL;
	long kib;

	if (!line)
		die("/proc/meminfo");
	kib = strtol(line + strlen(field), NULL, 10);
	free(info);
	return kib;
}

/* xorshift; *state is not 0. */
__u32 next_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/*
 * What a file holds, to be freed, or NULL. Most are a line long: a buffer for the longest would
 * cost every reader its page faults.
 */
char *read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 1024, len = 0;
	ssize_t got = 1;
	char *text;

	if (fd < 0)
		return NULL;
	text = malloc(size);
	while (text && got > 0) {
		if (len == size - 1)
			text = realloc(text, size *= 4);
		if (!text)
			break;
		got = read(fd, text + len, size - 1 - len);
		if (got > 0)
			len += got;
	}
	if (!text)
		die("malloc");
	close(fd);
	text[len] = 0;
	return text;
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t len = strlen(text);
	bool ok = fd >= 0 && write(fd, text, len) == len;

	if (fd >= 0)
		close(fd);
	return ok;
}
