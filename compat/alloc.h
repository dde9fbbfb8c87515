/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_ALLOC_H
#define PMEM_ALLOC_H

#include "pmem.h"

/**
 * struct pmem_slot - an allocation as the legacy allocator would list it
 * @entry: in node->slots, sorted by @index for a buddy node, else by @id
 * @id: number of the slot, the lowest that was free
 * @index: first quantum
 * @quanta: number of quanta
 *
 * All fields are protected by node->alloc_lock.
 */
struct pmem_slot {
	struct list_head entry;
	int id;
	u64 index;
	u64 quanta;
};

int pmem_allocate(struct pmem_file *file, u64 len, u64 align);
struct dma_buf *pmem_allocate_for_kernel(struct pmem_node *node, u64 len,
					 u64 align);
void pmem_free(struct pmem_file *file);
int pmem_free_space(struct pmem_node *node, u64 *total, u64 *largest);
bool pmem_next_block(struct pmem_node *node, u64 from, u64 *index,
		     unsigned int *order);

#endif /* PMEM_ALLOC_H */
