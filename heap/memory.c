// SPDX-License-Identifier: GPL-2.0-only
/* Zeroing memory, and bringing caches and memory to the same contents. */
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "kcompat.h"
#include "memory.h"

/* Bytes maintained before others get a turn: some 100 us. */
#define MAINTAIN_STEP	((size_t)SZ_1M)

/* Bytes zeroed before others get a turn: some 10 us. */
#define ZERO_STEP	((size_t)SZ_64K)

/**
 * memory_clean_lines() - write back what caches hold of a range
 * @vaddr: its cached address
 * @phys: its physical address
 * @size: bytes; a few, since nobody else gets a turn
 *
 * A function of its own, also where the next does the same, for whoever
 * traces maintenance.
 *
 * Context: any.
 */
noinline void memory_clean_lines(void *vaddr, phys_addr_t phys, size_t size)
{
	contig_clean_dcache(vaddr, phys, size);
}

/**
 * memory_flush_lines() - write back what caches hold of a range, and drop it
 * @vaddr: its cached address
 * @phys: its physical address
 * @size: bytes; a few, since nobody else gets a turn
 *
 * Context: any.
 */
noinline void memory_flush_lines(void *vaddr, phys_addr_t phys, size_t size)
{
	contig_flush_dcache(vaddr, phys, size);
}

/**
 * memory_clean() - write back a range of any length
 * @vaddr: its cached address
 * @phys: its physical address
 * @size: bytes
 *
 * Context: may sleep.
 */
void memory_clean(void *vaddr, phys_addr_t phys, size_t size)
{
	size_t done, len;

	for (done = 0; done < size; done += len) {
		len = min(size - done, MAINTAIN_STEP);
		memory_clean_lines(vaddr + done, phys + done, len);
		cond_resched();
	}
}

/**
 * memory_flush() - clean and invalidate a range of any length
 * @vaddr: its cached address
 * @phys: its physical address
 * @size: bytes
 *
 * Context: may sleep.
 */
void memory_flush(void *vaddr, phys_addr_t phys, size_t size)
{
	size_t done, len;

	for (done = 0; done < size; done += len) {
		len = min(size - done, MAINTAIN_STEP);
		memory_flush_lines(vaddr + done, phys + done, len);
		cond_resched();
	}
}

/**
 * memory_zero() - zero memory that the caller waits for
 * @vaddr: its address
 * @size: bytes, any number of them
 *
 * Context: may sleep.
 * Return: 0; -EINTR when a fatal signal came, and some of it may not be zero.
 */
int memory_zero(void *vaddr, size_t size)
{
	size_t done, len;

	for (done = 0; done < size; done += len) {
		if (fatal_signal_pending(current))
			return -EINTR;
		len = min(size - done, ZERO_STEP);
		memset(vaddr + done, 0, len);
		cond_resched();
	}
	return 0;
}
