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
 * Unbinding a device takes its heaps away; buffers that are in use stay. As long
 * as there are any, or a file of one of the heaps is open, the device cannot be
 * bound again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/platform_device.h>

#include "heap.h"
#include "kcompat.h"
#include "region.h"

/**
 * region_from_node() - make a region of memory that the device tree reserves
 * @name: its name
 * @memory: a node under /reserved-memory
 * @quantum: granularity of a carveout in bytes
 *
 * Says in the log what is wrong.
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -ENODEV if the kernel
 * has reserved nothing for @memory; otherwise as carveout_create() and
 * cma_create().
 */
struct region *region_from_node(const char *name, struct device_node *memory,
				u64 quantum)
{
	struct reserved_mem *rmem = of_reserved_mem_lookup(memory);

	if (!rmem || !rmem->size) {
		pr_err("%s: the kernel has reserved no memory for %pOF\n", name,
		       memory);
		return ERR_PTR(-ENODEV);
	}
	if (of_property_read_bool(memory, "reusable"))
		return cma_create(name, rmem);
	return carveout_create(name, rmem->base, rmem->size, quantum);
}

static int heap_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct device_node *memory;
	struct region *region;
	struct twins *twins;
	u32 quantum = PAGE_SIZE;
	const char *name;

	memory = of_parse_phandle(dev->of_node, "memory-region", 0);
	if (!memory)
		return dev_err_probe(dev, -EINVAL, "no memory-region\n");
	if (of_property_read_string(dev->of_node, "label", &name))
		name = kbasename(memory->full_name);

	of_property_read_u32(dev->of_node, "quantum-bytes", &quantum);
	region = region_from_node(name, memory, quantum);
	of_node_put(memory);
	if (IS_ERR(region))
		return dev_err_probe(dev, PTR_ERR(region), "no heap %s\n",
				     name);
	twins = twins_create(region, name);
	if (IS_ERR(twins)) {
		region_put(region);
		return dev_err_probe(dev, PTR_ERR(twins), "no heap %s\n", name);
	}
	platform_set_drvdata(pdev, twins);
	return 0;
}

static void heap_unbind(struct platform_device *pdev)
{
	twins_remove(platform_get_drvdata(pdev));
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

/**
 * driver_setup() - add the heaps that the device tree describes
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; a heap that cannot be made is no error.
 */
int driver_setup(void)
{
	return platform_driver_register(&heap_driver);
}

/**
 * driver_teardown() - remove them
 *
 * Context: may sleep.
 */
void driver_teardown(void)
{
	platform_driver_unregister(&heap_driver);
}
