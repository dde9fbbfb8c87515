// SPDX-License-Identifier: GPL-2.0-only
/* Attachments: the devices that import a buffer, and its memory mapped for them. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "buffer_internal.h"
#include "kcompat.h"

/* The longest segment that the device takes from @phys on, in bytes. */
static size_t segment_size(struct device *dev, phys_addr_t phys, size_t max)
{
	unsigned long boundary = dma_get_seg_boundary(dev);
	u64 to_boundary = (u64)boundary - (phys & boundary) + 1;

	/* 0 after an overflow: there is no boundary. */
	return to_boundary ? min_t(u64, max, to_boundary) : max;
}

static size_t max_segment(struct device *dev, phys_addr_t phys, size_t size)
{
	size_t max = min_t(size_t, dma_get_max_seg_size(dev), UINT_MAX);

	if (contig_dma_bounces(dev, phys, size))
		max = min(max, dma_max_mapping_size(dev));
	return max_t(size_t, max & PAGE_MASK, PAGE_SIZE);
}

/* As few entries as the device can take. */
static int fill_table(struct sg_table *table, struct device *dev,
		      const struct buffer *buffer)
{
	u64 phys = buffer_phys(buffer), end = phys + buffer->size;
	size_t max = max_segment(dev, phys, buffer->size);
	struct scatterlist *sg;
	unsigned int nents = 0;
	int i, ret;

	for (; phys < end; nents++)
		phys += segment_size(dev, phys, min_t(u64, max, end - phys));
	ret = sg_alloc_table(table, nents, GFP_KERNEL);
	if (ret)
		return ret;

	phys = buffer_phys(buffer);
	for_each_sgtable_sg(table, sg, i) {
		size_t len = segment_size(dev, phys,
					  min_t(u64, max, end - phys));

		if (buffer_region(buffer)->paged)
			sg_set_page(sg, pfn_to_page(PHYS_PFN(phys)), len,
				    offset_in_page(phys));
		else
			sg->length = len;
		phys += len;
	}
	return 0;
}

/**
 * buffer_attach() - begin to import a buffer
 * @dmabuf: its dma-buf
 * @at: the importer's attachment; gets ours
 *
 * Context: of the dma-buf core's attach; may sleep.
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

/* Memory that is never cached needs no maintenance; a copy of it in bounce buffers does. */
static unsigned long map_attrs(const struct attachment *attachment)
{
	if (attachment->buffer->heap->uncached && !attachment->bounced)
		return DMA_ATTR_SKIP_CPU_SYNC;
	return 0;
}

/* Without struct pages there is only the DMA API for foreign memory. */
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
	phys_addr_t phys = buffer_phys(attachment->buffer);
	struct sg_table *table = &attachment->table;
	struct scatterlist *sg;
	int i;

	for_each_sgtable_sg(table, sg, i) {
		dma_addr_t dma = dma_map_resource(attachment->dev, phys,
						  sg->length, attachment->dir,
						  DMA_ATTR_SKIP_CPU_SYNC);

		if (dma_mapping_error(attachment->dev, dma)) {
			unmap_resources(attachment, i);
			return -EIO;
		}
		sg_dma_address(sg) = dma;
		sg_dma_len(sg) = sg->length;
		phys += sg->length;
	}
	table->nents = table->orig_nents;
	return 0;
}

static bool needs_maintenance(const struct attachment *attachment)
{
	struct scatterlist *sg;
	int i;

	if (attachment->buffer->heap->uncached)
		return attachment->bounced;
	for_each_sgtable_dma_sg(&attachment->table, sg, i)
		if (dma_need_sync(attachment->dev, sg_dma_address(sg)))
			return true;
	return false;
}

static int map_attachment(struct attachment *attachment)
{
	struct buffer *buffer = attachment->buffer;
	struct region *region = buffer_region(buffer);

	lockdep_assert_held(&buffer->lock);
	attachment->bounced = contig_dma_bounces(attachment->dev,
						 buffer_phys(buffer),
						 buffer->size);
	/* Bouncing copies through the linear map. */
	if (attachment->bounced && !region->mapped)
		return -EOPNOTSUPP;
	if (!region->paged)
		return map_resources(attachment);
	if (attachment->bounced && buffer->heap->uncached)
		buffer_flush(buffer, 0, buffer->size);
	return dma_map_sgtable(attachment->dev, &attachment->table,
			       attachment->dir, map_attrs(attachment));
}

/**
 * buffer_map() - map a buffer for a device
 * @at: the device's attachment
 * @dir: who will write
 *
 * Context: dma_resv of the dma-buf held; may sleep.
 * Return: the attachment's table; -EBUSY if that is mapped already; -EOPNOTSUPP
 * where bounce buffers would be needed and there can be none; or what the DMA API
 * fails with.
 */
struct sg_table *buffer_map(struct dma_buf_attachment *at,
			    enum dma_data_direction dir)
{
	struct attachment *attachment = at->priv;
	struct buffer *buffer = attachment->buffer;
	int ret = -EBUSY;

	mutex_lock(&buffer->lock);
	/* One table can only be mapped once at a time. */
	if (!attachment->mapped) {
		attachment->dir = dir;
		ret = map_attachment(attachment);
	}
	if (!ret) {
		attachment->maintained = needs_maintenance(attachment);
		attachment->mapped = true;
	}
	mutex_unlock(&buffer->lock);
	return ret ? ERR_PTR(ret) : &attachment->table;
}

/**
 * buffer_unmap() - undo buffer_map()
 * @at: the device's attachment
 * @table: what buffer_map() returned
 * @dir: as it was mapped
 *
 * Context: dma_resv of the dma-buf held; may sleep.
 */
void buffer_unmap(struct dma_buf_attachment *at, struct sg_table *table,
		  enum dma_data_direction dir)
{
	struct attachment *attachment = at->priv;
	struct buffer *buffer = attachment->buffer;

	mutex_lock(&buffer->lock);
	if (buffer_region(buffer)->paged)
		dma_unmap_sgtable(attachment->dev, table, attachment->dir,
				  map_attrs(attachment));
	else
		unmap_resources(attachment, table->nents);
	if (attachment->bounced && buffer->heap->uncached)
		buffer_flush(buffer, 0, buffer->size);
	attachment->mapped = false;
	mutex_unlock(&buffer->lock);
}

/**
 * buffer_detach() - an importer goes
 * @dmabuf: the buffer's dma-buf
 * @at: the importer's attachment, not mapped any more
 *
 * Context: of the dma-buf core's detach; may sleep.
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
