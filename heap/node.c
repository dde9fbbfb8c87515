// SPDX-License-Identifier: GPL-2.0-only
/*
 * The character devices under /dev/dma_heap. What they can do: command.c.
 *
 * The kernel's registry of heaps is not used, because it is not there for modules
 * before 6.19, not there at all on many kernels, and because what has once been
 * put into it can never be removed.
 *
 * A node's device holds the heap; an open file holds the node's device (by way
 * of the cdev) and the module. So a file may outlive its node, and is told so
 * by -ENODEV.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "command.h"
#include "heap.h"
#include "kcompat.h"
#include "node.h"
#include "sysfs.h"

#define MAX_NODES	256

/**
 * struct node - one name of a heap
 * @dev: its device; the release frees the node
 * @cdev: its character device, a child of @dev
 * @heap: the heap; a reference is held
 * @entry: in heap->nodes; protected by nodes_lock
 * @all: in all_nodes; protected by nodes_lock
 */
struct node {
	struct device dev;
	struct cdev cdev;
	struct heap *heap;
	struct list_head entry;
	struct list_head all;
};

/* Taken outside of every other lock of the module. */
static DEFINE_MUTEX(nodes_lock);
static LIST_HEAD(all_nodes);
static DEFINE_IDA(minors);
static dev_t first_devt;
static struct class *heap_class;

static int node_open(struct inode *inode, struct file *file)
{
	struct node *node = container_of(inode->i_cdev, struct node, cdev);

	file->private_data = node->heap;
	return nonseekable_open(inode, file);
}

static long node_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return command_run(file->private_data, cmd, (void __user *)arg);
}

static const struct file_operations node_fops = {
	.owner		= THIS_MODULE,
	.open		= node_open,
	.unlocked_ioctl	= node_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static void node_release(struct device *dev)
{
	struct node *node = container_of(dev, struct node, dev);

	ida_free(&minors, MINOR(dev->devt));
	heap_put(node->heap);
	kfree(node);
}

static bool name_is_valid(const char *name)
{
	/* '!' would become a '/' in the file system. */
	return *name && strlen(name) < HEAP_NAME_MAX && *name != '.' &&
	       !strpbrk(name, "/! \t\n");
}

/* Only the kernel's own heaps can be in our way without us knowing. */
static int check_kernels_heaps(const char *name)
{
	struct path path;
	char *file;
	int ret;

	if (!IS_ENABLED(CONFIG_DMABUF_HEAPS))
		return 0;
	file = kasprintf(GFP_KERNEL, "/dev/dma_heap/%s", name);
	if (!file)
		return -ENOMEM;
	ret = kern_path(file, 0, &path);
	kfree(file);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	path_put(&path);
	return -EEXIST;
}

static int check_name_is_free(const char *name)
{
	struct node *node;

	lockdep_assert_held(&nodes_lock);
	list_for_each_entry(node, &all_nodes, all)
		if (!strcmp(dev_name(&node->dev), name))
			return -EEXIST;
	return check_kernels_heaps(name);
}

static struct node *node_new(struct heap *heap, const char *name)
{
	struct node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	int minor;

	if (!node)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&minors, MAX_NODES - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(node);
		return ERR_PTR(minor);
	}
	node->heap = heap_get(heap);
	device_initialize(&node->dev);
	node->dev.class = heap_class;
	node->dev.devt = MKDEV(MAJOR(first_devt), minor);
	node->dev.groups = heap_sysfs_groups;
	node->dev.release = node_release;
	dev_set_drvdata(&node->dev, heap);
	cdev_init(&node->cdev, &node_fops);
	node->cdev.owner = THIS_MODULE;
	return node;
}

/**
 * node_add() - give a heap a name under /dev/dma_heap
 * @heap: the heap; the node takes a reference
 * @name: the name
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if @name cannot be a file name; -EEXIST if it is taken, by
 * us or by the kernel; -ENOMEM; -ENOSPC without a free minor number.
 */
int node_add(struct heap *heap, const char *name)
{
	struct node *node;
	int ret;

	if (!name_is_valid(name)) {
		pr_err("\"%s\" cannot be the name of a heap\n", name);
		return -EINVAL;
	}

	mutex_lock(&nodes_lock);
	ret = check_name_is_free(name);
	if (ret == -EEXIST)
		pr_info("%s: the name is taken, skipped\n", name);
	if (ret)
		goto unlock;
	node = node_new(heap, name);
	if (IS_ERR(node)) {
		ret = PTR_ERR(node);
		goto unlock;
	}
	ret = dev_set_name(&node->dev, "%s", name);
	if (!ret)
		ret = cdev_device_add(&node->cdev, &node->dev);
	if (ret) {
		put_device(&node->dev);
		goto unlock;
	}
	list_add_tail(&node->entry, &heap->nodes);
	list_add_tail(&node->all, &all_nodes);

unlock:
	mutex_unlock(&nodes_lock);
	return ret;
}

/**
 * nodes_remove() - take all names of a heap away
 * @heap: the heap
 *
 * Context: may sleep.
 */
void nodes_remove(struct heap *heap)
{
	struct node *node, *next;

	mutex_lock(&nodes_lock);
	list_for_each_entry_safe(node, next, &heap->nodes, entry) {
		list_del(&node->entry);
		list_del(&node->all);
		cdev_device_del(&node->cdev, &node->dev);
		put_device(&node->dev);
	}
	mutex_unlock(&nodes_lock);
}

/*
 * Asked when the file is made and when it is removed. Without an answer the
 * kernel takes the device's name alone: the file would come to be outside of
 * the folder, or stay in it for ever.
 */
static char *node_path(CONTIG_DEVNODE_CONST struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL | __GFP_NOFAIL, "dma_heap/%s",
			 dev_name(dev));
}

/**
 * nodes_setup() - before the first node
 *
 * Return: 0 or a negative errno.
 */
int nodes_setup(void)
{
	/* The kernel's own class has that name where it has one. */
	const char *name = IS_ENABLED(CONFIG_DMABUF_HEAPS) ? "contig_heap" :
							     "dma_heap";
	int ret = alloc_chrdev_region(&first_devt, 0, MAX_NODES,
				      "contig_heaps");

	if (ret)
		return ret;
	heap_class = contig_class_create(name);
	if (IS_ERR(heap_class)) {
		ret = PTR_ERR(heap_class);
		unregister_chrdev_region(first_devt, MAX_NODES);
		return ret;
	}
	heap_class->devnode = node_path;
	return 0;
}

/**
 * nodes_teardown() - after the last node
 */
void nodes_teardown(void)
{
	class_destroy(heap_class);
	unregister_chrdev_region(first_devt, MAX_NODES);
	ida_destroy(&minors);
}
