/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_PHYS_H
#define PMEM_PHYS_H

#include <linux/refcount.h>
#include <linux/types.h>

/**
 * struct pmem_handle - a range of numbers in place of physical addresses
 * @users: references, held by files and blocks
 * @value: the first number: not 0, page aligned
 * @units: length of the range in units of 64 KiB
 *
 * The ranges of live handles do not overlap.
 */
struct pmem_handle {
	refcount_t users;
	u32 value;
	unsigned int units;
};

bool pmem_may_see_phys(bool everybody);
struct pmem_handle *pmem_handle_new(u64 size);
struct pmem_handle *pmem_handle_get(struct pmem_handle *handle);
void pmem_handle_put(struct pmem_handle *handle);
u64 pmem_address(const struct pmem_handle *handle, u64 phys, u64 len,
		 bool narrow, bool everybody);

#endif /* PMEM_PHYS_H */
