/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory as a list of extents: extents.c.
 *
 * Carveouts and CMA areas hand out contiguous memory only. Its single extent is
 * embedded in the structure, so that nothing has to be allocated or searched.
 * Code that walks memory calls extents_run() repeatedly and need not know whether
 * there is a list.
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
 * @one: its extent, if @list is NULL
 * @list: its extents, in the order of their contents
 * @nr: number of extents, at least 1
 *
 * Owned by the caller of region_alloc(), until region_free().
 */
struct extents {
	struct extent one;
	struct extent *list;
	unsigned int nr;
};

phys_addr_t extents_search(const struct extents *extents, u64 offset, u64 *len);

/**
 * extents_run() - get the contiguous run of memory at an offset
 * @extents: the memory
 * @offset: offset in bytes, less than the size of the memory
 * @len: bytes wanted, not 0; reduced to the contiguous ones
 *
 * Successive extents that happen to be adjacent make one run.
 *
 * Context: any.
 * Return: the physical address at @offset.
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
