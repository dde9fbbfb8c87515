// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/cma_mem: allocates and maps blocks of the default CMA area with one ioctl.
 * uapi/linux/cma_mem.h lists the differences from the legacy driver.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compat.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../heap/api.h"
#include "../uapi/linux/cma_mem.h"
#include "cma_mem.h"
#include "phys.h"

static bool cma_mem_phys;
module_param(cma_mem_phys, bool, 0444);
MODULE_PARM_DESC(cma_mem_phys, "show the physical addresses of /dev/cma_mem to all callers (N)");

/**
 * struct narrow_block - struct mem_block of a 32-bit caller
 * @name: as in struct mem_block
 * @is_use_buffer: as in struct mem_block
 * @id: as in struct mem_block
 * @offset: as in struct mem_block
 * @len: as in struct mem_block
 * @phy_base: as in struct mem_block
 * @mem_base: as in struct mem_block
 * @kernel_base: as in struct mem_block
 */
struct narrow_block {
	char name[10];
	char is_use_buffer;
	s32 id;
	u32 offset;
	u32 len;
	u32 phy_base;
	u32 mem_base;
	u32 kernel_base;
};

/**
 * struct cma_block - a block
 * @entry: in its file's list
 * @dmabuf: the memory
 * @name: its name, chosen by the client
 * @addr: address at which it was mapped for the process that allocated it
 * @handle: shown to unprivileged clients instead of its physical address
 * @id: its number, increasing
 */
struct cma_block {
	struct list_head entry;
	struct dma_buf *dmabuf;
	char name[sizeof_field(struct mem_block, name)];
	unsigned long addr;
	struct pmem_handle *handle;
	int id;
};

/**
 * struct cma_file - an open file
 * @lock: protects @blocks; not held while user memory is accessed or the mmap_lock
 *	is taken
 * @blocks: oldest first
 * @last_id: number of the newest block
 */
struct cma_file {
	struct mutex lock;
	struct list_head blocks;
	atomic_t last_id;
};

static struct heap *cma_heap;

static int cma_mem_open(struct inode *inode, struct file *filp)
{
	struct cma_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	INIT_LIST_HEAD(&file->blocks);
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

/* Mappings stay valid, because they hold the dma-buf. */
static void block_free(struct cma_block *block)
{
	dma_buf_put(block->dmabuf);
	pmem_handle_put(block->handle);
	kfree(block);
}

static int cma_mem_release(struct inode *inode, struct file *filp)
{
	struct cma_file *file = filp->private_data;
	struct cma_block *block, *next;

	list_for_each_entry_safe(block, next, &file->blocks, entry)
		block_free(block);
	mutex_destroy(&file->lock);
	kfree(file);
	return 0;
}

static struct cma_block *block_new(const struct mem_block *arg, u64 len)
{
	struct cma_block *block = kzalloc(sizeof(*block), GFP_KERNEL_ACCOUNT);
	struct dma_buf *dmabuf;

	if (!block)
		return ERR_PTR(-ENOMEM);
	dmabuf = contig_alloc(cma_heap, len, PAGE_SIZE, O_RDWR);
	if (IS_ERR(dmabuf)) {
		kfree(block);
		return ERR_CAST(dmabuf);
	}
	block->dmabuf = dmabuf;
	block->handle = pmem_handle_new(len);
	if (!block->handle) {
		block_free(block);
		return ERR_PTR(-ENOMEM);
	}
	memcpy(block->name, arg->name, sizeof(block->name));
	return block;
}

/* Unmap a block from the caller, if it is still mapped. May fail with -ENOMEM. */
static int block_unmap(const struct cma_block *block)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	bool ours;

	mmap_read_lock(mm);
	vma = find_vma(mm, block->addr);
	ours = vma && vma->vm_start == block->addr &&
	       vma->vm_file == block->dmabuf->file &&
	       vma->vm_end - vma->vm_start == block->dmabuf->size;
	mmap_read_unlock(mm);
	return ours ? vm_munmap(block->addr, block->dmabuf->size) : 0;
}

static void describe(const struct cma_block *block, struct mem_block *arg,
		     bool narrow)
{
	struct contig_place place = {};

	contig_place(block->dmabuf, &place);
	arg->len = place.size;
	arg->phy_base = pmem_address(block->handle, place.phys, place.size,
				     narrow, cma_mem_phys);
	arg->id = block->id;
	arg->mem_base = block->addr;
	arg->kernel_base = NULL;
}

static struct cma_block *block_map(struct cma_file *file,
				   const struct mem_block *arg)
{
	struct cma_block *block;
	unsigned long len;

	if (!arg->name[0] || !arg->len ||
	    check_add_overflow(arg->len, PAGE_SIZE - 1, &len))
		return ERR_PTR(-EINVAL);
	block = block_new(arg, len & PAGE_MASK);
	if (IS_ERR(block))
		return block;
	block->addr = vm_mmap(block->dmabuf->file, 0, block->dmabuf->size,
			      PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	if (IS_ERR_VALUE(block->addr)) {
		long ret = block->addr;

		block_free(block);
		return ERR_PTR(ret);
	}
	block->id = atomic_inc_return(&file->last_id);
	return block;
}

/* Add a block to the list, sorted by id. Other users of the file can find it now. */
static void block_publish(struct cma_file *file, struct cma_block *block)
{
	struct cma_block *older;

	mutex_lock(&file->lock);
	list_for_each_entry_reverse(older, &file->blocks, entry)
		if (older->id < block->id)
			break;
	list_add(&block->entry, &older->entry);
	mutex_unlock(&file->lock);
}

static int cma_mem_unmap(struct cma_file *file, const struct mem_block *arg)
{
	struct cma_block *block, *found = NULL;
	int ret;

	mutex_lock(&file->lock);
	list_for_each_entry(block, &file->blocks, entry) {
		if (!strncmp(block->name, arg->name, sizeof(block->name))) {
			found = block;
			list_del(&block->entry);
			break;
		}
	}
	mutex_unlock(&file->lock);
	if (!found)
		return -ENOENT;
	ret = block_unmap(found);
	if (ret) {
		/* Restore the old state. */
		block_publish(file, found);
		return ret;
	}
	block_free(found);
	return 0;
}

static int get_block(struct mem_block *block, unsigned long arg, bool narrow)
{
	struct narrow_block small;

	if (!narrow)
		return copy_from_user(block, (void __user *)arg,
				      sizeof(*block)) ? -EFAULT : 0;
	if (copy_from_user(&small, compat_ptr(arg), sizeof(small)))
		return -EFAULT;
	memcpy(block->name, small.name, sizeof(block->name));
	block->is_use_buffer = small.is_use_buffer;
	block->offset = small.offset;
	block->len = small.len;
	return 0;
}

static int put_block(const struct mem_block *block, unsigned long arg,
		     bool narrow)
{
	struct narrow_block small;

	if (!narrow)
		return copy_to_user((void __user *)arg, block,
				    sizeof(*block)) ? -EFAULT : 0;
	memset(&small, 0, sizeof(small));
	memcpy(small.name, block->name, sizeof(small.name));
	small.is_use_buffer = block->is_use_buffer;
	small.id = block->id;
	small.offset = block->offset;
	small.len = block->len;
	small.phy_base = block->phy_base;
	small.mem_base = block->mem_base;
	return copy_to_user(compat_ptr(arg), &small, sizeof(small)) ?
	       -EFAULT : 0;
}

static int do_allocate(struct cma_file *file, struct mem_block *arg,
		       unsigned long user, bool narrow)
{
	struct cma_block *block = block_map(file, arg);
	int ret;

	if (IS_ERR(block))
		return PTR_ERR(block);
	describe(block, arg, narrow);
	ret = put_block(arg, user, narrow);
	if (ret) {
		block_unmap(block);
		block_free(block);
		return ret;
	}
	block_publish(file, block);
	return 0;
}

static long any_ioctl(struct file *filp, unsigned int cmd, unsigned long arg,
		      bool narrow)
{
	struct mem_block block = {};
	int ret;

	if (cmd != CMEM_ALLOCATE && cmd != CMEM_UNMAP)
		return -ENOTTY;
	ret = get_block(&block, arg, narrow);
	if (ret)
		return ret;
	if (cmd == CMEM_UNMAP)
		return cma_mem_unmap(filp->private_data, &block);
	return do_allocate(filp->private_data, &block, arg, narrow);
}

static long cma_mem_ioctl(struct file *filp, unsigned int cmd,
			  unsigned long arg)
{
	return any_ioctl(filp, cmd, arg, false);
}

#ifdef CONFIG_COMPAT
static long cma_mem_compat_ioctl(struct file *filp, unsigned int cmd,
				 unsigned long arg)
{
	return any_ioctl(filp, cmd, (u32)arg, true);
}
#endif

/* Map the newest block, starting at the page offset. */
static int cma_mem_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct cma_file *file = filp->private_data;
	struct dma_buf *dmabuf = NULL;
	int ret;

	mutex_lock(&file->lock);
	if (!list_empty(&file->blocks)) {
		dmabuf = list_last_entry(&file->blocks, struct cma_block,
					 entry)->dmabuf;
		get_dma_buf(dmabuf);
	}
	mutex_unlock(&file->lock);
	if (!dmabuf)
		return -EINVAL;
	/* The mapping will hold the dma-buf instead of this file. */
	ret = dma_buf_mmap(dmabuf, vma, vma->vm_pgoff);
	dma_buf_put(dmabuf);
	return ret;
}

static const struct file_operations cma_mem_fops = {
	.owner		= THIS_MODULE,
	.open		= cma_mem_open,
	.release	= cma_mem_release,
	.mmap		= cma_mem_mmap,
	.unlocked_ioctl	= cma_mem_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= cma_mem_compat_ioctl,
#endif
};

static struct miscdevice cma_mem_misc = {
	.name	= "cma_mem",
	.minor	= MISC_DYNAMIC_MINOR,
	.fops	= &cma_mem_fops,
};

/**
 * cma_mem_setup() - add /dev/cma_mem, if there is a default CMA area
 *
 * Context: may sleep.
 * Return: 0, even if there is no such area; or a negative errno.
 */
int cma_mem_setup(void)
{
	struct heap *heap = contig_heap_open("cma_mem", "default_cma_region",
					     true);
	int ret;

	if (heap == ERR_PTR(-ENODEV)) {
		pr_info("no default CMA area, therefore no /dev/cma_mem\n");
		return 0;
	}
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	/* Clients may open the device before misc_register() returns. */
	cma_heap = heap;
	ret = misc_register(&cma_mem_misc);
	if (ret) {
		cma_heap = NULL;
		contig_heap_close(heap);
	}
	return ret;
}

/**
 * cma_mem_teardown() - remove /dev/cma_mem
 *
 * Context: may sleep.
 */
void cma_mem_teardown(void)
{
	if (!cma_heap)
		return;
	misc_deregister(&cma_mem_misc);
	contig_heap_close(cma_heap);
}
