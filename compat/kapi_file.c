// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to the files of clients, for drivers that were written for the legacy PMEM
 * driver, see pmem_kernel.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-buf.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../heap/api.h"
#include "../heap/kcompat.h"
#include "../uapi/linux/android_pmem.h"
#include "cache.h"
#include "connect.h"
#include "inode.h"
#include "pmem.h"
#include "pmem_kernel.h"

/**
 * is_pmem_file() - is it a file of a PMEM device?
 * @file: any file, or NULL
 *
 * Return: 1 if it is, else 0.
 */
int is_pmem_file(struct file *file)
{
	return file && pmem_file_of(file);
}

PMEM_EXPORT(is_pmem_file);

/* Does the device map memory uncached, but the heap of the (imported) memory cached? */
static bool needs_alias(const struct pmem_file *file)
{
	return CONTIG_UNCACHED_ALIAS && !file->node->cached &&
	       !file->memory.uncached;
}

static int map_alias(const struct pmem_file *file, struct iosys_map *map)
{
	struct dma_buf *dmabuf = file->memory.dmabuf;
	unsigned long nr = dmabuf->size >> PAGE_SHIFT, i;
	struct page **pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	void *vaddr;

	if (!pages)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		pages[i] = pfn_to_page(PHYS_PFN(file->memory.phys)) + i;
	vaddr = vmap(pages, nr, VM_MAP, contig_pgprot(dmabuf, true, PAGE_KERNEL));
	kvfree(pages);
	if (!vaddr)
		return -ENOMEM;
	iosys_map_set_vaddr(map, vaddr);
	/* Write back what others have written through the cache. */
	contig_maintain(dmabuf, 0, dmabuf->size, CONTIG_CLEAN_INVALIDATE);
	return 0;
}

static void unmap_memory(struct pmem_file *file)
{
	if (needs_alias(file))
		vunmap(file->vmap.vaddr);
	else
		contig_vunmap(file->pinned, &file->vmap);
}

/* The first pin maps the memory for the kernel, cached or uncached as the device does. */
static int pin_memory(struct pmem_file *file)
{
	int ret;

	lockdep_assert_held(&file->lock);
	if (!file->memory.dmabuf)
		return -EINVAL;
	if (file->pins++)
		return 0;
	ret = needs_alias(file) ? map_alias(file, &file->vmap) :
				  contig_vmap(file->memory.dmabuf, &file->vmap);
	if (ret) {
		file->pins--;
		return ret;
	}
	file->pinned = file->memory.dmabuf;
	get_dma_buf(file->pinned);
	return 0;
}

static int pin(struct pmem_file *file, unsigned long *start,
	       unsigned long *vaddr, unsigned long *len)
{
	int ret;

	mutex_lock(&file->lock);
	ret = pin_memory(file);
	if (!ret) {
		*start = file->memory.phys;
		*vaddr = (unsigned long)file->vmap.vaddr;
		*len = file->memory.len;
	}
	mutex_unlock(&file->lock);
	return ret;
}

static int unpin(struct pmem_file *file)
{
	struct dma_buf *dmabuf = NULL;
	int ret = -EINVAL;

	mutex_lock(&file->lock);
	if (file->pins) {
		ret = 0;
		if (!--file->pins) {
			unmap_memory(file);
			dmabuf = file->pinned;
			file->pinned = NULL;
		}
	}
	mutex_unlock(&file->lock);
	if (dmabuf)
		dma_buf_put(dmabuf);
	return ret;
}

/**
 * get_pmem_file() - get the memory behind a file descriptor
 * @fd: file descriptor of the caller
 * @start: filled in with the physical address
 * @vaddr: filled in with the kernel address; it is uncached if the device, or
 *	the heap of imported memory, maps memory uncached
 * @len: filled in with the length of the whole allocation in bytes
 * @filp: filled in with the file, for put_pmem_file(); may be NULL
 *
 * For a connected file, this is also the whole allocation, as in the legacy driver.
 * The parts that the file shows only limit its client's CPU mappings. A driver for
 * clients that do not trust each other must itself check which part of the memory a
 * client may use.
 *
 * Context: process context of the client; may sleep.
 * Return: 0; -EBADF if @fd is not open; -EINVAL for another kind of file or one
 * without memory; -ENOMEM.
 */
int get_pmem_file(unsigned int fd, unsigned long *start, unsigned long *vaddr,
		  unsigned long *len, struct file **filp)
{
	struct file *file = fget(fd);
	int ret = -EINVAL;

	if (!file)
		return -EBADF;
	if (is_pmem_file(file))
		ret = pin(file->private_data, start, vaddr, len);
	if (ret) {
		fput(file);
		return ret;
	}
	if (filp)
		*filp = file;
	return 0;
}

PMEM_EXPORT(get_pmem_file);

/**
 * get_pmem_fd() - like get_pmem_file(), for drivers that keep only the file descriptor
 * @fd: file descriptor of the caller
 * @start: filled in with the physical address
 * @len: filled in with the length in bytes
 *
 * Context: process context of the client; may sleep.
 * Return: as get_pmem_file().
 */
int get_pmem_fd(int fd, unsigned long *start, unsigned long *len)
{
	unsigned long vaddr;

	return get_pmem_file(fd, start, &vaddr, len, NULL);
}

PMEM_EXPORT(get_pmem_fd);

/**
 * get_pmem_addr() - get the location of a file's memory
 * @file: any file
 * @start: filled in with the physical address
 * @vaddr: filled in with the kernel address
 * @len: filled in with the length of the whole allocation in bytes
 *
 * This takes no reference: the result is valid only until the caller puts the
 * reference that get_pmem_file() returned for the same file.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for another kind of file or one without memory.
 */
int get_pmem_addr(struct file *file, unsigned long *start, unsigned long *vaddr,
		  unsigned long *len)
{
	int ret;

	if (!is_pmem_file(file))
		return -EINVAL;
	ret = pin(file->private_data, start, vaddr, len);
	if (!ret)
		unpin(file->private_data);
	return ret;
}

PMEM_EXPORT(get_pmem_addr);

/**
 * get_pmem_user_addr() - get the user address of a mapped connected file
 * @file: any file
 * @start: filled in with the user address, 0 for anything but a mapped
 *	connected file
 * @len: filled in with the length of the mapping in bytes, or 0
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL if @file is of another kind or has no memory.
 */
int get_pmem_user_addr(struct file *file, unsigned long *start,
		       unsigned long *len)
{
	struct pmem_file *pmem;
	int ret = -EINVAL;

	if (!is_pmem_file(file))
		return -EINVAL;
	pmem = file->private_data;
	mutex_lock(&pmem->lock);
	if (pmem->allocated) {
		*start = pmem->user_start;
		*len = pmem->user_len;
		ret = 0;
	}
	mutex_unlock(&pmem->lock);
	return ret;
}

PMEM_EXPORT(get_pmem_user_addr);

/**
 * put_pmem_file() - drop the reference of get_pmem_file()
 * @file: the file
 *
 * If it is called more often than get_pmem_file(), it only logs an error.
 *
 * Context: may sleep.
 */
void put_pmem_file(struct file *file)
{
	if (!is_pmem_file(file) || unpin(file->private_data)) {
		pr_err_ratelimited("a file was put more often than got\n");
		return;
	}
	fput(file);
}

PMEM_EXPORT(put_pmem_file);

/**
 * put_pmem_fd() - drop the reference of get_pmem_fd()
 * @fd: file descriptor of the caller, for the same file as with get_pmem_fd()
 *
 * Context: process context of the client; may sleep.
 */
void put_pmem_fd(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return;
	put_pmem_file(file);
	fput(file);
}

PMEM_EXPORT(put_pmem_fd);

/**
 * flush_pmem_file() - PMEM_CACHE_FLUSH
 * @file: any file; ignored unless it is a PMEM file
 * @offset: first byte
 * @len: bytes
 *
 * Context: may sleep.
 */
void flush_pmem_file(struct file *file, unsigned long offset, unsigned long len)
{
	if (is_pmem_file(file))
		pmem_cache_flush(file->private_data, offset, len);
}

PMEM_EXPORT(flush_pmem_file);

/**
 * flush_pmem_fd() - PMEM_CACHE_FLUSH
 * @fd: file descriptor of the caller
 * @offset: first byte
 * @len: bytes
 *
 * Context: process context of the client; may sleep.
 */
void flush_pmem_fd(int fd, unsigned long offset, unsigned long len)
{
	struct file *file = fget(fd);

	if (!file)
		return;
	flush_pmem_file(file, offset, len);
	fput(file);
}

PMEM_EXPORT(flush_pmem_fd);

/**
 * pmem_cache_maint() - cache maintenance of a range
 * @file: the file
 * @cmd: PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES or PMEM_INV_CACHES
 * @addr: the range
 *
 * Context: process context of the client, because @addr->vaddr is a user address; may
 * sleep.
 * Return: as these commands; -EBADF if @file is NULL; -EINVAL for another kind of file
 * or another command.
 */
int pmem_cache_maint(struct file *file, unsigned int cmd,
		     struct pmem_addr *addr)
{
	if (!file)
		return -EBADF;
	if (!is_pmem_file(file))
		return -EINVAL;
	switch (cmd) {
	case PMEM_CLEAN_INV_CACHES:
	case PMEM_CLEAN_CACHES:
	case PMEM_INV_CACHES:
		return pmem_cache_maintain(file->private_data, _IOC_NR(cmd),
					   addr);
	default:
		return -EINVAL;
	}
}

PMEM_EXPORT(pmem_cache_maint);

/**
 * pmem_remap() - PMEM_MAP and PMEM_UNMAP
 * @region: the part of the master
 * @file: the connected file
 * @operation: PMEM_MAP or PMEM_UNMAP
 *
 * Context: process context of the master's owner; may sleep.
 * Return: as the commands; -EINVAL for another operation or kind of file.
 */
int pmem_remap(struct pmem_region *region, struct file *file,
	       unsigned int operation)
{
	if (!is_pmem_file(file) ||
	    (operation != PMEM_MAP && operation != PMEM_UNMAP))
		return -EINVAL;
	return pmem_change(file->private_data, region, operation == PMEM_MAP);
}

PMEM_EXPORT(pmem_remap);
