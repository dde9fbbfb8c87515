/* SPDX-License-Identifier: GPL-2.0-only */
/* Zeroing memory and maintaining caches: memory.c. */
#ifndef CONTIG_MEMORY_H
#define CONTIG_MEMORY_H

#include <linux/types.h>

void memory_clean_lines(void *vaddr, phys_addr_t phys, size_t size);
void memory_flush_lines(void *vaddr, phys_addr_t phys, size_t size);

void memory_clean(void *vaddr, phys_addr_t phys, size_t size);
void memory_flush(void *vaddr, phys_addr_t phys, size_t size);
int memory_zero(void *vaddr, size_t size);

#endif /* CONTIG_MEMORY_H */
