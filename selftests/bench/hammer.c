// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocation and release by one processor, then by two in parallel, between marks for count_insns.
 *
 *	hammer HEAP BYTES
 *
 * Phases 1 and 2 are allocations of clean memory: by one processor, and by each of two. Phases 3
 * and 4 are releases, and everything that the machine does until all memory is zero again.
 *
 * There are two processes, because threads would also contend for their file table.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/contig_heap.h>
#include <linux/dma-heap.h>

#define mark(number)	__asm__ volatile("hint #" #number : : : "memory")

#define PASSES		5
#define BUFFERS		200

static int heap;
static size_t bytes;
static int fds[BUFFERS];
static atomic_uint *arrived;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "hammer: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Return the number of arrivals of both, as soon as the counter has it. */
static unsigned int arrive(void)
{
	return (atomic_fetch_add(arrived, 1) | 1) + 1;
}

/* Sleep, because polling would count; finally poll, to start at the same time. */
static void meet(void)
{
	unsigned int both = arrive();

	while (atomic_load(arrived) < both)
		usleep(200);
	both = arrive();
	while (atomic_load(arrived) < both)
		__asm__ volatile("yield");
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void alloc_all(void)
{
	int i;

	for (i = 0; i < BUFFERS; i++) {
		struct dma_heap_allocation_data data = {
			.len = bytes, .fd_flags = O_RDWR | O_CLOEXEC,
		};

		if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
			die("DMA_HEAP_IOCTL_ALLOC");
		fds[i] = data.fd;
	}
}

static void free_all(void)
{
	int i;

	for (i = 0; i < BUFFERS; i++)
		close(fds[i]);
}

static void wait_until_zero(void)
{
	struct contig_heap_query query;

	do {
		usleep(2000);
		if (ioctl(heap, CONTIG_HEAP_IOCTL_QUERY, &query))
			die("CONTIG_HEAP_IOCTL_QUERY");
	} while (query.dirty);
}

/* Wait for RCU callbacks, too. */
static void settle(void)
{
	wait_until_zero();
	sleep(1);
}

static void warm_up(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		alloc_all();
		free_all();
		settle();
	}
}

static void alone(void)
{
	int pass;

	for (pass = 0; pass < PASSES; pass++) {
		mark(112);
		alloc_all();
		mark(114);
		mark(115);
		free_all();
		wait_until_zero();
		mark(117);
		settle();
	}
}

static void together(int first)
{
	unsigned int both;
	int pass;

	for (pass = 0; pass < PASSES; pass++) {
		meet();
		mark(113);
		alloc_all();
		mark(114);
		meet();
		mark(116);
		free_all();
		both = arrive();
		if (first) {
			while (atomic_load(arrived) < both)
				usleep(2000);
			wait_until_zero();
			mark(117);
		} else {
			sleep(1);
		}
		settle();
	}
}

int main(int argc, char **argv)
{
	char path[128];
	int status;
	pid_t child;

	if (argc != 3)
		return 2;
	snprintf(path, sizeof(path), "/dev/dma_heap/%s", argv[1]);
	bytes = strtoull(argv[2], NULL, 0);
	heap = open(path, O_RDWR | O_CLOEXEC);
	if (heap < 0)
		die(path);
	arrived = mmap(NULL, sizeof(*arrived), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (arrived == MAP_FAILED)
		die("mmap");
	settle();
	stay_on(0);
	warm_up();
	alone();

	child = fork();
	if (child < 0)
		die("fork");
	stay_on(!child);
	warm_up();
	together(child);
	if (!child)
		return 0;
	if (waitpid(child, &status, 0) != child || status)
		die("the other one");
	printf("rounds %d\n", PASSES * BUFFERS);
	return 0;
}
