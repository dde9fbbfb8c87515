// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a high-priority task waits for memory that the background thread is zeroing, while
 * others prevent the thread from running. Prints the median and the maximum for allocations of all
 * the heap's memory: most of it is zeroing that the thread has not done.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/dma-heap.h>

#include "measure.h"

#define HEAP	"/dev/dma_heap/adsp"
#define SIZE	MiB(48)
#define BUSY	8
#define PASSES	4

static int allocate(int heap)
{
	struct dma_heap_allocation_data data = { .len = SIZE, .fd_flags = O_RDWR | O_CLOEXEC };

	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		die("DMA_HEAP_IOCTL_ALLOC");
	return data.fd;
}

static void spawn_busy(void)
{
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		;
}

int main(void)
{
	struct sched_param high = { .sched_priority = 10 };
	int heap = open(HEAP, O_RDWR | O_CLOEXEC), i, pass;
	uint64_t median = 0, most = 0;

	if (heap < 0)
		die(HEAP);
	measure_setup();
	for (i = 0; i < BUSY; i++)
		spawn_busy();
	if (sched_setscheduler(0, SCHED_FIFO, &high))
		die("sched_setscheduler");
	for (pass = 0; pass < PASSES; pass++) {
		struct series waits = {};

		for (i = 0; i < MAX_ROUNDS; i++) {
			uint64_t start;
			int fd;

			/* Everything is dirty; let the thread start at a random place. */
			close(allocate(heap));
			usleep(1000 + rand() % 39000);
			start = now();
			fd = allocate(heap);
			series_add(&waits, spent_since(start));
			if (waits.cost[i] > most)
				most = waits.cost[i];
			close(fd);
		}
		median = series_median(&waits);
	}
	printf("48 MiB for a SCHED_FIFO task beside %d busy processes: median %llu us, at most %llu us\n",
	       BUSY, (unsigned long long)median / 1000, (unsigned long long)most / 1000);
	return 0;
}
