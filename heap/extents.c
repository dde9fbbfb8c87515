// SPDX-License-Identifier: GPL-2.0-only
/* Looking up places in memory of many extents. */
#include "extents.h"

/* The extent that has the byte at @offset. */
static unsigned int find(const struct extents *extents, u64 offset)
{
	unsigned int first = 0, last = extents->nr - 1;

	while (first < last) {
		unsigned int middle = last - (last - first) / 2;

		if (extents->list[middle].start <= offset)
			first = middle;
		else
			last = middle - 1;
	}
	return first;
}

/**
 * extents_search() - extents_run() where there is a list
 * @extents: the memory
 * @offset: of the place, less than there is
 * @len: bytes that are wanted, not 0; reduced to those that follow each other
 *
 * Context: any.
 * Return: the physical address of the place.
 */
phys_addr_t extents_search(const struct extents *extents, u64 offset, u64 *len)
{
	unsigned int i = find(extents, offset);
	const struct extent *extent = &extents->list[i];
	phys_addr_t phys = extent->phys + (offset - extent->start);
	u64 found = extent->size - (offset - extent->start);

	while (found < *len && ++i < extents->nr &&
	       extents->list[i].phys == phys + found)
		found += extents->list[i].size;
	*len = min(*len, found);
	return phys;
}
