// SPDX-License-Identifier: MIT
/*
 * Choose the address of a mapping. The kernel can use one huge page table entry instead of
 * hundreds only if virtual and physical address are congruent modulo its size.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include <linux/contig_heap.h>

#include "internal.h"

/* The size on nearly all kernels with 4 KiB pages. */
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
 * dmaheap_huge_size() - get the size of a huge page table entry
 *
 * Return: bytes, a power of two.
 */
size_t dmaheap_huge_size(void)
{
	/* Concurrent threads store the same value. */
	static atomic_size_t known;
	size_t size = atomic_load_explicit(&known, memory_order_relaxed);

	if (!size) {
		size = read_huge_size();
		atomic_store_explicit(&known, size, memory_order_relaxed);
	}
	return size;
}

/* The start of a buffer modulo the huge size. Others' buffers may be anywhere, or scattered. */
static bool find_phase(const struct dmaheap_buffer *buffer, size_t huge, size_t *phase)
{
	struct contig_heap_place place = { .fd = buffer->fd, .modulus = huge };

	*phase = 0;
	if (buffer->aligned)
		return true;
	if ((!buffer->heap ||
	     dmaheap_ioctl(buffer->heap->fd, CONTIG_HEAP_IOCTL_PLACE, &place)) &&
	    dmaheap_buffer_ioctl(buffer, CONTIG_HEAP_IOCTL_PLACE, &place))
		return false;
	*phase = place.phase;
	return true;
}

/*
 * Map at an address that is @phase modulo @huge. Another thread may use the address before the
 * mapping is created, which is detected.
 */
static void *map_at_phase(int fd, off_t offset, size_t size, int prot, size_t phase, size_t huge)
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
		mapped = mmap(place, size, prot, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, offset);
		if (mapped != MAP_FAILED)
			return mapped;
		if (errno != EEXIST)
			break;
	}
	/* The address is only an optimization. */
	return mmap(NULL, size, prot, MAP_SHARED, fd, offset);
}

/**
 * dmaheap_map() - map a part of a buffer at a suitable address
 * @buffer: the buffer
 * @offset: start of the part, a multiple of the page size
 * @size: bytes
 * @prot: PROT_*
 *
 * Many kernels choose a suitable address themselves for memory that begins at a huge page, so try
 * that first.
 *
 * Return: the address, or MAP_FAILED with errno set.
 */
void *dmaheap_map(const struct dmaheap_buffer *buffer, uint64_t offset, size_t size, int prot)
{
	size_t huge = dmaheap_huge_size(), phase;
	void *mapped;

	if (size < huge || size > SIZE_MAX - huge || !find_phase(buffer, huge, &phase))
		return mmap(NULL, size, prot, MAP_SHARED, buffer->fd, offset);
	phase = (phase + offset) & (huge - 1);
	if (!phase) {
		mapped = mmap(NULL, size, prot, MAP_SHARED, buffer->fd, offset);
		if (mapped == MAP_FAILED || !((uintptr_t)mapped & (huge - 1)))
			return mapped;
		munmap(mapped, size);
	}
	return map_at_phase(buffer->fd, offset, size, prot, phase, huge);
}
