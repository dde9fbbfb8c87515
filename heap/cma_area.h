/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a CMA area is, and how to take from it and give back: cma_area.c. */
#ifndef CONTIG_CMA_AREA_H
#define CONTIG_CMA_AREA_H

#include <linux/types.h>

struct device;
struct reserved_mem;

/* The name of the default area, as the kernel's own heap has it. */
#define DEFAULT_CMA_NAME	"default_cma_region"

/**
 * struct cma_area - a CMA area, as a device reaches it
 * @dev: the device; bound to the area, unless that is the default one
 * @base: physical address of the first byte
 * @size: bytes
 * @pairs: the device reaches the area only for more than one page
 * @unmapped: memory comes without a mapping for the kernel, and is not zero
 *
 * Set by cma_area_of_tree() or cma_area_find_default(), and constant then.
 */
struct cma_area {
	struct device *dev;
	phys_addr_t base;
	u64 size;
	bool pairs;
	bool unmapped;
};

/**
 * struct cma_block - memory taken from an area
 * @phys: physical address of its first byte
 * @size: bytes, those that alignment costs included
 * @start: the first byte in it that is aligned
 * @zero: it is zero, though perhaps in a cache alone
 *
 * Any pages of it can be given back at any time, alone or with those of others.
 */
struct cma_block {
	phys_addr_t phys;
	u64 size;
	phys_addr_t start;
	bool zero;
};

int cma_area_of_tree(struct cma_area *area, struct reserved_mem *rmem);
int cma_area_find_default(struct cma_area *area, u64 known);

u64 cma_area_ask(const struct cma_area *area, u64 size, u64 align);
int cma_area_take(const struct cma_area *area, u64 size, u64 align,
		  struct cma_block *block);
void cma_area_give(const struct cma_area *area, phys_addr_t phys, u64 size);

#endif /* CONTIG_CMA_AREA_H */
