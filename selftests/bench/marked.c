// SPDX-License-Identifier: GPL-2.0-only
/*
 * Repeat one operation, between marks for count_insns.
 *
 *	marked alloc HEAP BYTES     allocation and release
 *	marked life HEAP BYTES      also with a mapping that is touched
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-heap.h>

#define mark(number)	__asm__ volatile("hint #" #number : : : "memory")

static int heap;
static size_t bytes;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static int alloc(void)
{
	struct dma_heap_allocation_data data = {
		.len = bytes, .fd_flags = O_RDWR | O_CLOEXEC,
	};

	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		die("DMA_HEAP_IOCTL_ALLOC");
	return data.fd;
}

static void life(void)
{
	int fd = alloc(), i;
	char *view;

	view = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (view == MAP_FAILED)
		die("mmap");
	for (i = 0; i < (int)(bytes >> 12); i++)
		((volatile char *)view)[i << 12] = 1;
	munmap(view, bytes);
	close(fd);
}

int main(int argc, char **argv)
{
	char path[128];
	int i;

	if (argc != 4)
		return 2;
	snprintf(path, sizeof(path), "/dev/dma_heap/%s", argv[2]);
	bytes = strtoull(argv[3], NULL, 0);
	heap = open(path, O_RDWR | O_CLOEXEC);
	if (heap < 0)
		die(path);
	/* Wait until all free memory is zero. */
	sleep(1);
	for (i = 0; i < 20; i++) {
		usleep(100000);
		if (i >= 10)
			mark(112);
		if (!strcmp(argv[1], "life"))
			life();
		else
			close(alloc());
		mark(114);
	}
	printf("rounds 10\n");
	return 0;
}
