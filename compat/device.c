// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: from a description to a node under /dev, and back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/miscdevice.h>

#include "../heap/api.h"
#include "device.h"
#include "file.h"
#include "sysfs.h"

static int show(struct pmem_node *node)
{
	int ret = pmem_sysfs_add(node);

	if (ret || node->kernel_only)
		return ret;
	ret = misc_register(&node->misc);
	if (ret)
		pmem_sysfs_del(node);
	return ret;
}

/**
 * pmem_node_create() - make a device
 * @config: what it is to be; its heap is the node's, and closed on failure
 *
 * Context: may sleep.
 * Return: the node, for pmem_node_remove(); -EINVAL for a bad name, size or
 * quantum; -EEXIST if the name is taken; -ENOMEM; -EBUSY without a free minor.
 */
struct pmem_node *pmem_node_create(const struct pmem_node_config *config)
{
	struct pmem_node *node = pmem_node_new(config);
	int ret;

	if (IS_ERR(node))
		return node;
	node->misc.fops = &pmem_fops;
	ret = show(node);
	if (ret) {
		pmem_node_end(node);
		return ERR_PTR(ret);
	}
	pr_info("%s: %llu KiB%s\n", node->name, node->size >> 10,
		node->cached ? "" : ", uncached");
	return node;
}

/**
 * pmem_node_remove() - take a device away
 * @node: the node; open files go on working, but without hooks, if it had any, and
 *	without new memory then
 *
 * Context: may sleep; none of our locks may be held, nor one that a hook takes.
 */
void pmem_node_remove(struct pmem_node *node)
{
	if (!node->kernel_only)
		misc_deregister(&node->misc);
	pmem_sysfs_del(node);
	pmem_node_end(node);
}

/**
 * pmem_open_lent() - open the heap of a node whose memory is lent to it
 * @config: the node; gets its size while anything is allocated
 * @lender: a heap on the region that lends, which is closed; or an errno
 *
 * Context: may sleep.
 * Return: the heap, or an errno: that of @lender, or as contig_heap_open_lent().
 */
struct heap *pmem_open_lent(const struct pmem_node_config *config,
			    struct heap *lender)
{
	struct heap *heap;

	if (IS_ERR(lender))
		return lender;
	heap = contig_heap_open_lent(config->name, lender, config->size,
				     config->quantum, !config->cached);
	contig_heap_close(lender);
	return heap;
}
