// SPDX-License-Identifier: MIT
/*
 * The same as client-pmem.c, with libdmaheap: one process draws into a buffer, another one reads
 * it.
 *
 *	client-dmaheap HEAP
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dmaheap.h>

#define WIDTH	320
#define HEIGHT	240
#define SIZE	(WIDTH * HEIGHT * sizeof(uint16_t))

static void check(int error, const char *what)
{
	if (error)
		errx(1, "%s: %s", what, dmaheap_strerror(error));
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

/* The other process gets the dma-buf. It sees all of it, and needs no access to the heap. */
static void read_it(int fd)
{
	struct dmaheap_buffer *buffer;
	struct dmaheap_access access;

	check(dmaheap_buffer_import(NULL, fd, &buffer), "import");
	check(dmaheap_access_begin(buffer, 0, 0, DMAHEAP_READ, &access), "read");
	printf("%08x\n", sum(access.data));
	check(dmaheap_access_end(&access), "read");
	dmaheap_buffer_unref(buffer);
}

int main(int argc, char **argv)
{
	struct dmaheap_buffer *buffer;
	struct dmaheap_access access;
	struct dmaheap *heap;
	int status;
	pid_t pid;

	if (argc != 2)
		errx(2, "usage: client-dmaheap HEAP");
	check(dmaheap_open(argv[1], &heap), argv[1]);
	check(dmaheap_alloc(heap, SIZE, NULL, &buffer), "allocate");
	dmaheap_unref(heap);
	check(dmaheap_access_begin(buffer, 0, 0, DMAHEAP_WRITE, &access), "draw");
	draw(access.data);
	check(dmaheap_access_end(&access), "draw");

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		read_it(dmaheap_buffer_fd(buffer));
		return 0;
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the reader failed");
	dmaheap_buffer_unref(buffer);
	return 0;
}
