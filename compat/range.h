/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_RANGE_H
#define PMEM_RANGE_H

#include "pmem.h"

/**
 * struct pmem_range - a region that PMEM_MAP recorded
 * @entry: in file->ranges, newest first
 * @offset: bytes into the allocation, page aligned
 * @len: bytes, page aligned, not 0
 */
struct pmem_range {
	struct list_head entry;
	u64 offset;
	u64 len;
};

int pmem_range_change(struct pmem_file *file, u64 offset, u64 len, bool map);
int pmem_ranges_show(struct pmem_file *file);
bool pmem_range_shown(struct pmem_file *file, u64 offset);
void pmem_ranges_drop(struct pmem_file *file);

#endif /* PMEM_RANGE_H */
