// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of kernel-only regions, for drivers that were written against the
 * legacy PMEM driver: see pmem_kernel.h.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../heap/kcompat.h"
#include "kapi.h"
#include "pmem.h"

/**
 * struct kernel_alloc - memory that pmem_kalloc() gave out
 * @entry: in node->kernel_allocs; protected by node->alloc_lock
 * @dmabuf: the memory
 * @phys: its address
 */
struct kernel_alloc {
	struct list_head entry;
	struct dma_buf *dmabuf;
	phys_addr_t phys;
};

static void free_kernel_alloc(struct kernel_alloc *alloc)
{
	list_del(&alloc->entry);
	dma_buf_put(alloc->dmabuf);
	kfree(alloc);
}

/**
 * pmem_kernel_allocs_free() - free what drivers have left
 * @node: a device that nobody allocates from any more
 *
 * Context: may sleep.
 */
void pmem_kernel_allocs_free(struct pmem_node *node)
{
	struct kernel_alloc *alloc, *next;

	list_for_each_entry_safe(alloc, next, &node->kernel_allocs, entry)
		free_kernel_alloc(alloc);
}

static int kalloc_from(struct pmem_node *node, size_t size, u64 align,
		       phys_addr_t *phys)
{
	struct kernel_alloc *alloc = kzalloc(sizeof(*alloc), GFP_KERNEL);
	struct contig_place place;

	if (!alloc)
		return -ENOMEM;
	alloc->dmabuf = contig_alloc(node->heap, size,
				     max_t(u64, align, PAGE_SIZE), O_RDWR);
	if (IS_ERR(alloc->dmabuf)) {
		kfree(alloc);
		return -ENOMEM;
	}
	/* The result has 32 bits. */
	if (contig_place(alloc->dmabuf, &place) || place.phys > U32_MAX) {
		dma_buf_put(alloc->dmabuf);
		kfree(alloc);
		return -ENOMEM;
	}
	pmem_zeros_to_memory(alloc->dmabuf);
	alloc->phys = place.phys;
	*phys = place.phys;
	mutex_lock(&node->alloc_lock);
	list_add(&alloc->entry, &node->kernel_allocs);
	mutex_unlock(&node->alloc_lock);
	return 0;
}

static int kalloc_type(size_t size, u64 align, unsigned int type,
		       phys_addr_t *phys)
{
	struct setup_node *made;
	int ret = -ENOMEM;

	mutex_lock(&pmem_setup_lock);
	list_for_each_entry(made, &pmem_setup_nodes, entry)
		if (ret && made->node->kernel_only &&
		    made->node->memory_type == type)
			ret = kalloc_from(made->node, size, align, phys);
	mutex_unlock(&pmem_setup_lock);
	return ret;
}

/**
 * pmem_kalloc() - allocate memory of a kernel-only region
 * @size: bytes, not 0
 * @flags: PMEM_MEMTYPE_* | PMEM_ALIGNMENT_*
 *
 * SMI falls back to EBI1, as it did.
 *
 * Context: may sleep.
 * Return: the physical address, which looks negative from 2 GiB on; -EINVAL for
 * bad flags or size; -ENOMEM.
 */
s32 pmem_kalloc(size_t size, u32 flags)
{
	unsigned int type = flags & PMEM_MEMTYPE_MASK;
	phys_addr_t phys;
	u64 align;
	int ret;

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

	ret = kalloc_type(size, align, type, &phys);
	if (ret && type == PMEM_MEMTYPE_SMI)
		ret = kalloc_type(size, align, PMEM_MEMTYPE_EBI1, &phys);
	return ret ?: (s32)(u32)phys;
}

PMEM_EXPORT(pmem_kalloc);

static bool kfree_from(struct pmem_node *node, u32 phys)
{
	struct kernel_alloc *alloc;
	bool found = false;

	mutex_lock(&node->alloc_lock);
	list_for_each_entry(alloc, &node->kernel_allocs, entry) {
		if (alloc->phys == phys) {
			free_kernel_alloc(alloc);
			found = true;
			break;
		}
	}
	mutex_unlock(&node->alloc_lock);
	return found;
}

/**
 * pmem_kfree() - free what pmem_kalloc() allocated
 * @phys: its result
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL if nothing is allocated there.
 */
int pmem_kfree(s32 phys)
{
	struct setup_node *made;
	bool found = false;

	mutex_lock(&pmem_setup_lock);
	list_for_each_entry(made, &pmem_setup_nodes, entry)
		found = found || kfree_from(made->node, phys);
	mutex_unlock(&pmem_setup_lock);
	return found ? 0 : -EINVAL;
}

PMEM_EXPORT(pmem_kfree);
