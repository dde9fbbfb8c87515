// SPDX-License-Identifier: MIT
/*
 * Where to map a buffer. The kernel can use one huge entry in place of hundreds only where
 * virtual and physical address agree modulo its size.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/contig_heap.h>

#include "internal.h"

/* Of nearly all kernels with pages of 4 KiB. */
#define USUAL_HUGE_SIZE	(2U << 20)

static size_t read_huge_size(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");
	unsigned long long size = 0;

	if (!file)
		return USUAL_HUGE_SIZE;
	if (fscanf(file, "%llu", &size) != 1 || size & (size - 1) || size > SIZE_MAX / 8)
		size = 0;
	fclose(file);
	return size ? size : USUAL_HUGE_SIZE;
}

/**
 * dmaheap_huge_size() - what one huge page table entry covers
 *
 * Return: bytes, a power of two.
 */
size_t dmaheap_huge_size(void)
{
	/* Threads that come here at the same time find the same. */
	static atomic_size_t known;
	size_t size = atomic_load_explicit(&known, memory_order_relaxed);

	if (!size) {
		size = read_huge_size();
		atomic_store_explicit(&known, size, memory_order_relaxed);
	}
	return size;
}

/* 0 or a negative errno. */
static int ask_node(int node, int fd, size_t huge, size_t *phase)
{
	struct contig_heap_place place = { .fd = fd, .modulus = huge };
	int ret = dmaheap_ioctl(node, CONTIG_HEAP_IOCTL_PLACE, &place);

	if (!ret)
		*phase = place.phase;
	return ret;
}

/**
 * struct question - to all heaps, one after the other
 * @fd: the dma-buf that it is about
 * @huge: the modulus
 * @phase: the answer
 */
struct question {
	int fd;
	size_t huge;
	size_t phase;
};

/* 1 when there is an answer, -1 when there will be none. */
static int ask_heap(const char *name, void *data)
{
	struct contig_heap_query query;
	struct question *question = data;
	char path[4096];
	int node, ret;

	if ((size_t)snprintf(path, sizeof(path), "%s/dev/dma_heap/%s", dmaheap_root(), name) >=
	    sizeof(path))
		return 0;
	node = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (node < 0)
		return 0;
	ret = ask_node(node, question->fd, question->huge, &question->phase);
	if (!ret)
		ret = 1;
	else if (ret == -EINVAL && !dmaheap_ioctl(node, CONTIG_HEAP_IOCTL_QUERY, &query))
		/* It is one of contig_heaps, so the buffer is not. */
		ret = -1;
	else
		ret = 0;
	close(node);
	return ret;
}

/*
 * Where a buffer begins, modulo the huge size. Any node of contig_heaps knows that of all of their
 * buffers. Buffers of others may be anywhere, and in pieces.
 */
static bool find_phase(const struct dmaheap_buffer *buffer, size_t huge, size_t *phase)
{
	struct question question = { .fd = buffer->fd, .huge = huge };

	*phase = 0;
	if (buffer->aligned)
		return true;
	if (buffer->heap && !ask_node(buffer->heap->fd, buffer->fd, huge, phase))
		return true;
	if (dmaheap_for_each(ask_heap, &question) != 1)
		return false;
	*phase = question.phase;
	return true;
}

/*
 * Map at an address that is phase modulo huge. Somebody else may take the place between finding
 * it and mapping there, which is noticed.
 */
static void *map_at_phase(int fd, size_t size, int prot, size_t phase, size_t huge)
{
	int tries;

	for (tries = 0; tries < 8; tries++) {
		char *found = mmap(NULL, size + huge, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		char *place, *mapped;

		if (found == MAP_FAILED)
			break;
		munmap(found, size + huge);
		place = found + ((phase - (uintptr_t)found) & (huge - 1));
		mapped = mmap(place, size, prot, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
		if (mapped != MAP_FAILED)
			return mapped;
		if (errno != EEXIST)
			break;
	}
	/* A good address is worth having, but not needed. */
	return mmap(NULL, size, prot, MAP_SHARED, fd, 0);
}

/**
 * dmaheap_map_all() - map all of a buffer at a good address
 * @buffer: the buffer
 * @prot: PROT_*
 *
 * Many kernels choose a good address for what begins at a huge page by themselves, so they are
 * asked first.
 *
 * Return: the address, or MAP_FAILED with errno set.
 */
void *dmaheap_map_all(const struct dmaheap_buffer *buffer, int prot)
{
	size_t huge = dmaheap_huge_size(), size = buffer->size, phase;
	void *mapped;

	if (size < huge || size > SIZE_MAX - huge || !find_phase(buffer, huge, &phase))
		return mmap(NULL, size, prot, MAP_SHARED, buffer->fd, 0);
	if (!phase) {
		mapped = mmap(NULL, size, prot, MAP_SHARED, buffer->fd, 0);
		if (mapped == MAP_FAILED || !((uintptr_t)mapped & (huge - 1)))
			return mapped;
		munmap(mapped, size);
	}
	return map_at_phase(buffer->fd, size, prot, phase, huge);
}
