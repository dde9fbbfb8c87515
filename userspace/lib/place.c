// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where to map a buffer. The kernel can use one huge entry in place of hundreds only where
 * virtual and physical address agree modulo its size.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

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

/*
 * The physical address of what is mapped at an address modulo the huge size. Without the privilege
 * to know it, 0, which holds for what this library allocates.
 */
static size_t phase_at(const void *address, size_t huge)
{
	const uint64_t present = 1ULL << 63, frame = (1ULL << 55) - 1;
	size_t page = sysconf(_SC_PAGESIZE);
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry), (uintptr_t)address / page * sizeof(entry)) !=
	    sizeof(entry) || !(entry & present))
		entry = 0;
	close(fd);
	return (entry & frame) * page & (huge - 1);
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
 * dmaheap_map_fd() - map all of a dma-buf at a good address
 * @fd: the dma-buf
 * @size: its size
 * @prot: PROT_*
 * @aligned: its memory is known to begin at a multiple of the huge size
 *
 * Many kernels choose a good address by themselves, so they are asked first.
 *
 * Return: the address, or MAP_FAILED with errno set.
 */
void *dmaheap_map_fd(int fd, size_t size, int prot, bool aligned)
{
	size_t huge = dmaheap_huge_size(), phase;
	void *mapped = mmap(NULL, size, prot, MAP_SHARED, fd, 0);

	if (mapped == MAP_FAILED || size < huge || size > SIZE_MAX - huge)
		return mapped;
	phase = aligned ? 0 : phase_at(mapped, huge);
	if (phase == ((uintptr_t)mapped & (huge - 1)))
		return mapped;
	munmap(mapped, size);
	return map_at_phase(fd, size, prot, phase, huge);
}
