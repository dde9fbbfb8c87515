// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that drivers make, which were written against the legacy PMEM
 * driver: see pmem_kernel.h.
 *
 * Drivers of that time did not take their devices away. With hooks, a device goes
 * when the module of the hooks does; without, it stays until this module goes.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/string.h>

#include "../heap/kcompat.h"
#include "device.h"
#include "hooks.h"
#include "kapi_node.h"
#include "node.h"
#include "platform_data.h"
#include "pmem.h"
#include "pmem_kernel.h"

/* All nodes that drivers made. A hook may be called below this, but not waited for to be cut. */
static DEFINE_MUTEX(setup_lock);
static LIST_HEAD(setup_nodes);

/**
 * pmem_setup_owned() - create a device; drivers call pmem_setup()
 * @data: description of the device; not needed afterwards
 * @ioctl: called for commands that PMEM does not know, and for the three of
 *	HW3D; or NULL
 * @release: called when a file is released; or NULL
 * @owner: module of the hooks; held while a file of the device is open
 *
 * Unlike in the legacy driver, the device can be removed, by pmem_remove(). If
 * it has hooks, it is removed at the latest when @owner is unloaded.
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
	struct pmem_hooks hooks = {
		.owner		= owner,
		.ioctl		= ioctl,
		.release	= release,
	};
	struct pmem_node *node = pmem_node_from_data(data, &hooks);

	if (IS_ERR(node))
		return PTR_ERR(node);
	mutex_lock(&setup_lock);
	list_add_tail(&node->setup, &setup_nodes);
	mutex_unlock(&setup_lock);
	return 0;
}

PMEM_EXPORT(pmem_setup_owned);

static struct pmem_node *find_name(const char *name)
{
	struct pmem_node *node;

	lockdep_assert_held(&setup_lock);
	list_for_each_entry(node, &setup_nodes, setup)
		if (!strcmp(node->name, name))
			return node;
	return NULL;
}

/**
 * pmem_remove() - remove a device that pmem_setup() created
 * @name: its name
 *
 * Context: may sleep; no lock may be held that a hook of the device takes.
 * Return: 0; no hook is running then, and none will be called any more. -ENODEV
 * if there is no device of that name; -EBUSY while files of it are open or its
 * memory is in use, also by dma-bufs that have outlived their files.
 */
int pmem_remove(const char *name)
{
	struct pmem_node *node;
	int ret = -ENODEV;

	mutex_lock(&setup_lock);
	node = find_name(name);
	if (node)
		ret = pmem_node_retire(node);
	if (!ret)
		list_del_init(&node->setup);
	mutex_unlock(&setup_lock);
	if (!ret)
		pmem_node_remove(node);
	return ret;
}

PMEM_EXPORT(pmem_remove);

/*
 * A module has left, and its memory is about to be freed. What is left of devices
 * that are bound to a driver goes when they are unbound.
 */
static int module_goes(struct notifier_block *block, unsigned long state,
		       void *data)
{
	const struct module *module = data;
	struct pmem_node *node;
	bool ours;

	if (state != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	while ((node = pmem_node_hooked(module))) {
		mutex_lock(&setup_lock);
		ours = !list_empty(&node->setup);
		list_del_init(&node->setup);
		mutex_unlock(&setup_lock);
		if (ours)
			pmem_node_remove(node);
		else
			pmem_hooks_cut(node);
		pmem_node_put(node);
	}
	return NOTIFY_OK;
}

static struct notifier_block modules_block = {
	.notifier_call = module_goes,
};

/**
 * pmem_kernel_nodes_setup() - before the first device
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int pmem_kernel_nodes_setup(void)
{
	return register_module_notifier(&modules_block);
}

/**
 * pmem_kernel_nodes_teardown() - remove all that drivers have left
 *
 * For the end of the module, which no such driver outlives.
 *
 * Context: may sleep.
 */
void pmem_kernel_nodes_teardown(void)
{
	struct pmem_node *node, *next;

	unregister_module_notifier(&modules_block);
	list_for_each_entry_safe(node, next, &setup_nodes, setup)
		pmem_node_remove(node);
}
