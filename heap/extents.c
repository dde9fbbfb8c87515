// SPDX-License-Identifier: GPL-2.0-only
/* Looking up offsets in memory with many extents. */
#include "extents.h"

/* Find the extent that contains the byte at @offset. */
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
 * extents_search() - extents_run() for a list
 * @extents: the memory
 * @offset: offset in bytes, less than the size of the memory
 * @len: bytes wanted, not 0; reduced to the contiguous ones
 *
 * Context: any.
 * Return: the physical address at @offset.
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
