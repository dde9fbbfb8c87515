// SPDX-License-Identifier: GPL-2.0-only
/* CPU mappings of buffers, for programs and for the kernel. */
#include <linux/dma-buf.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "api.h"
#include "buffer_internal.h"
#include "kcompat.h"

static pgprot_t buffer_pgprot(const struct buffer *buffer, bool uncached,
			      pgprot_t prot)
{
	if (buffer_region(buffer)->device)
		return pgprot_device(prot);
	return uncached ? pgprot_writecombine(prot) : prot;
}

/*
 * Get the page frame of a buffer that a VMA maps at an address. @end is reduced to
 * the end of the contiguous frames.
 */
static unsigned long frames_at(const struct buffer *buffer,
			       const struct vm_area_struct *vma,
			       unsigned long addr, unsigned long *end)
{
	u64 offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + addr - vma->vm_start;
	u64 len = *end - addr;
	phys_addr_t phys = buffer_run(buffer, offset, &len);

	*end = addr + len;
	return PHYS_PFN(phys);
}

static bool is_congruent(unsigned long addr, unsigned long pfn)
{
	return !((addr ^ PFN_PHYS(pfn)) & ~PMD_MASK);
}

/* Get the part of a run of frames that PMDs can map. Returns false if there is none. */
static bool huge_part(unsigned long addr, unsigned long end, unsigned long pfn,
		      unsigned long *huge, unsigned long *huge_end)
{
	if (!CONTIG_HUGE || !is_congruent(addr, pfn) ||
	    ALIGN(addr, PMD_SIZE) >= ALIGN_DOWN(end, PMD_SIZE))
		return false;
	*huge = ALIGN(addr, PMD_SIZE);
	*huge_end = ALIGN_DOWN(end, PMD_SIZE);
	return true;
}

static pgprot_t page_prot(const struct vm_area_struct *vma)
{
	return contig_pgprot_young_dirty(vma->vm_page_prot,
					 vma->vm_flags & VM_WRITE);
}

static int map_frames(struct vm_area_struct *vma, unsigned long addr,
		      unsigned long end, unsigned long pfn)
{
	if (addr == end)
		return 0;
	return remap_pfn_range(vma, addr, pfn, end - addr, page_prot(vma));
}

static int map_run(struct vm_area_struct *vma, unsigned long addr,
		   unsigned long end, unsigned long pfn)
{
	unsigned long huge = end, huge_end = end;
	int ret;

	if (huge_part(addr, end, pfn, &huge, &huge_end))
		contig_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND |
				    VM_DONTDUMP | VM_HUGEPAGE);
	ret = map_frames(vma, addr, huge, pfn);
	return ret ?: map_frames(vma, huge_end, end,
				 pfn + ((huge_end - addr) >> PAGE_SHIFT));
}

/*
 * Page entries are inserted at once, so that accesses never fault. A module can
 * insert a PMD entry only while it handles a fault, so these are left to the first
 * access.
 */
static int map_for_user(struct buffer *buffer, struct vm_area_struct *vma)
{
	unsigned long pages = buffer->size >> PAGE_SHIFT;
	unsigned long addr, end, pfn;
	int ret = 0;

	/* Writes to a private copy would never reach a device. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff > pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;

	for (addr = vma->vm_start; !ret && addr < vma->vm_end; addr = end) {
		end = vma->vm_end;
		pfn = frames_at(buffer, vma, addr, &end);
		ret = map_run(vma, addr, end, pfn);
		cond_resched();
	}
	return ret;
}

/* Is the page within the buffer? Do not rely on the VMA, which may have changed. */
static bool is_in_buffer(const struct buffer *buffer,
			 const struct vm_fault *vmf)
{
	return vmf->pgoff < buffer->size >> PAGE_SHIFT;
}

/*
 * Insert page entries instead of a PMD, if a PMD is no longer possible because the
 * VMA was split, moved, or denied huge pages.
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
		unsigned long next = addr + PAGE_SIZE;

		ret = vmf_insert_pfn_prot(vma, addr,
					  frames_at(buffer, vma, addr, &next),
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
	unsigned long end = addr + PMD_SIZE;
	unsigned long pfn;

	if (addr < vma->vm_start || vma->vm_end - addr < PMD_SIZE)
		return VM_FAULT_FALLBACK;
	if (!is_in_buffer(buffer, vmf))
		return VM_FAULT_SIGBUS;
	pfn = frames_at(buffer, vma, addr, &end);
	if (!is_congruent(addr, pfn) || end - addr < PMD_SIZE)
		return VM_FAULT_FALLBACK;
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

/* The VMA holds the file of the dma-buf, and so the buffer. */
static const struct vm_operations_struct buffer_vm_ops = {
	.fault		= buffer_fault,
	.huge_fault	= CONTIG_HUGE_OP(buffer_huge_fault),
};

/**
 * buffer_mmap() - map a buffer into an address space
 * @dmabuf: its dma-buf
 * @vma: VMA of the dma-buf's file
 *
 * PMDs are inserted later, by faults.
 *
 * Context: process context, mmap_lock held for writing; may sleep.
 * Return: as contig_map_user().
 */
int buffer_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct buffer *buffer = dmabuf->priv;

	vma->vm_page_prot = buffer_pgprot(buffer, buffer->heap->uncached,
					  vma->vm_page_prot);
	vma->vm_private_data = buffer;
	vma->vm_ops = &buffer_vm_ops;
	return map_for_user(buffer, vma);
}

/**
 * contig_pgprot() - get the page protection for mapping a buffer
 * @dmabuf: a dma-buf of ours
 * @uncached: write-combined, whatever the buffer is
 * @prot: protection of a cached mapping
 *
 * For a driver that inserts page frames itself, and does the cache maintenance.
 *
 * Return: the protection for the buffer; for a region of device memory, that of
 * device registers.
 */
pgprot_t contig_pgprot(struct dma_buf *dmabuf, bool uncached, pgprot_t prot)
{
	const struct buffer *buffer = dmabuf->priv;

	return buffer_pgprot(buffer, uncached || buffer->heap->uncached, prot);
}

CONTIG_EXPORT(contig_pgprot);

/**
 * contig_map_user() - map a buffer into an address space, for another driver
 * @dmabuf: a dma-buf of ours
 * @vma: VMA of the other driver's file, which holds a reference to @dmabuf
 *	while it is open
 * @uncached: write-combined, whatever the buffer is
 *
 * Whole PMDs are mapped later by contig_fault_user(), which the VMA's fault()
 * and huge_fault() must call.
 *
 * Context: process context, mmap_lock held for writing; may sleep.
 * Return: 0; -EINVAL for a private mapping or one beyond the end; -ENOMEM.
 */
int contig_map_user(struct dma_buf *dmabuf, struct vm_area_struct *vma,
		    bool uncached)
{
	struct buffer *buffer = dmabuf->priv;
	u64 len = vma->vm_end - vma->vm_start;

	/* Flush lines of cached mappings. A VMA that is too long fails below. */
	if (uncached && !buffer->heap->uncached)
		buffer_flush(buffer, 0, min(len, buffer->size));
	vma->vm_page_prot = contig_pgprot(dmabuf, uncached, vma->vm_page_prot);
	return map_for_user(buffer, vma);
}

CONTIG_EXPORT(contig_map_user);

/**
 * contig_fault_user() - handle a fault in a mapping of contig_map_user()
 * @dmabuf: the mapped dma-buf
 * @vmf: the fault
 * @order: order of huge_fault(), or 0 for fault()
 *
 * Context: process context of the fault; does not take the mmap_lock.
 * Return: the result for fault() or huge_fault().
 */
vm_fault_t contig_fault_user(struct dma_buf *dmabuf, struct vm_fault *vmf,
			     unsigned int order)
{
	return fault_for_user(dmabuf->priv, vmf, order);
}

CONTIG_EXPORT(contig_fault_user);

/*
 * The kernel already has a cached mapping of contiguous memory, but no write-combined
 * one of memory that it maps cached.
 */
static bool has_kernel_view(const struct buffer *buffer)
{
	if (buffer->extents.list)
		return false;
	return !buffer_region(buffer)->mapped || !buffer->heap->uncached;
}

static void *map_for_kernel(const struct buffer *buffer)
{
	unsigned long nr = buffer->size >> PAGE_SHIFT, i;
	struct page **pages;
	void *vaddr;

	if (has_kernel_view(buffer))
		return region_vaddr(buffer_region(buffer),
				    buffer->extents.one.phys);

	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++) {
		u64 len = PAGE_SIZE;

		pages[i] = pfn_to_page(PHYS_PFN(buffer_run(buffer,
							   (u64)i << PAGE_SHIFT,
							   &len)));
	}
	vaddr = vmap(pages, nr, VM_MAP,
		     buffer_pgprot(buffer, buffer->heap->uncached, PAGE_KERNEL));
	kvfree(pages);
	return vaddr;
}

/**
 * buffer_vmap() - map a buffer for the kernel
 * @dmabuf: its dma-buf
 * @map: filled in
 *
 * The dma-buf core counts users, and calls this only for the first one.
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM.
 */
int buffer_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	void *vaddr = map_for_kernel(dmabuf->priv);

	if (!vaddr)
		return -ENOMEM;
	iosys_map_set_vaddr(map, vaddr);
	return 0;
}

/**
 * buffer_vunmap() - undo buffer_vmap()
 * @dmabuf: the buffer's dma-buf
 * @map: filled in by buffer_vmap(); cleared
 *
 * Context: may sleep.
 */
void buffer_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	if (!has_kernel_view(dmabuf->priv))
		vunmap(map->vaddr);
	iosys_map_clear(map);
}
