// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may see physical addresses, and the handles that others see instead.
 *
 * Handles are 32-bit numbers. Clients can calculate with them as with addresses: each
 * handle is the start of a range of numbers as long as the memory, and the ranges of
 * live handles do not overlap. That limits all allocations of all nodes together to
 * 3.5 GiB.
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

/* Units in use. The search starts at next_unit, so that freed units are reused late. */
static DECLARE_BITMAP(used, NR_UNITS);
static unsigned long next_unit;
static DEFINE_SPINLOCK(handles_lock);

/**
 * pmem_may_see_phys() - may the caller see physical addresses?
 * @everybody: the administrator allows it for all callers
 *
 * Does not audit a failed capability check, because the caller gets a handle instead.
 *
 * Return: true if it may.
 */
bool pmem_may_see_phys(bool everybody)
{
	return everybody || ns_capable_noaudit(&init_user_ns, CAP_SYS_RAWIO);
}

/* Returns the first of @units free units in a row, or NR_UNITS if there are none. */
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
 * pmem_handle_new() - allocate a handle
 * @size: bytes of the memory; clients may add this to the handle
 *
 * Context: may sleep.
 * Return: the handle, with one reference for the caller; NULL if memory is short, or
 * no range of numbers is free.
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
	/* One more, because the end of a range must differ from the start of the next. */
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
 * pmem_handle_get() - take a reference
 * @handle: the handle
 *
 * Return: @handle.
 */
struct pmem_handle *pmem_handle_get(struct pmem_handle *handle)
{
	refcount_inc(&handle->users);
	return handle;
}

/**
 * pmem_handle_put() - drop a reference
 * @handle: the handle, or NULL
 *
 * Its numbers can be used again after the last reference is gone.
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
 * pmem_address() - get the address of memory to show to the caller
 * @handle: handle of the memory
 * @phys: its physical address
 * @len: its length in bytes
 * @narrow: the caller is a 32-bit process
 * @everybody: the administrator allows physical addresses for all callers
 *
 * Return: @phys if the caller may see it, and the address of every byte fits into an
 * unsigned long of the caller; else the number of @handle.
 */
u64 pmem_address(const struct pmem_handle *handle, u64 phys, u64 len,
		 bool narrow, bool everybody)
{
	u64 most = narrow ? U32_MAX : ULONG_MAX;
	bool fits = phys <= most && len <= most - phys + 1;

	return fits && pmem_may_see_phys(everybody) ? phys : handle->value;
}
