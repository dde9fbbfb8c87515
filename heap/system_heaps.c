// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heaps of system memory, under the names that programs know from vendor kernels. If
 * the kernel itself has a heap of that name, ours is left out.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "bytes.h"
#include "kcompat.h"
#include "pair.h"
#include "region.h"
#include "sources.h"
#include "store.h"
#include "system.h"

static bool system = true;
module_param(system, bool, 0444);
MODULE_PARM_DESC(system, "create heaps of system memory, which need not be contiguous (Y)");

static bool mem_accounting = true;
module_param(mem_accounting, bool, 0444);
MODULE_PARM_DESC(mem_accounting, "charge system memory to the memory cgroup of the process that allocates it (Y)");

static char *store;
module_param(store, charp, 0444);
MODULE_PARM_DESC(store, "how much released system memory to hold for the next buffers (1/32 of all memory, at most 256M)");

static u64 store_size(void)
{
	u64 part = ((u64)totalram_pages() << PAGE_SHIFT) / 32;

	return bytes_param("store", store, min_t(u64, part, SZ_256M));
}

static void add_heap(struct region *region, const char *name, bool uncached,
		     struct list_head *list)
{
	int ret = pair_add_heap(region_get(region), name, uncached, list);

	/* -EEXIST has already been logged. */
	if (ret && ret != -EEXIST)
		pr_err("%s: skipped, error %pe\n", name, ERR_PTR(ret));
}

static void add_region(const char *name, const char *uncached, bool dma32,
		       struct list_head *list)
{
	struct region *region = system_create(name, dma32, mem_accounting);

	if (IS_ERR(region)) {
		pr_err("%s: skipped, error %pe\n", name, region);
		return;
	}
	add_heap(region, name, false, list);
	if (CONTIG_UNCACHED_ALIAS)
		add_heap(region, uncached, true, list);
	region_put(region);
}

/**
 * system_heaps_add() - add the heaps of system memory
 * @list: their pairs are added here; heaps that fail are skipped
 *
 * Context: may sleep.
 */
void system_heaps_add(struct list_head *list)
{
	if (!system)
		return;
	store_configure(store_size());
	add_region("system", "system-uncached", false, list);
	add_region("system-dma32", "system-uncached-dma32", true, list);
}
