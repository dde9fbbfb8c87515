// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes: their names, lookup and lifetime.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../heap/api.h"
#include "../heap/kcompat.h"
#include "hooks.h"
#include "node.h"

/* All nodes, by their names, which must be unique. */
static DEFINE_MUTEX(names_lock);
static LIST_HEAD(names);

static bool name_is_valid(const char *name)
{
	/* The driver core replaces '!' in device names by '/'. */
	return *name && strlen(name) < PMEM_NAME_MAX && *name != '.' &&
	       !strpbrk(name, "/! \t\n");
}

static void node_release(struct kref *ref)
{
	struct pmem_node *node = container_of(ref, struct pmem_node, ref);

	contig_heap_close(node->heap);
	pmem_hooks_teardown(node);
	ida_destroy(&node->slot_ids);
	mutex_destroy(&node->alloc_lock);
	mutex_destroy(&node->files_lock);
	mutex_destroy(&node->lock);
	kfree(node);
}

/**
 * pmem_node_get() - take a reference
 * @node: the node
 *
 * Return: @node.
 */
struct pmem_node *pmem_node_get(struct pmem_node *node)
{
	kref_get(&node->ref);
	return node;
}

/**
 * pmem_node_put() - drop a reference
 * @node: the node; freed with the last reference
 *
 * All callers keep the module loaded, so it cannot be unloaded before they return.
 *
 * Context: may sleep.
 */
void pmem_node_put(struct pmem_node *node)
{
	kref_put(&node->ref, node_release);
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
		pr_err("%s: a node of that name already exists\n", node->name);
	else
		list_add_tail(&node->named, &names);
	node->id = last_id++;
	mutex_unlock(&names_lock);
	return ret;
}

/**
 * pmem_node_shown() - get the node of a sysfs directory
 * @kobj: the directory, in use by the caller
 *
 * Context: may sleep.
 * Return: the node, which stays as long as the directory is in use; NULL while the
 * node is being created.
 */
struct pmem_node *pmem_node_shown(const struct kobject *kobj)
{
	struct pmem_node *node, *found = NULL;

	mutex_lock(&names_lock);
	list_for_each_entry(node, &names, named)
		if (READ_ONCE(node->kobj) == kobj)
			found = node;
	mutex_unlock(&names_lock);
	return found;
}

/**
 * pmem_node_for_kernel() - find a kernel-only node
 * @memory_type: its type of memory
 * @skip: number of nodes of that type to skip
 *
 * Context: may sleep.
 * Return: the node, with a reference for the caller, or NULL.
 */
struct pmem_node *pmem_node_for_kernel(int memory_type,
				       unsigned int skip)
{
	struct pmem_node *node, *found = NULL;

	mutex_lock(&names_lock);
	list_for_each_entry(node, &names, named) {
		if (node->kernel_only && node->memory_type == memory_type &&
		    !skip--) {
			found = pmem_node_get(node);
			break;
		}
	}
	mutex_unlock(&names_lock);
	return found;
}

/**
 * pmem_node_hooked() - find a node with hooks of a module
 * @module: the module
 *
 * Context: may sleep.
 * Return: the node, with a reference for the caller, or NULL.
 */
struct pmem_node *pmem_node_hooked(const struct module *module)
{
	struct pmem_node *node, *found = NULL;

	mutex_lock(&names_lock);
	list_for_each_entry(node, &names, named) {
		if (pmem_hooks_are_of(node, module)) {
			found = pmem_node_get(node);
			break;
		}
	}
	mutex_unlock(&names_lock);
	return found;
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
		pr_err("%s: the size must be a multiple of the quantum, and at most %llu bytes\n",
		       config->name, total);
		return -EINVAL;
	}
	if (!stat->places &&
	    (config->allocator == PMEM_ALLOCATORTYPE_BUDDYBESTFIT ||
	     config->allocator == PMEM_ALLOCATORTYPE_ALLORNOTHING)) {
		pr_err("%s: this allocator needs fixed offsets, which a CMA area cannot provide: use the option lent\n",
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
	kref_init(&node->ref);
	mutex_init(&node->lock);
	mutex_init(&node->files_lock);
	mutex_init(&node->alloc_lock);
	ida_init(&node->slot_ids);
	INIT_LIST_HEAD(&node->setup);
	INIT_LIST_HEAD(&node->files);
	INIT_LIST_HEAD(&node->slots);
	node->misc.name = node->name;
	node->misc.minor = MISC_DYNAMIC_MINOR;
}

static struct pmem_node *node_new(const struct pmem_node_config *config)
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
	ret = pmem_hooks_setup(node, &config->hooks);
	if (ret) {
		kfree(node);
		return ERR_PTR(ret);
	}
	return node;
}

/**
 * pmem_node_new() - create a node that cannot be opened yet, and claim its name
 * @config: its description; the node takes over the heap, which is closed on failure
 *
 * Context: may sleep.
 * Return: the node, for pmem_node_end(), or an errno as pmem_node_create().
 */
struct pmem_node *pmem_node_new(const struct pmem_node_config *config)
{
	struct pmem_node *node = node_new(config);
	int ret;

	if (IS_ERR(node)) {
		contig_heap_close(config->heap);
		return node;
	}
	ret = claim_name(node);
	if (ret) {
		pmem_hooks_cut(node);
		pmem_node_put(node);
		return ERR_PTR(ret);
	}
	return node;
}

/**
 * pmem_node_end() - undo pmem_node_new()
 * @node: the node; stays allocated as long as it has open files
 *
 * Context: may sleep; the caller must hold no lock of this module, and none that a
 * hook takes.
 */
void pmem_node_end(struct pmem_node *node)
{
	mutex_lock(&names_lock);
	list_del(&node->named);
	mutex_unlock(&names_lock);
	pmem_hooks_cut(node);
	pmem_node_put(node);
}
