/* SPDX-License-Identifier: GPL-2.0-only */
/* Locating a CMA area, allocating from it and releasing to it: cma_area.c. */
#ifndef CONTIG_CMA_AREA_H
#define CONTIG_CMA_AREA_H

#include <linux/types.h>

struct device;
struct reserved_mem;

/* Name of the default area; the kernel's own heap uses the same. */
#define DEFAULT_CMA_NAME	"default_cma_region"

/**
 * struct cma_area - a CMA area, accessed through a device
 * @dev: the device; bound to the area, unless it is the default area
 * @base: physical address of the first byte
 * @size: bytes
 * @pairs: single pages never come from this area
 * @unmapped: allocated memory has no kernel mapping and is not zeroed
 *
 * Set by cma_area_of_tree() or cma_area_find_default(), and constant afterwards.
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
 * @size: bytes, including what the alignment costs
 * @start: physical address of the first aligned byte
 * @zero: it is zero, but the zeros may still be in a cache
 *
 * Its pages can be released at any time, in any parts, or together with pages of
 * other blocks.
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
