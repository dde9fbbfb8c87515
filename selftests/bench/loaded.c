// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy a disk into a buffer, with LOAD and with read() into the mapping, between marks for
 * count_insns; the phases of a single processor are:
 *
 *	1	LOAD with O_DIRECT
 *	2	read() without page cache
 *	3	LOAD with everything in the page cache
 *	4	read(), likewise
 *
 * Also prints how many KiB the page cache grew in phase 1.
 *
 *	loaded HEAP BYTES DISK
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/contig_heap.h>
#include <linux/dma-heap.h>

#define mark(number)	__asm__ volatile("hint #" #number : : : "memory")

static int heap, fd;
static size_t bytes;
static char *view;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_or_die(const char *path, int flags)
{
	int opened = open(path, flags | O_CLOEXEC);

	if (opened < 0)
		die(path);
	return opened;
}

static long cached(void)
{
	FILE *info = fopen("/proc/meminfo", "r");
	long kib, sum = 0;
	char line[128];

	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "Cached: %ld", &kib) == 1 || sscanf(line, "Buffers: %ld", &kib) == 1)
			sum += kib;
	if (!sum)
		die("/proc/meminfo");
	fclose(info);
	return sum;
}

static void load(int file)
{
	struct contig_heap_transfer transfer = { .fd = fd, .file = file, .len = bytes };

	if (ioctl(heap, CONTIG_HEAP_IOCTL_LOAD, &transfer) || transfer.done != bytes)
		die("CONTIG_HEAP_IOCTL_LOAD");
}

static void read_all(int file)
{
	size_t done;
	ssize_t got;

	for (done = 0; done < bytes; done += got) {
		got = pread(file, view + done, bytes - done, done);
		if (got <= 0)
			die("read");
	}
}

int main(int argc, char **argv)
{
	struct dma_heap_allocation_data data = { .fd_flags = O_RDWR | O_CLOEXEC };
	int direct, file, drop;
	char path[128];
	long before;

	if (argc != 4)
		return 2;
	snprintf(path, sizeof(path), "/dev/dma_heap/%s", argv[1]);
	heap = open_or_die(path, O_RDWR);
	bytes = strtoull(argv[2], NULL, 0);
	if (system("modprobe virtio_blk"))
		die("virtio_blk");
	direct = open_or_die(argv[3], O_RDONLY | O_DIRECT);
	file = open_or_die(argv[3], O_RDONLY);
	drop = open_or_die("/proc/sys/vm/drop_caches", O_WRONLY);
	/* Wait until all free memory is zero. */
	sleep(1);
	data.len = bytes;
	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		die("DMA_HEAP_IOCTL_ALLOC");
	fd = data.fd;
	view = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (view == MAP_FAILED)
		die("mmap");
	memset(view, 1, bytes);
	if (write(drop, "1", 1) != 1)
		die("drop_caches");

	before = cached();
	mark(112);
	load(direct);
	mark(114);
	printf("cached %ld\n", cached() - before);
	mark(113);
	read_all(file);
	mark(114);
	mark(115);
	load(file);
	mark(117);
	mark(116);
	read_all(file);
	mark(117);
	printf("rounds 1\n");
	return 0;
}
