// SPDX-License-Identifier: GPL-2.0-only
/*
 * The character devices under /dev/dma_heap and their ioctls.
 *
 * DMA_HEAP_IOCTL_ALLOC behaves as that of the kernel's own heaps to the last
 * errno. The kernel's registry of heaps is not used, because it is not there
 * for modules before 6.19, not there at all on many kernels, and because what
 * has once been put into it can never be removed.
 *
 * A node's device holds the heap; an open file holds the node's device (by way
 * of the cdev) and the module. So a file may outlive its node, and is told so
 * by -ENODEV.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/dma-buf.h>
#include <uapi/linux/dma-heap.h>

#include "../uapi/linux/contig_heap.h"
#include "api.h"
#include "buffer.h"
#include "heap.h"
#include "kcompat.h"
#include "node.h"
#include "region.h"
#include "stock.h"
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

/**
 * union heap_arg - argument of any command
 * @alloc: DMA_HEAP_IOCTL_ALLOC
 * @aligned: CONTIG_HEAP_IOCTL_ALLOC
 * @query: CONTIG_HEAP_IOCTL_QUERY
 * @sync: CONTIG_HEAP_IOCTL_SYNC
 * @place: CONTIG_HEAP_IOCTL_PLACE
 */
union heap_arg {
	struct dma_heap_allocation_data alloc;
	struct contig_heap_alloc aligned;
	struct contig_heap_query query;
	struct contig_heap_sync sync;
	struct contig_heap_place place;
};

/**
 * struct new_fd - a file descriptor that the caller does not see yet
 * @fd: reserved number
 * @dmabuf: what will be behind it, or NULL
 *
 * The number becomes real only once the caller has been told about it, so that
 * none is left behind when telling fails.
 */
struct new_fd {
	int fd;
	struct dma_buf *dmabuf;
};

static int alloc_fd(struct heap *heap, u64 len, u64 align, u32 fd_flags,
		    u64 heap_flags, struct new_fd *new)
{
	struct dma_buf *dmabuf;
	int fd;

	if (fd_flags & ~DMA_HEAP_VALID_FD_FLAGS ||
	    heap_flags & ~DMA_HEAP_VALID_HEAP_FLAGS)
		return -EINVAL;
	dmabuf = contig_alloc(heap, len, align, fd_flags);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fd = get_unused_fd_flags(fd_flags);
	if (fd < 0) {
		dma_buf_put(dmabuf);
		return fd;
	}
	new->fd = fd;
	new->dmabuf = dmabuf;
	return 0;
}

static int ioctl_alloc(struct heap *heap, union heap_arg *arg,
		       struct new_fd *new)
{
	struct dma_heap_allocation_data *data = &arg->alloc;
	int ret;

	if (data->fd)
		return -EINVAL;
	ret = alloc_fd(heap, data->len, PAGE_SIZE, data->fd_flags,
		       data->heap_flags, new);
	if (!ret)
		data->fd = new->fd;
	return ret;
}

static int ioctl_alloc_aligned(struct heap *heap, union heap_arg *arg,
			       struct new_fd *new)
{
	struct contig_heap_alloc *data = &arg->aligned;
	int ret;

	if (data->fd)
		return -EINVAL;
	ret = alloc_fd(heap, data->len, data->align ?: PAGE_SIZE,
		       data->fd_flags, data->heap_flags, new);
	if (!ret)
		data->fd = new->fd;
	return ret;
}

static int ioctl_query(struct heap *heap, union heap_arg *arg,
		       struct new_fd *new)
{
	struct region *region = heap->region;
	struct stock_stat stat;
	u32 flags = 0;

	if (heap->uncached)
		flags |= CONTIG_HEAP_F_UNCACHED;
	if (region->estimate)
		flags |= CONTIG_HEAP_F_CMA | CONTIG_HEAP_F_ESTIMATE;
	if (!region->mapped)
		flags |= CONTIG_HEAP_F_NO_MAP;

	/* It may wait for an allocation, and @lock holds up every release. */
	region_stat(region, &stat);
	mutex_lock(&region->lock);
	arg->query = (struct contig_heap_query) {
		.total		= stat.total,
		.free		= stat.free,
		.largest	= stat.largest,
		.dirty		= stat.dirty,
		.quantum	= region->quantum,
		.flags		= flags,
		.buffers	= heap->buffers,
		.region_buffers	= region->nr_buffers,
	};
	mutex_unlock(&region->lock);
	return 0;
}

static int ioctl_sync(struct heap *heap, union heap_arg *arg,
		      struct new_fd *new)
{
	const struct contig_heap_sync *sync = &arg->sync;
	enum dma_data_direction dir;
	struct dma_buf *dmabuf;
	int ret;

	if (sync->flags & ~DMA_BUF_SYNC_VALID_FLAGS_MASK)
		return -EINVAL;
	switch (sync->flags & DMA_BUF_SYNC_RW) {
	case DMA_BUF_SYNC_READ:
		dir = DMA_FROM_DEVICE;
		break;
	case DMA_BUF_SYNC_WRITE:
		dir = DMA_TO_DEVICE;
		break;
	case DMA_BUF_SYNC_RW:
		dir = DMA_BIDIRECTIONAL;
		break;
	default:
		return -EINVAL;
	}

	dmabuf = dma_buf_get(sync->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = buffer_sync(dmabuf, sync->offset, sync->len, dir,
			  !(sync->flags & DMA_BUF_SYNC_END));
	dma_buf_put(dmabuf);
	return ret;
}

static int ioctl_place(struct heap *heap, union heap_arg *arg,
		       struct new_fd *new)
{
	struct contig_heap_place *place = &arg->place;
	struct dma_buf *dmabuf;
	int ret;

	if (place->flags)
		return -EINVAL;
	dmabuf = dma_buf_get(place->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = buffer_phase(dmabuf, place->modulus, &place->phase);
	dma_buf_put(dmabuf);
	return ret;
}

/**
 * struct heap_command - one ioctl
 * @cmd: its number as the headers have it; a caller's size may differ
 * @run: does it; on success it may leave an fd to be made visible
 * @any_buffer: it is about a buffer, which may outlive its heap
 */
struct heap_command {
	unsigned int cmd;
	int (*run)(struct heap *heap, union heap_arg *arg, struct new_fd *new);
	bool any_buffer;
};

static const struct heap_command commands[] = {
	{ DMA_HEAP_IOCTL_ALLOC, ioctl_alloc },
	{ CONTIG_HEAP_IOCTL_QUERY, ioctl_query },
	{ CONTIG_HEAP_IOCTL_ALLOC, ioctl_alloc_aligned },
	{ CONTIG_HEAP_IOCTL_SYNC, ioctl_sync, true },
	{ CONTIG_HEAP_IOCTL_PLACE, ioctl_place, true },
};

static const struct heap_command *find_command(unsigned int ucmd)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (_IOC_TYPE(ucmd) == _IOC_TYPE(commands[i].cmd) &&
		    _IOC_NR(ucmd) == _IOC_NR(commands[i].cmd))
			return &commands[i];
	return NULL;
}

/*
 * Fields that we do not know must not be set: what they ask for would not happen.
 * The kernel's own command never looked at them.
 */
static int check_unknown(const struct heap_command *command, const void *arg,
			 size_t usize)
{
	size_t known = _IOC_SIZE(command->cmd);

	if (command->cmd == DMA_HEAP_IOCTL_ALLOC || usize <= known)
		return 0;
	return memchr_inv(arg + known, 0, usize - known) ? -E2BIG : 0;
}

static long node_ioctl(struct file *file, unsigned int ucmd, unsigned long uarg)
{
	const struct heap_command *command = find_command(ucmd);
	struct heap *heap = file->private_data;
	void __user *user = (void __user *)uarg;
	size_t usize = _IOC_SIZE(ucmd);
	struct new_fd new = {};
	union heap_arg small = {};
	void *arg = &small;
	long ret;

	if (!command)
		return _IOC_TYPE(ucmd) == DMA_HEAP_IOC_MAGIC ? -EINVAL : -ENOTTY;
	if (READ_ONCE(heap->gone) && !command->any_buffer)
		return -ENODEV;
	if (command->cmd != DMA_HEAP_IOCTL_ALLOC && usize > PAGE_SIZE)
		return -E2BIG;

	/* Callers may be newer or older than we are: see the uapi headers. */
	if (usize > sizeof(small)) {
		arg = kzalloc(usize, GFP_KERNEL);
		if (!arg)
			return -ENOMEM;
	}
	if (ucmd & command->cmd & IOC_IN && copy_from_user(arg, user, usize)) {
		ret = -EFAULT;
		goto free_arg;
	}
	ret = check_unknown(command, arg, usize);
	if (ret)
		goto free_arg;
	ret = command->run(heap, arg, &new);
	if (ret)
		goto free_arg;
	if (ucmd & command->cmd & IOC_OUT && copy_to_user(user, arg, usize)) {
		ret = -EFAULT;
		if (new.dmabuf) {
			put_unused_fd(new.fd);
			dma_buf_put(new.dmabuf);
		}
		goto free_arg;
	}
	if (new.dmabuf)
		fd_install(new.fd, new.dmabuf->file);

free_arg:
	if (arg != &small)
		kfree(arg);
	return ret;
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
