// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that hands out device memory through its own heap, for tests. With "owned", it claims
 * the addresses, as drivers usually do.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "../../heap/api.h"
#include "../../heap/kcompat.h"
#include "device_memory.h"

static ulong base, size = PAGE_SIZE;
module_param(base, ulong, 0400);
MODULE_PARM_DESC(base, "address of the memory (0)");
module_param(size, ulong, 0400);
MODULE_PARM_DESC(size, "bytes of it (a page)");

static bool owned;
module_param(owned, bool, 0400);
MODULE_PARM_DESC(owned, "claim the addresses first");

static bool as_memory;
module_param(as_memory, bool, 0400);
MODULE_PARM_DESC(as_memory, "say that it is memory");

static struct heap *heap;
static struct resource *claim;

static long alloc(void)
{
	struct dma_buf *dmabuf = contig_alloc(heap, size, PAGE_SIZE, O_RDWR);
	int fd;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

static long has_vaddr(int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct contig_place place;
	int ret;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = contig_place(dmabuf, &place);
	dma_buf_put(dmabuf);
	return ret ?: !!place.vaddr;
}

static long device_memory_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case DEVICE_MEMORY_ALLOC:
		return alloc();
	case DEVICE_MEMORY_VADDR:
		return has_vaddr(arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations device_memory_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= device_memory_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice device_memory = {
	.name	= "device_memory",
	.minor	= MISC_DYNAMIC_MINOR,
	.fops	= &device_memory_fops,
};

static int __init device_memory_init(void)
{
	int ret;

	if (owned) {
		claim = request_mem_region(base, size, "device_memory");
		if (!claim)
			return -EBUSY;
	}
	heap = as_memory ? contig_heap_open_at("device_memory", base, size, PAGE_SIZE, true) :
			   contig_heap_open_device("device_memory", base, size, PAGE_SIZE);
	ret = PTR_ERR_OR_ZERO(heap);
	if (ret)
		goto release;
	ret = misc_register(&device_memory);
	if (ret)
		goto close;
	return 0;

close:
	contig_heap_close(heap);
release:
	if (claim)
		release_mem_region(base, size);
	return ret;
}

static void __exit device_memory_exit(void)
{
	misc_deregister(&device_memory);
	contig_heap_close(heap);
	if (claim)
		release_mem_region(base, size);
}

module_init(device_memory_init);
module_exit(device_memory_exit);

MODULE_DESCRIPTION("A driver with a heap over its device's memory, for tests");
MODULE_LICENSE("GPL");
CONTIG_IMPORT_NS(CONTIG_HEAPS);
CONTIG_IMPORT_NS(DMA_BUF);
