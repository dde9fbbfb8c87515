// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of the PMEM interface that draws over a picture: it gets the picture as a dma-buf over
 * its standard input, and makes it memory of /dev/pmem_adsp, the only kind that it knows.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/android_pmem.h>

#include "../pmem/peers.h"
#include "picture.h"

static void maintain(int fd, unsigned int cmd, const void *memory)
{
	struct pmem_addr addr = { (unsigned long)memory, 0, SCREEN_BYTES };

	if (ioctl(fd, cmd, &addr))
		die("cache maintenance");
}

static int paint_over(__u32 *pixels)
{
	int x, y, count = 0;

	for (y = 0; y < SCREEN_HEIGHT; y++)
		for (x = 0; x < SCREEN_WIDTH; x++, pixels++)
			count += client_draws(x, y, pixels);
	return count;
}

int main(void)
{
	struct pmem_dmabuf import = { .fd = receive_buffer(STDIN_FILENO) };
	int fd = open("/dev/pmem_adsp", O_RDWR);
	void *memory;

	if (fd < 0)
		die("/dev/pmem_adsp");
	if (ioctl(fd, PMEM_IMPORT_DMABUF, &import))
		die("PMEM_IMPORT_DMABUF");
	close(import.fd);
	memory = mmap(NULL, SCREEN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	maintain(fd, PMEM_INV_CACHES, memory);
	printf("client: a %zu-bit program drew %d pixels through /dev/pmem_adsp\n",
	       sizeof(long) * 8, paint_over(memory));
	fflush(stdout);
	maintain(fd, PMEM_CLEAN_CACHES, memory);
	munmap(memory, SCREEN_BYTES);
	close(fd);
	tell(STDIN_FILENO);
	return 0;
}
