// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver for QEMU's "edu" device, which really does DMA. It imports dma-bufs; test programs use
 * /dev/edu_importer to make the device read and write them. For its function and limits, see
 * edu_importer.h.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iommu.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "edu_importer.h"
#include "importer.h"

#define EDU_VENDOR		0x1234
#define EDU_DEVICE		0x11e8
/* Registers: source, destination, length, and a start bit that is cleared when it is done. */
#define EDU_SOURCE		0x80
#define EDU_DESTINATION		0x88
#define EDU_COUNT		0x90
#define EDU_COMMAND		0x98
#define EDU_START		BIT(0)
#define EDU_TO_MEMORY		BIT(1)
/* The device's address of its own memory. */
#define EDU_MEMORY		0x40000

static bool snoops = true;
module_param(snoops, bool, 0444);
MODULE_PARM_DESC(snoops, "whether it looks into caches, unless a file says otherwise");

/**
 * struct edu - the device
 * @pdev: the PCI device
 * @registers: its registers
 * @lock: serializes transfers
 * @misc: the node
 */
struct edu {
	struct pci_dev *pdev;
	void __iomem *registers;
	struct mutex lock;
	struct miscdevice misc;
};

/**
 * struct importer - an open file
 * @edu: the device
 * @lock: protects the other fields
 * @attachment: attachment of the device, may be mapped
 * @snoops_not: the device does not snoop caches
 */
struct importer {
	struct edu *edu;
	struct mutex lock;
	struct attachment attachment;
	bool snoops_not;
};

/* The device always finishes, so only a fatal signal ends the wait. */
static int wait_until_idle(struct edu *edu)
{
	while (readq(edu->registers + EDU_COMMAND) & EDU_START) {
		if (fatal_signal_pending(current))
			return -EINTR;
		usleep_range(1000, 2000);
	}
	return 0;
}

/* @own is the address in the device's memory. */
static int transfer(struct edu *edu, u64 address, u64 own, u32 len, u32 direction)
{
	bool to_memory = direction == EDU_IMPORTER_FROM_DEVICE;
	int ret;

	if (!len || len > EDU_IMPORTER_MAX)
		return -EINVAL;
	if (!to_memory && direction != EDU_IMPORTER_TO_DEVICE)
		return -EINVAL;
	mutex_lock(&edu->lock);
	/* A previous caller may have been killed during its transfer. */
	ret = wait_until_idle(edu);
	if (!ret) {
		writeq(to_memory ? own : address, edu->registers + EDU_SOURCE);
		writeq(to_memory ? address : own, edu->registers + EDU_DESTINATION);
		writeq(len, edu->registers + EDU_COUNT);
		writeq(EDU_START | (to_memory ? EDU_TO_MEMORY : 0),
		       edu->registers + EDU_COMMAND);
		ret = wait_until_idle(edu);
	}
	mutex_unlock(&edu->lock);
	return ret;
}

static int transfer_raw(struct importer *importer, void *arg)
{
	const struct edu_importer_transfer *data = arg;

	return transfer(importer->edu, data->at, EDU_MEMORY, data->len, data->direction);
}

/* One transfer for each segment of the range, to adjacent addresses of the device's memory. */
static int transfer_buffer(struct importer *importer, void *arg)
{
	const struct edu_importer_transfer *data = arg;
	struct attachment *attachment = &importer->attachment;
	u64 at = data->at, end = data->at + data->len, len, own = EDU_MEMORY;
	int ret = 0;

	if (!attachment->table || end < at || end > attachment->attach->dmabuf->size)
		return -EINVAL;
	if (data->len > EDU_IMPORTER_MAX)
		return -EINVAL;
	for (; at < end && !ret; at += len, own += len) {
		dma_addr_t place;

		len = end - at;
		place = attachment_place(attachment, at, &len);
		ret = transfer(importer->edu, place, own, len, data->direction);
	}
	return ret;
}

static int segment(struct importer *importer, void *arg)
{
	struct edu_importer_segment *data = arg;
	struct scatterlist *sg = attachment_segment(&importer->attachment, data->index);

	if (!sg)
		return -EINVAL;
	data->translated = device_iommu_mapped(importer->attachment.attach->dev);
	data->address = sg_dma_address(sg);
	data->len = sg_dma_len(sg);
	return 0;
}

static int attach(struct importer *importer, void *arg)
{
	if (importer->attachment.attach)
		return -EBUSY;
	return attachment_begin(&importer->attachment, *(s32 *)arg, &importer->edu->pdev->dev);
}

static int set_snooping(struct importer *importer, void *arg)
{
	bool looks = *(u32 *)arg;

	if (importer->attachment.table)
		return -EBUSY;
	importer_set_snoops(&importer->edu->pdev->dev, looks);
	importer->snoops_not = !looks;
	return 0;
}

/*
 * Only the exporter may use the page links of a table, and it must not rely on them. The dma-buf
 * core of debug kernels also scrambles them, with other bits. A second call restores them.
 */
static void scramble(struct sg_table *table)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_sg(table, sg, i)
		sg->page_link ^= 0x5a5a5a00UL;
}

static int map(struct importer *importer, void *arg)
{
	struct attachment *attachment = &importer->attachment;
	u32 direction = *(u32 *)arg;
	struct sg_table *table;

	if (!attachment->attach || direction > EDU_IMPORTER_FROM_DEVICE)
		return -EINVAL;
	if (attachment->table)
		return -EBUSY;
	table = dma_buf_map_attachment_unlocked(attachment->attach, direction);
	if (IS_ERR(table))
		return PTR_ERR(table);
	scramble(table);
	attachment->table = table;
	attachment->direction = direction;
	return 0;
}

static int unmap(struct importer *importer, void *arg)
{
	if (!importer->attachment.table)
		return -EINVAL;
	scramble(importer->attachment.table);
	attachment_unmap(&importer->attachment);
	return 0;
}

static int detach(struct importer *importer, void *arg)
{
	if (!importer->attachment.attach)
		return -EINVAL;
	unmap(importer, NULL);
	attachment_end(&importer->attachment);
	return 0;
}

static const struct command commands[] = {
	{ EDU_IMPORTER_ATTACH, attach },
	{ EDU_IMPORTER_MAP, map },
	{ EDU_IMPORTER_SEGMENT, segment },
	{ EDU_IMPORTER_TRANSFER, transfer_buffer },
	{ EDU_IMPORTER_RAW, transfer_raw },
	{ EDU_IMPORTER_UNMAP, unmap },
	{ EDU_IMPORTER_DETACH, detach },
	{ EDU_IMPORTER_SNOOP, set_snooping },
};

static long importer_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	struct importer *importer = file->private_data;

	BUILD_BUG_ON(sizeof(struct edu_importer_segment) > COMMAND_MAX);
	return command_run(commands, ARRAY_SIZE(commands), &importer->lock, importer, cmd,
			   (void __user *)user);
}

static int importer_open(struct inode *inode, struct file *file)
{
	struct importer *importer = kzalloc(sizeof(*importer), GFP_KERNEL);

	if (!importer)
		return -ENOMEM;
	/* The misc core stores its device here. */
	importer->edu = container_of(file->private_data, struct edu, misc);
	mutex_init(&importer->lock);
	file->private_data = importer;
	return nonseekable_open(inode, file);
}

static int importer_release(struct inode *inode, struct file *file)
{
	struct importer *importer = file->private_data;

	detach(importer, NULL);
	if (importer->snoops_not)
		importer_set_snoops(&importer->edu->pdev->dev, snoops);
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

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	int ret;

	if (!edu)
		return -ENOMEM;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	/* The same mask as in QEMU's dma_mask. */
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(40));
	if (ret)
		return ret;
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	importer_set_snoops(&pdev->dev, snoops);
	edu->registers = pcim_iomap(pdev, 0, 0);
	if (!edu->registers)
		return -ENOMEM;
	pci_set_master(pdev);
	mutex_init(&edu->lock);
	edu->pdev = pdev;
	edu->misc.minor = MISC_DYNAMIC_MINOR;
	edu->misc.name = "edu_importer";
	edu->misc.fops = &importer_fops;
	edu->misc.mode = 0600;
	pci_set_drvdata(pdev, edu);
	return misc_register(&edu->misc);
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	misc_deregister(&edu->misc);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{}
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name		= "edu_importer",
	.id_table	= edu_ids,
	.probe		= edu_probe,
	.remove		= edu_remove,
	.driver		= {
		.suppress_bind_attrs = true,
	},
};

module_pci_driver(edu_driver);

MODULE_DESCRIPTION("QEMU's edu device as an importer of dma-bufs, for tests only");
MODULE_AUTHOR("The pmem-heaps developers");
MODULE_LICENSE("GPL");
IMPORTER_IMPORT_NS(DMA_BUF);
