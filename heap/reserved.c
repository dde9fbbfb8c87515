// SPDX-License-Identifier: GPL-2.0-only
/* Creates regions (carveouts or CMA areas) for reserved memory of the device tree. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>

#include "carveout.h"
#include "cma.h"
#include "region.h"
#include "reserved.h"

/**
 * region_from_node() - get the region over a reserved memory node
 * @name: name of the region, if it is created here
 * @memory: a node under /reserved-memory
 * @quantum: quantum in bytes of a carveout that is created here
 *
 * An existing region is shared. Logs the reason of a failure.
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
	bool reusable = of_property_read_bool(memory, "reusable");
	struct region *region;
	int ret;

	if (!rmem || !rmem->size) {
		pr_err("%s: the kernel has reserved no memory for %pOF\n", name,
		       memory);
		return ERR_PTR(-ENODEV);
	}
	/* Even if there is a region already, which makes the quantum irrelevant. */
	ret = reusable ? 0 : region_check_quantum(name, quantum);
	if (ret)
		return ERR_PTR(ret);
	region = region_find(rmem->base, rmem->size);
	if (region)
		return region;
	if (reusable)
		return cma_create(name, rmem,
				  of_property_read_bool(memory,
							"linux,cma-default"));
	return carveout_create(name, rmem->base, rmem->size, quantum, memory);
}
