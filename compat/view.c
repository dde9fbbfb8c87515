// SPDX-License-Identifier: GPL-2.0-only
/*
 * User mappings of files: masters, connected files, and what is left of either
 * in a child after fork. See pmem.h for what a view is.
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
 * @users: VMAs that it consists of
 * @mm: the address space; only ever compared, and only from a VMA in it
 * @garbage: zeroed page of this view's own, or NULL for a master's
 * @forked: shows nothing but garbage
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
	/* The mapping may be uncached, and is to show zeros all the same. */
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
 * A VMA that was copied: cut or moved in its own address space, it belongs to
 * the same view; in another one, that is after fork, to none yet. There it has
 * to be empty, or it would show pages of a view that nothing keeps for it, and
 * VM_WIPEONFORK alone does not see to that: madvise() takes it away.
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

/* The view of a VMA, made now if this is the first touch after a fork. */
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

/* The page frame to show at a place of the file; with its lock held. */
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

/* A master in its own process shows all of its memory, always. */
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
	 * Inserting below the lock keeps it in order with whoever takes pages out:
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

/* What others have written through the cache is what an uncached mapping shows. */
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
	/* Without a master, all that is shown is garbage. */
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
	/* Children start with nothing in their page tables, and get garbage. */
	contig_vm_flags_set(vma, VM_WIPEONFORK);
	return file->connected ? mmap_connected(file, vma) :
				 mmap_master(file, vma);
}

/**
 * pmem_mmap() - map a file
 * @filp: the file
 * @vma: where
 *
 * The first mapping of an empty file allocates. An error after that leaves the
 * allocation on the file.
 *
 * Context: mmap_lock held for writing; may sleep.
 * Return: 0; -EINVAL for an offset, a private mapping, a mapping longer than the
 * allocation, or a second one of a connected file; -ENOMEM.
 */
int pmem_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct pmem_file *file = filp->private_data;
	int ret;

	if (vma->vm_pgoff || !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/*
	 * Locks the VMA for writing, which lasts until mmap() is done: faults take file->lock below
	 * the lock of a VMA.
	 */
	contig_vm_flags_set(vma, VM_DONTEXPAND);
	mutex_lock(&file->lock);
	ret = mmap_file(file, vma);
	mutex_unlock(&file->lock);
	return ret;
}

/**
 * pmem_get_unmapped_area() - where to map a file
 * @filp: the file
 * @addr: where the caller would like it
 * @len: bytes
 * @pgoff: first page
 * @flags: of mmap()
 *
 * Where whole PMDs can show the memory. If the file has none yet, mmap()
 * allocates it: then anything of a PMD or more begins on a PMD's boundary, unless
 * that place was taken.
 *
 * Context: mmap_lock held; may sleep.
 * Return: an address, or a negative errno.
 */
unsigned long pmem_get_unmapped_area(struct file *filp, unsigned long addr,
				     unsigned long len, unsigned long pgoff,
				     unsigned long flags)
{
	struct pmem_file *file = filp->private_data;

	mutex_lock(&file->lock);
	pgoff += PHYS_PFN(file->memory.phys & ~PMD_MASK);
	mutex_unlock(&file->lock);
	return contig_get_unmapped_area(filp, addr, len, pgoff, flags);
}

/* Does a VMA show the memory of a file, be it by another file, or by the dma-buf itself? */
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
 * pmem_user_part() - what a user range begins with
 * @file: a file
 * @dmabuf: its memory, held by the caller; or NULL
 * @addr: address in the caller's address space
 * @len: bytes, not 0
 * @offset: filled in with what is at @addr, in bytes of the memory
 *
 * The answer is about this moment: nothing but the offset may be used later.
 *
 * Context: takes the mmap_lock, so none of file->lock and below may be held.
 * Return: how many bytes of the range one VMA shows of the memory; 0 if none at
 * @addr does.
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
