// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers: the one dma-buf exporter for all heaps.
 *
 * A buffer is an extent of its heap's region from birth to release. Its place
 * and its size never change, so that whatever only needs those takes no lock.
 * The dma-buf owns the buffer; whoever can reach the memory (fd, CPU mapping,
 * attachment, kernel mapping) holds a reference on the dma-buf; and the release
 * of the dma-buf gives the extent back. The buffer holds its heap, the heap its
 * region; the dma-buf pins the module.
 *
 * Caches. A buffer of a cached heap is mapped write-back everywhere, and the
 * DMA API maintains caches for those devices that need it. A buffer of an
 * uncached heap is flushed when it is born and mapped write-combined, so that
 * nothing has to be maintained, with one exception: a device that cannot reach
 * it is served by the DMA API through bounce buffers, and those are copied from
 * and to the cached view. Where mapping for a device drops what caches hold,
 * cached buffers are flushed when they are born, too.
 */
#include <linux/ctype.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include <uapi/linux/dma-buf.h>

#include "api.h"
#include "buffer.h"
#include "heap.h"
#include "kcompat.h"
#include "region.h"
#include "trace.h"

/**
 * struct buffer - what a dma-buf of ours is about
 * @heap: where it was allocated; a reference is held
 * @dmabuf: the dma-buf, which owns this
 * @extent: its memory
 * @size: bytes that users see, a multiple of the page size
 * @lock: protects @attachments with what is in them, @vmaps and @vaddr
 * @attachments: importers, by struct attachment.entry
 * @vmaps: kernel mappings handed out
 * @vaddr: the kernel mapping, while @vmaps is not 0
 * @entry: in region->buffers; protected by region->lock
 * @inode: number of the dma-buf's inode, which goes before the buffer does
 * @born: when, on the boot-time clock
 * @pid: thread group that allocated it, in the initial namespace
 * @comm: name of the thread that did
 */
struct buffer {
	struct heap *heap;
	struct dma_buf *dmabuf;
	struct extent extent;
	u64 size;
	struct mutex lock;
	struct list_head attachments;
	unsigned int vmaps;
	void *vaddr;
	struct list_head entry;
	u64 inode;
	ktime_t born;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct attachment - one importer of a buffer
 * @buffer: the buffer
 * @dev: the importing device
 * @table: the memory for @dev; owned by the attachment
 * @entry: in buffer->attachments
 * @dir: direction of the mapping
 * @mapped: @table is mapped for @dev; @dir and the flags below are valid
 * @bounced: through bounce buffers
 * @maintained: the CPU's accesses need maintenance for this mapping
 *
 * All but the first three are protected by buffer->lock.
 */
struct attachment {
	struct buffer *buffer;
	struct device *dev;
	struct sg_table table;
	struct list_head entry;
	enum dma_data_direction dir;
	bool mapped;
	bool bounced;
	bool maintained;
};

static struct region *buffer_region(const struct buffer *buffer)
{
	return buffer->heap->region;
}

/* Where the buffer is: the only reader of its place. */
static phys_addr_t buffer_phys(const struct buffer *buffer)
{
	return buffer->extent.phys;
}

static u64 buffer_offset(const struct buffer *buffer)
{
	return buffer_phys(buffer) - buffer_region(buffer)->base;
}

/* Bring cache and memory to the same contents. May sleep: it can be gigabytes. */
static void buffer_flush(const struct buffer *buffer, u64 offset, u64 len)
{
	struct region *region = buffer_region(buffer);
	phys_addr_t phys = buffer_phys(buffer) + offset;

	if (region->mapped)
		region_flush(region_vaddr(region, phys), phys, len);
}

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

static int buffer_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *at)
{
	struct buffer *buffer = dmabuf->priv;
	struct attachment *attachment;
	int ret;

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

static void buffer_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *at)
{
	struct attachment *attachment = at->priv;
	struct buffer *buffer = dmabuf->priv;

	mutex_lock(&buffer->lock);
	list_del(&attachment->entry);
	mutex_unlock(&buffer->lock);
	sg_free_table(&attachment->table);
	kfree(attachment);
}

/* Memory without a linear mapping: nothing may touch it but the device. */
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

static struct sg_table *buffer_map(struct dma_buf_attachment *at,
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

static void buffer_unmap(struct dma_buf_attachment *at, struct sg_table *table,
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

/* Hand [offset, offset + len) of a mapping over to the CPU or to the device. */
static void sync_mapping(const struct attachment *attachment, u64 offset,
			 u64 len, bool for_cpu)
{
	const struct sg_table *whole = &attachment->table;
	struct device *dev = attachment->dev;
	struct scatterlist *sg;
	u64 end = offset + len;
	u64 pos = 0;
	int i;

	/*
	 * In the terms in which it was mapped: the checks of the DMA API do not
	 * know others when a device has the same memory mapped twice.
	 */
	if (len == attachment->buffer->size) {
		if (for_cpu)
			dma_sync_sg_for_cpu(dev, whole->sgl, whole->orig_nents,
					    attachment->dir);
		else
			dma_sync_sg_for_device(dev, whole->sgl,
					       whole->orig_nents,
					       attachment->dir);
		return;
	}
	for_each_sgtable_dma_sg(whole, sg, i) {
		u64 from = max(offset, pos);
		u64 to = min(end, pos + sg_dma_len(sg));

		if (from < to && for_cpu)
			dma_sync_single_for_cpu(dev, sg_dma_address(sg) +
						(from - pos), to - from,
						attachment->dir);
		else if (from < to)
			dma_sync_single_for_device(dev, sg_dma_address(sg) +
						   (from - pos), to - from,
						   attachment->dir);
		pos += sg_dma_len(sg);
	}
}

/*
 * The direction of the CPU's access decides only whether there is anything to
 * do; the maintenance follows the direction of the mapping. A CPU that is about
 * to write a part of a cache line needs the device's data in the rest of it,
 * and a device that is to overwrite memory must not have the CPU's lines evicted
 * over what it wrote.
 */
static bool needs_sync(const struct attachment *attachment,
		       enum dma_data_direction dir, bool start)
{
	if (!attachment->mapped || !attachment->maintained)
		return false;
	/* The CPU has changed nothing, or the device will have not. */
	return start ? attachment->dir != DMA_TO_DEVICE :
		       dir != DMA_FROM_DEVICE;
}

/*
 * Some kernels want a sync for every device behind an IOMMU, and then do nothing
 * for those that snoop: such a sync is no one else's.
 */
static bool goes_around_cache(const struct attachment *attachment)
{
	return !attachment->bounced && !dev_is_dma_coherent(attachment->dev);
}

/*
 * Of two devices that go around the cache, the one whose sync does all that the
 * other one needs: write back what the CPU has changed before the device's
 * turn, forget what it has read before the CPU's.
 */
static bool covers(const struct attachment *one, const struct attachment *other)
{
	if (one->dir == other->dir || one->dir == DMA_BIDIRECTIONAL)
		return true;
	return one->dir == DMA_TO_DEVICE && other->dir == DMA_FROM_DEVICE;
}

static void sync_alone(struct attachment *attachment, u64 offset, u64 len,
		       bool start)
{
	struct buffer *buffer = attachment->buffer;
	bool uncached = buffer->heap->uncached;

	if (uncached && !start)
		buffer_flush(buffer, offset, len);
	sync_mapping(attachment, offset, len, start);
	if (uncached && start)
		buffer_flush(buffer, offset, len);
}

/*
 * There is one cache, however many devices: it is maintained for one of those
 * that go around it. Bounce buffers are each device's own. They come second,
 * because what is copied out of them must not be forgotten by the cache again.
 */
static void sync_attachments(struct buffer *buffer, u64 offset, u64 len,
			     enum dma_data_direction dir, bool start)
{
	struct attachment *attachment, *chosen = NULL;
	unsigned int devices = 0, passes = 0;

	mutex_lock(&buffer->lock);
	list_for_each_entry(attachment, &buffer->attachments, entry) {
		if (!needs_sync(attachment, dir, start))
			continue;
		devices++;
		if (goes_around_cache(attachment) &&
		    (!chosen || !covers(chosen, attachment)))
			chosen = attachment;
	}
	if (chosen) {
		sync_mapping(chosen, offset, len, start);
		passes++;
	}
	list_for_each_entry(attachment, &buffer->attachments, entry) {
		if (goes_around_cache(attachment) ||
		    !needs_sync(attachment, dir, start))
			continue;
		sync_alone(attachment, offset, len, start);
		passes++;
	}
	mutex_unlock(&buffer->lock);
	trace_contig_sync(buffer->heap, offset, len, dir, start, devices,
			  passes);
}

static int buffer_begin_cpu_access(struct dma_buf *dmabuf,
				   enum dma_data_direction dir)
{
	struct buffer *buffer = dmabuf->priv;

	sync_attachments(buffer, 0, buffer->size, dir, true);
	return 0;
}

static int buffer_end_cpu_access(struct dma_buf *dmabuf,
				 enum dma_data_direction dir)
{
	struct buffer *buffer = dmabuf->priv;

	sync_attachments(buffer, 0, buffer->size, dir, false);
	return 0;
}

static pgprot_t buffer_pgprot(const struct buffer *buffer, pgprot_t prot)
{
	return buffer->heap->uncached ? pgprot_writecombine(prot) : prot;
}

/* The frame that a VMA of a buffer shows at an address. */
static unsigned long frame_at(const struct buffer *buffer,
			      const struct vm_area_struct *vma,
			      unsigned long addr)
{
	return PHYS_PFN(buffer_phys(buffer)) + vma->vm_pgoff +
	       ((addr - vma->vm_start) >> PAGE_SHIFT);
}

static bool is_congruent(unsigned long addr, unsigned long pfn)
{
	return !((addr ^ PFN_PHYS(pfn)) & ~PMD_MASK);
}

/* The part of a VMA that whole PMDs can show; false, and nothing set, if there is none. */
static bool huge_part(const struct buffer *buffer,
		      const struct vm_area_struct *vma, unsigned long *start,
		      unsigned long *end)
{
	if (!CONTIG_HUGE ||
	    !is_congruent(vma->vm_start, frame_at(buffer, vma, vma->vm_start)))
		return false;
	if (ALIGN(vma->vm_start, PMD_SIZE) >= ALIGN_DOWN(vma->vm_end, PMD_SIZE))
		return false;
	*start = ALIGN(vma->vm_start, PMD_SIZE);
	*end = ALIGN_DOWN(vma->vm_end, PMD_SIZE);
	return true;
}

static pgprot_t page_prot(const struct vm_area_struct *vma)
{
	return contig_pgprot_young_dirty(vma->vm_page_prot,
					 vma->vm_flags & VM_WRITE);
}

static int map_frames(const struct buffer *buffer, struct vm_area_struct *vma,
		      unsigned long start, unsigned long end)
{
	if (start == end)
		return 0;
	return remap_pfn_range(vma, start, frame_at(buffer, vma, start),
			       end - start, page_prot(vma));
}

/*
 * What takes entries for pages is mapped here and now, so that no access to it
 * ever faults. A module can insert an entry for a PMD in a fault only, so each
 * of those is left to the first access to it.
 */
static int map_for_user(struct buffer *buffer, struct vm_area_struct *vma)
{
	unsigned long pages = buffer->size >> PAGE_SHIFT;
	unsigned long start = vma->vm_end, end = vma->vm_end;
	int ret;

	/* What is written to a private copy never reaches a device. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff > pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;

	if (huge_part(buffer, vma, &start, &end))
		contig_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND |
				    VM_DONTDUMP | VM_HUGEPAGE);
	ret = map_frames(buffer, vma, vma->vm_start, start);
	return ret ?: map_frames(buffer, vma, end, vma->vm_end);
}

/* Is it one of the pages of the buffer, whatever has happened to the VMA? */
static bool is_in_buffer(const struct buffer *buffer,
			 const struct vm_fault *vmf)
{
	return vmf->pgoff < buffer->size >> PAGE_SHIFT;
}

/*
 * The pages of a PMD that was there, or would have been, but that can no longer
 * be one: the VMA was cut, moved, or denied huge pages.
 */
static vm_fault_t fault_pages(const struct buffer *buffer, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = max(vma->vm_start, vmf->address & PMD_MASK);
	unsigned long end = min(vma->vm_end - 1, vmf->address | ~PMD_MASK);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (!is_in_buffer(buffer, vmf))
		return VM_FAULT_SIGBUS;
	for (; addr < end; addr += PAGE_SIZE) {
		ret = vmf_insert_pfn_prot(vma, addr,
					  frame_at(buffer, vma, addr),
					  page_prot(vma));
		if (ret != VM_FAULT_NOPAGE)
			break;
	}
	return ret;
}

static vm_fault_t fault_pmd(const struct buffer *buffer, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PMD_MASK;
	unsigned long pfn = frame_at(buffer, vma, addr);

	if (addr < vma->vm_start || vma->vm_end - addr < PMD_SIZE ||
	    !is_congruent(addr, pfn))
		return VM_FAULT_FALLBACK;
	if (!is_in_buffer(buffer, vmf))
		return VM_FAULT_SIGBUS;
	return contig_insert_pmd(vmf, pfn);
}

static vm_fault_t fault_for_user(const struct buffer *buffer,
				 struct vm_fault *vmf, unsigned int order)
{
	if (!order)
		return fault_pages(buffer, vmf);
	return order == PMD_SHIFT - PAGE_SHIFT ? fault_pmd(buffer, vmf) :
						 VM_FAULT_FALLBACK;
}

static vm_fault_t buffer_fault(struct vm_fault *vmf)
{
	return fault_for_user(vmf->vma->vm_private_data, vmf, 0);
}

static vm_fault_t __maybe_unused buffer_huge_fault(struct vm_fault *vmf,
						   unsigned int order)
{
	return fault_for_user(vmf->vma->vm_private_data, vmf, order);
}

/* The VMA's file is the dma-buf's, which keeps the buffer. */
static const struct vm_operations_struct buffer_vm_ops = {
	.fault		= buffer_fault,
	.huge_fault	= CONTIG_HUGE_OP(buffer_huge_fault),
};

static int buffer_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct buffer *buffer = dmabuf->priv;

	vma->vm_page_prot = buffer_pgprot(buffer, vma->vm_page_prot);
	vma->vm_private_data = buffer;
	vma->vm_ops = &buffer_vm_ops;
	return map_for_user(buffer, vma);
}

/* Cached views exist already; a write-combined one of system memory does not. */
static bool has_kernel_view(const struct buffer *buffer)
{
	return !buffer_region(buffer)->mapped || !buffer->heap->uncached;
}

static void *map_for_kernel(const struct buffer *buffer)
{
	unsigned long nr = buffer->size >> PAGE_SHIFT, i;
	struct page **pages;
	void *vaddr;

	if (has_kernel_view(buffer))
		return region_vaddr(buffer_region(buffer), buffer_phys(buffer));

	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++)
		pages[i] = pfn_to_page(PHYS_PFN(buffer_phys(buffer))) + i;
	vaddr = vmap(pages, nr, VM_MAP, buffer_pgprot(buffer, PAGE_KERNEL));
	kvfree(pages);
	return vaddr;
}

static int buffer_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct buffer *buffer = dmabuf->priv;
	int ret = 0;

	mutex_lock(&buffer->lock);
	if (!buffer->vmaps)
		buffer->vaddr = map_for_kernel(buffer);
	if (buffer->vaddr) {
		buffer->vmaps++;
		iosys_map_set_vaddr(map, buffer->vaddr);
	} else {
		ret = -ENOMEM;
	}
	mutex_unlock(&buffer->lock);
	return ret;
}

static void buffer_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct buffer *buffer = dmabuf->priv;

	mutex_lock(&buffer->lock);
	if (!--buffer->vmaps) {
		if (!has_kernel_view(buffer))
			vunmap(buffer->vaddr);
		buffer->vaddr = NULL;
	}
	mutex_unlock(&buffer->lock);
	iosys_map_clear(map);
}

static void buffer_free(struct buffer *buffer)
{
	struct region *region = buffer_region(buffer);

	region->ops->free(region, &buffer->extent);
	mutex_destroy(&buffer->lock);
	heap_put(buffer->heap);
	kfree(buffer);
}

static void buffer_release(struct dma_buf *dmabuf)
{
	struct buffer *buffer = dmabuf->priv;
	struct region *region = buffer_region(buffer);

	mutex_lock(&region->lock);
	list_del(&buffer->entry);
	buffer->heap->buffers--;
	buffer->heap->bytes -= buffer->size;
	region->nr_buffers--;
	mutex_unlock(&region->lock);
	trace_contig_free(buffer->heap, buffer->size, buffer_offset(buffer));
	buffer_free(buffer);
}

static const struct dma_buf_ops buffer_ops = {
	.attach			= buffer_attach,
	.detach			= buffer_detach,
	.map_dma_buf		= buffer_map,
	.unmap_dma_buf		= buffer_unmap,
	.begin_cpu_access	= buffer_begin_cpu_access,
	.end_cpu_access		= buffer_end_cpu_access,
	.mmap			= buffer_mmap,
	.vmap			= buffer_vmap,
	.vunmap			= buffer_vunmap,
	.release		= buffer_release,
};

/**
 * buffer_sync() - begin or end the CPU's access to a part of a buffer
 * @dmabuf: any dma-buf
 * @offset: first byte
 * @len: bytes
 * @dir: DMA_FROM_DEVICE to read, DMA_TO_DEVICE to write, or both
 * @start: begin, otherwise end
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if @dmabuf is not ours, or the range is empty or not in it.
 */
int buffer_sync(struct dma_buf *dmabuf, u64 offset, u64 len,
		enum dma_data_direction dir, bool start)
{
	struct buffer *buffer = dmabuf->priv;

	if (dmabuf->ops != &buffer_ops)
		return -EINVAL;
	if (!len || offset > buffer->size || len > buffer->size - offset)
		return -EINVAL;
	sync_attachments(buffer, offset, len, dir, start);
	return 0;
}

/**
 * buffer_phase() - where a buffer begins within a huge page
 * @dmabuf: any dma-buf
 * @modulus: bytes
 * @phase: physical address modulo @modulus; filled in
 *
 * No more than the number of faults of a mapping tells anybody.
 *
 * Return: 0; -EINVAL if @dmabuf is not ours, or @modulus not a power of two or
 * larger than a PMD.
 */
int buffer_phase(struct dma_buf *dmabuf, u64 modulus, u64 *phase)
{
	const struct buffer *buffer = dmabuf->priv;

	if (dmabuf->ops != &buffer_ops)
		return -EINVAL;
	if (!contig_is_power_of_2(modulus) || modulus > PMD_SIZE)
		return -EINVAL;
	*phase = buffer_phys(buffer) & (modulus - 1);
	return 0;
}

/* Takes over the extent, also when it fails. */
static struct buffer *buffer_new(struct heap *heap, u64 size,
				 const struct extent *extent)
{
	struct buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);

	if (!buffer) {
		heap->region->ops->free(heap->region, extent);
		return ERR_PTR(-ENOMEM);
	}
	buffer->heap = heap_get(heap);
	buffer->extent = *extent;
	buffer->size = size;
	mutex_init(&buffer->lock);
	INIT_LIST_HEAD(&buffer->attachments);
	buffer->born = ktime_get_boottime();
	buffer->pid = task_tgid_nr(current);
	get_task_comm(buffer->comm, current);
	/* Until its zeros have reached memory, that is still what the last owner left. */
	if (heap->uncached || contig_map_discards())
		buffer_flush(buffer, 0, size);
	return buffer;
}

static struct dma_buf *buffer_export(struct heap *heap, u64 size,
				     const struct extent *extent, u32 fd_flags)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct buffer *buffer = buffer_new(heap, size, extent);
	struct region *region = heap->region;
	struct dma_buf *dmabuf;

	if (IS_ERR(buffer))
		return ERR_CAST(buffer);
	info.exp_name = heap->name;
	info.ops = &buffer_ops;
	info.size = size;
	info.flags = fd_flags;
	info.priv = buffer;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		buffer_free(buffer);
		return dmabuf;
	}
	buffer->dmabuf = dmabuf;
	buffer->inode = file_inode(dmabuf->file)->i_ino;

	mutex_lock(&region->lock);
	list_add_tail(&buffer->entry, &region->buffers);
	heap->buffers++;
	heap->bytes += size;
	region->nr_buffers++;
	mutex_unlock(&region->lock);
	return dmabuf;
}

/* The size of a buffer for @len bytes. */
static int buffer_size(const struct heap *heap, u64 len, u64 *size)
{
	if (!len || check_add_overflow(len, (u64)PAGE_SIZE - 1, size))
		return -EINVAL;
	*size &= PAGE_MASK;
	if (*size > heap->region->size || *size > SIZE_MAX)
		return -ENOMEM;
	return 0;
}

static struct dma_buf *create(struct heap *heap, u64 len, u64 align,
			      u32 fd_flags, u64 *offset)
{
	struct region *region = heap->region;
	struct extent extent;
	u64 size;
	int ret;

	if (!contig_is_power_of_2(align))
		return ERR_PTR(-EINVAL);
	ret = buffer_size(heap, len, &size);
	if (!ret)
		ret = region->ops->alloc(region, size,
					 max_t(u64, align, PAGE_SIZE), &extent);
	if (ret)
		return ERR_PTR(ret);
	*offset = extent.phys - region->base;
	return buffer_export(heap, size, &extent, fd_flags);
}

/**
 * contig_alloc() - allocate a buffer and export it
 * @heap: the heap
 * @len: bytes, rounded up to whole pages
 * @align: alignment of the physical address in bytes, a power of two
 * @fd_flags: access mode of the dma-buf's file
 *
 * The memory is zero.
 *
 * Context: may sleep.
 * Return: a dma-buf with one reference for the caller; -EINVAL for a bad @len or
 * @align; -ENOMEM; -EINTR when a fatal signal came.
 */
struct dma_buf *contig_alloc(struct heap *heap, u64 len, u64 align,
			     u32 fd_flags)
{
	u64 offset = 0;
	struct dma_buf *dmabuf = create(heap, len, align, fd_flags, &offset);

	trace_contig_alloc(heap, len, align, offset, PTR_ERR_OR_ZERO(dmabuf));
	return dmabuf;
}

CONTIG_EXPORT(contig_alloc);

static struct dma_buf *create_at(struct heap *heap, u64 offset, u64 len,
				 u32 fd_flags)
{
	struct region *region = heap->region;
	struct extent extent;
	u64 size;
	int ret;

	if (!region->ops->alloc_at)
		return ERR_PTR(-EOPNOTSUPP);
	ret = buffer_size(heap, len, &size);
	if (!ret)
		ret = region->ops->alloc_at(region, offset, size, &extent);
	if (ret)
		return ERR_PTR(ret);
	return buffer_export(heap, size, &extent, fd_flags);
}

/**
 * contig_alloc_at() - allocate a buffer at a place of the caller's choice
 * @heap: the heap
 * @offset: where in the heap's region, in bytes, a multiple of its quantum
 * @len: bytes, rounded up to whole pages
 * @fd_flags: access mode of the dma-buf's file
 *
 * Context: may sleep.
 * Return: as contig_alloc(); also -EBUSY if the place is taken, even in part,
 * and -EOPNOTSUPP where the place cannot be chosen.
 */
struct dma_buf *contig_alloc_at(struct heap *heap, u64 offset, u64 len,
				u32 fd_flags)
{
	struct dma_buf *dmabuf = create_at(heap, offset, len, fd_flags);

	trace_contig_alloc(heap, len, PAGE_SIZE, offset,
			   PTR_ERR_OR_ZERO(dmabuf));
	return dmabuf;
}

CONTIG_EXPORT(contig_alloc_at);

/**
 * contig_place() - where a buffer is
 * @dmabuf: any dma-buf
 * @place: filled in
 *
 * Return: 0, or -EINVAL if @dmabuf is not ours.
 */
int contig_place(struct dma_buf *dmabuf, struct contig_place *place)
{
	struct buffer *buffer = dmabuf->priv;
	struct region *region;

	if (dmabuf->ops != &buffer_ops)
		return -EINVAL;
	region = buffer_region(buffer);
	*place = (struct contig_place) {
		.phys		= buffer_phys(buffer),
		.offset		= buffer_offset(buffer),
		.size		= buffer->size,
		.uncached	= buffer->heap->uncached,
		.mapped		= region->mapped,
		.vaddr		= region_vaddr(region, buffer_phys(buffer)),
	};
	return 0;
}

CONTIG_EXPORT(contig_place);

/**
 * contig_map_user() - map a buffer into an address space, for another driver
 * @dmabuf: a dma-buf of ours
 * @vma: of the other driver's file, which holds a reference on @dmabuf for as
 *	long as it is open
 * @uncached: write-combined, whatever the buffer is
 *
 * Whole PMDs are left to contig_fault_user(), which the VMA's operations have to
 * call from their fault() and huge_fault().
 *
 * Context: process context, mmap_lock held for writing; may sleep.
 * Return: 0; -EINVAL for a private mapping or one beyond the end; -ENOMEM.
 */
int contig_map_user(struct dma_buf *dmabuf, struct vm_area_struct *vma,
		    bool uncached)
{
	struct buffer *buffer = dmabuf->priv;

	if (uncached && !buffer->heap->uncached)
		buffer_flush(buffer, 0, buffer->size);
	if (uncached || buffer->heap->uncached)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return map_for_user(buffer, vma);
}

CONTIG_EXPORT(contig_map_user);

/**
 * contig_fault_user() - a fault in what contig_map_user() mapped
 * @dmabuf: the dma-buf of ours
 * @vmf: the fault
 * @order: of huge_fault(), or 0 for a fault()
 *
 * Context: process context, of a fault; does not take the mmap_lock.
 * Return: what such an operation returns.
 */
vm_fault_t contig_fault_user(struct dma_buf *dmabuf, struct vm_fault *vmf,
			     unsigned int order)
{
	return fault_for_user(dmabuf->priv, vmf, order);
}

CONTIG_EXPORT(contig_fault_user);

/**
 * contig_maintain() - cache maintenance of a part of a buffer
 * @dmabuf: a dma-buf of ours
 * @offset: first byte
 * @len: bytes
 * @clean: write back what the CPU has changed
 * @invalidate: forget what the CPU has read
 *
 * For devices that read or write the memory with no mapping of it through the
 * DMA API. To invalidate alone would lose what others wrote to the same cache
 * lines, so it cleans, too.
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL if the range is not in the buffer.
 */
int contig_maintain(struct dma_buf *dmabuf, u64 offset, u64 len, bool clean,
		    bool invalidate)
{
	struct buffer *buffer = dmabuf->priv;

	if (offset > buffer->size || len > buffer->size - offset)
		return -EINVAL;
	if (len && (clean || invalidate) && !buffer->heap->uncached)
		buffer_flush(buffer, offset, len);
	return 0;
}

CONTIG_EXPORT(contig_maintain);

/* Users choose names; a name must not look like another column or line. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (!isascii(*text) || !isprint(*text))
			*text = '?';
}

static void print_attachments(struct buffer *buffer, struct seq_file *seq)
{
	struct attachment *attachment;
	char separator = ' ';

	mutex_lock(&buffer->lock);
	list_for_each_entry(attachment, &buffer->attachments, entry) {
		seq_printf(seq, "%c%s%s", separator, dev_name(attachment->dev),
			   attachment->mapped ? "(mapped)" : "");
		separator = ',';
	}
	mutex_unlock(&buffer->lock);
	if (separator == ' ')
		seq_puts(seq, " -");
}

static void buffer_print(struct buffer *buffer, struct seq_file *seq)
{
	s64 age = ktime_ms_delta(ktime_get_boottime(), buffer->born);
	struct dma_buf *dmabuf = buffer->dmabuf;
	char name[DMA_BUF_NAME_LEN] = "-";
	char comm[TASK_COMM_LEN];
	s32 ms;

	spin_lock(&dmabuf->name_lock);
	if (dmabuf->name)
		strscpy(name, dmabuf->name, sizeof(name));
	spin_unlock(&dmabuf->name_lock);
	make_printable(name);
	strscpy(comm, buffer->comm, sizeof(comm));
	make_printable(comm);

	age = div_s64_rem(age, MSEC_PER_SEC, &ms);
	seq_printf(seq, "%12llu %12llu %8lld.%03d %8llu %8d %-16s %-24s",
		   buffer_offset(buffer), buffer->size, age, ms,
		   buffer->inode, buffer->pid, comm, buffer->heap->name);
	print_attachments(buffer, seq);
	seq_printf(seq, " %s\n", name);
}

/**
 * buffers_print() - list the live buffers of a region
 * @region: the region
 * @seq: where to
 *
 * Context: may sleep.
 */
void buffers_print(struct region *region, struct seq_file *seq)
{
	struct buffer *buffer;

	seq_printf(seq, "%12s %12s %12s %8s %8s %-16s %-24s %s\n", "offset",
		   "size", "age", "inode", "pid", "comm", "heap",
		   "attachments name");
	mutex_lock(&region->lock);
	list_for_each_entry(buffer, &region->buffers, entry)
		buffer_print(buffer, seq);
	mutex_unlock(&region->lock);
}
