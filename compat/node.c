// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: from a description to a node under /dev, and back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "../heap/kcompat.h"
#include "pmem.h"

/* Names in use, so that no two nodes fight for the same files. */
static DEFINE_MUTEX(names_lock);
static LIST_HEAD(names);

static bool name_is_valid(const char *name)
{
	/* '!' would become a '/' in the file system. */
	return *name && strlen(name) < PMEM_NAME_MAX && *name != '.' &&
	       !strpbrk(name, "/! \t\n");
}

static void node_free(struct pmem_node *node)
{
	ida_destroy(&node->slot_ids);
	mutex_destroy(&node->alloc_lock);
	mutex_destroy(&node->lock);
	kfree(node);
}

/* Nodes whose release has not run; the module cannot go before they have. */
static atomic_t nodes_alive;
static DECLARE_WAIT_QUEUE_HEAD(nodes_gone);

/**
 * pmem_node_release() - the end of a node's life
 * @kobj: its kobject, when nobody holds a reference any more
 */
void pmem_node_release(struct kobject *kobj)
{
	struct pmem_node *node = container_of(kobj, struct pmem_node, kobj);

	if (node->heap)
		contig_heap_close(node->heap);
	node_free(node);
	if (atomic_dec_and_test(&nodes_alive))
		wake_up(&nodes_gone);
}

/**
 * pmem_nodes_wait_gone() - wait until no node is left
 *
 * For the end of the module, when a release may still be under way.
 */
void pmem_nodes_wait_gone(void)
{
	wait_event(nodes_gone, !atomic_read(&nodes_alive));
}

static int claim_name(struct pmem_node *node)
{
	static int last_id;
	struct pmem_node *other;
	int ret = 0;

	mutex_lock(&names_lock);
	list_for_each_entry(other, &names, named)
		if (!strcmp(other->name, node->name))
			ret = -EEXIST;
	if (ret)
		pr_err("%s: there is a node of that name\n", node->name);
	else
		list_add(&node->named, &names);
	node->id = last_id++;
	mutex_unlock(&names_lock);
	return ret;
}

static void unclaim_name(struct pmem_node *node)
{
	mutex_lock(&names_lock);
	list_del(&node->named);
	mutex_unlock(&names_lock);
}

static int check(const struct pmem_node_config *config,
		 const struct contig_stat *stat)
{
	const u64 total = stat->total;

	if (!name_is_valid(config->name)) {
		pr_err("\"%s\" cannot be the name of a node\n", config->name);
		return -EINVAL;
	}
	if (!contig_is_power_of_2(config->quantum) || config->quantum < PAGE_SIZE) {
		pr_err("%s: a quantum of %llu bytes is not a power of two of at least %lu\n",
		       config->name, config->quantum, PAGE_SIZE);
		return -EINVAL;
	}
	if (!total || config->size > total ||
	    !IS_ALIGNED(config->size ?: total, config->quantum)) {
		pr_err("%s: the size has to be a multiple of the quantum, and no more than %llu bytes\n",
		       config->name, total);
		return -EINVAL;
	}
	if (!stat->places &&
	    (config->allocator == PMEM_ALLOCATORTYPE_BUDDYBESTFIT ||
	     config->allocator == PMEM_ALLOCATORTYPE_ALLORNOTHING)) {
		pr_err("%s: the kernel chooses where to allocate from that memory, which this allocator has to; have it lent\n",
		       config->name);
		return -EINVAL;
	}
	return 0;
}

static void node_init(struct pmem_node *node,
		      const struct pmem_node_config *config,
		      const struct contig_stat *stat)
{
	strscpy(node->name, config->name, sizeof(node->name));
	node->allocator = config->allocator;
	node->quantum = config->quantum;
	node->size = config->size ?: stat->total;
	node->cached = config->cached && stat->mapped;
	node->show_phys = config->show_phys;
	node->kernel_only = config->kernel_only;
	node->memory_type = config->memory_type;
	node->heap = config->heap;
	node->owner = config->owner;
	node->ioctl = config->ioctl;
	node->release = config->release;
	node->first_use = config->request_region;
	node->last_use = config->release_region;
	node->cookie = config->cookie;
	mutex_init(&node->lock);
	mutex_init(&node->alloc_lock);
	ida_init(&node->slot_ids);
	INIT_LIST_HEAD(&node->files);
	INIT_LIST_HEAD(&node->slots);
	INIT_LIST_HEAD(&node->kernel_allocs);
	node->misc.name = node->name;
	node->misc.minor = MISC_DYNAMIC_MINOR;
	node->misc.fops = &pmem_fops;
}

/**
 * pmem_node_create() - make a device
 * @config: what it is to be; its heap is the node's on success
 *
 * Context: may sleep.
 * Return: the node, for pmem_node_remove(); -EINVAL for a bad name, size or
 * quantum; -EEXIST if the name is taken; -ENOMEM; -EBUSY without a free minor.
 */
struct pmem_node *pmem_node_create(const struct pmem_node_config *config)
{
	struct contig_stat stat;
	struct pmem_node *node;
	int ret;

	contig_heap_stat(config->heap, &stat);
	ret = check(config, &stat);
	if (ret)
		return ERR_PTR(ret);
	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return ERR_PTR(-ENOMEM);
	node_init(node, config, &stat);

	ret = claim_name(node);
	if (ret) {
		node_free(node);
		return ERR_PTR(ret);
	}
	atomic_inc(&nodes_alive);
	ret = pmem_sysfs_add(node);
	if (ret)
		goto unclaim;
	if (!node->kernel_only) {
		ret = misc_register(&node->misc);
		if (ret)
			goto del_sysfs;
	}
	pr_info("%s: %llu KiB%s\n", node->name, node->size >> 10,
		node->cached ? "" : ", uncached");
	return node;

del_sysfs:
	pmem_sysfs_del(node);
unclaim:
	unclaim_name(node);
	/* The heap stays the caller's. */
	node->heap = NULL;
	pmem_node_put(node);
	return ERR_PTR(ret);
}

/**
 * pmem_node_remove() - take a device away
 * @node: the node; open files go on working
 *
 * Context: may sleep.
 */
void pmem_node_remove(struct pmem_node *node)
{
	if (!node->kernel_only)
		misc_deregister(&node->misc);
	pmem_sysfs_del(node);
	unclaim_name(node);
	pmem_node_put(node);
}
