// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments of the legacy commands in both layouts: the structures are made of
 * unsigned long, so those of 32-bit callers are narrow.
 */
#include <linux/compat.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "pmem.h"

static int get_words(unsigned long arg, bool narrow, unsigned long *words,
		     int nr)
{
	u32 narrow_words[3];
	int i;

	if (!narrow)
		return copy_from_user(words, (void __user *)arg,
				      nr * sizeof(*words)) ? -EFAULT : 0;
	if (copy_from_user(narrow_words, compat_ptr(arg), nr * sizeof(u32)))
		return -EFAULT;
	for (i = 0; i < nr; i++)
		words[i] = narrow_words[i];
	return 0;
}

static int put_words(unsigned long arg, bool narrow, const u64 *words, int nr)
{
	unsigned long wide_words[3];
	u32 narrow_words[3];
	int i;

	for (i = 0; i < nr; i++) {
		if (words[i] > (narrow ? U32_MAX : ULONG_MAX))
			return -EOVERFLOW;
		wide_words[i] = words[i];
		narrow_words[i] = words[i];
	}
	if (narrow)
		return copy_to_user(compat_ptr(arg), narrow_words,
				    nr * sizeof(u32)) ? -EFAULT : 0;
	return copy_to_user((void __user *)arg, wide_words,
			    nr * sizeof(unsigned long)) ? -EFAULT : 0;
}

/**
 * pmem_get_region() - read a struct pmem_region
 * @arg: the caller's pointer
 * @narrow: the caller has 32 bits
 * @region: filled in
 *
 * Return: 0 or -EFAULT.
 */
int pmem_get_region(unsigned long arg, bool narrow, struct pmem_region *region)
{
	unsigned long words[2];
	int ret = get_words(arg, narrow, words, 2);

	if (!ret)
		*region = (struct pmem_region) {
			.offset = words[0], .len = words[1],
		};
	return ret;
}

/**
 * pmem_put_region() - write a struct pmem_region
 * @arg: the caller's pointer
 * @narrow: the caller has 32 bits
 * @offset: its offset
 * @len: its length
 *
 * Return: 0, -EFAULT, or -EOVERFLOW if a value is too large for the caller.
 */
int pmem_put_region(unsigned long arg, bool narrow, u64 offset, u64 len)
{
	const u64 words[] = { offset, len };

	return put_words(arg, narrow, words, ARRAY_SIZE(words));
}

/**
 * pmem_get_addr() - read a struct pmem_addr
 * @arg: the caller's pointer
 * @narrow: the caller has 32 bits
 * @addr: filled in
 *
 * Return: 0 or -EFAULT.
 */
int pmem_get_addr(unsigned long arg, bool narrow, struct pmem_addr *addr)
{
	unsigned long words[3];
	int ret = get_words(arg, narrow, words, 3);

	if (!ret)
		*addr = (struct pmem_addr) {
			.vaddr = words[0], .offset = words[1],
			.length = words[2],
		};
	return ret;
}

/**
 * pmem_get_sync_region() - read a struct pmem_sync_region
 * @arg: the caller's pointer
 * @narrow: the caller has 32 bits
 * @sync: filled in
 *
 * Return: 0 or -EFAULT.
 */
int pmem_get_sync_region(unsigned long arg, bool narrow,
			 struct pmem_sync_region *sync)
{
	struct { u32 offset; u32 len; s32 dir; } narrow_one;

	if (!narrow)
		return copy_from_user(sync, (void __user *)arg,
				      sizeof(*sync)) ? -EFAULT : 0;
	if (copy_from_user(&narrow_one, compat_ptr(arg), sizeof(narrow_one)))
		return -EFAULT;
	sync->region.offset = narrow_one.offset;
	sync->region.len = narrow_one.len;
	sync->dir = narrow_one.dir;
	return 0;
}

/**
 * pmem_get_allocation() - read a struct pmem_allocation
 * @arg: the caller's pointer
 * @narrow: the caller has 32 bits
 * @allocation: filled in
 *
 * Return: 0 or -EFAULT.
 */
int pmem_get_allocation(unsigned long arg, bool narrow,
			struct pmem_allocation *allocation)
{
	struct { u32 size; u32 align; } narrow_one;

	if (!narrow)
		return copy_from_user(allocation, (void __user *)arg,
				      sizeof(*allocation)) ? -EFAULT : 0;
	if (copy_from_user(&narrow_one, compat_ptr(arg), sizeof(narrow_one)))
		return -EFAULT;
	allocation->size = narrow_one.size;
	allocation->align = narrow_one.align;
	return 0;
}

/**
 * pmem_put_freespace() - write a struct pmem_freespace
 * @arg: the caller's pointer
 * @narrow: the caller has 32 bits
 * @total: free bytes
 * @largest: longest free run
 *
 * Return: 0, -EFAULT, or -EOVERFLOW if a value is too large for the caller.
 */
int pmem_put_freespace(unsigned long arg, bool narrow, u64 total, u64 largest)
{
	return pmem_put_region(arg, narrow, total, largest);
}
