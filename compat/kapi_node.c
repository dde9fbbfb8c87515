// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that drivers make, which were written against the legacy PMEM
 * driver: see pmem_kernel.h.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../heap/kcompat.h"
#include "kapi.h"
#include "pmem.h"

DEFINE_MUTEX(pmem_setup_lock);
LIST_HEAD(pmem_setup_nodes);

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
	mutex_lock(&pmem_setup_lock);
	list_add_tail(&made->entry, &pmem_setup_nodes);
	mutex_unlock(&pmem_setup_lock);
	return 0;
}

PMEM_EXPORT(pmem_setup_owned);

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

	mutex_lock(&pmem_setup_lock);
	list_for_each_entry(made, &pmem_setup_nodes, entry) {
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
	mutex_unlock(&pmem_setup_lock);
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

	list_for_each_entry_safe(made, next, &pmem_setup_nodes, entry) {
		pmem_kernel_allocs_free(made->node);
		pmem_node_remove(made->node);
		kfree(made);
	}
}
