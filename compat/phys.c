// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sees physical addresses, and what the others see instead.
 *
 * Handles are 32-bit numbers that look like addresses to clients that compute
 * with them. Each is the start of a range as long as the memory, and no two live
 * ranges overlap: there is one handle for one address, and one address for one
 * handle. That limits all allocations of all nodes together to 3.5 GiB.
 */
#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

#include "phys.h"

#define FIRST_HANDLE	0x10000000ULL
#define END_OF_HANDLES	0xf0000000ULL
#define UNIT		SZ_64K
#define NR_UNITS	((unsigned long)((END_OF_HANDLES - FIRST_HANDLE) / UNIT))

/* Units in use, and where to look first: what was freed last is used last. */
static DECLARE_BITMAP(used, NR_UNITS);
static unsigned long next_unit;
static DEFINE_SPINLOCK(handles_lock);

/**
 * pmem_may_see_phys() - may the caller see physical addresses?
 * @everybody: the administrator has allowed it to everybody
 *
 * One who may not has done nothing wrong: no audit record says so.
 *
 * Return: true for yes.
 */
bool pmem_may_see_phys(bool everybody)
{
	return everybody || ns_capable_noaudit(&init_user_ns, CAP_SYS_RAWIO);
}

/* Returns the first unit, or NR_UNITS if there is no room. */
static unsigned long take_units(unsigned int units)
{
	unsigned long first;

	spin_lock(&handles_lock);
	first = bitmap_find_next_zero_area(used, NR_UNITS, next_unit, units, 0);
	if (first >= NR_UNITS)
		first = bitmap_find_next_zero_area(used, NR_UNITS, 0, units, 0);
	if (first < NR_UNITS) {
		bitmap_set(used, first, units);
		next_unit = first + units;
	} else {
		first = NR_UNITS;
	}
	spin_unlock(&handles_lock);
	return first;
}

/**
 * pmem_handle_new() - take a range of numbers in place of physical addresses
 * @size: bytes that clients may add to the first one
 *
 * Context: may sleep.
 * Return: the handle, with one reference for the caller; NULL if there is no
 * memory, or no such range is free.
 */
struct pmem_handle *pmem_handle_new(u64 size)
{
	struct pmem_handle *handle;
	unsigned long first;

	if (size >= NR_UNITS * (u64)UNIT)
		return NULL;
	handle = kmalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		return NULL;
	/* One number more: the end of a range is not the start of the next. */
	handle->units = size / UNIT + 1;
	first = take_units(handle->units);
	if (first == NR_UNITS) {
		kfree(handle);
		return NULL;
	}
	refcount_set(&handle->users, 1);
	handle->value = FIRST_HANDLE + first * UNIT;
	return handle;
}

/**
 * pmem_handle_get() - share a handle
 * @handle: the handle
 *
 * Return: the same one, with another reference.
 */
struct pmem_handle *pmem_handle_get(struct pmem_handle *handle)
{
	refcount_inc(&handle->users);
	return handle;
}

/**
 * pmem_handle_put() - let go of a handle
 * @handle: the handle, or NULL
 *
 * The numbers can be used again when nobody shows them any more.
 */
void pmem_handle_put(struct pmem_handle *handle)
{
	if (!handle || !refcount_dec_and_test(&handle->users))
		return;
	spin_lock(&handles_lock);
	bitmap_clear(used, (handle->value - FIRST_HANDLE) / UNIT,
		     handle->units);
	spin_unlock(&handles_lock);
	kfree(handle);
}

/**
 * pmem_address() - what to tell the caller as the address of memory
 * @handle: stands for the memory
 * @phys: where it is
 * @len: bytes of it
 * @narrow: the caller has 32 bits
 * @everybody: the administrator has allowed physical addresses to everybody
 *
 * Return: @phys for who may see it and can compute with the address of every
 * byte, which is a number too large for some; else that of @handle.
 */
u64 pmem_address(const struct pmem_handle *handle, u64 phys, u64 len,
		 bool narrow, bool everybody)
{
	u64 most = narrow ? U32_MAX : ULONG_MAX;
	bool fits = phys <= most && len <= most - phys + 1;

	return fits && pmem_may_see_phys(everybody) ? phys : handle->value;
}
