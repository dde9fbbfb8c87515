// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files: their file operations.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "../heap/kcompat.h"
#include "alloc.h"
#include "connect.h"
#include "file.h"
#include "hooks.h"
#include "inode.h"
#include "ioctl.h"
#include "node.h"
#include "pmem.h"
#include "range.h"
#include "view.h"

static struct pmem_file *file_new(struct pmem_node *node, struct file *filp)
{
	struct pmem_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return ERR_PTR(-ENOMEM);
	file->inode = pmem_inode_new();
	if (IS_ERR(file->inode)) {
		struct inode *error = file->inode;

		kfree(file);
		return ERR_CAST(error);
	}
	file->node = pmem_node_get(node);
	file->file = filp;
	/* Old binaries pass O_SYNC as 0x1000, which is O_DSYNC today. */
	file->uncached = filp->f_flags & O_DSYNC;
	mutex_init(&file->lock);
	INIT_LIST_HEAD(&file->clients);
	INIT_LIST_HEAD(&file->client);
	INIT_LIST_HEAD(&file->ranges);
	return file;
}

static void file_free(struct pmem_file *file)
{
	struct pmem_node *node = file->node;

	iput(file->inode);
	mutex_destroy(&file->lock);
	kfree(file);
	pmem_node_put(node);
}

/* Add a file to its node, and pin the module of the node's hooks. */
static int join(struct pmem_node *node, struct pmem_file *file)
{
	int ret = -ENODEV;

	mutex_lock(&node->files_lock);
	if (!node->retired && pmem_hooks_pin(node, &file->owner)) {
		list_add(&file->entry, &node->files);
		ret = 0;
	}
	mutex_unlock(&node->files_lock);
	return ret;
}

/* Undo join(). No hook may be called for the file afterwards. */
static void leave(struct pmem_node *node, struct pmem_file *file)
{
	mutex_lock(&node->files_lock);
	list_del(&file->entry);
	mutex_unlock(&node->files_lock);
	module_put(file->owner);
}

static int pmem_open(struct inode *inode, struct file *filp)
{
	struct pmem_node *node = container_of(filp->private_data,
					      struct pmem_node, misc);
	struct pmem_file *file = file_new(node, filp);
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = join(node, file);
	if (ret) {
		file_free(file);
		return ret;
	}
	filp->private_data = file;
	filp->f_mapping = file->inode->i_mapping;
	return nonseekable_open(inode, filp);
}

static int pmem_release(struct inode *inode, struct file *filp)
{
	struct pmem_file *file = filp->private_data;
	struct pmem_node *node = file->node;
	int ret;

	pmem_disconnect(file);
	mutex_lock(&file->lock);
	pmem_ranges_drop(file);
	pmem_free(file);
	mutex_unlock(&file->lock);
	ret = pmem_hook_release(node, inode, filp);
	leave(node, file);
	file_free(file);
	return ret;
}

const struct file_operations pmem_fops = {
	.owner		= THIS_MODULE,
	.open		= pmem_open,
	.release	= pmem_release,
	.mmap		= pmem_mmap,
	.get_unmapped_area = CONTIG_HUGE_OP(pmem_get_unmapped_area),
	.unlocked_ioctl	= pmem_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= pmem_compat_ioctl,
#endif
};
