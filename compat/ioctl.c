// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls. Arguments are checked in the same order as in the legacy drivers. Where
 * generations of the driver differ, this behaves like the last one (2011 and later),
 * except for its bugs.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "../uapi/linux/android_pmem.h"
#include "alloc.h"
#include "cache.h"
#include "connect.h"
#include "hooks.h"
#include "ioctl.h"
#include "phys.h"
#include "pmem.h"
#include "share.h"

/* Units of the interface, whatever the page size is. */
#define PMEM_ALIGN_MIN	SZ_4K
#define PMEM_ALIGN_MAX	SZ_1M

/* Arguments consist of unsigned longs, so those of 32-bit callers are narrow. */
static int get_longs(void __user *user, bool narrow, unsigned long *longs,
		     int nr)
{
	u32 narrow_longs[3];
	int i;

	if (!narrow)
		return copy_from_user(longs, user, nr * sizeof(*longs)) ?
		       -EFAULT : 0;
	if (copy_from_user(narrow_longs, user, nr * sizeof(u32)))
		return -EFAULT;
	for (i = 0; i < nr; i++)
		longs[i] = narrow_longs[i];
	return 0;
}

/* Get the int that follows @longs longs. */
static int get_int(void __user *user, bool narrow, int longs, int *value)
{
	user += longs * (narrow ? sizeof(u32) : sizeof(long));
	return get_user(*value, (int __user *)user);
}

static int put_longs(void __user *user, bool narrow, u64 first, u64 second)
{
	const unsigned long longs[] = { first, second };
	const u32 narrow_longs[] = { first, second };

	if (max(first, second) > (narrow ? U32_MAX : ULONG_MAX))
		return -EOVERFLOW;
	if (narrow)
		return copy_to_user(user, narrow_longs, sizeof(narrow_longs)) ?
		       -EFAULT : 0;
	return copy_to_user(user, longs, sizeof(longs)) ? -EFAULT : 0;
}

/*
 * A caller that may not see the address, or for which it is too large, gets the handle.
 * Clients would take an error to mean that the file is not PMEM.
 */
static int get_place(struct pmem_file *file, void __user *user, bool narrow)
{
	u64 offset = 0, len = 0;
	int ret = mutex_lock_killable(&file->lock);

	if (ret)
		return ret;
	if (file->allocated) {
		const struct pmem_memory *memory = &file->memory;

		len = memory->len;
		offset = pmem_address(memory->handle, memory->phys, len, narrow,
				      file->node->show_phys && !memory->foreign);
	}
	mutex_unlock(&file->lock);
	return put_longs(user, narrow, offset, len);
}

static bool may_align(const struct pmem_node *node, u64 align)
{
	if (align & (align - 1) || align < PMEM_ALIGN_MIN || align > PMEM_ALIGN_MAX)
		return false;
	return align <= PAGE_SIZE || node->allocator == PMEM_ALLOCATORTYPE_BITMAP;
}

static int allocate(struct pmem_file *file, u64 size, u64 align)
{
	int ret = mutex_lock_killable(&file->lock);

	if (ret)
		return ret;
	ret = -EINVAL;
	if (!file->allocated && may_align(file->node, align))
		ret = pmem_allocate(file, size, max_t(u64, align, PAGE_SIZE));
	mutex_unlock(&file->lock);
	return ret;
}

static int allocate_aligned(struct pmem_file *file, void __user *user,
			    bool narrow)
{
	unsigned long size;
	int align, ret;

	ret = get_longs(user, narrow, &size, 1) ?:
	      get_int(user, narrow, 1, &align);
	return ret ?: allocate(file, size, (unsigned int)align);
}

static int get_free_space(struct pmem_node *node, void __user *user,
			  bool narrow)
{
	u64 total, largest;
	int ret = pmem_free_space(node, &total, &largest);

	return ret ?: put_longs(user, narrow, total, largest);
}

static int with_region(struct pmem_file *file, unsigned int nr,
		       void __user *user, bool narrow)
{
	struct pmem_region region;
	int ret = get_longs(user, narrow, (unsigned long *)&region, 2);

	if (ret)
		return ret;
	switch (nr) {
	case _IOC_NR(PMEM_MAP):
	case _IOC_NR(PMEM_UNMAP):
		return pmem_change(file, &region, nr == _IOC_NR(PMEM_MAP));
	case _IOC_NR(PMEM_CACHE_INV):
		/* This is the only command that passes a user address as the offset. */
		return pmem_cache_inv(file, region.offset, region.len);
	default:
		pmem_cache_flush(file, region.offset, region.len);
		return 0;
	}
}

static int cache_maintain(struct pmem_file *file, unsigned int nr,
			  void __user *user, bool narrow)
{
	struct pmem_addr addr;
	int ret = get_longs(user, narrow, (unsigned long *)&addr, 3);

	return ret ?: pmem_cache_maintain(file, nr, &addr);
}

static int cache_sync(struct pmem_file *file, void __user *user, bool narrow,
		      bool map)
{
	struct pmem_sync_region sync;
	int ret;

	ret = get_longs(user, narrow, (unsigned long *)&sync.region, 2) ?:
	      get_int(user, narrow, 2, &sync.dir);
	if (!ret)
		pmem_cache_sync(file, &sync, map);
	return ret;
}

/* The commands whose numbers encoded the size of a pointer in the first header. */
static bool is_early(unsigned int nr)
{
	return nr == _IOC_NR(PMEM_GET_PHYS) || nr == _IOC_NR(PMEM_MAP) ||
	       nr == _IOC_NR(PMEM_GET_SIZE) || nr == _IOC_NR(PMEM_UNMAP) ||
	       nr == _IOC_NR(PMEM_GET_TOTAL_SIZE);
}

static bool is_legacy(unsigned int cmd)
{
	if (_IOC_TYPE(cmd) != PMEM_IOCTL_MAGIC || _IOC_DIR(cmd) != _IOC_WRITE)
		return false;
	return _IOC_SIZE(cmd) == sizeof(u32) ||
	       (_IOC_SIZE(cmd) == sizeof(u64) && is_early(_IOC_NR(cmd)));
}

static bool is_hw3d(unsigned int nr)
{
	return nr >= _IOC_NR(HW3D_REVOKE_GPU) &&
	       nr <= _IOC_NR(HW3D_WAIT_FOR_INTERRUPT);
}

static long unknown(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct pmem_file *file = filp->private_data;

	return pmem_hook_ioctl(file->node, filp, cmd, arg);
}

static long legacy(struct file *filp, unsigned int cmd, unsigned long arg,
		   void __user *user, bool narrow)
{
	struct pmem_file *file = filp->private_data;
	unsigned int nr = _IOC_NR(cmd);

	/* A device with an ioctl hook gets the HW3D commands, one of which shares a number. */
	if (file->node->own_hooks.ioctl && is_hw3d(nr))
		return unknown(filp, cmd, arg);
	switch (nr) {
	case _IOC_NR(PMEM_GET_PHYS):
	case _IOC_NR(PMEM_GET_SIZE):
		return get_place(file, user, narrow);
	case _IOC_NR(PMEM_MAP):
	case _IOC_NR(PMEM_UNMAP):
	case _IOC_NR(PMEM_CACHE_FLUSH):
	case _IOC_NR(PMEM_CACHE_INV):
		return with_region(file, nr, user, narrow);
	case _IOC_NR(PMEM_ALLOCATE):
		return allocate(file, arg, PMEM_ALIGN_MIN);
	case _IOC_NR(PMEM_CONNECT):
		return pmem_connect(file, arg);
	case _IOC_NR(PMEM_GET_TOTAL_SIZE):
		return put_longs(user, narrow, 0, file->node->size);
	case _IOC_NR(PMEM_CLEAN_INV_CACHES):
	case _IOC_NR(PMEM_CLEAN_CACHES):
	case _IOC_NR(PMEM_INV_CACHES):
		return cache_maintain(file, nr, user, narrow);
	case _IOC_NR(PMEM_GET_FREE_SPACE):
		return get_free_space(file->node, user, narrow);
	case _IOC_NR(PMEM_ALLOCATE_ALIGNED):
		return allocate_aligned(file, user, narrow);
	case _IOC_NR(PMEM_MAP_REGION):
	case _IOC_NR(PMEM_UNMAP_REGION):
		return cache_sync(file, user, narrow,
				  nr == _IOC_NR(PMEM_MAP_REGION));
	default:
		return unknown(filp, cmd, arg);
	}
}

static long any_ioctl(struct file *filp, unsigned int cmd, unsigned long arg,
		      bool narrow)
{
	void __user *user = narrow ? compat_ptr(arg) : (void __user *)arg;

	if (cmd == PMEM_EXPORT_DMABUF)
		return pmem_export(filp->private_data, user);
	if (cmd == PMEM_IMPORT_DMABUF)
		return pmem_import(filp->private_data, user);
	if (is_legacy(cmd))
		return legacy(filp, cmd, arg, user, narrow);
	return unknown(filp, cmd, arg);
}

/**
 * pmem_ioctl() - ioctls of native callers
 * @filp: the file
 * @cmd: the command
 * @arg: its argument
 *
 * Context: may sleep.
 * Return: 0, or the errno of the command; -EINVAL for an unknown command.
 */
long pmem_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	return any_ioctl(filp, cmd, arg, false);
}

/**
 * pmem_compat_ioctl() - ioctls of 32-bit callers of a 64-bit kernel
 * @filp: the file
 * @cmd: the command
 * @arg: its argument
 *
 * Context: may sleep.
 * Return: as pmem_ioctl(); also -EOVERFLOW if a value does not fit.
 */
long pmem_compat_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	return any_ioctl(filp, cmd, (u32)arg, true);
}
