// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes from a module parameter:
 *
 *	node=NAME:REGION[:OPTION]...,...
 *
 * REGION is a region of contig_heaps, even one without heaps under /dev/dma_heap.
 * OPTION is one of bitmap, buddy, all-or-nothing, system, cached, phys, quantum=BYTES,
 * size=BYTES, and lent. With lent, the node borrows size= from the region while
 * anything is allocated.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../heap/api.h"
#include "../heap/bytes.h"
#include "device.h"
#include "node.h"
#include "node_param.h"

#define MAX_NODES	16

static char *node[MAX_NODES];
static int nr_nodes;
module_param_array(node, charp, &nr_nodes, 0444);
MODULE_PARM_DESC(node, "nodes, each as NAME:REGION[:OPTION]..., see the documentation (none)");

static struct pmem_node *made[MAX_NODES];

static int parse_option(const char *option, struct pmem_node_config *config,
			bool *lent)
{
	if (!strcmp(option, "bitmap"))
		config->allocator = PMEM_ALLOCATORTYPE_BITMAP;
	else if (!strcmp(option, "buddy"))
		config->allocator = PMEM_ALLOCATORTYPE_BUDDYBESTFIT;
	else if (!strcmp(option, "all-or-nothing"))
		config->allocator = PMEM_ALLOCATORTYPE_ALLORNOTHING;
	else if (!strcmp(option, "system"))
		config->allocator = PMEM_ALLOCATORTYPE_SYSTEM;
	else if (!strcmp(option, "cached"))
		config->cached = true;
	else if (!strcmp(option, "phys"))
		config->show_phys = true;
	else if (!strcmp(option, "lent"))
		*lent = true;
	else if (str_has_prefix(option, "quantum="))
		return bytes_parse_all(option + strlen("quantum="),
				       &config->quantum);
	else if (str_has_prefix(option, "size="))
		return bytes_parse_all(option + strlen("size="),
				       &config->size);
	else
		return -EINVAL;
	return 0;
}

static struct pmem_node *make(char *text)
{
	struct pmem_node_config config = {
		.allocator = PMEM_ALLOCATORTYPE_BITMAP,
		.quantum = max_t(u64, SZ_4K, PAGE_SIZE),
	};
	char *region, *option;
	bool lent = false;
	int ret;

	config.name = strsep(&text, ":");
	region = strsep(&text, ":");
	if (!region)
		return ERR_PTR(-EINVAL);
	while ((option = strsep(&text, ":"))) {
		ret = parse_option(option, &config, &lent);
		if (ret)
			return ERR_PTR(ret);
	}

	config.heap = contig_heap_open(config.name, region, !config.cached);
	if (lent)
		config.heap = pmem_open_lent(&config, config.heap);
	if (IS_ERR(config.heap))
		return ERR_CAST(config.heap);
	return pmem_node_create(&config);
}

/**
 * pmem_params_add() - add the nodes of the parameter
 *
 * Entries that fail are logged and skipped.
 *
 * Context: may sleep.
 */
void pmem_params_add(void)
{
	int i;

	for (i = 0; i < nr_nodes; i++) {
		char *text = kstrdup(node[i], GFP_KERNEL);

		made[i] = text ? make(text) : ERR_PTR(-ENOMEM);
		if (IS_ERR(made[i]))
			pr_err("node=%s: skipped, error %pe\n", node[i],
			       made[i]);
		kfree(text);
	}
}

/**
 * pmem_params_remove() - remove the nodes of the parameter
 *
 * Context: may sleep.
 */
void pmem_params_remove(void)
{
	int i;

	for (i = 0; i < nr_nodes; i++)
		if (!IS_ERR(made[i]))
			pmem_node_remove(made[i]);
}
