// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of an allocation and a release for their caller if a single processor does everything,
 * including background zeroing: after idle time, and in a tight loop. For CMA memory, also the
 * cost of a whole life cycle of a buffer whose memory comes from the kernel, and the cost of
 * returning it. With -icount, a nanosecond is an instruction.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-heap.h>

#include "measure.h"

#define ROUNDS	60

/* Wait until the thread has zeroed everything, and sleeps. */
#define IDLE_US	60000

static int allocate(int heap, size_t size)
{
	struct dma_heap_allocation_data data = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };

	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		die("DMA_HEAP_IOCTL_ALLOC");
	return data.fd;
}

/* Use one page, like a short-lived buffer. */
static void use(int fd, size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	*(volatile char *)memory = 1;
	munmap(memory, size);
}

static void print(const char *what, const struct series *series)
{
	uint64_t most = 0;
	unsigned int i;

	for (i = 0; i < series->count; i++)
		if (series->cost[i] > most)
			most = series->cost[i];
	printf("  %s %9llu (at most %9llu)", what, (unsigned long long)series_median(series),
	       (unsigned long long)most);
}

static void measure(const char *name, size_t size, unsigned int idle_us)
{
	struct series allocations = {}, releases = {};
	char path[64];
	int heap, i;

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", name);
	heap = open(path, O_RDWR | O_CLOEXEC);
	if (heap < 0)
		die(path);
	for (i = 0; i < ROUNDS; i++) {
		uint64_t start;
		int fd;

		usleep(idle_us);
		start = now();
		fd = allocate(heap, size);
		series_add(&allocations, spent_since(start));
		use(fd, size);
		usleep(idle_us);
		start = now();
		close(fd);
		series_add(&releases, spent_since(start));
	}
	close(heap);
	printf("%-13s %8zu KiB, %-5s", name, size >> 10, idle_us ? "idle" : "tight");
	print("alloc", &allocations);
	print("release", &releases);
	puts("");
}

static void give_back(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/dma_heap/%s/held", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die(path);
	close(fd);
}

static void measure_cold(const char *name, size_t size)
{
	struct series lives = {}, returns = {};
	char path[64];
	int heap, i;

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", name);
	heap = open(path, O_RDWR | O_CLOEXEC);
	if (heap < 0)
		die(path);
	for (i = 0; i < ROUNDS / 6; i++) {
		uint64_t start = now();
		int fd = allocate(heap, size);
		volatile char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		size_t at;

		if (memory == (void *)MAP_FAILED)
			die("mmap");
		for (at = 0; at < size; at += KiB(4))
			memory[at] = 1;
		munmap((void *)memory, size);
		close(fd);
		series_add(&lives, spent_since(start));
		start = now();
		give_back(name);
		series_add(&returns, spent_since(start));
	}
	close(heap);
	printf("%-13s %8zu KiB, cold ", name, size >> 10);
	print("life ", &lives);
	print("giving back", &returns);
	puts("");
}

int main(void)
{
	static const size_t sizes[] = { KiB(4), KiB(64), MiB(1), MiB(16) };
	unsigned int i;

	measure_setup();
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		measure("adsp", sizes[i], IDLE_US);
		measure("adsp-uncached", sizes[i], IDLE_US);
		measure("adsp", sizes[i], 0);
		measure("video", sizes[i], IDLE_US);
	}
	measure_cold("video", MiB(16));
	return 0;
}
