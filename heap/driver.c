// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps that the device tree describes, one device each:
 *
 *	heap-adsp {
 *		compatible = "linux,contig-heap";
 *		memory-region = <&adsp>;
 *		label = "adsp";
 *		quantum-bytes = <0x10000>;
 *	};
 *
 * Unbinding a device takes its heaps away; buffers that are in use stay. A device
 * that is bound again shares its memory with them, and with a legacy node.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>

#include "kcompat.h"
#include "pair.h"
#include "region.h"
#include "reserved.h"
#include "sources.h"

static struct pair *make_heaps(const char *name, struct device_node *memory,
			       u64 quantum)
{
	struct region *region = region_from_node(name, memory, quantum);
	struct pair *pair;

	if (IS_ERR(region))
		return ERR_CAST(region);
	pair = pair_create(region, name);
	if (IS_ERR(pair))
		region_put(region);
	return pair;
}

static int heap_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct device_node *memory;
	struct pair *pair;
	u32 quantum = PAGE_SIZE;
	const char *name;
	int ret;

	memory = of_parse_phandle(dev->of_node, "memory-region", 0);
	if (!memory)
		return dev_err_probe(dev, -EINVAL, "no memory-region\n");
	/* The node's name goes with the node. */
	if (of_property_read_string(dev->of_node, "label", &name))
		name = kbasename(memory->full_name);

	of_property_read_u32(dev->of_node, "quantum-bytes", &quantum);
	pair = make_heaps(name, memory, quantum);
	ret = PTR_ERR_OR_ZERO(pair);
	if (ret)
		dev_err_probe(dev, ret, "no heap %s\n", name);
	else
		platform_set_drvdata(pdev, pair);
	of_node_put(memory);
	return ret;
}

static void heap_unbind(struct platform_device *pdev)
{
	pair_remove(platform_get_drvdata(pdev));
}

CONTIG_PLATFORM_REMOVE(heap_unbind)

static const struct of_device_id heap_of_match[] = {
	{ .compatible = "linux,contig-heap" },
	{ }
};
MODULE_DEVICE_TABLE(of, heap_of_match);

static struct platform_driver heap_driver = {
	.probe	= heap_probe,
	.remove	= heap_unbind_entry,
	.driver	= {
		.name		= "contig-heap",
		.of_match_table	= heap_of_match,
	},
};

static bool registered;

/**
 * driver_setup() - add the heaps that the device tree describes
 *
 * Without memory there may be none of them. Some kernels find that out when they
 * have already shown one to programs.
 *
 * Context: may sleep.
 */
void driver_setup(void)
{
	int ret = platform_driver_register(&heap_driver);

	registered = !ret;
	if (ret)
		pr_err("no heaps of the device tree, error %pe\n", ERR_PTR(ret));
}

/**
 * driver_teardown() - remove them
 *
 * Context: may sleep.
 */
void driver_teardown(void)
{
	if (registered)
		platform_driver_unregister(&heap_driver);
}
