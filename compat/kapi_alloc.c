// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of kernel-only regions, for drivers that were written for the legacy PMEM
 * driver, see pmem_kernel.h.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../heap/api.h"
#include "../heap/kcompat.h"
#include "alloc.h"
#include "hooks.h"
#include "kapi_alloc.h"
#include "node.h"
#include "pmem.h"
#include "pmem_kernel.h"

/**
 * struct kernel_alloc - an allocation of pmem_kalloc()
 * @entry: in allocs
 * @node: where it was allocated; holds a reference and a pmem_node_use()
 * @dmabuf: the memory
 * @phys: its physical address
 */
struct kernel_alloc {
	struct list_head entry;
	struct pmem_node *node;
	struct dma_buf *dmabuf;
	phys_addr_t phys;
};

/* All allocations, including those of nodes that have been removed. */
static DEFINE_MUTEX(allocs_lock);
static LIST_HEAD(allocs);

static void free_kernel_alloc(struct kernel_alloc *alloc)
{
	dma_buf_put(alloc->dmabuf);
	mutex_lock(&alloc->node->alloc_lock);
	pmem_node_unuse(alloc->node);
	pmem_node_put(alloc->node);
	kfree(alloc);
}

/**
 * pmem_kernel_allocs_free() - free all allocations that are left
 *
 * Called by the module's exit function, when no driver can call pmem_kalloc().
 *
 * Context: may sleep.
 */
void pmem_kernel_allocs_free(void)
{
	struct kernel_alloc *alloc, *next;

	list_for_each_entry_safe(alloc, next, &allocs, entry)
		free_kernel_alloc(alloc);
	INIT_LIST_HEAD(&allocs);
}

/* Allocate from a node, after pmem_node_use(), with its alloc_lock held. */
static struct kernel_alloc *kalloc_from(struct pmem_node *node, size_t size,
					u64 align)
{
	struct kernel_alloc *alloc = kzalloc(sizeof(*alloc), GFP_KERNEL);
	struct contig_place place;

	if (!alloc)
		return NULL;
	alloc->node = node;
	alloc->dmabuf = pmem_allocate_for_kernel(node, size, align);
	if (IS_ERR(alloc->dmabuf)) {
		kfree(alloc);
		return NULL;
	}
	/* The result has 32 bits. */
	if (contig_place(alloc->dmabuf, &place) || place.phys > U32_MAX) {
		dma_buf_put(alloc->dmabuf);
		kfree(alloc);
		return NULL;
	}
	alloc->phys = place.phys;
	return alloc;
}

/* The caller holds no lock, because a hook of the node may call pmem_kalloc(). */
static struct kernel_alloc *kalloc_type(size_t size, u64 align,
					int type)
{
	struct kernel_alloc *alloc = NULL;
	struct pmem_node *node;
	unsigned int skip = 0;

	while (!alloc && (node = pmem_node_for_kernel(type, skip++))) {
		if (!pmem_node_use(node)) {
			alloc = kalloc_from(node, size, align);
			if (alloc) {
				mutex_unlock(&node->alloc_lock);
				break;
			}
			pmem_node_unuse(node);
		}
		pmem_node_put(node);
	}
	return alloc;
}

/**
 * pmem_kalloc() - allocate memory of a kernel-only region
 * @size: bytes, not 0
 * @flags: PMEM_MEMTYPE_* | PMEM_ALIGNMENT_*
 *
 * SMI falls back to EBI1, as in the legacy driver. A hook may call this, and
 * pmem_kfree(), but not for memory of its own node.
 *
 * Context: may sleep.
 * Return: the physical address, which is negative if it is 2 GiB or above; -EINVAL for
 * bad flags or size; -ENOMEM.
 */
s32 pmem_kalloc(size_t size, u32 flags)
{
	unsigned int type = flags & PMEM_MEMTYPE_MASK;
	struct kernel_alloc *alloc;
	u32 phys;
	u64 align;

	switch (flags & PMEM_ALIGNMENT_MASK) {
	case PMEM_ALIGNMENT_4K:
		align = SZ_4K;
		break;
	case PMEM_ALIGNMENT_1M:
		align = SZ_1M;
		break;
	default:
		return -EINVAL;
	}
	if (!size || (type != PMEM_MEMTYPE_EBI1 && type != PMEM_MEMTYPE_SMI))
		return -EINVAL;

	alloc = kalloc_type(size, align, type);
	if (!alloc && type == PMEM_MEMTYPE_SMI)
		alloc = kalloc_type(size, align, PMEM_MEMTYPE_EBI1);
	if (!alloc)
		return -ENOMEM;
	phys = alloc->phys;
	mutex_lock(&allocs_lock);
	list_add(&alloc->entry, &allocs);
	mutex_unlock(&allocs_lock);
	return (s32)phys;
}

PMEM_EXPORT(pmem_kalloc);

static struct kernel_alloc *take_kernel_alloc(u32 phys)
{
	struct kernel_alloc *alloc, *found = NULL;

	mutex_lock(&allocs_lock);
	list_for_each_entry(alloc, &allocs, entry) {
		if (alloc->phys == phys) {
			list_del(&alloc->entry);
			found = alloc;
			break;
		}
	}
	mutex_unlock(&allocs_lock);
	return found;
}

/**
 * pmem_kfree() - free what pmem_kalloc() allocated
 * @phys: its result
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL if pmem_kalloc() did not return @phys.
 */
int pmem_kfree(s32 phys)
{
	struct kernel_alloc *alloc = take_kernel_alloc(phys);

	if (!alloc)
		return -EINVAL;
	free_kernel_alloc(alloc);
	return 0;
}

PMEM_EXPORT(pmem_kfree);
