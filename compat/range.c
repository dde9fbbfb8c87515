// SPDX-License-Identifier: GPL-2.0-only
/*
 * The regions that PMEM_MAP and PMEM_UNMAP record, and the parts of the master that a
 * connected file shows. When the file is mapped, it shows the recorded regions. From
 * then on, each command shows or hides exactly its range, regardless of overlapping
 * regions: what PMEM_UNMAP has hidden stays hidden until PMEM_MAP shows it again.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "range.h"

/* Limits the memory of a client's regions; no known client has so many. */
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

	/* PMEM_UNMAP removes all equal regions, so one record is enough for them. */
	if (find_range(file, offset, len))
		return 0;
	if (file->nr_ranges >= MAX_RANGES)
		return -ENOMEM;
	range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return -ENOMEM;
	range->offset = offset;
	range->len = len;
	mutex_lock(&file->node->files_lock);
	list_add(&range->entry, &file->ranges);
	mutex_unlock(&file->node->files_lock);
	file->nr_ranges++;
	return 0;
}

static int forget_range(struct pmem_file *file, u64 offset, u64 len)
{
	struct pmem_range *range = find_range(file, offset, len);

	if (!range)
		return -EINVAL;
	mutex_lock(&file->node->files_lock);
	list_del(&range->entry);
	mutex_unlock(&file->node->files_lock);
	file->nr_ranges--;
	kfree(range);
	return 0;
}

/* Until the file is mapped, there is nothing to change. */
static void show(struct pmem_file *file, u64 offset, u64 len, bool map)
{
	if (!file->shown)
		return;
	if (map)
		bitmap_set(file->shown, offset >> PAGE_SHIFT,
			   len >> PAGE_SHIFT);
	else
		bitmap_clear(file->shown, offset >> PAGE_SHIFT,
			     len >> PAGE_SHIFT);
}

/* Unmap pages from all views, so that they fault again; all of the file if @len is 0. */
static void zap(struct pmem_file *file, u64 offset, u64 len)
{
	lockdep_assert_held(&file->lock);
	unmap_mapping_range(file->inode->i_mapping, offset, len, 1);
}

/**
 * pmem_ranges_show() - show the recorded regions, when a connected file is mapped
 * @file: the file, its lock held
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int pmem_ranges_show(struct pmem_file *file)
{
	unsigned long pages = PAGE_ALIGN(file->memory.len) >> PAGE_SHIFT;
	struct pmem_range *range;

	lockdep_assert_held(&file->lock);
	if (!file->shown)
		file->shown = kvcalloc(BITS_TO_LONGS(pages), sizeof(long),
				       GFP_KERNEL_ACCOUNT);
	if (!file->shown)
		return -ENOMEM;
	list_for_each_entry(range, &file->ranges, entry)
		show(file, range->offset, range->len, true);
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
 * Return: 0; -EINVAL for a range that is not in the allocation, or, to hide it, that was
 * not recorded; -ENOMEM, also for too many regions.
 */
int pmem_range_change(struct pmem_file *file, u64 offset, u64 len, bool map)
{
	int ret;

	lockdep_assert_held(&file->lock);
	if (offset > file->memory.len || len > file->memory.len - offset)
		return -EINVAL;
	ret = map ? record_range(file, offset, len) :
		    forget_range(file, offset, len);
	if (ret || !file->connected)
		return ret;
	show(file, offset, len, map);
	zap(file, offset, len);
	return 0;
}

/**
 * pmem_range_shown() - is a byte of the master shown?
 * @file: a connected file that is mapped, its lock held
 * @offset: offset of the byte, within the allocation
 *
 * Return: true if it is.
 */
bool pmem_range_shown(struct pmem_file *file, u64 offset)
{
	lockdep_assert_held(&file->lock);
	return test_bit(offset >> PAGE_SHIFT, file->shown);
}

/**
 * pmem_ranges_drop() - remove all recorded regions, and show nothing
 * @file: the file, its lock held; no longer connected to a master
 *
 * Context: may sleep.
 */
void pmem_ranges_drop(struct pmem_file *file)
{
	struct pmem_range *range, *next;
	LIST_HEAD(dropped);

	lockdep_assert_held(&file->lock);
	mutex_lock(&file->node->files_lock);
	list_splice_init(&file->ranges, &dropped);
	mutex_unlock(&file->node->files_lock);
	file->nr_ranges = 0;
	kvfree(file->shown);
	file->shown = NULL;
	zap(file, 0, 0);
	list_for_each_entry_safe(range, next, &dropped, entry)
		kfree(range);
}
