// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fake devices that import dma-bufs like drivers, controlled by test programs through
 * /dev/heap_importer. For its function and limits, see heap_importer.h.
 */
#include <linux/dma-direct.h>
#include <linux/dma-fence.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/file.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/iosys-map.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sync_file.h>

#include "heap_importer.h"
#include "importer.h"

#define MAX_DEVICES	8
#define MAX_ATTACHMENTS	32
#define MAX_VMAPS	8
#define MAX_FENCES	8
#define COPY_BYTES	SZ_64K

/**
 * struct vmapping - a dma-buf mapped into the kernel
 * @dmabuf: the dma-buf, with a reference; NULL if the number is free
 * @map: the mapping
 */
struct vmapping {
	struct dma_buf *dmabuf;
	struct iosys_map map;
};

/**
 * struct fence - represents work of a device
 * @base: the fence; must be first, because the core frees it
 * @lock: lock of @base
 */
struct fence {
	struct dma_fence base;
	spinlock_t lock;
};

/**
 * struct taken - memory that a device has allocated
 * @entry: in the file's list
 * @dev: the device
 * @vaddr: address for the driver
 * @dma: address for the device
 * @len: bytes
 */
struct taken {
	struct list_head entry;
	struct device *dev;
	void *vaddr;
	dma_addr_t dma;
	size_t len;
};

/**
 * struct importer - an open file
 * @lock: protects all fields
 * @devices: its devices; NULL if the number is free
 * @attachments: by number; free if there is no dma-buf
 * @vmaps: by number
 * @fences: unsignaled fences, by number
 * @kept: a page to which it has a reference, or NULL
 * @taken: memory of its devices
 */
struct importer {
	struct mutex lock;
	struct platform_device *devices[MAX_DEVICES];
	struct attachment attachments[MAX_ATTACHMENTS];
	struct vmapping vmaps[MAX_VMAPS];
	struct fence *fences[MAX_FENCES];
	struct page *kept;
	struct list_head taken;
};

static struct attachment *find_attachment(struct importer *importer, u32 id)
{
	if (id >= MAX_ATTACHMENTS || !importer->attachments[id].attach)
		return NULL;
	return &importer->attachments[id];
}

static struct vmapping *find_vmap(struct importer *importer, u32 id)
{
	if (id >= MAX_VMAPS || !importer->vmaps[id].dmabuf)
		return NULL;
	return &importer->vmaps[id];
}

static bool is_direction(u32 direction)
{
	return direction == DMA_BIDIRECTIONAL || direction == DMA_TO_DEVICE ||
	       direction == DMA_FROM_DEVICE;
}

/* Like a bus whose node in the device tree has dma-ranges. */
static int set_window(struct device *dev, u64 len, u64 shift)
{
	struct bus_dma_region *map = kcalloc(2, sizeof(*map), GFP_KERNEL);

	if (!map)
		return -ENOMEM;
	importer_set_region(map, len, shift);
	/* Freed with the device. */
	dev->dma_range_map = map;
	return 0;
}

static int add_device(struct importer *importer, void *arg)
{
	struct heap_importer_device *data = arg;
	struct platform_device_info info = {
		.name = "heap_importer",
		.id = PLATFORM_DEVID_AUTO,
		.dma_mask = data->dma_mask,
	};
	struct platform_device *pdev;
	u32 id;

	if (!data->dma_mask || !data->max_segment)
		return -EINVAL;
	for (id = 0; id < MAX_DEVICES; id++)
		if (!importer->devices[id])
			break;
	if (id == MAX_DEVICES)
		return -ENOSPC;
	pdev = platform_device_register_full(&info);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	if (data->window && set_window(&pdev->dev, data->window, data->shift)) {
		platform_device_unregister(pdev);
		return -ENOMEM;
	}
	dma_set_max_seg_size(&pdev->dev, data->max_segment);
	dma_set_seg_boundary(&pdev->dev, data->boundary);
	importer->devices[id] = pdev;
	data->id = id;
	return 0;
}

static int attach(struct importer *importer, void *arg)
{
	struct heap_importer_attach *data = arg;
	u32 id;
	int ret;

	if (data->device >= MAX_DEVICES || !importer->devices[data->device])
		return -EINVAL;
	for (id = 0; id < MAX_ATTACHMENTS; id++)
		if (!importer->attachments[id].attach)
			break;
	if (id == MAX_ATTACHMENTS)
		return -ENOSPC;
	ret = attachment_begin(&importer->attachments[id], data->fd,
			       &importer->devices[data->device]->dev);
	data->id = id;
	return ret;
}

static int detach(struct importer *importer, void *arg)
{
	struct attachment *attachment = find_attachment(importer, *(u32 *)arg);

	if (!attachment)
		return -EINVAL;
	attachment_end(attachment);
	return 0;
}

static int map(struct importer *importer, void *arg)
{
	struct heap_importer_map *data = arg;
	struct attachment *attachment;
	struct sg_table *table;

	attachment = find_attachment(importer, data->attachment);
	if (!attachment || !is_direction(data->direction))
		return -EINVAL;
	table = dma_buf_map_attachment_unlocked(attachment->attach,
						data->direction);
	if (IS_ERR(table))
		return PTR_ERR(table);
	data->segments = table->nents;
	if (attachment->table) {
		dma_buf_unmap_attachment_unlocked(attachment->attach, table,
						  data->direction);
		return 0;
	}
	attachment->table = table;
	attachment->direction = data->direction;
	return 0;
}

static int unmap(struct importer *importer, void *arg)
{
	struct attachment *attachment = find_attachment(importer, *(u32 *)arg);

	if (!attachment || !attachment->table)
		return -EINVAL;
	attachment_unmap(attachment);
	return 0;
}

static int segment(struct importer *importer, void *arg)
{
	struct heap_importer_segment *data = arg;
	struct attachment *attachment = find_attachment(importer, data->attachment);
	struct scatterlist *sg;

	sg = attachment ? attachment_segment(attachment, data->index) : NULL;
	if (!sg)
		return -EINVAL;
	data->address = sg_dma_address(sg);
	data->len = sg_dma_len(sg);
	return 0;
}

static int access_memory(phys_addr_t phys, void *copy, size_t len, bool write)
{
	bool mapped = region_intersects(phys, len, IORESOURCE_SYSTEM_RAM,
					IORES_DESC_NONE) == REGION_INTERSECTS;
	void *memory = memremap(phys, len, mapped ? MEMREMAP_WB : MEMREMAP_WC);

	if (!memory)
		return -ENOMEM;
	if (write)
		memcpy(memory, copy, len);
	else
		memcpy(copy, memory, len);
	memunmap(memory);
	return 0;
}

/* The access of a device: it only uses the table. */
static int device_copy(const struct attachment *attachment, u64 offset,
		       void *copy, size_t len, bool write)
{
	struct device *dev = attachment->attach->dev;
	u64 done, piece;
	int ret = 0;

	for (done = 0; done < len && !ret; done += piece) {
		dma_addr_t at;

		piece = len - done;
		at = attachment_place(attachment, offset + done, &piece);
		ret = access_memory(dma_to_phys(dev, at), copy + done, piece, write);
	}
	return ret;
}

/* Copy from the memory to the bounce buffers, or back. */
static void move_copies(struct scatterlist *sgl, int nents, bool to_copies)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		WARN_ON(access_memory(sg_phys(sg), phys_to_virt(sg_dma_address(sg)), sg->length,
				      !to_copies));
}

static void copies_for_cpu(struct device *dev, struct scatterlist *sgl, int nents,
			   enum dma_data_direction direction)
{
	if (direction != DMA_TO_DEVICE)
		move_copies(sgl, nents, false);
}

static void copies_for_device(struct device *dev, struct scatterlist *sgl, int nents,
			      enum dma_data_direction direction)
{
	move_copies(sgl, nents, true);
}

static void free_copies(struct scatterlist *sgl, int nents)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		free_pages_exact(phys_to_virt(sg_dma_address(sg)), sg->length);
}

static int map_copies(struct device *dev, struct scatterlist *sgl, int nents,
		      enum dma_data_direction direction, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		void *copy = alloc_pages_exact(sg->length, GFP_KERNEL);

		if (!copy) {
			free_copies(sgl, i);
			return -ENOMEM;
		}
		sg_dma_address(sg) = virt_to_phys(copy);
		sg_dma_len(sg) = sg->length;
	}
	move_copies(sgl, nents, true);
	return nents;
}

static void unmap_copies(struct device *dev, struct scatterlist *sgl, int nents,
			 enum dma_data_direction direction, unsigned long attrs)
{
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		copies_for_cpu(dev, sgl, nents, direction);
	free_copies(sgl, nents);
}

static const struct dma_map_ops copy_ops = {
	.map_sg			= map_copies,
	.unmap_sg		= unmap_copies,
	.sync_sg_for_cpu	= copies_for_cpu,
	.sync_sg_for_device	= copies_for_device,
};

static int copy_from_now(struct importer *importer, void *arg)
{
	u32 id = *(u32 *)arg;

	/* Some kernels ignore the DMA operations of a device. */
	if (!IS_ENABLED(CONFIG_DMA_OPS) && !IS_ENABLED(CONFIG_ARCH_HAS_DMA_OPS))
		return -EOPNOTSUPP;
	if (id >= MAX_DEVICES || !importer->devices[id])
		return -EINVAL;
	set_dma_ops(&importer->devices[id]->dev, &copy_ops);
	return 0;
}

/* The devices see physical addresses. */
static int keep_page(struct importer *importer, void *arg)
{
	struct attachment *attachment = find_attachment(importer, *(u32 *)arg);

	if (!attachment || !attachment->table || importer->kept)
		return -EINVAL;
	importer->kept = pfn_to_page(PHYS_PFN(sg_dma_address(attachment->table->sgl)));
	get_page(importer->kept);
	return 0;
}

#define TAKEN	0x3c

/* Warn if a driver has used memory that does not belong to it. */
static void give_back(struct taken *taken)
{
	WARN(memchr_inv(taken->vaddr, TAKEN, taken->len),
	     "somebody else has written to a device's memory\n");
	dma_free_coherent(taken->dev, taken->len, taken->vaddr, taken->dma);
	kfree(taken);
}

static int take(struct importer *importer, void *arg)
{
	struct heap_importer_take *data = arg;
	struct taken *taken;

	if (data->device >= MAX_DEVICES || !importer->devices[data->device] || !data->len ||
	    data->len > SIZE_MAX)
		return -EINVAL;
	taken = kzalloc(sizeof(*taken), GFP_KERNEL);
	if (!taken)
		return -ENOMEM;
	taken->dev = &importer->devices[data->device]->dev;
	taken->len = data->len;
	taken->vaddr = dma_alloc_coherent(taken->dev, taken->len, &taken->dma,
					  GFP_KERNEL | __GFP_NOWARN);
	if (!taken->vaddr) {
		kfree(taken);
		return -ENOMEM;
	}
	memset(taken->vaddr, TAKEN, taken->len);
	list_add(&taken->entry, &importer->taken);
	data->address = taken->dma;
	return 0;
}

static int kernel_copy(struct vmapping *vmapping, u64 offset, void *copy,
		       size_t len, bool write)
{
	if (write)
		iosys_map_memcpy_to(&vmapping->map, offset, copy, len);
	else
		iosys_map_memcpy_from(copy, &vmapping->map, offset, len);
	return 0;
}

/* Copy piece by piece; exactly one of @attachment and @vmapping is set. */
static int copy_pieces(const struct heap_importer_access *data,
		       struct attachment *attachment, struct vmapping *vmapping)
{
	char __user *user = u64_to_user_ptr(data->user);
	void *copy = kmalloc(COPY_BYTES, GFP_KERNEL);
	u64 done;
	int ret = 0;

	if (!copy)
		return -ENOMEM;
	for (done = 0; done < data->len && !ret; done += COPY_BYTES) {
		size_t len = min_t(u64, data->len - done, COPY_BYTES);
		u64 offset = data->offset + done;

		if (data->write && copy_from_user(copy, user + done, len)) {
			ret = -EFAULT;
			break;
		}
		ret = attachment ?
			device_copy(attachment, offset, copy, len, data->write) :
			kernel_copy(vmapping, offset, copy, len, data->write);
		if (!ret && !data->write &&
		    copy_to_user(user + done, copy, len))
			ret = -EFAULT;
		cond_resched();
	}
	kfree(copy);
	return ret;
}

static bool in_buffer(const struct dma_buf *dmabuf,
		      const struct heap_importer_access *data)
{
	return data->offset <= dmabuf->size &&
	       data->len <= dmabuf->size - data->offset;
}

static int dma(struct importer *importer, void *arg)
{
	const struct heap_importer_access *data = arg;
	struct attachment *attachment = find_attachment(importer, data->id);

	if (!attachment || !attachment->table ||
	    !in_buffer(attachment->attach->dmabuf, data))
		return -EINVAL;
	if (iommu_get_domain_for_dev(attachment->attach->dev))
		return -EOPNOTSUPP;
	return copy_pieces(data, attachment, NULL);
}

static int vmap_buffer(struct importer *importer, void *arg)
{
	struct heap_importer_vmap *data = arg;
	struct dma_buf *dmabuf;
	u32 id;
	int ret;

	for (id = 0; id < MAX_VMAPS; id++)
		if (!importer->vmaps[id].dmabuf)
			break;
	if (id == MAX_VMAPS)
		return -ENOSPC;
	dmabuf = dma_buf_get(data->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = dma_buf_vmap_unlocked(dmabuf, &importer->vmaps[id].map);
	if (ret) {
		dma_buf_put(dmabuf);
		return ret;
	}
	importer->vmaps[id].dmabuf = dmabuf;
	data->id = id;
	return 0;
}

static void drop_vmap(struct vmapping *vmapping)
{
	if (!vmapping->dmabuf)
		return;
	dma_buf_vunmap_unlocked(vmapping->dmabuf, &vmapping->map);
	dma_buf_put(vmapping->dmabuf);
	vmapping->dmabuf = NULL;
}

static int vunmap_buffer(struct importer *importer, void *arg)
{
	struct vmapping *vmapping = find_vmap(importer, *(u32 *)arg);

	if (!vmapping)
		return -EINVAL;
	drop_vmap(vmapping);
	return 0;
}

static int kernel(struct importer *importer, void *arg)
{
	const struct heap_importer_access *data = arg;
	struct vmapping *vmapping = find_vmap(importer, data->id);

	if (!vmapping || !in_buffer(vmapping->dmabuf, data))
		return -EINVAL;
	return copy_pieces(data, NULL, vmapping);
}

static int cpu_access(struct importer *importer, void *arg)
{
	const struct heap_importer_cpu *data = arg;
	struct dma_buf *dmabuf;
	int ret;

	if (!is_direction(data->direction))
		return -EINVAL;
	dmabuf = dma_buf_get(data->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = data->begin ?
		dma_buf_begin_cpu_access(dmabuf, data->direction) :
		dma_buf_end_cpu_access(dmabuf, data->direction);
	dma_buf_put(dmabuf);
	return ret;
}

static const char *fence_name(struct dma_fence *fence)
{
	return "heap_importer";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name	= fence_name,
	.get_timeline_name	= fence_name,
};

static int add_fence(struct importer *importer, void *arg)
{
	struct heap_importer_fence *data = arg;
	struct sync_file *sync_file;
	struct fence *fence;
	u32 id;
	int fd;

	for (id = 0; id < MAX_FENCES; id++)
		if (!importer->fences[id])
			break;
	if (id == MAX_FENCES)
		return -ENOSPC;
	fence = kzalloc(sizeof(*fence), GFP_KERNEL);
	if (!fence)
		return -ENOMEM;
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &fence_ops, &fence->lock,
		       dma_fence_context_alloc(1), 1);
	sync_file = sync_file_create(&fence->base);
	fd = sync_file ? get_unused_fd_flags(O_CLOEXEC) : -ENOMEM;
	if (fd < 0) {
		if (sync_file)
			fput(sync_file->file);
		dma_fence_put(&fence->base);
		return fd;
	}
	fd_install(fd, sync_file->file);
	importer->fences[id] = fence;
	data->fd = fd;
	data->id = id;
	return 0;
}

static void drop_fence(struct importer *importer, u32 id)
{
	struct fence *fence = importer->fences[id];

	if (!fence)
		return;
	dma_fence_signal(&fence->base);
	dma_fence_put(&fence->base);
	importer->fences[id] = NULL;
}

static int signal_fence(struct importer *importer, void *arg)
{
	u32 id = *(u32 *)arg;

	if (id >= MAX_FENCES || !importer->fences[id])
		return -EINVAL;
	drop_fence(importer, id);
	return 0;
}

static const struct command commands[] = {
	{ HEAP_IMPORTER_DEVICE, add_device },
	{ HEAP_IMPORTER_ATTACH, attach },
	{ HEAP_IMPORTER_DETACH, detach },
	{ HEAP_IMPORTER_MAP, map },
	{ HEAP_IMPORTER_UNMAP, unmap },
	{ HEAP_IMPORTER_SEGMENT, segment },
	{ HEAP_IMPORTER_DMA, dma },
	{ HEAP_IMPORTER_VMAP, vmap_buffer },
	{ HEAP_IMPORTER_VUNMAP, vunmap_buffer },
	{ HEAP_IMPORTER_KERNEL, kernel },
	{ HEAP_IMPORTER_CPU, cpu_access },
	{ HEAP_IMPORTER_FENCE, add_fence },
	{ HEAP_IMPORTER_SIGNAL, signal_fence },
	{ HEAP_IMPORTER_COPY, copy_from_now },
	{ HEAP_IMPORTER_KEEP, keep_page },
	{ HEAP_IMPORTER_TAKE, take },
};

static long importer_ioctl(struct file *file, unsigned int cmd,
			   unsigned long user)
{
	struct importer *importer = file->private_data;

	BUILD_BUG_ON(sizeof(struct heap_importer_device) > COMMAND_MAX);
	return command_run(commands, ARRAY_SIZE(commands), &importer->lock,
			   importer, cmd, (void __user *)user);
}

static int importer_open(struct inode *inode, struct file *file)
{
	struct importer *importer = kzalloc(sizeof(*importer), GFP_KERNEL);

	if (!importer)
		return -ENOMEM;
	mutex_init(&importer->lock);
	INIT_LIST_HEAD(&importer->taken);
	file->private_data = importer;
	return nonseekable_open(inode, file);
}

static int importer_release(struct inode *inode, struct file *file)
{
	struct importer *importer = file->private_data;
	struct taken *taken, *next;
	int i;

	list_for_each_entry_safe(taken, next, &importer->taken, entry)
		give_back(taken);
	for (i = 0; i < MAX_FENCES; i++)
		drop_fence(importer, i);
	for (i = 0; i < MAX_VMAPS; i++)
		drop_vmap(&importer->vmaps[i]);
	for (i = 0; i < MAX_ATTACHMENTS; i++)
		attachment_end(&importer->attachments[i]);
	for (i = 0; i < MAX_DEVICES; i++)
		platform_device_unregister(importer->devices[i]);
	if (importer->kept)
		put_page(importer->kept);
	mutex_destroy(&importer->lock);
	kfree(importer);
	return 0;
}

static const struct file_operations importer_fops = {
	.owner		= THIS_MODULE,
	.open		= importer_open,
	.release	= importer_release,
	.unlocked_ioctl	= importer_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice importer_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "heap_importer",
	.fops	= &importer_fops,
	.mode	= 0600,
};

module_misc_device(importer_device);

MODULE_DESCRIPTION("Fake importers of dma-bufs, for tests only");
MODULE_AUTHOR("The pmem-heaps developers");
MODULE_LICENSE("GPL");
IMPORTER_IMPORT_NS(DMA_BUF);
