// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands, in the order in which the legacy drivers checked their
 * arguments. Where generations of the driver differ, this is the last one (2011
 * and later), but for what it got wrong.
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "../heap/kcompat.h"
#include "pmem.h"

/* Units of the interface, whatever the page size is. */
#define PMEM_ALIGN_MIN	SZ_4K
#define PMEM_ALIGN_MAX	SZ_1M

/*
 * A caller who cannot be told the address of all bytes gets the handle: an error
 * would mean "not PMEM" to clients.
 */
static int get_place(struct pmem_file *file, unsigned long arg, bool narrow)
{
	u64 offset = 0, len = 0;

	mutex_lock(&file->lock);
	if (file->allocated) {
		const struct pmem_memory *memory = &file->memory;
		bool all = file->node->show_phys && !memory->foreign;

		len = memory->len;
		offset = pmem_fits(memory->phys, len, narrow) &&
			 pmem_may_see_phys(all) ? memory->phys :
						  memory->handle->value;
	}
	mutex_unlock(&file->lock);
	return pmem_put_region(arg, narrow, offset, len);
}

static int do_change(struct pmem_file *file, unsigned long arg, bool narrow,
		     bool map)
{
	struct pmem_region region;
	int ret = pmem_get_region(arg, narrow, &region);

	return ret ?: pmem_change(file, &region, map);
}

static int do_allocate(struct pmem_file *file, u64 len)
{
	int ret = -EINVAL;

	mutex_lock(&file->lock);
	if (!file->allocated)
		ret = pmem_allocate(file, len, PAGE_SIZE);
	mutex_unlock(&file->lock);
	return ret;
}

static int allocate_aligned(struct pmem_file *file, u64 size, u64 align)
{
	lockdep_assert_held(&file->lock);
	if (file->allocated)
		return -EINVAL;
	if (align & (align - 1))
		return -EINVAL;
	if (align > PAGE_SIZE &&
	    file->node->allocator != PMEM_ALLOCATORTYPE_BITMAP)
		return -EINVAL;
	if (align > PMEM_ALIGN_MAX || align < PMEM_ALIGN_MIN)
		return -EINVAL;
	return pmem_allocate(file, size, max_t(u64, align, PAGE_SIZE));
}

static int do_allocate_aligned(struct pmem_file *file, unsigned long arg,
			       bool narrow)
{
	struct pmem_allocation allocation;
	int ret = pmem_get_allocation(arg, narrow, &allocation);

	if (ret)
		return ret;
	mutex_lock(&file->lock);
	ret = allocate_aligned(file, allocation.size, allocation.align);
	mutex_unlock(&file->lock);
	return ret;
}

static int get_free_space(struct pmem_node *node, unsigned long arg,
			  bool narrow)
{
	u64 total, largest;

	pmem_free_space(node, &total, &largest);
	return pmem_put_freespace(arg, narrow, total, largest);
}

static int do_cache_flush(struct pmem_file *file, unsigned long arg,
			  bool narrow)
{
	struct pmem_region region;
	int ret = pmem_get_region(arg, narrow, &region);

	if (!ret)
		pmem_cache_flush(file, region.offset, region.len);
	return ret;
}

static int do_cache_maintain(struct pmem_file *file, unsigned int nr,
			     unsigned long arg, bool narrow)
{
	struct pmem_addr addr;
	int ret = pmem_get_addr(arg, narrow, &addr);

	return ret ?: pmem_cache_maintain(file, nr, &addr);
}

/* The one command that names its range by address alone. */
static int do_cache_inv(struct pmem_file *file, unsigned long arg, bool narrow)
{
	struct pmem_region region;
	int ret = pmem_get_region(arg, narrow, &region);

	return ret ?: pmem_cache_inv(file, region.offset, region.len);
}

static int do_cache_sync(struct pmem_file *file, unsigned long arg, bool narrow,
			 bool map)
{
	struct pmem_sync_region sync;
	int ret = pmem_get_sync_region(arg, narrow, &sync);

	if (!ret)
		pmem_cache_sync(file, &sync, map);
	return ret;
}

/* Those that the first header declared with the size of a pointer. */
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
		   bool narrow)
{
	struct pmem_file *file = filp->private_data;
	unsigned int nr = _IOC_NR(cmd);

	/* A device with commands of its own has these three for itself. */
	if (file->node->own_commands && is_hw3d(nr))
		return unknown(filp, cmd, arg);
	switch (nr) {
	case _IOC_NR(PMEM_GET_PHYS):
	case _IOC_NR(PMEM_GET_SIZE):
		return get_place(file, arg, narrow);
	case _IOC_NR(PMEM_MAP):
		return do_change(file, arg, narrow, true);
	case _IOC_NR(PMEM_UNMAP):
		return do_change(file, arg, narrow, false);
	case _IOC_NR(PMEM_ALLOCATE):
		return do_allocate(file, arg);
	case _IOC_NR(PMEM_CONNECT):
		return pmem_connect(file, arg);
	case _IOC_NR(PMEM_GET_TOTAL_SIZE):
		return pmem_put_region(arg, narrow, 0, file->node->size);
	case _IOC_NR(PMEM_CACHE_FLUSH):
		return do_cache_flush(file, arg, narrow);
	case _IOC_NR(PMEM_CLEAN_INV_CACHES):
	case _IOC_NR(PMEM_CLEAN_CACHES):
	case _IOC_NR(PMEM_INV_CACHES):
		return do_cache_maintain(file, nr, arg, narrow);
	case _IOC_NR(PMEM_GET_FREE_SPACE):
		return get_free_space(file->node, arg, narrow);
	case _IOC_NR(PMEM_ALLOCATE_ALIGNED):
		return do_allocate_aligned(file, arg, narrow);
	case _IOC_NR(PMEM_MAP_REGION):
		return do_cache_sync(file, arg, narrow, true);
	case _IOC_NR(PMEM_UNMAP_REGION):
		return do_cache_sync(file, arg, narrow, false);
	case _IOC_NR(PMEM_CACHE_INV):
		return do_cache_inv(file, arg, narrow);
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
		return legacy(filp, cmd, arg, narrow);
	return unknown(filp, cmd, arg);
}

/**
 * pmem_ioctl() - commands of callers as wide as the kernel
 * @filp: the file
 * @cmd: the command
 * @arg: its argument
 *
 * Context: may sleep.
 * Return: 0, or the errno of the command; -EINVAL for one that is unknown.
 */
long pmem_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	return any_ioctl(filp, cmd, arg, false);
}

/**
 * pmem_compat_ioctl() - commands of 32-bit callers of a 64-bit kernel
 * @filp: the file
 * @cmd: the command
 * @arg: its argument
 *
 * Context: may sleep.
 * Return: as pmem_ioctl(); also -EOVERFLOW where a value does not fit.
 */
long pmem_compat_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	return any_ioctl(filp, cmd, (u32)arg, true);
}
