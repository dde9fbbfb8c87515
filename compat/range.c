// SPDX-License-Identifier: GPL-2.0-only
/*
 * What PMEM_MAP and PMEM_UNMAP record: the parts of the master that a connected
 * file shows.
 */
#include <linux/slab.h>

#include "pmem.h"

/* More distinct regions than any client has, so that nobody collects them. */
#define MAX_RANGES	4096

static struct pmem_range *find_range(struct pmem_file *file, u64 offset,
				     u64 len)
{
	struct pmem_range *range;

	list_for_each_entry(range, &file->ranges, entry)
		if (range->offset == offset && range->len == len)
			return range;
	return NULL;
}

static int record_range(struct pmem_file *file, u64 offset, u64 len)
{
	struct pmem_range *range;

	/* PMEM_UNMAP removes all that are equal: one record stands for them. */
	if (find_range(file, offset, len))
		return 0;
	if (file->nr_ranges >= MAX_RANGES)
		return -ENOMEM;
	range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return -ENOMEM;
	range->offset = offset;
	range->len = len;
	list_add(&range->entry, &file->ranges);
	file->nr_ranges++;
	return 0;
}

static int forget_range(struct pmem_file *file, u64 offset, u64 len)
{
	struct pmem_range *range = find_range(file, offset, len);

	if (!range)
		return -EINVAL;
	list_del(&range->entry);
	file->nr_ranges--;
	kfree(range);
	return 0;
}

/**
 * pmem_range_change() - show or hide a part of the master, with immediate effect
 * @file: the file, its lock held
 * @offset: bytes into the allocation, page aligned
 * @len: bytes, page aligned, not 0
 * @map: show, otherwise hide
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a range that is not in the allocation, or, to hide, not
 * recorded; -ENOMEM.
 */
int pmem_range_change(struct pmem_file *file, u64 offset, u64 len, bool map)
{
	int ret;

	lockdep_assert_held(&file->lock);
	if (offset > file->memory.len || len > file->memory.len - offset)
		return -EINVAL;
	ret = map ? record_range(file, offset, len) :
		    forget_range(file, offset, len);
	if (!ret && file->connected)
		pmem_zap(file, offset, len);
	return ret;
}

/**
 * pmem_range_covers() - is a byte of the master shown?
 * @file: the file, its lock held
 * @offset: the byte
 *
 * Return: true for yes.
 */
bool pmem_range_covers(struct pmem_file *file, u64 offset)
{
	struct pmem_range *range;

	lockdep_assert_held(&file->lock);
	list_for_each_entry(range, &file->ranges, entry)
		if (offset >= range->offset &&
		    offset - range->offset < range->len)
			return true;
	return false;
}

/**
 * pmem_ranges_drop() - forget everything recorded
 * @file: the file, its lock held
 */
void pmem_ranges_drop(struct pmem_file *file)
{
	struct pmem_range *range, *next;

	lockdep_assert_held(&file->lock);
	list_for_each_entry_safe(range, next, &file->ranges, entry)
		kfree(range);
	INIT_LIST_HEAD(&file->ranges);
	file->nr_ranges = 0;
}
