// SPDX-License-Identifier: GPL-2.0-only
/* Zeroing memory, and cache maintenance. */
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "kcompat.h"
#include "memory.h"

/* Bytes to maintain between calls of cond_resched(): some 100 us. */
#define MAINTAIN_STEP	((size_t)SZ_1M)

/* Bytes to zero between calls of cond_resched(): some 10 us. */
#define ZERO_STEP	((size_t)SZ_64K)

/**
 * memory_clean_lines() - clean a short range
 * @vaddr: its cached address
 * @phys: its physical address
 * @size: bytes; not many, since this does not reschedule
 *
 * Never inlined, so that it can be traced separately from memory_flush_lines().
 *
 * Context: any.
 */
noinline void memory_clean_lines(void *vaddr, phys_addr_t phys, size_t size)
{
	contig_clean_dcache(vaddr, phys, size);
}

/**
 * memory_flush_lines() - clean and invalidate a short range
 * @vaddr: its cached address
 * @phys: its physical address
 * @size: bytes; not many, since this does not reschedule
 *
 * Context: any.
 */
noinline void memory_flush_lines(void *vaddr, phys_addr_t phys, size_t size)
{
	contig_flush_dcache(vaddr, phys, size);
}

/**
 * memory_clean() - clean a range of any length
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
 * memory_zero() - zero a range of any length, for a task that waits for it
 * @vaddr: its address
 * @size: bytes
 *
 * Context: may sleep.
 * Return: 0; -EINTR after a fatal signal: some of it may not be zero.
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
