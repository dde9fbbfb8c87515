// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes of platform devices. These are registered by board files, with platform data,
 * or described by the device tree, one device for each node:
 *
 *	pmem-adsp {
 *		compatible = "linux,pmem";
 *		label = "pmem_adsp";
 *		memory-region = <&adsp>;
 *		allocator = "bitmap";
 *		quantum-bytes = <4096>;
 *		cached;
 *	};
 *
 * The memory can be shared with a heap. From a reusable region, the node borrows
 * size-bytes while anything is allocated. The allocator "system" needs no region:
 * size-bytes is its quota of the default CMA area.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../heap/api.h"
#include "../heap/kcompat.h"
#include "device.h"
#include "driver.h"
#include "node.h"
#include "platform_data.h"
#include "pmem_kernel.h"

static int read_allocator(struct device_node *np, enum pmem_allocator_type *type)
{
	static const char * const names[] = {
		[PMEM_ALLOCATORTYPE_BITMAP] = "bitmap",
		[PMEM_ALLOCATORTYPE_SYSTEM] = "system",
		[PMEM_ALLOCATORTYPE_ALLORNOTHING] = "all-or-nothing",
		[PMEM_ALLOCATORTYPE_BUDDYBESTFIT] = "buddy",
	};
	const char *name;
	int i;

	*type = PMEM_ALLOCATORTYPE_BITMAP;
	if (of_property_read_string(np, "allocator", &name))
		return 0;
	for (i = PMEM_ALLOCATORTYPE_BITMAP; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i])) {
			*type = i;
			return 0;
		}
	}
	pr_err("%pOF: unknown allocator %s\n", np, name);
	return -EINVAL;
}

static struct heap *open_heap(const struct pmem_node_config *config,
			      struct device_node *np)
{
	struct device_node *memory = of_parse_phandle(np, "memory-region", 0);
	bool system = config->allocator == PMEM_ALLOCATORTYPE_SYSTEM, lent;
	struct heap *heap;

	if (!memory && system)
		return contig_heap_open(config->name, "default_cma_region",
					!config->cached);
	if (!memory)
		return ERR_PTR(-EINVAL);
	lent = !system && of_property_read_bool(memory, "reusable");
	/* A lender that is created here must not get the name of the node. */
	heap = contig_heap_open_node(lent ? kbasename(memory->full_name) : config->name,
				     memory, config->quantum, !config->cached);
	of_node_put(memory);
	return lent ? pmem_open_lent(config, heap) : heap;
}

static struct pmem_node *node_from_tree(struct device_node *np)
{
	struct pmem_node_config config = {};
	u32 quantum = SZ_4K, size = 0;
	int ret;

	if (of_property_read_string(np, "label", &config.name))
		return ERR_PTR(-EINVAL);
	ret = read_allocator(np, &config.allocator);
	if (ret)
		return ERR_PTR(ret);
	of_property_read_u32(np, "quantum-bytes", &quantum);
	of_property_read_u32(np, "size-bytes", &size);
	/* A quantum smaller than a page cannot be mapped. */
	config.quantum = max_t(u64, quantum, PAGE_SIZE);
	config.size = size;
	config.cached = of_property_read_bool(np, "cached");
	config.show_phys = of_property_read_bool(np, "physical-addresses");

	config.heap = open_heap(&config, np);
	if (IS_ERR(config.heap))
		return ERR_CAST(config.heap);
	return pmem_node_create(&config);
}

static int pmem_probe(struct platform_device *pdev)
{
	const struct android_pmem_platform_data *data = dev_get_platdata(&pdev->dev);
	/* Platform data does not say which module its hooks belong to. */
	const struct pmem_hooks none = {};
	struct pmem_node *node = ERR_PTR(-EINVAL);

	if (pdev->dev.of_node)
		node = node_from_tree(pdev->dev.of_node);
	else if (data)
		node = pmem_node_from_data(data, &none);
	if (IS_ERR(node))
		return dev_err_probe(&pdev->dev, PTR_ERR(node), "no node\n");
	platform_set_drvdata(pdev, node);
	return 0;
}

static void pmem_unbind(struct platform_device *pdev)
{
	pmem_node_remove(platform_get_drvdata(pdev));
}

CONTIG_PLATFORM_REMOVE(pmem_unbind)

static const struct of_device_id pmem_of_match[] = {
	{ .compatible = "linux,pmem" },
	{ }
};
MODULE_DEVICE_TABLE(of, pmem_of_match);

/* The name of devices that board files register with platform data. */
static const struct platform_device_id pmem_ids[] = {
	{ .name = "android_pmem" },
	{ }
};
MODULE_DEVICE_TABLE(platform, pmem_ids);

static struct platform_driver pmem_driver = {
	.probe	= pmem_probe,
	.remove	= pmem_unbind_entry,
	.id_table = pmem_ids,
	.driver	= {
		.name		= "pmem-compat",
		.of_match_table	= pmem_of_match,
	},
};

static bool registered;

/**
 * pmem_driver_setup() - add the nodes of platform devices
 *
 * On failure, there are no such nodes. This is not reported to the caller, because
 * some kernels fail after a node is already visible to programs.
 *
 * Context: may sleep.
 */
void pmem_driver_setup(void)
{
	int ret = platform_driver_register(&pmem_driver);

	registered = !ret;
	if (ret)
		pr_err("no nodes for devices, error %pe\n", ERR_PTR(ret));
}

/**
 * pmem_driver_teardown() - remove the nodes of platform devices
 *
 * Context: may sleep.
 */
void pmem_driver_teardown(void)
{
	if (registered)
		platform_driver_unregister(&pmem_driver);
}
