/* SPDX-License-Identifier: GPL-2.0-only */
/* Regions that programs find under /dev/dma_heap: twins.c. */
#ifndef CONTIG_TWINS_H
#define CONTIG_TWINS_H

#include <linux/list.h>

struct heap;
struct region;

/**
 * struct twins - the heaps on one region
 * @region: the region; one reference is held
 * @cached: the heap of that name, or NULL where the CPU must not cache
 * @uncached: the heap of that name with "-uncached" behind, or NULL where the
 *	architecture cannot have both views of the memory
 * @entry: for whoever made the twins
 */
struct twins {
	struct list_head entry;
	struct region *region;
	struct heap *cached;
	struct heap *uncached;
};

struct twins *twins_create(struct region *region, const char *name);
int twins_add(struct region *region, const char *name, struct list_head *list);
void twins_remove(struct twins *twins);

#endif /* CONTIG_TWINS_H */
