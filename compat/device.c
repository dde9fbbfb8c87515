// SPDX-License-Identifier: GPL-2.0-only
/*
 * Creating and removing device nodes.
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
 * pmem_node_create() - create a device
 * @config: its description; the node takes over the heap, which is closed on failure
 *
 * Context: may sleep.
 * Return: the node, for pmem_node_remove(); -EINVAL for a bad name, size, quantum or
 * allocator; -EEXIST if the name is in use; -ENOMEM; -EBUSY without a free minor number.
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
 * pmem_node_remove() - remove a device
 * @node: the node; open files go on working. If it had hooks, they are no longer
 *	called, and nothing more can be allocated
 *
 * Context: may sleep; the caller must hold no lock of this module, and none that a
 * hook takes.
 */
void pmem_node_remove(struct pmem_node *node)
{
	if (!node->kernel_only)
		misc_deregister(&node->misc);
	pmem_sysfs_del(node);
	pmem_node_end(node);
}

/**
 * pmem_open_lent() - open a heap that borrows memory for a node
 * @config: the node; it borrows @config->size bytes while anything is allocated
 * @lender: a heap on the lending region, which is closed; or an ERR_PTR()
 *
 * Context: may sleep.
 * Return: the heap; the error in @lender; or as contig_heap_open_lent().
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
