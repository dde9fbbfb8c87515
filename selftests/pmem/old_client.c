// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source code for the old driver: it includes only the driver's header, uses every name of it, and
 * must compile and work unchanged.
 */
#include <linux/android_pmem.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE	(320 * 240 * 2)
#define PAGE	((unsigned long)getpagesize())
#define ROUNDED	((SIZE + PAGE - 1) & ~(PAGE - 1))

static int number;
static int failed;

static void report(int good, const char *what)
{
	printf("%sok %d %s\n", good ? "" : "not ", ++number, what);
	failed += !good;
}

int main(void)
{
	struct pmem_allocation allocation = { ROUNDED, 4096 };
	struct pmem_freespace space;
	struct pmem_region region;
	struct pmem_addr addr;
	int master, client, other;
	char *base, *view;

	printf("KTAP version 1\n1..14\n");
	master = open("/dev/pmem", O_RDWR, 0);
	report(master >= 0, "open");
	report(ioctl(master, PMEM_GET_TOTAL_SIZE, &region) == 0 && region.len,
	       "PMEM_GET_TOTAL_SIZE");
	report(ioctl(master, PMEM_GET_FREE_SPACE, &space) == 0 && space.largest >= ROUNDED &&
	       space.total >= space.largest, "PMEM_GET_FREE_SPACE");
	report(ioctl(master, PMEM_ALLOCATE, ROUNDED) >= 0, "PMEM_ALLOCATE");
	base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, master, 0);
	report(base != MAP_FAILED, "mmap");
	if (base == MAP_FAILED)
		return 1;
	report(ioctl(master, PMEM_GET_PHYS, &region) == 0 && region.offset, "PMEM_GET_PHYS");
	report(ioctl(master, PMEM_GET_SIZE, &region) == 0 && region.len == ROUNDED,
	       "PMEM_GET_SIZE");
	client = open("/dev/pmem", O_RDWR, 0);
	report(ioctl(client, PMEM_CONNECT, master) == 0, "PMEM_CONNECT");
	view = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, client, 0);
	if (view == MAP_FAILED)
		return 1;
	memset(base, 'm', SIZE);
	region.offset = 0;
	region.len = ROUNDED;
	report(ioctl(client, PMEM_MAP, &region) == 0 && view[0] == 'm' && view[SIZE - 1] == 'm',
	       "PMEM_MAP");
	addr.vaddr = (unsigned long)base;
	addr.offset = 0;
	addr.length = SIZE;
	report(ioctl(master, PMEM_CLEAN_INV_CACHES, &addr) == 0 &&
	       ioctl(master, PMEM_CLEAN_CACHES, &addr) == 0 &&
	       ioctl(master, PMEM_INV_CACHES, &addr) == 0,
	       "PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES, PMEM_INV_CACHES");
	report(ioctl(master, PMEM_CACHE_FLUSH, &region) == 0, "PMEM_CACHE_FLUSH");
	report(ioctl(client, PMEM_UNMAP, &region) == 0 && view[0] != 'm', "PMEM_UNMAP");
	other = open("/dev/pmem_adsp", O_RDWR, 0);
	report(ioctl(other, PMEM_ALLOCATE_ALIGNED, &allocation) >= 0, "PMEM_ALLOCATE_ALIGNED");
	/* As on every device without a GPU. */
	report(ioctl(other, HW3D_GRANT_GPU, 0) < 0 &&
	       ioctl(other, HW3D_WAIT_FOR_INTERRUPT, 0) < 0 &&
	       HW3D_REVOKE_GPU == PMEM_CACHE_FLUSH, "HW3D_*");
	munmap(view, SIZE);
	munmap(base, SIZE);
	close(client);
	close(master);
	close(other);
	return failed != 0;
}
