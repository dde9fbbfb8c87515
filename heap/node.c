// SPDX-License-Identifier: GPL-2.0-only
/*
 * The character devices under /dev/dma_heap. Their ioctls are in command.c.
 *
 * This does not use the kernel's dma-heap core: it is not exported to modules before
 * 6.19, many kernels lack it, and heaps that were added to it cannot be removed.
 *
 * A node holds a reference on its heap. So does an open file, which also pins the
 * module. A file can outlive the node; then its ioctls fail with -ENODEV.
 *
 * Devices and cdevs may be freed after the module has been unloaded. So functions of
 * the kernel allocate and free them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "alias.h"
#include "command.h"
#include "heap.h"
#include "kcompat.h"
#include "node.h"
#include "region.h"
#include "sysfs.h"

#define MAX_NODES	256
#define UNCACHED	"-uncached"

/**
 * struct heap_node - one name of a heap
 * @dev: its device
 * @heap: the heap; a reference is held
 * @minor: its minor number, and its index in nodes
 * @entry: in heap->nodes; protected by nodes_lock
 */
struct heap_node {
	struct device *dev;
	struct heap *heap;
	u32 minor;
	struct list_head entry;
};

/* Protects nodes and the lists heap->nodes. See region.h for the lock order. */
static DEFINE_MUTEX(nodes_lock);
static DEFINE_XARRAY_ALLOC(nodes);
static dev_t first_devt;
static struct class *heap_class;
static struct cdev *heap_cdev;

static int node_open(struct inode *inode, struct file *file)
{
	struct heap_node *node;

	mutex_lock(&nodes_lock);
	node = xa_load(&nodes, iminor(inode));
	file->private_data = node ? heap_get(node->heap) : NULL;
	mutex_unlock(&nodes_lock);
	return node ? nonseekable_open(inode, file) : -ENXIO;
}

static int node_release(struct inode *inode, struct file *file)
{
	heap_put(file->private_data);
	return 0;
}

static long node_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return command_run(file->private_data, cmd, (void __user *)arg);
}

static const struct file_operations node_fops = {
	.owner		= THIS_MODULE,
	.open		= node_open,
	.release	= node_release,
	.unlocked_ioctl	= node_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

/* Does one of the kernel's own heaps have the name? Ours are checked with find_node(). */
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

static struct heap_node *find_node(const char *name)
{
	struct heap_node *node;
	unsigned long minor;

	lockdep_assert_held(&nodes_lock);
	xa_for_each(&nodes, minor, node)
		if (!strcmp(dev_name(node->dev), name))
			return node;
	return NULL;
}

/* Create the device. It can be opened at once, but open() waits for nodes_lock. */
static int node_show(struct heap_node *node, const char *name)
{
	int ret;

	lockdep_assert_held(&nodes_lock);
	ret = xa_alloc(&nodes, &node->minor, node,
		       XA_LIMIT(0, MAX_NODES - 1), GFP_KERNEL);
	if (ret)
		return ret;
	node->dev = device_create_with_groups(heap_class, NULL,
					      first_devt + node->minor,
					      node->heap, heap_sysfs_groups,
					      "%s", name);
	ret = PTR_ERR_OR_ZERO(node->dev);
	if (ret)
		xa_erase(&nodes, node->minor);
	return ret;
}

static void node_free(struct heap_node *node)
{
	heap_put(node->heap);
	kfree(node);
}

static int add_node(struct heap *heap, const char *name)
{
	struct heap_node *node = find_node(name);
	int ret;

	if (!name_is_valid(name)) {
		pr_err("\"%s\" cannot be the name of a heap\n", name);
		return -EINVAL;
	}
	if (node && node->heap == heap)
		return 0;
	ret = node ? -EEXIST : check_kernels_heaps(name);
	if (ret == -EEXIST)
		pr_info("%s: the name is already in use, skipped\n", name);
	if (ret)
		return ret;
	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return -ENOMEM;
	node->heap = heap_get(heap);
	ret = node_show(node, name);
	if (ret)
		node_free(node);
	else
		list_add_tail(&node->entry, &heap->nodes);
	return ret;
}

static void add_alias(const char *alias, void *data)
{
	int ret = add_node(data, alias);

	/* The others have been logged. */
	if (ret && ret != -EEXIST && ret != -EINVAL)
		pr_err("%s: no such alias, error %pe\n", alias, ERR_PTR(ret));
}

/*
 * The name of the cached heap that corresponds to a node of an uncached heap: the
 * same without "-uncached". If a heap's first name has no such suffix, the cached
 * heap has the name of the region.
 */
static const char *cached_name(const struct heap_node *node, char *buf)
{
	const char *name = dev_name(node->dev);
	const struct heap *heap = node->heap;
	const struct heap_node *other;
	size_t len;

	if (!heap->uncached)
		return NULL;
	len = strlen(name) - min(strlen(name), strlen(UNCACHED));
	if (len && !strcmp(name + len, UNCACHED)) {
		memcpy(buf, name, len);
		buf[len] = '\0';
		return buf;
	}
	other = find_node(region_name(heap->region));
	if (strcmp(name, heap->name) || !other ||
	    other->heap->region != heap->region)
		return NULL;
	return region_name(heap->region);
}

/**
 * node_add() - add a name of a heap, and its aliases, under /dev/dma_heap
 * @heap: the heap; each of its nodes takes a reference
 * @name: the name; it is no error if the heap already has it
 *
 * Aliases that are in use are skipped.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if @name is invalid; -EEXIST if it is in use, by us or by the
 * kernel; -ENOMEM; -EBUSY without a free minor number; or another negative errno.
 */
int node_add(struct heap *heap, const char *name)
{
	char buf[HEAP_NAME_MAX];
	struct heap_node *node;
	int ret;

	mutex_lock(&nodes_lock);
	ret = add_node(heap, name);
	/* Aliases are appended to the list, so this also adds aliases of aliases. */
	if (!ret) {
		node = find_node(name);
		list_for_each_entry_from(node, &heap->nodes, entry)
			walk_aliases(dev_name(node->dev),
				     cached_name(node, buf),
				     !heap->region->mapped, add_alias, heap);
	}
	mutex_unlock(&nodes_lock);
	return ret;
}

/**
 * node_check_free() - is a name free?
 * @name: the name
 *
 * Context: may sleep.
 * Return: 0; -EEXIST if a heap of ours or of the kernel has it; -ENOMEM; or another
 * negative errno if the lookup failed.
 */
int node_check_free(const char *name)
{
	int ret;

	mutex_lock(&nodes_lock);
	ret = find_node(name) ? -EEXIST : check_kernels_heaps(name);
	mutex_unlock(&nodes_lock);
	return ret;
}

/**
 * nodes_remove() - remove all nodes of a heap
 * @heap: the heap
 *
 * Context: may sleep.
 */
void nodes_remove(struct heap *heap)
{
	struct heap_node *node, *next;

	mutex_lock(&nodes_lock);
	list_for_each_entry_safe(node, next, &heap->nodes, entry) {
		list_del(&node->entry);
		xa_erase(&nodes, node->minor);
		device_unregister(node->dev);
		node_free(node);
	}
	mutex_unlock(&nodes_lock);
}

/*
 * devtmpfs calls this when it creates the file and when it removes it. On failure it
 * would use the plain device name: the file would end up outside of the directory, or
 * would never be removed from it.
 */
static char *node_path(CONTIG_DEVNODE_CONST struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL | __GFP_NOFAIL, "dma_heap/%s",
			 dev_name(dev));
}

/* Add one cdev for all nodes. */
static int add_cdev(void)
{
	int ret = alloc_chrdev_region(&first_devt, 0, MAX_NODES,
				      "contig_heaps");

	if (ret)
		return ret;
	heap_cdev = cdev_alloc();
	if (!heap_cdev) {
		ret = -ENOMEM;
		goto unregister;
	}
	heap_cdev->ops = &node_fops;
	heap_cdev->owner = THIS_MODULE;
	ret = cdev_add(heap_cdev, first_devt, MAX_NODES);
	if (!ret)
		return 0;
	kobject_put(&heap_cdev->kobj);
unregister:
	unregister_chrdev_region(first_devt, MAX_NODES);
	return ret;
}

static void remove_cdev(void)
{
	cdev_del(heap_cdev);
	unregister_chrdev_region(first_devt, MAX_NODES);
}

/**
 * nodes_setup() - prepare for the first node
 *
 * Return: 0 or a negative errno.
 */
int nodes_setup(void)
{
	/* The class of the kernel's own heaps is called "dma_heap". */
	const char *name = IS_ENABLED(CONFIG_DMABUF_HEAPS) ? "contig_heap" :
							     "dma_heap";
	int ret = aliases_setup();

	if (ret)
		return ret;
	ret = add_cdev();
	if (ret)
		goto teardown_aliases;
	heap_class = contig_class_create(name);
	if (IS_ERR(heap_class)) {
		ret = PTR_ERR(heap_class);
		goto remove_cdev;
	}
	heap_class->devnode = node_path;
	return 0;

remove_cdev:
	remove_cdev();
teardown_aliases:
	aliases_teardown();
	return ret;
}

/**
 * nodes_teardown() - undo nodes_setup(), after the last node
 */
void nodes_teardown(void)
{
	class_destroy(heap_class);
	remove_cdev();
	aliases_teardown();
}
