// SPDX-License-Identifier: GPL-2.0-only
/* Attachments: devices that import a buffer, and its DMA mappings for them. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "buffer_internal.h"
#include "kcompat.h"

/*
 * Bytes of the longest segment at @phys that the device can take. A segment must
 * not cross a boundary of DMA addresses. If the DMA API chooses the addresses, it
 * takes care of that for segments no longer than the distance of two boundaries.
 */
static size_t segment_size(struct device *dev, phys_addr_t phys, size_t max,
			   bool moves)
{
	unsigned long boundary = dma_get_seg_boundary(dev);
	dma_addr_t dma = moves ? 0 : phys_to_dma(dev, phys);
	u64 to_boundary = (u64)boundary - (dma & boundary) + 1;

	/* 0 if it overflowed: there is no boundary. */
	return to_boundary ? min_t(u64, max, to_boundary) : max;
}

static size_t max_segment(struct device *dev, bool bounces)
{
	size_t max = min_t(size_t, dma_get_max_seg_size(dev), UINT_MAX);

	if (bounces)
		max = min(max, dma_max_mapping_size(dev));
	return max_t(size_t, max & PAGE_MASK, PAGE_SIZE);
}

/* Prediction: does any part of a buffer need bounce buffers? */
static bool bounces(const struct buffer *buffer, struct device *dev)
{
	u64 offset, len;

	for (offset = 0; offset < buffer->size; offset += len) {
		phys_addr_t phys;

		len = buffer->size - offset;
		phys = buffer_run(buffer, offset, &len);
		if (contig_dma_bounces(dev, phys, len))
			return true;
	}
	return false;
}

/**
 * struct limits - limits of a device for segments
 * @dev: the device
 * @max: bytes of the longest segment
 * @moves: the DMA API chooses the DMA addresses (IOMMU, bounce buffers)
 */
struct limits {
	struct device *dev;
	size_t max;
	bool moves;
};

/* Returns the physical address of the segment at @offset, and its length in @len. */
static phys_addr_t next_segment(const struct buffer *buffer, u64 offset,
				const struct limits *limits, size_t *len)
{
	u64 run = min_t(u64, limits->max, buffer->size - offset);
	phys_addr_t phys = buffer_run(buffer, offset, &run);

	*len = segment_size(limits->dev, phys, run, limits->moves);
	return phys;
}

/* Use as few entries as the device allows. */
static int fill_table(struct sg_table *table, struct device *dev,
		      const struct buffer *buffer)
{
	bool bounced = bounces(buffer, dev);
	struct limits limits = {
		.dev = dev,
		.max = max_segment(dev, bounced),
		.moves = bounced || contig_dma_translates(dev),
	};
	struct scatterlist *sg;
	unsigned int nents = 0;
	u64 offset;
	size_t len;
	int i, ret;

	for (offset = 0; offset < buffer->size; offset += len) {
		next_segment(buffer, offset, &limits, &len);
		nents++;
	}
	ret = sg_alloc_table(table, nents, GFP_KERNEL);
	if (ret)
		return ret;

	offset = 0;
	for_each_sgtable_sg(table, sg, i) {
		phys_addr_t phys = next_segment(buffer, offset, &limits, &len);

		if (buffer_region(buffer)->paged)
			sg_set_page(sg, pfn_to_page(PHYS_PFN(phys)), len,
				    offset_in_page(phys));
		else
			sg->length = len;
		offset += len;
	}
	return 0;
}

/**
 * buffer_attach() - begin to import a buffer
 * @dmabuf: its dma-buf
 * @at: the importer's attachment; its priv is set to our struct attachment
 *
 * Context: called by the dma-buf core's attach; may sleep.
 * Return: 0; -ENOMEM; -EOPNOTSUPP for a device's memory.
 */
int buffer_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *at)
{
	struct buffer *buffer = dmabuf->priv;
	struct attachment *attachment;
	int ret;

	if (buffer_region(buffer)->device)
		return -EOPNOTSUPP;
	attachment = kzalloc(sizeof(*attachment), GFP_KERNEL);
	if (!attachment)
		return -ENOMEM;
	ret = fill_table(&attachment->table, at->dev, buffer);
	if (ret) {
		kfree(attachment);
		return ret;
	}
	attachment->buffer = buffer;
	attachment->dev = at->dev;
	at->priv = attachment;

	mutex_lock(&buffer->lock);
	list_add_tail(&attachment->entry, &buffer->attachments);
	mutex_unlock(&buffer->lock);
	return 0;
}

/* A write-combined mapping bypasses the caches, but a coherent device snoops them. */
static bool sees_stale_lines(const struct attachment *attachment)
{
	return attachment->buffer->heap->uncached && !CONTIG_WC_IS_SNOOPED &&
	       dev_is_dma_coherent(attachment->dev);
}

static enum upkeep find_upkeep(const struct attachment *attachment)
{
	if (attachment->bounced)
		return UPKEEP_COPY;
	if (sees_stale_lines(attachment))
		return UPKEEP_FLUSH;
	if (attachment->buffer->heap->uncached ||
	    dev_is_dma_coherent(attachment->dev))
		return UPKEEP_NONE;
	return UPKEEP_CACHE;
}

/* Memory that is never cached needs no maintenance, but bounce buffers must be synced. */
static unsigned long map_attrs(const struct attachment *attachment)
{
	if (attachment->buffer->heap->uncached && !attachment->bounced)
		return DMA_ATTR_SKIP_CPU_SYNC;
	return 0;
}

/* Bounce buffer copies and snooping devices go through the cache, the CPU does not. */
static void flush_uncached(const struct attachment *attachment)
{
	struct buffer *buffer = attachment->buffer;

	if (buffer->heap->uncached && attachment->upkeep != UPKEEP_NONE)
		buffer_flush(buffer, 0, buffer->size);
}

/* Memory without struct pages can only be mapped with dma_map_resource(). */
static void unmap_resources(struct attachment *attachment, int nents)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(attachment->table.sgl, sg, nents, i)
		dma_unmap_resource(attachment->dev, sg_dma_address(sg),
				   sg_dma_len(sg), attachment->dir,
				   DMA_ATTR_SKIP_CPU_SYNC);
}

static int map_resources(struct attachment *attachment)
{
	struct sg_table *table = &attachment->table;
	struct scatterlist *sg;
	u64 offset = 0;
	int i;

	for_each_sgtable_sg(table, sg, i) {
		u64 len = sg->length;
		phys_addr_t phys = buffer_run(attachment->buffer, offset, &len);
		dma_addr_t dma = dma_map_resource(attachment->dev, phys, len,
						  attachment->dir,
						  DMA_ATTR_SKIP_CPU_SYNC);

		if (dma_mapping_error(attachment->dev, dma)) {
			unmap_resources(attachment, i);
			return -EIO;
		}
		sg_dma_address(sg) = dma;
		sg_dma_len(sg) = len;
		offset += len;
	}
	table->nents = table->orig_nents;
	return 0;
}

static int map_table(struct attachment *attachment)
{
	if (!buffer_region(attachment->buffer)->paged)
		return map_resources(attachment);
	return dma_map_sgtable(attachment->dev, &attachment->table,
			       attachment->dir, map_attrs(attachment));
}

static void unmap_table(struct attachment *attachment)
{
	if (buffer_region(attachment->buffer)->paged)
		dma_unmap_sgtable(attachment->dev, &attachment->table,
				  attachment->dir, map_attrs(attachment));
	else
		unmap_resources(attachment, attachment->table.nents);
}

static bool is_bounced(const struct attachment *attachment)
{
	struct scatterlist *sg;
	u64 offset = 0;
	int i;

	for_each_sgtable_dma_sg(&attachment->table, sg, i) {
		u64 len = sg_dma_len(sg);
		phys_addr_t phys = buffer_run(attachment->buffer, offset, &len);

		if (contig_dma_bounced(attachment->dev, phys,
				       sg_dma_address(sg)))
			return true;
		offset += sg_dma_len(sg);
	}
	return false;
}

static bool may_write_copy(const struct attachment *attachment)
{
	return attachment->upkeep == UPKEEP_COPY &&
	       attachment->dir != DMA_TO_DEVICE;
}

/*
 * When a CPU access begins, all of a bounce buffer is copied back, changed or not.
 * With two of them, each would overwrite what the device of the other has written.
 */
static bool copies_collide(const struct attachment *attachment)
{
	struct attachment *other;

	if (!may_write_copy(attachment))
		return false;
	list_for_each_entry(other, &attachment->buffer->attachments, entry)
		if (other != attachment && other->mapped &&
		    may_write_copy(other))
			return true;
	return false;
}

static int check_upkeep(const struct attachment *attachment)
{
	/* Copies and flushes need a cached mapping of the kernel. */
	if (!buffer_region(attachment->buffer)->mapped &&
	    (attachment->bounced || attachment->upkeep == UPKEEP_FLUSH))
		return -EOPNOTSUPP;
	return copies_collide(attachment) ? -EBUSY : 0;
}

/*
 * The DMA API decides whether to use bounce buffers, but the attributes of a mapping
 * depend on that. So predict it, and map again if the prediction was wrong.
 */
static int map_attachment(struct attachment *attachment)
{
	struct buffer *buffer = attachment->buffer;
	bool bounced = bounces(buffer, attachment->dev);
	int tries, ret;

	lockdep_assert_held(&buffer->lock);
	for (tries = 0; tries < 2; tries++) {
		attachment->bounced = bounced;
		attachment->upkeep = find_upkeep(attachment);
		ret = check_upkeep(attachment);
		if (ret)
			return ret;
		flush_uncached(attachment);
		ret = map_table(attachment);
		if (ret)
			return ret;
		bounced = is_bounced(attachment);
		if (bounced == attachment->bounced)
			return 0;
		unmap_table(attachment);
	}
	return -EIO;
}

/*
 * Each importer gets a copy, because the dma-buf core may scramble the pages in it.
 * Our own table is needed intact while the buffer is mapped.
 */
static struct sg_table *copy_table(const struct sg_table *table, bool paged)
{
	struct sg_table *copy = kzalloc(sizeof(*copy), GFP_KERNEL);
	struct scatterlist *from, *to;
	int i;

	if (!copy)
		return NULL;
	if (sg_alloc_table(copy, table->orig_nents, GFP_KERNEL)) {
		kfree(copy);
		return NULL;
	}
	copy->nents = table->nents;
	to = copy->sgl;
	for_each_sgtable_sg(table, from, i) {
		if (paged)
			sg_set_page(to, sg_page(from), from->length,
				    from->offset);
		else
			to->length = from->length;
		sg_dma_address(to) = sg_dma_address(from);
		sg_dma_len(to) = sg_dma_len(from);
		to = sg_next(to);
	}
	return copy;
}

static void free_copy(struct sg_table *copy)
{
	sg_free_table(copy);
	kfree(copy);
}

static struct sg_table *map_locked(struct attachment *attachment,
				   enum dma_data_direction dir)
{
	struct sg_table *copy;
	int ret;

	/* One table can only be mapped once at a time. */
	if (attachment->mapped)
		return ERR_PTR(-EBUSY);
	attachment->dir = dir;
	ret = map_attachment(attachment);
	if (ret)
		return ERR_PTR(ret);
	copy = copy_table(&attachment->table,
			  buffer_region(attachment->buffer)->paged);
	if (!copy) {
		unmap_table(attachment);
		return ERR_PTR(-ENOMEM);
	}
	attachment->mapped = true;
	return copy;
}

/**
 * buffer_map() - map a buffer for a device
 * @at: the device's attachment
 * @dir: direction of the DMA
 *
 * Unsupported devices are refused here and not by buffer_attach(): an importer that
 * does no DMA never maps the buffer, but may access it through buffer_vmap().
 *
 * Context: dma_resv of the dma-buf held; may sleep.
 * Return: a table for the importer, valid until buffer_unmap(); -EBUSY if the
 * attachment is already mapped, or if two devices would write to bounce buffers;
 * -EOPNOTSUPP if the device needs bounce buffers or flushes and the kernel does not
 * map the memory cached; -ENOMEM; -EIO; or another error of the DMA API.
 */
struct sg_table *buffer_map(struct dma_buf_attachment *at,
			    enum dma_data_direction dir)
{
	struct attachment *attachment = at->priv;
	struct buffer *buffer = attachment->buffer;
	struct sg_table *table;

	mutex_lock(&buffer->lock);
	table = map_locked(attachment, dir);
	mutex_unlock(&buffer->lock);
	return table;
}

/**
 * buffer_unmap() - undo buffer_map()
 * @at: the device's attachment
 * @table: returned by buffer_map(); freed
 * @dir: as for buffer_map()
 *
 * Context: dma_resv of the dma-buf held; may sleep.
 */
void buffer_unmap(struct dma_buf_attachment *at, struct sg_table *table,
		  enum dma_data_direction dir)
{
	struct attachment *attachment = at->priv;
	struct buffer *buffer = attachment->buffer;

	mutex_lock(&buffer->lock);
	unmap_table(attachment);
	flush_uncached(attachment);
	attachment->mapped = false;
	mutex_unlock(&buffer->lock);
	free_copy(table);
}

/**
 * buffer_detach() - undo buffer_attach()
 * @dmabuf: the buffer's dma-buf
 * @at: the importer's attachment, no longer mapped
 *
 * Context: called by the dma-buf core's detach; may sleep.
 */
void buffer_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *at)
{
	struct attachment *attachment = at->priv;
	struct buffer *buffer = dmabuf->priv;

	mutex_lock(&buffer->lock);
	list_del(&attachment->entry);
	mutex_unlock(&buffer->lock);
	sg_free_table(&attachment->table);
	kfree(attachment);
}
