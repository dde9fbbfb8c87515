// SPDX-License-Identifier: GPL-2.0-only
/*
 * pmem_compat: the device nodes of the legacy PMEM driver, on top of contig_heaps.
 *
 * From clients to memory: file.c (open files), ioctl.c (commands), connect.c (masters
 * and connected files), view.c and range.c (mappings), alloc.c (allocation policies).
 * Nodes come from the device tree and board files (driver.c, platform_data.c), from
 * parameters (node_param.c) and from drivers (kapi_node.c), which have hooks (hooks.c).
 * pmem.h describes ownership, layers and locks.
 */
#include <linux/module.h>

#include "../heap/kcompat.h"
#include "cma_mem.h"
#include "cma_test.h"
#include "driver.h"
#include "inode.h"
#include "kapi_alloc.h"
#include "kapi_node.h"
#include "node_param.h"
#include "sysfs.h"

static int __init pmem_compat_init(void)
{
	int ret = pmem_inode_setup();

	if (ret)
		return ret;
	ret = pmem_sysfs_setup();
	if (ret)
		goto teardown_inode;
	ret = pmem_kernel_nodes_setup();
	if (ret)
		goto teardown_sysfs;
	ret = cma_mem_setup();
	if (ret)
		goto teardown_kernel_nodes;
	/* From here on, programs may have open files: init must not fail. */
	cma_test_setup();
	pmem_driver_setup();
	pmem_params_add();
	return 0;

teardown_kernel_nodes:
	pmem_kernel_nodes_teardown();
teardown_sysfs:
	pmem_sysfs_teardown();
teardown_inode:
	pmem_inode_teardown();
	return ret;
}

static void __exit pmem_compat_exit(void)
{
	pmem_params_remove();
	pmem_driver_teardown();
	cma_test_teardown();
	cma_mem_teardown();
	pmem_kernel_nodes_teardown();
	pmem_kernel_allocs_free();
	pmem_sysfs_teardown();
	pmem_inode_teardown();
}

module_init(pmem_compat_init);
module_exit(pmem_compat_exit);

MODULE_DESCRIPTION("Legacy PMEM device nodes over contiguous heaps");
MODULE_AUTHOR("The pmem-heaps developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(PMEM_HEAPS_VERSION);
CONTIG_IMPORT_NS(DMA_BUF);
CONTIG_IMPORT_NS(CONTIG_HEAPS);
