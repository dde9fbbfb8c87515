/* SPDX-License-Identifier: GPL-2.0-only */
/* The heaps of a region under /dev/dma_heap: pair.c. */
#ifndef CONTIG_PAIR_H
#define CONTIG_PAIR_H

#include <linux/list.h>

struct heap;
struct region;

/**
 * struct pair - the two heaps of a region, or one of them alone
 * @region: the region; one reference is held
 * @cached: the heap NAME, or NULL if the CPU must not cache the memory
 * @uncached: the heap NAME-uncached, or NULL if the architecture cannot map the
 *	memory both ways
 * @entry: for the creator of the pair
 */
struct pair {
	struct list_head entry;
	struct region *region;
	struct heap *cached;
	struct heap *uncached;
};

struct pair *pair_create(struct region *region, const char *name);
int pair_add(struct region *region, const char *name, struct list_head *list);
int pair_add_heap(struct region *region, const char *name, bool uncached,
		  struct list_head *list);
void pair_remove(struct pair *pair);

#endif /* CONTIG_PAIR_H */
