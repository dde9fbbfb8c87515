// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are created by drivers written for the legacy PMEM driver, see
 * pmem_kernel.h.
 *
 * Such drivers did not remove their devices. A device with hooks is removed when the
 * module of the hooks is unloaded; one without stays until this module is unloaded.
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

/* Nodes of drivers. A hook may run with setup_lock held, but not pmem_hooks_cut(). */
static DEFINE_MUTEX(setup_lock);
static LIST_HEAD(setup_nodes);

/**
 * pmem_setup_owned() - create a device; drivers call pmem_setup()
 * @data: description of the device; not needed afterwards
 * @ioctl: called for commands that PMEM does not know, and for the three HW3D
 *	commands; or NULL
 * @release: called when a file is released; or NULL
 * @owner: module of the hooks; held while a file of the device is open
 *
 * Unlike in the legacy driver, the device can be removed, by pmem_remove(). If
 * it has hooks, it is removed at the latest when @owner is unloaded.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for bad data; -EEXIST or -EBUSY if the name or the memory is in
 * use; -ENODEV; -ENOMEM.
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
 * Context: may sleep; the caller must not hold a lock that a hook of the device takes.
 * Return: 0: no hook is running, and none will be called any more; -ENODEV if there is
 * no device of that name; -EBUSY while files of it are open or its memory is in use,
 * even if only by dma-bufs that have outlived their files.
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
 * A module is being unloaded, and its memory is about to be freed. Nodes of platform
 * devices only lose their hooks; they are removed when the device is unbound.
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
 * pmem_kernel_nodes_setup() - prepare for the first device
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int pmem_kernel_nodes_setup(void)
{
	return register_module_notifier(&modules_block);
}

/**
 * pmem_kernel_nodes_teardown() - remove all nodes that drivers have left
 *
 * Called by the module's exit function, when no driver can call pmem_setup().
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
