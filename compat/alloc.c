// SPDX-License-Identifier: GPL-2.0-only
/*
 * The four allocation policies of legacy devices.
 *
 * The only allocator is that of the heap; the policies make different requests:
 *  - bitmap: the lowest place that fits.
 *  - buddy: the place that a buddy allocator would choose. That follows from the
 *    free memory: the free blocks of a buddy allocator are always the largest
 *    aligned ones that fit into it.
 *  - all-or-nothing: the start of the device.
 *  - system: any place, with an extra page, which the legacy driver added for an
 *    alignment.
 *
 * A node that is smaller than its region never uses more than its size. Buddy and
 * all-or-nothing nodes use the start of the region, the others any part of it.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../heap/api.h"
#include "alloc.h"
#include "hooks.h"
#include "phys.h"

/* Lengths of system nodes include this. */
#define SYSTEM_ALIGN	PAGE_SIZE

/* Another user of the region may take a place after it was found. */
#define PLACE_ATTEMPTS	16

/*
 * Find the first run of free quanta of the node at or after quantum @from, within the
 * first @bytes of the region. The quantum of the heap may be smaller.
 */
static bool next_run(struct pmem_node *node, u64 bytes, u64 from, u64 *index,
		     u64 *end)
{
	unsigned int shift = ilog2(node->quantum);
	u64 start, len;

	lockdep_assert_held(&node->alloc_lock);
	do {
		if (from >= bytes >> shift ||
		    !contig_heap_next_free(node->heap, from << shift, &start,
					   &len))
			return false;
		*index = ALIGN(start, node->quantum) >> shift;
		*end = min(start + len, bytes) >> shift;
		from = ((start + len) >> shift) + 1;
	} while (*index >= *end);
	return true;
}

/**
 * pmem_next_block() - find the next free block of a buddy node
 * @node: the node, its alloc_lock held
 * @from: quantum at which the search begins
 * @index: filled in with the first quantum of the block
 * @order: filled in with its order
 *
 * Return: false if no free block is left.
 */
bool pmem_next_block(struct pmem_node *node, u64 from, u64 *index,
		     unsigned int *order)
{
	u64 end;

	if (!next_run(node, node->size, from, index, &end))
		return false;
	*order = ilog2(end - *index);
	if (*index)
		*order = min_t(unsigned int, *order, __ffs64(*index));
	return true;
}

/* Find the lowest block of the order @want, or else of the next larger order. */
static bool find_block(struct pmem_node *node, unsigned int want, u64 *index)
{
	unsigned int order, best = UINT_MAX;
	u64 block, from = 0;

	while (best != want && pmem_next_block(node, from, &block, &order)) {
		if (order >= want && order < best) {
			best = order;
			*index = block;
		}
		from = block + (1ULL << order);
	}
	return best != UINT_MAX;
}

/*
 * Bytes of the node's size that are not allocated. Buffers that have outlived their
 * files count as allocated. The region may have less or more free memory, because
 * others may use it, too.
 */
static u64 budget(const struct pmem_node *node, const struct contig_stat *stat)
{
	return node->size - min(stat->used, node->size);
}

static u64 bytes_left(struct pmem_node *node)
{
	struct contig_stat stat;

	contig_heap_stat(node->heap, &stat);
	return budget(node, &stat);
}

static struct dma_buf *alloc_buddy(struct pmem_node *node, u64 len,
				   struct pmem_memory *memory)
{
	unsigned int order, attempt;
	struct dma_buf *dmabuf;

	if (!len || len > node->size)
		return ERR_PTR(-ENOMEM);
	order = ilog2(roundup_pow_of_two((len + node->quantum - 1) >>
					 ilog2(node->quantum)));
	for (attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
		if (!find_block(node, order, &memory->index))
			break;
		memory->len = node->quantum << order;
		dmabuf = contig_alloc_at(node->heap,
					 memory->index * node->quantum,
					 memory->len, O_RDWR);
		if (dmabuf != ERR_PTR(-EBUSY))
			return dmabuf;
	}
	return ERR_PTR(-ENOMEM);
}

static struct dma_buf *alloc_bitmap(struct pmem_node *node, u64 len, u64 align,
				    struct pmem_memory *memory)
{
	u64 rounded;

	if (!len || check_add_overflow(len, node->quantum - 1, &rounded))
		return ERR_PTR(-ENOMEM);
	memory->len = ALIGN_DOWN(rounded, node->quantum);
	if (memory->len > bytes_left(node))
		return ERR_PTR(-ENOMEM);
	return contig_alloc_lowest(node->heap, memory->len,
				   max(align, node->quantum), O_RDWR);
}

static struct dma_buf *alloc_all(struct pmem_node *node, u64 len,
				 struct pmem_memory *memory)
{
	if (len > node->size || bytes_left(node) != node->size)
		return ERR_PTR(-ENOMEM);
	memory->index = len;
	memory->len = len;
	/* An allocation of 0 bytes takes the device, too, and needs an address. */
	return contig_alloc_at(node->heap, 0, max_t(u64, len, 1), O_RDWR);
}

static struct dma_buf *alloc_system(struct pmem_node *node, u64 len,
				    struct pmem_memory *memory)
{
	if (!len || len > bytes_left(node))
		return ERR_PTR(-ENOMEM);
	memory->len = len + SYSTEM_ALIGN;
	return contig_alloc(node->heap, memory->len, PAGE_SIZE, O_RDWR);
}

static struct dma_buf *alloc_by_rules(struct pmem_node *node, u64 len,
				      u64 align, struct pmem_memory *memory)
{
	switch (node->allocator) {
	case PMEM_ALLOCATORTYPE_BUDDYBESTFIT:
		return alloc_buddy(node, len, memory);
	case PMEM_ALLOCATORTYPE_ALLORNOTHING:
		return alloc_all(node, len, memory);
	case PMEM_ALLOCATORTYPE_SYSTEM:
		return alloc_system(node, len, memory);
	default:
		return alloc_bitmap(node, len, align, memory);
	}
}

static bool has_slots(const struct pmem_node *node)
{
	return node->allocator == PMEM_ALLOCATORTYPE_BITMAP ||
	       node->allocator == PMEM_ALLOCATORTYPE_BUDDYBESTFIT;
}

static struct pmem_slot *slot_new(struct pmem_node *node)
{
	struct pmem_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL);

	if (!slot)
		return NULL;
	slot->id = ida_alloc(&node->slot_ids, GFP_KERNEL);
	if (slot->id < 0) {
		kfree(slot);
		return NULL;
	}
	INIT_LIST_HEAD(&slot->entry);
	return slot;
}

static void slot_free(struct pmem_node *node, struct pmem_slot *slot)
{
	if (!slot)
		return;
	list_del(&slot->entry);
	ida_free(&node->slot_ids, slot->id);
	kfree(slot);
}

static void slot_insert(struct pmem_node *node, struct pmem_slot *slot)
{
	bool by_index = node->allocator == PMEM_ALLOCATORTYPE_BUDDYBESTFIT;
	struct pmem_slot *other;

	list_for_each_entry(other, &node->slots, entry)
		if (by_index ? other->index > slot->index :
			       other->id > slot->id)
			break;
	list_add_tail(&slot->entry, &other->entry);
}

static int describe(struct pmem_node *node, struct dma_buf *dmabuf,
		    struct pmem_memory *memory)
{
	struct contig_place place = {};

	memory->handle = pmem_handle_new(memory->len);
	if (!memory->handle)
		return -ENOMEM;
	contig_place(dmabuf, &place);
	memory->dmabuf = dmabuf;
	memory->phys = place.phys;
	memory->uncached = place.uncached;
	if (node->allocator == PMEM_ALLOCATORTYPE_BITMAP)
		memory->index = place.offset >> ilog2(node->quantum);
	return 0;
}

/**
 * pmem_allocate() - make a file a master
 * @file: an empty file, its lock held
 * @len: bytes
 * @align: alignment of the physical address, a power of two; only for bitmap nodes
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, or -EINTR after a fatal signal.
 */
int pmem_allocate(struct pmem_file *file, u64 len, u64 align)
{
	struct pmem_node *node = file->node;
	struct pmem_memory memory = {};
	struct pmem_slot *slot = NULL;
	struct dma_buf *dmabuf;
	int ret;

	lockdep_assert_held(&file->lock);
	ret = pmem_node_use(node);
	if (ret)
		return ret;
	if (has_slots(node)) {
		slot = slot_new(node);
		if (!slot) {
			ret = -ENOMEM;
			goto unuse;
		}
	}
	dmabuf = alloc_by_rules(node, len, align, &memory);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf) == -EINTR ? -EINTR : -ENOMEM;
		goto free_slot;
	}
	ret = describe(node, dmabuf, &memory);
	if (ret) {
		dma_buf_put(dmabuf);
		goto free_slot;
	}
	if (slot) {
		slot->index = memory.index;
		slot->quanta = memory.len >> ilog2(node->quantum);
		slot_insert(node, slot);
	}
	pmem_node_unuse(node);

	file->memory = memory;
	file->slot = slot;
	file->allocated = true;
	return 0;

free_slot:
	slot_free(node, slot);
unuse:
	pmem_node_unuse(node);
	return ret;
}

/**
 * pmem_allocate_for_kernel() - allocate from a node without a file
 * @node: a kernel-only node, between pmem_node_use() and pmem_node_unuse()
 * @len: bytes
 * @align: alignment of the physical address, a power of two
 *
 * Always uses the bitmap policy, regardless of the policy of @node.
 *
 * Context: may sleep; alloc_lock must be held.
 * Return: the memory, with no lines in caches, or an errno.
 */
struct dma_buf *pmem_allocate_for_kernel(struct pmem_node *node, u64 len,
					 u64 align)
{
	struct pmem_memory memory;

	lockdep_assert_held(&node->alloc_lock);
	return alloc_bitmap(node, len, align, &memory);
}

/**
 * pmem_free() - release the memory of a file that is being closed
 * @file: the file, its lock held; may have no memory
 *
 * Context: may sleep.
 */
void pmem_free(struct pmem_file *file)
{
	struct pmem_node *node = file->node;

	lockdep_assert_held(&file->lock);
	if (file->memory.dmabuf)
		dma_buf_put(file->memory.dmabuf);
	file->memory.dmabuf = NULL;
	pmem_handle_put(file->memory.handle);
	if (!file->allocated || file->connected || file->imported)
		return;

	mutex_lock(&node->alloc_lock);
	slot_free(node, file->slot);
	file->slot = NULL;
	mutex_unlock(&node->alloc_lock);
}

static void buddy_space(struct pmem_node *node, u64 *total, u64 *largest)
{
	unsigned int order;
	u64 index, from;

	for (from = 0; pmem_next_block(node, from, &index, &order);
	     from = index + (1ULL << order)) {
		u64 size = node->quantum << order;

		*total += size;
		*largest = max(*largest, size);
	}
}

/* If the region knows its free places, count only those that the node can use. */
static void bitmap_space(struct pmem_node *node, const struct contig_stat *stat,
			 u64 *total, u64 *largest)
{
	unsigned int shift = ilog2(node->quantum);
	u64 index, end, from;

	if (!stat->places) {
		*total = stat->free;
		*largest = stat->largest;
	}
	for (from = 0; next_run(node, stat->total, from, &index, &end); from = end) {
		*total += (end - index) << shift;
		*largest = max(*largest, (end - index) << shift);
	}
	*total = min(*total, budget(node, stat)) >> shift << shift;
	*largest = min(*largest, *total) >> shift << shift;
}

/* Only memory at the start of the device counts, and only if nothing is allocated. */
static void all_or_nothing_space(struct pmem_node *node,
				 const struct contig_stat *stat, u64 *total)
{
	u64 start, len;

	if (budget(node, stat) == node->size &&
	    contig_heap_next_free(node->heap, 0, &start, &len) && !start)
		*total = min(len, node->size);
}

/**
 * pmem_free_space() - get the free space of a node
 * @node: the node
 * @total: filled in with free bytes
 * @largest: filled in with bytes of the largest allocation that would succeed
 *
 * Context: may sleep.
 * Return: 0, or -EINTR after a fatal signal.
 */
int pmem_free_space(struct pmem_node *node, u64 *total, u64 *largest)
{
	struct contig_stat stat;
	int ret = mutex_lock_killable(&node->alloc_lock);

	if (ret)
		return ret;
	*total = 0;
	*largest = 0;
	contig_heap_stat(node->heap, &stat);
	switch (node->allocator) {
	case PMEM_ALLOCATORTYPE_BUDDYBESTFIT:
		buddy_space(node, total, largest);
		break;
	case PMEM_ALLOCATORTYPE_ALLORNOTHING:
		all_or_nothing_space(node, &stat, total);
		*largest = *total;
		break;
	case PMEM_ALLOCATORTYPE_SYSTEM:
		*total = min(budget(node, &stat), stat.free);
		*largest = min(*total, stat.largest -
				       min_t(u64, stat.largest, SYSTEM_ALIGN));
		break;
	default:
		bitmap_space(node, &stat, total, largest);
		break;
	}
	mutex_unlock(&node->alloc_lock);
	return 0;
}
