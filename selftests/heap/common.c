// SPDX-License-Identifier: GPL-2.0-only
/* Helpers for the heaps' test programs; declared in common.h. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/contig_heap.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/loop.h>
#include <linux/udmabuf.h>

#include "common.h"
#include "importer_client.h"

int heap_open(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", name);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Open the heap on the same memory with the other kind of CPU mapping. */
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

/* This and the next two return a dma-buf, or -1 with errno set. */
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

/* Can it allocate a buffer of @len bytes that is zero, contiguous and keeps its contents? */
bool heap_holds(const char *name, size_t len)
{
	int heap = heap_open(name), fd = heap_alloc(heap, len);
	void *memory = buffer_map(fd, len);
	bool holds = memory != MAP_FAILED && all_bytes(memory, len, 0) && buffer_address(fd);

	if (holds) {
		fill(memory, len, 1);
		holds = filled(memory, len, 1);
	}
	munmap(memory, len);
	close(fd);
	close(heap);
	return holds;
}

/* If the kernel has its own dma-buf heaps, they own the class "dma_heap". */
const char *heap_class(void)
{
	static const char beside[] = "/sys/class/contig_heap";

	return access(beside, F_OK) ? "/sys/class/dma_heap" : beside;
}

void *buffer_map(int fd, size_t len)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/**
 * buffer_is_zero() - does a new mapping of a buffer show nothing but zeros?
 * @fd: the buffer
 * @len: its size
 */
bool buffer_is_zero(int fd, size_t len)
{
	void *memory = buffer_map(fd, len);
	bool zero = memory != MAP_FAILED && all_bytes(memory, len, 0);

	munmap(memory, len);
	return zero;
}

/**
 * buffer_soil() - write something other than zeros to a buffer
 * @fd: the buffer
 * @len: its size
 *
 * Return: false if the buffer cannot be mapped.
 */
bool buffer_soil(int fd, size_t len)
{
	void *memory = buffer_map(fd, len);

	if (memory == MAP_FAILED)
		return false;
	memset(memory, 0xa5, len);
	return !munmap(memory, len);
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

/* Poisons @phase first. */
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

static long long transfer(int node, unsigned int command, struct contig_heap_transfer data)
{
	data.done = 0x5555555555555555;
	return ioctl(node, command, &data) ? -1 : (long long)data.done;
}

/* Returns the number of bytes, or -1. */
long long buffer_load(int node, int fd, __u64 offset, int file, __u64 file_offset, __u64 len)
{
	return transfer(node, CONTIG_HEAP_IOCTL_LOAD,
			(struct contig_heap_transfer){ fd, file, offset, file_offset, len, 0, 0, 0 });
}

long long buffer_store(int node, int fd, __u64 offset, int file, __u64 file_offset, __u64 len)
{
	return transfer(node, CONTIG_HEAP_IOCTL_STORE,
			(struct contig_heap_transfer){ fd, file, offset, file_offset, len, 0, 0, 0 });
}

/* A file of that length with the contents of fill(), or a hole if @seed is 0. */
int new_file(size_t len, __u32 seed)
{
	int file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	void *memory = malloc(len + 1);

	if (seed) {
		fill(memory, len, seed);
		if (write(file, memory, len) != (ssize_t)len)
			die("write to a file");
	}
	free(memory);
	return file;
}

/* Create a loop device over a file; -1 if there is none available. */
int loop_attach(int file, int flags)
{
	int control, device;
	char *path;

	if (access("/dev/loop-control", F_OK) && system("modprobe loop"))
		return -1;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	path = format("/dev/loop%d", ioctl(control, LOOP_CTL_GET_FREE));
	close(control);
	device = open(path, O_RDWR | O_CLOEXEC | flags);
	free(path);
	if (device >= 0 && ioctl(device, LOOP_SET_FD, file)) {
		close(device);
		return -1;
	}
	return device;
}

void loop_close(int device)
{
	ioctl(device, LOOP_CLR_FD);
	close(device);
}

/* A dma-buf of udmabuf; -1 if the kernel lacks it. */
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

/* Start a child that keeps one processor busy, and dies with its parent. */
pid_t spawn_busy(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			;
	}
	return pid;
}
