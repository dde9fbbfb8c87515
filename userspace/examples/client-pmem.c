// SPDX-License-Identifier: MIT
/*
 * A client of the PMEM interface: one process draws into a buffer, another one reads it. See
 * client-dmaheap.c for the same with libdmaheap, and Documentation/howto/migration.rst.
 *
 *	client-pmem DEVICE
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/android_pmem.h>

#define WIDTH	320
#define HEIGHT	240
#define SIZE	(WIDTH * HEIGHT * sizeof(uint16_t))

/* Mappings are whole pages. */
static size_t mapped_size(void)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (SIZE + page - 1) & ~(page - 1);
}

static void draw(uint16_t *pixels)
{
	unsigned int x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			pixels[y * WIDTH + x] = (x * 31 / WIDTH) << 11 | (y * 63 / HEIGHT) << 5;
}

static uint32_t sum(const uint16_t *pixels)
{
	uint32_t value = 0;
	size_t i;

	for (i = 0; i < WIDTH * HEIGHT; i++)
		value = value * 31 + pixels[i];
	return value;
}

/* The other process gets the master's file, connects to it and sees the mapped regions. */
static void read_it(const char *device, int master)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);
	uint16_t *pixels;

	if (fd < 0)
		err(1, "%s", device);
	if (ioctl(fd, PMEM_CONNECT, master))
		err(1, "PMEM_CONNECT");
	pixels = mmap(NULL, mapped_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pixels == MAP_FAILED)
		err(1, "mmap");
	/* The master's owner selects what is visible here; this process has the master, too. */
	if (ioctl(fd, PMEM_MAP, &(struct pmem_region) { .offset = 0, .len = mapped_size() }))
		err(1, "PMEM_MAP");
	printf("%08x\n", sum(pixels));
}

int main(int argc, char **argv)
{
	struct pmem_addr addr;
	uint16_t *pixels;
	int fd, status;
	pid_t pid;

	if (argc != 2)
		errx(2, "usage: client-pmem DEVICE");
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[1]);
	/* The first mmap() allocates. */
	pixels = mmap(NULL, mapped_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pixels == MAP_FAILED)
		err(1, "mmap");
	draw(pixels);
	addr = (struct pmem_addr) { .vaddr = (uintptr_t)pixels, .offset = 0, .length = SIZE };
	if (ioctl(fd, PMEM_CLEAN_CACHES, &addr))
		err(1, "PMEM_CLEAN_CACHES");

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		read_it(argv[1], fd);
		return 0;
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the reader failed");
	munmap(pixels, mapped_size());
	close(fd);
	return 0;
}
