// SPDX-License-Identifier: GPL-2.0-only
/* CMA memory that a heap keeps; declared in keep.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "keep.h"

static char *attribute(const char *name, const char *which)
{
	return format("%s/%s/%s", heap_class(), name, which);
}

__u64 figure(const char *name, const char *which)
{
	char *path = attribute(name, which), *text = read_text(path);
	__u64 value;

	if (!text)
		die(path);
	value = strtoull(text, NULL, 10);
	free(path);
	free(text);
	return value;
}

bool set(const char *name, const char *which, const char *value)
{
	char *path = attribute(name, which);
	bool done = write_text(path, value);

	free(path);
	return done;
}

__u64 held(const char *name)
{
	return figure(name, "held");
}

void settle(const char *name)
{
	while (figure(name, "dirty"))
		usleep(1000);
}

/* A release may still be in progress. */
void wait_until_held(const char *name, __u64 bytes)
{
	while (held(name) < bytes)
		usleep(1000);
}

void wait_until_no_more_held(const char *name, __u64 bytes)
{
	while (held(name) > bytes)
		usleep(1000);
}

static int use_memory(const char *name)
{
	while (held(name)) {
		char *memory = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			return 1;
		memset(memory, 1, MiB(1));
	}
	return 0;
}

/**
 * others_get_all_held() - use memory in another process until a heap holds nothing
 * @name: the heap
 *
 * The process takes 1 MiB at a time, and exits when nothing is held any more.
 *
 * Return: whether it got that far; false if it was killed, or was refused memory.
 */
bool others_get_all_held(const char *name)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(use_memory(name));
	return waitpid(pid, &status, 0) == pid && !status;
}

/* Release a buffer of @len bytes with non-zero contents. */
bool soil(int heap, size_t len)
{
	int fd = heap_alloc(heap, len);

	return fd >= 0 && buffer_soil(fd, len) && !close(fd);
}

/**
 * take_area() - allocate what is free in a CMA area, in pieces of at least 1 MiB
 * @name: a heap of the area
 *
 * The buffers stay open until the caller exits.
 */
void take_area(const char *name)
{
	int heap = heap_open(name);
	size_t len;

	for (len = MiB(32); len >= MiB(1); len /= 2)
		while (heap_alloc(heap, len) >= 0)
			;
	close(heap);
}

long cma_free(void)
{
	write_text("/proc/sys/vm/stat_refresh", "1");
	return meminfo("CmaFree:") << 10;
}

/* Are @bytes free, including all per-CPU lists, whose areas are unknown? */
bool cma_has(long bytes)
{
	return cma_free() + pages_on_lists() * (long)PAGE >= bytes;
}
