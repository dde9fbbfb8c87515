// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps over existing CMA areas: the default area, and all reusable regions in the
 * device tree that have no heap there. The latter get the full name of their node,
 * like the kernel's own heaps since 6.19.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>

#include "alias.h"
#include "bytes.h"
#include "cma.h"
#include "cma_area.h"
#include "region.h"
#include "sources.h"
#include "pair.h"

static bool cma = true;
module_param(cma, bool, 0444);
MODULE_PARM_DESC(cma, "create heaps over the default CMA area and all reusable regions (Y)");

static char *cma_size;
module_param(cma_size, charp, 0444);
MODULE_PARM_DESC(cma_size, "size of the default CMA area, if another area is adjacent to it (detected)");

static bool is_cma_node(const struct device_node *node)
{
	return of_device_is_compatible(node, "shared-dma-pool") &&
	       of_property_read_bool(node, "reusable");
}

static void add_region(struct region *region, const char *name,
		       struct list_head *list)
{
	int ret = pair_add(region, name, list);

	if (ret)
		pr_err("%s: skipped, error %pe\n", name, ERR_PTR(ret));
}

/* The default area, if the device tree describes it and the kernel uses that node. */
static struct reserved_mem *default_of_tree(void)
{
	struct device_node *parent, *child;
	struct reserved_mem *found = NULL;

	parent = of_find_node_by_path("/reserved-memory");
	for_each_child_of_node(parent, child) {
		struct reserved_mem *rmem = of_reserved_mem_lookup(child);

		if (is_cma_node(child) && rmem && rmem->ops &&
		    of_property_read_bool(child, "linux,cma-default"))
			found = rmem;
	}
	of_node_put(parent);
	return found;
}

static void add_default(struct list_head *list)
{
	struct reserved_mem *rmem = default_of_tree();
	struct region *region;

	if (rmem) {
		add_region(cma_create(DEFAULT_CMA_NAME, rmem, true),
			   DEFAULT_CMA_NAME, list);
		return;
	}
	region = cma_create_default(DEFAULT_CMA_NAME,
				    bytes_param("cma_size", cma_size, 0));
	if (region == ERR_PTR(-ENODEV)) {
		pr_info("no default CMA area, or it is full: it gets no heap\n");
		return;
	}
	add_region(region, DEFAULT_CMA_NAME, list);
}

static void add_tree(struct list_head *list)
{
	struct device_node *parent, *child;

	parent = of_find_node_by_path("/reserved-memory");
	for_each_child_of_node(parent, child) {
		const char *name = kbasename(child->full_name);
		struct reserved_mem *rmem = of_reserved_mem_lookup(child);

		if (!is_cma_node(child) || !rmem || !rmem->size ||
		    region_exists(rmem->base, rmem->size))
			continue;
		add_region(cma_create(name, rmem, false), name, list);
	}
	of_node_put(parent);
}

/**
 * cma_heaps_add() - add heaps over CMA areas that have none yet
 * @list: their pairs are added here; areas that fail are skipped
 *
 * Context: may sleep.
 */
void cma_heaps_add(struct list_head *list)
{
	if (!cma)
		return;
	add_default(list);
	add_tree(list);
}
