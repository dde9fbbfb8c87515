// SPDX-License-Identifier: GPL-2.0-only
/*
 * A modern program that uses dma-bufs and /dev/dma_heap and does not know PMEM. Started by
 * legacy_client; see there.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>

#include "peers.h"

static uint32_t *map(int dmabuf)
{
	void *memory = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);

	if (memory == MAP_FAILED)
		die("mmap of a dma-buf");
	return memory;
}

static void sync_cpu(int dmabuf, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_RW | flags };

	if (ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync))
		die("DMA_BUF_IOCTL_SYNC");
}

static void take(int socket)
{
	int dmabuf = receive_buffer(socket);
	uint32_t *picture = map(dmabuf);

	printf("peer:   a %zu-bit program, got a dma-buf of %ld bytes\n", sizeof(long) * 8,
	       (long)lseek(dmabuf, 0, SEEK_END));
	sync_cpu(dmabuf, DMA_BUF_SYNC_START);
	show("peer  ", picture);
	if (!drawn(picture, 0)) {
		fprintf(stderr, "peer: that is not what the client has drawn\n");
		exit(1);
	}
	draw(picture, 1);
	sync_cpu(dmabuf, DMA_BUF_SYNC_END);
	munmap(picture, BUFFER);
	close(dmabuf);
	fflush(stdout);
	tell(socket);
	wait_for_other(socket);
}

static void give(int socket)
{
	struct dma_heap_allocation_data data = { .len = BUFFER, .fd_flags = O_RDWR | O_CLOEXEC };
	int heap = open("/dev/dma_heap/adsp", O_RDWR | O_CLOEXEC), dmabuf;
	uint32_t *picture;

	if (heap < 0 || ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		die("/dev/dma_heap/adsp");
	close(heap);
	dmabuf = data.fd;
	picture = map(dmabuf);
	sync_cpu(dmabuf, DMA_BUF_SYNC_START);
	draw(picture, 0);
	sync_cpu(dmabuf, DMA_BUF_SYNC_END);
	printf("peer:   drew into a buffer of /dev/dma_heap/adsp and sends it\n");
	fflush(stdout);
	send_buffer(socket, dmabuf);
	wait_for_other(socket);
	sync_cpu(dmabuf, DMA_BUF_SYNC_START);
	if (!drawn(picture, 1)) {
		fprintf(stderr, "peer: the client's changes are not in the buffer\n");
		exit(1);
	}
	sync_cpu(dmabuf, DMA_BUF_SYNC_END);
	printf("peer:   sees what the client has drawn over it\n");
	fflush(stdout);
	tell(socket);
	munmap(picture, BUFFER);
	close(dmabuf);
}

int main(void)
{
	take(STDIN_FILENO);
	give(STDIN_FILENO);
	return 0;
}
