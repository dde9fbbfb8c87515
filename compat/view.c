// SPDX-License-Identifier: GPL-2.0-only
/*
 * User mappings of masters and connected files, and of both in a child after fork().
 * pmem.h explains views.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../heap/api.h"
#include "../heap/kcompat.h"
#include "alloc.h"
#include "inode.h"
#include "range.h"
#include "view.h"

/**
 * struct pmem_view - one mapping in one address space
 * @users: number of VMAs that it consists of
 * @mm: the address space; only compared, never dereferenced
 * @garbage: its own zeroed page, or NULL for a view of a master
 * @forked: created after fork(); only shows garbage
 */
struct pmem_view {
	refcount_t users;
	struct mm_struct *mm;
	struct page *garbage;
	bool forked;
};

static struct pmem_view *view_new(struct vm_area_struct *vma, bool garbage)
{
	struct pmem_view *view = kzalloc(sizeof(*view), GFP_KERNEL_ACCOUNT);

	if (!view)
		return NULL;
	refcount_set(&view->users, 1);
	view->mm = vma->vm_mm;
	if (!garbage)
		return view;
	view->garbage = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!view->garbage) {
		kfree(view);
		return NULL;
	}
	/* Write back the zeros, as the mapping may be uncached. */
	contig_flush_dcache(page_address(view->garbage), page_to_phys(view->garbage), PAGE_SIZE);
	return view;
}

static void view_free(struct pmem_view *view)
{
	if (view->garbage)
		__free_page(view->garbage);
	kfree(view);
}

/*
 * A VMA was copied. If it was split or moved in the same address space, it belongs to
 * the same view. In another address space, after fork(), it belongs to no view yet, and
 * its page tables must be empty: it holds no reference to the view whose pages it would
 * show. VM_WIPEONFORK alone does not ensure that, because madvise() can clear it.
 */
static void view_vma_open(struct vm_area_struct *vma)
{
	struct pmem_view *view = vma->vm_private_data;

	if (view && view->mm == vma->vm_mm) {
		refcount_inc(&view->users);
		return;
	}
	vma->vm_private_data = NULL;
	contig_forget_copied(vma);
}

static void view_vma_close(struct vm_area_struct *vma)
{
	struct pmem_file *file = vma->vm_file->private_data;
	struct pmem_view *view = vma->vm_private_data;

	if (!view || !refcount_dec_and_test(&view->users))
		return;
	mutex_lock(&file->lock);
	if (file->view == view) {
		file->view = NULL;
		file->user_start = 0;
		file->user_len = 0;
	}
	mutex_unlock(&file->lock);
	view_free(view);
}

/* Get the view of a VMA; creates it at the first fault after fork(). */
static struct pmem_view *view_of(struct vm_area_struct *vma)
{
	struct pmem_view *view = READ_ONCE(vma->vm_private_data), *other;

	if (view)
		return view;
	view = view_new(vma, true);
	if (!view)
		return NULL;
	view->forked = true;
	/* Another thread may be here at the same time. */
	other = cmpxchg(&vma->vm_private_data, NULL, view);
	if (!other)
		return view;
	view_free(view);
	return other;
}

/* Get the page frame to show at an offset of the file. */
static unsigned long frame_at(struct pmem_file *file, struct pmem_view *view,
			      u64 offset)
{
	struct pmem_memory *memory = &file->memory;

	lockdep_assert_held(&file->lock);
	if (view->forked || !memory->dmabuf ||
	    offset >= PAGE_ALIGN(memory->len) ||
	    (file->connected && !pmem_range_shown(file, offset)))
		return page_to_pfn(view->garbage);
	return PHYS_PFN(memory->phys + offset);
}

/* A master always shows all of its memory, except after fork(). */
static bool shows_all(const struct pmem_file *file,
		      const struct pmem_view *view)
{
	lockdep_assert_held(&file->lock);
	return !view->forked && !file->connected && file->memory.dmabuf;
}

static vm_fault_t view_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct pmem_file *file = vma->vm_file->private_data;
	struct pmem_view *view = view_of(vma);
	vm_fault_t ret = VM_FAULT_FALLBACK;

	if (!view)
		return VM_FAULT_OOM;
	/*
	 * Insert the page with the lock held, to serialise with code that unmaps pages. See
	 * selftests/proofs/models/revoke.pml.
	 */
	mutex_lock(&file->lock);
	if (shows_all(file, view))
		ret = contig_fault_user(file->memory.dmabuf, vmf, order);
	else if (!order)
		ret = vmf_insert_pfn(vma, vmf->address,
				     frame_at(file, view,
					      (u64)vmf->pgoff << PAGE_SHIFT));
	mutex_unlock(&file->lock);
	return ret;
}

static vm_fault_t view_fault(struct vm_fault *vmf)
{
	return view_huge_fault(vmf, 0);
}

static const struct vm_operations_struct view_vm_ops = {
	.open		= view_vma_open,
	.close		= view_vma_close,
	.fault		= view_fault,
	.huge_fault	= CONTIG_HUGE_OP(view_huge_fault),
};

static bool maps_uncached(const struct pmem_file *file)
{
	if (file->memory.uncached)
		return true;
	return CONTIG_UNCACHED_ALIAS && (file->uncached || !file->node->cached);
}

static int mmap_master(struct pmem_file *file, struct vm_area_struct *vma)
{
	struct pmem_view *view;
	int ret;

	view = view_new(vma, false);
	if (!view)
		return -ENOMEM;
	ret = contig_map_user(file->memory.dmabuf, vma, maps_uncached(file));
	if (ret) {
		view_free(view);
		return ret;
	}
	vma->vm_private_data = view;
	vma->vm_ops = &view_vm_ops;
	file->mapped = true;
	WRITE_ONCE(file->pid, task_pid_nr(current));
	return 0;
}

/* Write back what others have written through the cache, for an uncached mapping. */
static void forget_cached(const struct pmem_file *file,
			  const struct vm_area_struct *vma)
{
	const struct pmem_memory *memory = &file->memory;
	u64 len = vma->vm_end - vma->vm_start;

	if (memory->dmabuf)
		contig_maintain(memory->dmabuf, 0,
				min_t(u64, len, memory->dmabuf->size),
				CONTIG_CLEAN_INVALIDATE);
}

static int mmap_connected(struct pmem_file *file, struct vm_area_struct *vma)
{
	struct dma_buf *dmabuf = file->memory.dmabuf;
	struct pmem_view *view;

	if (pmem_ranges_show(file))
		return -ENOMEM;
	view = view_new(vma, true);
	if (!view)
		return -ENOMEM;
	if (maps_uncached(file))
		forget_cached(file, vma);
	/* After it was revoked, it only shows garbage. */
	if (dmabuf)
		vma->vm_page_prot = contig_pgprot(dmabuf, maps_uncached(file),
						  vma->vm_page_prot);
	contig_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND |
			    VM_DONTDUMP);
	vma->vm_private_data = view;
	vma->vm_ops = &view_vm_ops;
	file->submapped = true;
	file->view = view;
	file->user_start = vma->vm_start;
	file->user_len = vma->vm_end - vma->vm_start;
	return 0;
}

static int mmap_file(struct pmem_file *file, struct vm_area_struct *vma)
{
	u64 len = vma->vm_end - vma->vm_start;
	int ret;

	lockdep_assert_held(&file->lock);
	if (file->submapped)
		return -EINVAL;
	if (!file->allocated) {
		ret = pmem_allocate(file, len, PAGE_SIZE);
		if (ret)
			return ret;
	}
	if (file->memory.len < len)
		return -EINVAL;
	/* Page tables of children start empty; their faults insert garbage. */
	contig_vm_flags_set(vma, VM_WIPEONFORK);
	return file->connected ? mmap_connected(file, vma) :
				 mmap_master(file, vma);
}

/**
 * pmem_mmap() - map a file
 * @filp: the file
 * @vma: the VMA
 *
 * The first mapping of an empty file allocates its memory. If the mapping then fails,
 * the file keeps the allocation.
 *
 * Context: mmap_lock held for writing; may sleep.
 * Return: 0; -EINVAL for an offset, a private mapping, a mapping longer than the
 * allocation, or a second mapping of a connected file; -ENOMEM; -EINTR after a fatal
 * signal.
 */
int pmem_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct pmem_file *file = filp->private_data;
	int ret;

	if (vma->vm_pgoff || !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/*
	 * This also locks the VMA for writing until mmap() is done. Do it before taking file->lock,
	 * because faults take file->lock with the VMA lock held.
	 */
	contig_vm_flags_set(vma, VM_DONTEXPAND);
	ret = mutex_lock_killable(&file->lock);
	if (ret)
		return ret;
	ret = mmap_file(file, vma);
	mutex_unlock(&file->lock);
	return ret;
}

/**
 * pmem_get_unmapped_area() - find an address at which to map a file
 * @filp: the file
 * @addr: address that the caller prefers
 * @len: bytes
 * @pgoff: first page
 * @flags: of mmap()
 *
 * Chooses an address at which PMDs can map the memory. If the file has no memory yet,
 * mmap() allocates it. This assumes that it will begin at a PMD boundary, which is
 * likely if its length is a PMD or more.
 *
 * Context: mmap_lock held; may sleep.
 * Return: an address, or a negative errno.
 */
unsigned long pmem_get_unmapped_area(struct file *filp, unsigned long addr,
				     unsigned long len, unsigned long pgoff,
				     unsigned long flags)
{
	struct pmem_file *file = filp->private_data;
	int ret = mutex_lock_killable(&file->lock);

	if (ret)
		return ret;
	pgoff += PHYS_PFN(file->memory.phys & ~PMD_MASK);
	mutex_unlock(&file->lock);
	return contig_get_unmapped_area(filp, addr, len, pgoff, flags);
}

/* Does a VMA map the memory of a file, through that file, another one, or the dma-buf? */
static bool vma_is_of(const struct vm_area_struct *vma,
		      const struct pmem_file *file,
		      const struct dma_buf *dmabuf)
{
	struct pmem_file *other;
	bool same;

	if (!vma->vm_file)
		return false;
	if (vma->vm_file == file->file)
		return true;
	if (!dmabuf)
		return false;
	if (vma->vm_file == dmabuf->file)
		return true;
	other = pmem_file_of(vma->vm_file);
	if (!other)
		return false;
	mutex_lock(&other->lock);
	same = other->memory.dmabuf == dmabuf;
	mutex_unlock(&other->lock);
	return same;
}

/**
 * pmem_user_part() - translate the start of a user range
 * @file: a file
 * @dmabuf: its memory, held by the caller; or NULL
 * @addr: address in the caller's address space
 * @len: bytes, not 0
 * @offset: filled in with the offset of @addr in the memory, in bytes
 *
 * The mapping may change at any time, so only use the offset afterwards.
 *
 * Context: takes the mmap_lock, so file->lock and the locks below it must not be held.
 * Return: how many bytes of the range, from @addr on, one VMA maps of the memory; 0 if
 * @addr is not in such a VMA.
 */
unsigned long pmem_user_part(struct pmem_file *file, struct dma_buf *dmabuf,
			     unsigned long addr, unsigned long len, u64 *offset)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long part = 0;

	if (!mm)
		return 0;
	mmap_read_lock(mm);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr && vma_is_of(vma, file, dmabuf)) {
		*offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) +
			  (addr - vma->vm_start);
		part = min(len, vma->vm_end - addr);
	}
	mmap_read_unlock(mm);
	return part;
}
