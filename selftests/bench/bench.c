// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a buffer's life costs, in guest instructions.
 *
 * Limits: the figures mean something only under QEMU's -icount shift=0, where
 * the clock advances by one nanosecond an instruction; and only what the caller
 * waits for is counted, not what happens in the background.
 *
 * Every heap that exists is measured, so that on a kernel with heaps of its own
 * those stand beside ours.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/dma-heap.h>

#define HEAPS	"/dev/dma_heap/"
#define ROUNDS	5

enum step { ALLOC, MAP, TOUCH, UNMAP, FREE, STEPS };

static const char * const names[STEPS] = {
	"alloc", "mmap", "touch", "munmap", "free",
};

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* One life; false if the heap has no room for it. */
static int live(int heap, size_t len, uint64_t cost[STEPS])
{
	struct dma_heap_allocation_data data = {
		.len = len, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	long page = sysconf(_SC_PAGESIZE);
	volatile char *view;
	uint64_t t[STEPS + 1];
	size_t i;

	t[ALLOC] = now();
	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		return 0;
	t[MAP] = now();
	view = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, data.fd, 0);
	if (view == MAP_FAILED)
		die("mmap");
	t[TOUCH] = now();
	for (i = 0; i < len; i += page)
		view[i] = 1;
	t[UNMAP] = now();
	munmap((void *)view, len);
	t[FREE] = now();
	close(data.fd);
	t[STEPS] = now();
	for (i = 0; i < STEPS; i++)
		cost[i] = t[i + 1] - t[i];
	return 1;
}

/* The last of some rounds: the first ones pay for cold code and lazy set-up. */
static void measure(const char *name, size_t len)
{
	char path[300];
	uint64_t cost[STEPS], sum = 0;
	int heap, i;

	snprintf(path, sizeof(path), HEAPS "%s", name);
	heap = open(path, O_RDWR | O_CLOEXEC);
	if (heap < 0)
		die(path);
	for (i = 0; i < ROUNDS; i++) {
		if (!live(heap, len, cost)) {
			printf("%-28s %6zu  no room\n", name, len >> 10);
			close(heap);
			return;
		}
		/* Let what goes on in the background come to its end. */
		usleep(200000);
	}
	close(heap);
	printf("%-28s %6zu", name, len >> 10);
	for (i = 0; i < STEPS; i++) {
		printf(" %10llu", (unsigned long long)cost[i]);
		sum += cost[i];
	}
	printf(" %11llu\n", (unsigned long long)sum);
}

int main(void)
{
	static const size_t sizes[] = { 4 << 10, 1 << 20, 16 << 20 };
	struct dirent **entries;
	int n = scandir(HEAPS, &entries, NULL, alphasort), i;
	unsigned int s;

	if (n < 0)
		die(HEAPS);
	printf("%-28s %6s", "heap", "KiB");
	for (i = 0; i < STEPS; i++)
		printf(" %10s", names[i]);
	printf(" %11s\n", "sum");
	for (i = 0; i < n; i++)
		if (entries[i]->d_name[0] != '.')
			for (s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
				measure(entries[i]->d_name, sizes[s]);
	return 0;
}
