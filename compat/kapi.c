// SPDX-License-Identifier: GPL-2.0-only
/*
 * For drivers that were written against the legacy PMEM driver: see
 * pmem_kernel.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../heap/kcompat.h"
#include "pmem.h"

/**
 * struct setup_node - a node that a driver made
 * @entry: in setup_nodes; protected by setup_lock
 * @node: the node
 */
struct setup_node {
	struct list_head entry;
	struct pmem_node *node;
};

/**
 * struct kernel_alloc - memory that pmem_kalloc() gave out
 * @entry: in node->kernel_allocs; protected by node->alloc_lock
 * @dmabuf: the memory
 * @phys: its address
 */
struct kernel_alloc {
	struct list_head entry;
	struct dma_buf *dmabuf;
	phys_addr_t phys;
};

/* Outside of all locks of nodes. */
static DEFINE_MUTEX(setup_lock);
static LIST_HEAD(setup_nodes);

/**
 * is_pmem_file() - is it a file of a PMEM device?
 * @file: any file, or NULL
 *
 * Return: 1 for yes, 0 for no.
 */
int is_pmem_file(struct file *file)
{
	return file && pmem_file_of(file);
}

PMEM_EXPORT(is_pmem_file);

static int pin(struct pmem_file *file, unsigned long *start,
	       unsigned long *vaddr, unsigned long *len)
{
	struct contig_place place;
	int ret = -EINVAL;

	mutex_lock(&file->lock);
	if (!file->memory.dmabuf || contig_place(file->memory.dmabuf, &place))
		goto unlock;
	if (!file->pins++) {
		file->pinned = file->memory.dmabuf;
		get_dma_buf(file->pinned);
	}
	*start = place.phys;
	*vaddr = (unsigned long)place.vaddr;
	*len = file->memory.len;
	ret = 0;
unlock:
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
 * get_pmem_file() - hold the memory behind a file descriptor
 * @fd: number in the caller's table of files
 * @start: filled in with the physical address
 * @vaddr: filled in with the kernel's address
 * @len: filled in with the length of the whole allocation in bytes
 * @filp: filled in with the file, for put_pmem_file(); may be NULL
 *
 * Context: process context of the client; may sleep.
 * Return: 0; -EBADF for no file; -EINVAL for another kind of file or one
 * without memory.
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
 * get_pmem_fd() - the same for drivers that keep the number only
 * @fd: number in the caller's table of files
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
 * get_pmem_user_addr() - where a client has mapped a connected file
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
		pmem_view_where(pmem, start, len);
		ret = 0;
	}
	mutex_unlock(&pmem->lock);
	return ret;
}

PMEM_EXPORT(get_pmem_user_addr);

/**
 * put_pmem_file() - let go of what get_pmem_file() holds
 * @file: the file
 *
 * More puts than gets are refused with a message.
 *
 * Context: may sleep.
 */
void put_pmem_file(struct file *file)
{
	if (!is_pmem_file(file) || unpin(file->private_data)) {
		pr_err_ratelimited("put of a file that was not got\n");
		return;
	}
	fput(file);
}

PMEM_EXPORT(put_pmem_file);

/**
 * put_pmem_fd() - let go of what get_pmem_fd() holds
 * @fd: number in the caller's table of files, of the same file as then
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
 * @file: any file; nothing happens for one of another kind
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
 * @fd: number in the caller's table of files
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

static int check_range(struct pmem_file *file, u64 offset, u64 len)
{
	int ret = 0;

	mutex_lock(&file->lock);
	if (!file->allocated || offset > file->memory.len ||
	    len > file->memory.len - offset)
		ret = -EINVAL;
	mutex_unlock(&file->lock);
	return ret;
}

/**
 * pmem_cache_maint() - cache maintenance of a range
 * @file: the file
 * @cmd: PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES or PMEM_INV_CACHES
 * @addr: the range; its user address is of no interest
 *
 * Context: may sleep.
 * Return: 0; -EBADF without a file; -EINVAL for another kind of file, another
 * command, no memory, or bytes outside of it.
 */
int pmem_cache_maint(struct file *file, unsigned int cmd,
		     struct pmem_addr *addr)
{
	int ret;

	if (!file)
		return -EBADF;
	if (!is_pmem_file(file))
		return -EINVAL;
	switch (cmd) {
	case PMEM_CLEAN_INV_CACHES:
	case PMEM_CLEAN_CACHES:
	case PMEM_INV_CACHES:
		break;
	default:
		return -EINVAL;
	}
	ret = check_range(file->private_data, addr->offset, addr->length);
	return ret ?: pmem_cache_maintain(file->private_data, _IOC_NR(cmd),
					  addr->offset, addr->length);
}

PMEM_EXPORT(pmem_cache_maint);

/**
 * pmem_remap() - PMEM_MAP and PMEM_UNMAP
 * @region: the part of the master
 * @file: the connected file
 * @operation: which of the two
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

static struct pmem_node *setup(const struct android_pmem_platform_data *data,
			       long (*ioctl)(struct file *file,
					     unsigned int cmd,
					     unsigned long arg),
			       int (*release)(struct inode *inode,
					      struct file *file),
			       struct module *owner)
{
	struct pmem_node_config config = {
		.name		= data->name,
		.allocator	= data->allocator_type,
		.size		= data->size,
		.quantum	= max_t(u64, data->quantum ?: SZ_4K, PAGE_SIZE),
		.cached		= data->cached,
		.kernel_only	= str_has_prefix(data->name, "pmem_kernel"),
		.memory_type	= data->memory_type,
		.owner		= owner,
		.ioctl		= ioctl,
		.release	= release,
		.request_region	= data->request_region,
		.release_region	= data->release_region,
	};
	struct pmem_node *node;

	if (config.allocator >= PMEM_ALLOCATORTYPE_MAX || !data->size)
		return ERR_PTR(-EINVAL);
	if (config.allocator == PMEM_ALLOCATORTYPE_SYSTEM)
		config.heap = contig_heap_open(data->name, "default_cma_region",
					       !data->cached);
	else
		config.heap = contig_heap_open_at(data->name, data->start,
						  data->size, config.quantum,
						  !data->cached);
	if (IS_ERR(config.heap))
		return ERR_CAST(config.heap);
	if (data->setup_region)
		config.cookie = data->setup_region();
	node = pmem_node_create(&config);
	if (IS_ERR(node))
		contig_heap_close(config.heap);
	return node;
}

/**
 * pmem_setup_owned() - make a device; drivers call pmem_setup()
 * @data: what it is to be; not needed afterwards
 * @ioctl: takes the commands that PMEM does not know, and the three of HW3D; or
 *	NULL
 * @release: called when a file is released; or NULL
 * @owner: module of the hooks; held while a file of the device is open
 *
 * Unlike with the legacy driver, the device can be removed, by pmem_remove().
 * That has to happen before @owner goes.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for bad data; -EEXIST, -EBUSY if the name or the memory
 * is taken; -ENODEV; -ENOMEM.
 */
int pmem_setup_owned(struct android_pmem_platform_data *data,
		     long (*ioctl)(struct file *file, unsigned int cmd,
				   unsigned long arg),
		     int (*release)(struct inode *inode, struct file *file),
		     struct module *owner)
{
	struct setup_node *made = kzalloc(sizeof(*made), GFP_KERNEL);

	if (!made)
		return -ENOMEM;
	made->node = setup(data, ioctl, release, owner);
	if (IS_ERR(made->node)) {
		int ret = PTR_ERR(made->node);

		kfree(made);
		return ret;
	}
	mutex_lock(&setup_lock);
	list_add_tail(&made->entry, &setup_nodes);
	mutex_unlock(&setup_lock);
	return 0;
}

PMEM_EXPORT(pmem_setup_owned);

static void free_kernel_alloc(struct kernel_alloc *alloc)
{
	list_del(&alloc->entry);
	dma_buf_put(alloc->dmabuf);
	kfree(alloc);
}

static bool node_is_idle(struct pmem_node *node)
{
	bool idle;

	mutex_lock(&node->lock);
	idle = list_empty(&node->files);
	mutex_unlock(&node->lock);
	mutex_lock(&node->alloc_lock);
	idle = idle && list_empty(&node->kernel_allocs);
	mutex_unlock(&node->alloc_lock);
	return idle;
}

/**
 * pmem_remove() - take a device away that pmem_setup() made
 * @name: its name
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if there is none of that name; -EBUSY while files of it
 * are open or memory of it is in use.
 */
int pmem_remove(const char *name)
{
	struct setup_node *made;
	int ret = -ENODEV;

	mutex_lock(&setup_lock);
	list_for_each_entry(made, &setup_nodes, entry) {
		if (strcmp(made->node->name, name))
			continue;
		ret = node_is_idle(made->node) ? 0 : -EBUSY;
		if (ret)
			break;
		pmem_node_remove(made->node);
		list_del(&made->entry);
		kfree(made);
		break;
	}
	mutex_unlock(&setup_lock);
	return ret;
}

PMEM_EXPORT(pmem_remove);

/**
 * pmem_kernel_nodes_remove() - remove all devices that drivers made
 *
 * For the end of the module, which no such driver outlives.
 *
 * Context: may sleep.
 */
void pmem_kernel_nodes_remove(void)
{
	struct setup_node *made, *next;
	struct kernel_alloc *alloc, *following;

	list_for_each_entry_safe(made, next, &setup_nodes, entry) {
		list_for_each_entry_safe(alloc, following,
					 &made->node->kernel_allocs, entry)
			free_kernel_alloc(alloc);
		pmem_node_remove(made->node);
		kfree(made);
	}
}

static int kalloc_from(struct pmem_node *node, size_t size, u64 align,
		       phys_addr_t *phys)
{
	struct kernel_alloc *alloc = kzalloc(sizeof(*alloc), GFP_KERNEL);
	struct contig_place place;

	if (!alloc)
		return -ENOMEM;
	alloc->dmabuf = contig_alloc(node->heap, size,
				     max_t(u64, align, PAGE_SIZE), O_RDWR);
	if (IS_ERR(alloc->dmabuf)) {
		kfree(alloc);
		return -ENOMEM;
	}
	/* The result has 32 bits. */
	if (contig_place(alloc->dmabuf, &place) || place.phys > U32_MAX) {
		dma_buf_put(alloc->dmabuf);
		kfree(alloc);
		return -ENOMEM;
	}
	alloc->phys = place.phys;
	*phys = place.phys;
	mutex_lock(&node->alloc_lock);
	list_add(&alloc->entry, &node->kernel_allocs);
	mutex_unlock(&node->alloc_lock);
	return 0;
}

static int kalloc_type(size_t size, u64 align, unsigned int type,
		       phys_addr_t *phys)
{
	struct setup_node *made;
	int ret = -ENOMEM;

	mutex_lock(&setup_lock);
	list_for_each_entry(made, &setup_nodes, entry)
		if (ret && made->node->kernel_only &&
		    made->node->memory_type == type)
			ret = kalloc_from(made->node, size, align, phys);
	mutex_unlock(&setup_lock);
	return ret;
}

/**
 * pmem_kalloc() - allocate memory of a kernel-only region
 * @size: bytes, not 0
 * @flags: PMEM_MEMTYPE_* | PMEM_ALIGNMENT_*
 *
 * SMI falls back to EBI1, as it did.
 *
 * Context: may sleep.
 * Return: the physical address, which looks negative from 2 GiB on; -EINVAL for
 * bad flags or size; -ENOMEM.
 */
s32 pmem_kalloc(size_t size, u32 flags)
{
	unsigned int type = flags & PMEM_MEMTYPE_MASK;
	phys_addr_t phys;
	u64 align;
	int ret;

	switch (flags & PMEM_ALIGNMENT_MASK) {
	case PMEM_ALIGNMENT_4K:
		align = SZ_4K;
		break;
	case PMEM_ALIGNMENT_1M:
		align = SZ_1M;
		break;
	default:
		return -EINVAL;
	}
	if (!size || (type != PMEM_MEMTYPE_EBI1 && type != PMEM_MEMTYPE_SMI))
		return -EINVAL;

	ret = kalloc_type(size, align, type, &phys);
	if (ret && type == PMEM_MEMTYPE_SMI)
		ret = kalloc_type(size, align, PMEM_MEMTYPE_EBI1, &phys);
	return ret ?: (s32)(u32)phys;
}

PMEM_EXPORT(pmem_kalloc);

static bool kfree_from(struct pmem_node *node, u32 phys)
{
	struct kernel_alloc *alloc;
	bool found = false;

	mutex_lock(&node->alloc_lock);
	list_for_each_entry(alloc, &node->kernel_allocs, entry) {
		if (alloc->phys == phys) {
			free_kernel_alloc(alloc);
			found = true;
			break;
		}
	}
	mutex_unlock(&node->alloc_lock);
	return found;
}

/**
 * pmem_kfree() - free what pmem_kalloc() allocated
 * @phys: its result
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL if nothing is allocated there.
 */
int pmem_kfree(s32 phys)
{
	struct setup_node *made;
	bool found = false;

	mutex_lock(&setup_lock);
	list_for_each_entry(made, &setup_nodes, entry)
		found = found || kfree_from(made->node, phys);
	mutex_unlock(&setup_lock);
	return found ? 0 : -EINVAL;
}

PMEM_EXPORT(pmem_kfree);
