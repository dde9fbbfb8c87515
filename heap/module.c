// SPDX-License-Identifier: GPL-2.0-only
/*
 * contig_heaps: carveout, CMA and system dma-buf heaps for any kernel from 6.1 on.
 *
 * The layers, from programs to memory:
 *
 *	sources.h	where heaps come from: device tree, parameters, CMA areas
 *	pair.c		the two heaps of a region, and their names
 *	node.c		/dev/dma_heap/<name>; buffer_node.c: /dev/contig_buffer
 *	command.c	the ioctls of both
 *	transfer.c	reading files into buffers, and writing them
 *	buffer.c	the dma-buf, from allocation to release
 *	attachment.c	importers; cpu_mapping.c: mappings for the CPU;
 *			cpu_access.c: cache maintenance between the two
 *	heap.c		a way to allocate: cached or not
 *	region.c	the memory: carveout.c, lent.c, cma.c or system.c
 *	extents.c	the extents of an allocation
 *	stock.c		free memory, in a pool (pool.c); cleaner.c zeroes it
 *	store.c		free system pages that stay warm
 *	cma_area.c	access to CMA areas
 *
 * No file calls one above it. Other modules use api.h, users sysfs.c and debugfs.c;
 * these are on the level of the nodes.
 *
 * Regions come from the device tree (driver.c), from parameters (carveout_param.c),
 * from existing CMA areas (cma_heaps.c) and from the page allocator (system_heaps.c).
 *
 * region.h describes locks and their order.
 */
#include <linux/list.h>
#include <linux/module.h>

#include "alias.h"
#include "buffer_node.h"
#include "debugfs.h"
#include "kcompat.h"
#include "keep.h"
#include "node.h"
#include "sources.h"
#include "pair.h"

/* Heaps that do not belong to a device. */
static LIST_HEAD(deviceless);

static int __init contig_heaps_init(void)
{
	int ret = nodes_setup();

	if (ret)
		return ret;
	ret = buffer_node_setup();
	if (ret)
		goto teardown_nodes;
	contig_debugfs_setup();
	/* From here on, programs may have opened heaps: init must not fail. */
	driver_setup();
	carveout_params_add(&deviceless);
	cma_heaps_add(&deviceless);
	system_heaps_add(&deviceless);
	aliases_report();
	keep_report();
	return 0;

teardown_nodes:
	nodes_teardown();
	return ret;
}

static void __exit contig_heaps_exit(void)
{
	struct pair *pair, *next;

	list_for_each_entry_safe(pair, next, &deviceless, entry)
		pair_remove(pair);
	driver_teardown();
	contig_debugfs_teardown();
	buffer_node_teardown();
	nodes_teardown();
}

module_init(contig_heaps_init);
module_exit(contig_heaps_exit);

MODULE_DESCRIPTION("Carveout, CMA and system dma-buf heaps");
MODULE_AUTHOR("The pmem-heaps developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(PMEM_HEAPS_VERSION);
CONTIG_IMPORT_NS(DMA_BUF);
