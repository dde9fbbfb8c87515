/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_CACHE_H
#define PMEM_CACHE_H

#include "pmem.h"

struct pmem_sync_region;

void pmem_cache_flush(struct pmem_file *file, u64 offset, u64 len);
int pmem_cache_maintain(struct pmem_file *file, unsigned int nr,
			const struct pmem_addr *addr);
int pmem_cache_inv(struct pmem_file *file, unsigned long start,
		   unsigned long len);
void pmem_cache_sync(struct pmem_file *file, const struct pmem_sync_region *sync,
		     bool map);

#endif /* PMEM_CACHE_H */
