/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory as a list of extents: extents.c.
 *
 * Memory in one piece, which is all that a carveout or a CMA area hands out, has
 * its only extent in the structure: there is nothing to allocate and nothing to
 * search. Whoever walks memory asks for one run after the other and need not
 * know which of the two it is.
 */
#ifndef CONTIG_EXTENTS_H
#define CONTIG_EXTENTS_H

#include <linux/minmax.h>
#include <linux/types.h>

/**
 * struct extent - contiguous memory
 * @phys: physical address of the first usable byte
 * @start: usable bytes of all extents before it
 * @size: usable bytes
 */
struct extent {
	phys_addr_t phys;
	u64 start;
	u64 size;
};

/**
 * struct extents - memory handed out by a region
 * @one: its extent, where @list is NULL
 * @list: its extents, in the order of their contents
 * @nr: number of extents, at least 1
 *
 * Owned by whoever called region_alloc(), until region_free().
 */
struct extents {
	struct extent one;
	struct extent *list;
	unsigned int nr;
};

phys_addr_t extents_search(const struct extents *extents, u64 offset, u64 *len);

/**
 * extents_run() - the run of contiguous memory at a place
 * @extents: the memory
 * @offset: of the place, less than there is
 * @len: bytes that are wanted, not 0; reduced to those that follow each other
 *
 * Neighbours that happen to be adjacent make one run.
 *
 * Context: any.
 * Return: the physical address of the place.
 */
static inline phys_addr_t extents_run(const struct extents *extents, u64 offset,
				      u64 *len)
{
	if (extents->list)
		return extents_search(extents, offset, len);
	*len = min(*len, extents->one.size - offset);
	return extents->one.phys + offset;
}

#endif /* CONTIG_EXTENTS_H */
