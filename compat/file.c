// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files: from empty to master or connected, and to their end.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../heap/kcompat.h"
#include "pmem.h"

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

/* From here on the driver that made the node cannot go. */
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

/* The last that a file has to do with its node's driver. */
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

/* The master is about to go: the client keeps numbers, but no memory. */
static void revoke(struct pmem_file *client)
{
	struct dma_buf *dmabuf;

	mutex_lock_nested(&client->lock, SINGLE_DEPTH_NESTING);
	list_del_init(&client->client);
	client->master = NULL;
	pmem_ranges_drop(client);
	dmabuf = client->memory.dmabuf;
	client->memory.dmabuf = NULL;
	mutex_unlock(&client->lock);
	dma_buf_put(dmabuf);
}

static int pmem_release(struct inode *inode, struct file *filp)
{
	struct pmem_file *file = filp->private_data, *client, *next;
	struct pmem_node *node = file->node;
	int ret;

	mutex_lock(&node->lock);
	list_del_init(&file->client);
	list_for_each_entry_safe(client, next, &file->clients, client)
		revoke(client);
	mutex_unlock(&node->lock);

	mutex_lock(&file->lock);
	pmem_ranges_drop(file);
	pmem_free(file);
	mutex_unlock(&file->lock);
	ret = pmem_hook_release(node, inode, filp);
	leave(node, file);
	file_free(file);
	return ret;
}

/* What can be connected, and to whom; with both locks held. */
static int connect_locked(struct pmem_file *file, struct pmem_file *master,
			  int fd)
{
	if (!master->allocated || master->connected)
		return -EINVAL;
	/* Again, to the same one: only the number may change. */
	if (file->allocated && file->master != master)
		return -EINVAL;
	file->master_fd = fd;
	if (file->connected)
		return 0;

	file->memory = master->memory;
	get_dma_buf(file->memory.dmabuf);
	pmem_handle_get(file->memory.handle);
	file->allocated = true;
	file->connected = true;
	file->master = master;
	list_add_tail(&file->client, &master->clients);
	return 0;
}

/**
 * pmem_connect() - connect a file to a master
 * @file: the file
 * @fd: the master in the caller's table of files
 *
 * Context: may sleep.
 * Return: 0; -EBADF if @fd is no file; -EINVAL if it is the same file, no file
 * of this node, has no memory, or is connected itself, or if @file has memory
 * of its own or is connected to another master.
 */
int pmem_connect(struct pmem_file *file, int fd)
{
	struct pmem_node *node = file->node;
	struct pmem_file *master;
	struct file *filp;
	int ret = -EINVAL;

	filp = fget(fd);
	if (!filp)
		return -EBADF;
	master = pmem_file_of(filp);
	if (!master || master == file || master->node != node)
		goto put_file;

	mutex_lock(&node->lock);
	mutex_lock(&master->lock);
	mutex_lock_nested(&file->lock, SINGLE_DEPTH_NESTING);
	ret = connect_locked(file, master, fd);
	mutex_unlock(&file->lock);
	mutex_unlock(&master->lock);
	mutex_unlock(&node->lock);

put_file:
	fput(filp);
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

/**
 * pmem_file_of() - what is behind a file
 * @file: any file
 *
 * Return: the pmem file, or NULL if it is of another kind.
 */
struct pmem_file *pmem_file_of(struct file *file)
{
	return file->f_op == &pmem_fops ? file->private_data : NULL;
}
