// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sees physical addresses, and what the others see instead.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "pmem.h"

/* Handles look like addresses to clients that compute with them. */
#define FIRST_HANDLE	0x10000000ULL
#define LAST_HANDLE	0xefffffffULL

/**
 * pmem_may_see_phys() - may the caller see physical addresses?
 * @everybody: the administrator has allowed it to everybody
 *
 * Return: true for yes.
 */
bool pmem_may_see_phys(bool everybody)
{
	return everybody || capable(CAP_SYS_RAWIO);
}

/**
 * pmem_new_handle() - a value in place of a physical address
 * @size: bytes that clients may add to it
 *
 * Return: the handle: not 0, page aligned, and of no other memory as long as
 * the numbers last; after that they are used again, as nothing depends on it.
 */
u32 pmem_new_handle(u64 size)
{
	static DEFINE_SPINLOCK(lock);
	static u64 next = FIRST_HANDLE;
	u64 handle;

	size = min_t(u64, size, SZ_1G);
	spin_lock(&lock);
	if (next + size > LAST_HANDLE)
		next = FIRST_HANDLE;
	handle = next;
	next += ALIGN(size + 1, SZ_64K);
	spin_unlock(&lock);
	return handle;
}
