// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps that the device tree describes, one device each:
 *
 *	heap-adsp {
 *		compatible = "linux,contig-heap";
 *		memory-region = <&adsp>;
 *		label = "adsp";
 *		alias-names = "qcom,adsp";
 *		quantum-bytes = <0x10000>;
 *	};
 *
 * Two bindings of vendor kernels work as well, so that their device trees need no
 * changes: TI's, in which the reserved memory node itself is the heap, and Samsung's.
 * If the kernel has a heap of that name itself, its memory is not touched here.
 *
 * Unbinding a device removes its heaps; live buffers stay valid. A device that is
 * bound again shares the region with them, and with a legacy node.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_device.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "heap.h"
#include "kcompat.h"
#include "node.h"
#include "pair.h"
#include "region.h"
#include "reserved.h"
#include "sources.h"

#define UNCACHED	"-uncached"
#define TI_CARVEOUT	"dma-heap-carveout"
#define TI_PREFIX	"carveout_"

/* Parent of the devices that we create for reserved memory nodes, or NULL. */
static struct device *memory_parent;

/* Create the heaps for a reserved memory node. */
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

/* Add a name to both heaps. Without a cached heap, the uncached one gets @name as well. */
static void add_name(const struct pair *pair, const char *name)
{
	char twin[HEAP_NAME_MAX + sizeof(UNCACHED)];

	if (pair->cached)
		node_add(pair->cached, name);
	if (!pair->uncached)
		return;
	snprintf(twin, sizeof(twin), "%s" UNCACHED, name);
	node_add(pair->uncached, twin);
	if (!pair->cached)
		node_add(pair->uncached, name);
}

static struct pair *make_ours(struct device *dev, struct device_node *memory)
{
	const struct device_node *node = dev->of_node;
	u32 quantum = PAGE_SIZE;
	struct property *property;
	const char *name, *alias;
	struct pair *pair;

	/* Use the name of the memory node, not of the heap's node. */
	if (of_property_read_string(node, "label", &name))
		name = kbasename(memory->full_name);
	of_property_read_u32(node, "quantum-bytes", &quantum);
	pair = make_heaps(name, memory, quantum);
	if (!IS_ERR(pair))
		of_property_for_each_string(node, "alias-names", property, alias)
			add_name(pair, alias);
	return pair;
}

/*
 * TI's name is "carveout_" and the full name of the node; the heap is cached unless
 * the node has no-map. Some programs omit the unit address from the name.
 */
static struct pair *make_ti(struct device *dev, struct device_node *memory)
{
	char name[HEAP_NAME_MAX], alias[HEAP_NAME_MAX];
	struct pair *pair;
	int ret;

	if (snprintf(name, sizeof(name), TI_PREFIX "%s",
		     kbasename(memory->full_name)) >= sizeof(name))
		return ERR_PTR(-ENAMETOOLONG);
	snprintf(alias, sizeof(alias), "%.*s", (int)strcspn(name, "@"), name);
	ret = node_check_free(name) ?: node_check_free(alias);
	if (ret)
		return ERR_PTR(ret);
	pair = make_heaps(name, memory, PAGE_SIZE);
	if (!IS_ERR(pair)) {
		add_name(pair, name);
		add_name(pair, alias);
	}
	return pair;
}

/* In Samsung's binding, the name of an uncached heap includes "-uncached". */
static struct pair *make_samsung(struct device *dev, struct device_node *memory)
{
	const struct device_node *node = dev->of_node;
	char name[HEAP_NAME_MAX];
	u32 alignment = PAGE_SIZE;
	const char *full;
	int ret;

	if (of_property_read_bool(node, "dma-heap,secure") ||
	    of_property_read_bool(node, "dma-heap,untouchable"))
		return ERR_PTR(-EOPNOTSUPP);
	ret = of_property_read_string(node, "dma-heap,name", &full);
	if (!ret && strscpy(name, full, sizeof(name)) < 0)
		ret = -ENAMETOOLONG;
	if (!ret)
		ret = node_check_free(name);
	if (ret)
		return ERR_PTR(ret);
	if (of_property_read_bool(node, "dma-heap,uncached")) {
		char *end = name + strlen(name) - strlen(UNCACHED);

		if (end <= name || strcmp(end, UNCACHED))
			return ERR_PTR(-EOPNOTSUPP);
		*end = '\0';
	}
	of_property_read_u32(node, "dma-heap,alignment", &alignment);
	return make_heaps(name, memory, PAGE_SIZE << get_order(alignment));
}

/**
 * struct binding - a device tree binding
 * @make: creates the heaps; the functions that it calls log errors
 * @itself: the node itself is the memory, rather than its "memory-region"
 */
struct binding {
	struct pair *(*make)(struct device *dev, struct device_node *memory);
	bool itself;
};

static int heap_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	const struct binding *binding = of_device_get_match_data(dev);
	struct device_node *memory;
	struct pair *pair;
	int ret;

	/* Another device was bound through sysfs. */
	if (!binding)
		return -ENODEV;
	if (binding->itself)
		memory = of_node_get(dev->of_node);
	else
		memory = of_parse_phandle(dev->of_node, "memory-region", 0);
	if (!memory)
		return dev_err_probe(dev, -EINVAL, "no memory-region\n");
	pair = binding->make(dev, memory);
	ret = PTR_ERR_OR_ZERO(pair);
	if (ret)
		dev_err_probe(dev, ret, "no heap on %pOFP\n", memory);
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

static const struct binding ours = { .make = make_ours };
static const struct binding ti = { .make = make_ti, .itself = true };
static const struct binding samsung = { .make = make_samsung };

static const struct of_device_id heap_of_match[] = {
	{ .compatible = "linux,contig-heap", .data = &ours },
	{ .compatible = TI_CARVEOUT, .data = &ti },
	{ .compatible = "samsung,dma-heap-carveout", .data = &samsung },
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

static void add_memory_device(struct device_node *memory)
{
	const char *name = kbasename(memory->full_name);
	char *id;

	if (!memory_parent) {
		struct device *parent = root_device_register("contig_heaps");

		if (IS_ERR(parent)) {
			pr_err("%s: no device, error %pe\n", name, parent);
			return;
		}
		memory_parent = parent;
	}
	id = kasprintf(GFP_KERNEL, TI_PREFIX "%s", name);
	/* Silently does nothing if the device already exists. */
	if (id)
		of_platform_device_create(memory, id, memory_parent);
	kfree(id);
}

/* The kernel creates no devices for nodes with this compatible below /reserved-memory. */
static void add_memory_devices(void)
{
	struct device_node *parent, *child;

	parent = of_find_node_by_path("/reserved-memory");
	for_each_available_child_of_node(parent, child)
		if (of_device_is_compatible(child, TI_CARVEOUT))
			add_memory_device(child);
	of_node_put(parent);
}

static void remove_memory_devices(void)
{
	if (!memory_parent)
		return;
	device_for_each_child_reverse(memory_parent, NULL,
				      of_platform_device_destroy);
	root_device_unregister(memory_parent);
	memory_parent = NULL;
}

/**
 * driver_setup() - add the heaps that the device tree describes
 *
 * On failure, there are no such heaps. This is not reported to the caller, because
 * some kernels fail after a heap is already visible to programs.
 *
 * Context: may sleep.
 */
void driver_setup(void)
{
	int ret = platform_driver_register(&heap_driver);

	registered = !ret;
	if (ret)
		pr_err("no heaps from the device tree, error %pe\n", ERR_PTR(ret));
	else
		add_memory_devices();
}

/**
 * driver_teardown() - remove the heaps that the device tree describes
 *
 * Context: may sleep.
 */
void driver_teardown(void)
{
	if (!registered)
		return;
	remove_memory_devices();
	platform_driver_unregister(&heap_driver);
}
