// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exporting the memory of a master as a dma-buf, and importing a dma-buf as the memory
 * of a master.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/uaccess.h>

#include "../heap/api.h"
#include "../uapi/linux/android_pmem.h"
#include "alloc.h"
#include "phys.h"
#include "pmem.h"
#include "share.h"

#define READ_WRITE	(FMODE_READ | FMODE_WRITE)

static bool is_read_write(const struct file *file)
{
	return (file->f_mode & READ_WRITE) == READ_WRITE;
}

static struct dma_buf *exported(struct pmem_file *file)
{
	struct dma_buf *dmabuf = ERR_PTR(-EINVAL);

	mutex_lock(&file->lock);
	if (file->memory.dmabuf && !file->connected) {
		dmabuf = file->memory.dmabuf;
		get_dma_buf(dmabuf);
	}
	mutex_unlock(&file->lock);
	return dmabuf;
}

/**
 * pmem_export() - PMEM_EXPORT_DMABUF
 * @file: the file
 * @arg: the caller's struct pmem_dmabuf
 *
 * The file descriptor is installed only after its number has been copied to user space,
 * so that none is leaked if that fails.
 *
 * Context: may sleep.
 * Return: 0, or a negative errno as documented in the uapi header.
 */
int pmem_export(struct pmem_file *file, void __user *arg)
{
	struct dma_buf *dmabuf;
	struct pmem_dmabuf out;
	int ret;

	if (copy_from_user(&out, arg, sizeof(out)))
		return -EFAULT;
	if ((out.fd_flags & ~O_CLOEXEC) != O_RDWR)
		return -EINVAL;
	if (!is_read_write(file->file))
		return -EACCES;
	dmabuf = exported(file);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	ret = get_unused_fd_flags(out.fd_flags & O_CLOEXEC);
	if (ret < 0)
		goto put_dmabuf;
	out.fd = ret;
	if (copy_to_user(arg, &out, sizeof(out))) {
		put_unused_fd(out.fd);
		ret = -EFAULT;
		goto put_dmabuf;
	}
	fd_install(out.fd, dmabuf->file);
	return 0;

put_dmabuf:
	dma_buf_put(dmabuf);
	return ret;
}

/* The settings of a node only allow callers to see addresses of its own region. */
static bool is_foreign(struct pmem_node *node, const struct contig_place *place)
{
	struct contig_stat stat;

	contig_heap_stat(node->heap, &stat);
	return place->phys < stat.base ||
	       place->phys - stat.base >= stat.total;
}

/* The file takes the reference on success. */
static int take_dmabuf(struct pmem_file *file, struct dma_buf *dmabuf)
{
	struct pmem_handle *handle;
	struct contig_place place;
	int ret = contig_place(dmabuf, &place);

	if (ret)
		return ret;
	if (!is_read_write(dmabuf->file))
		return -EACCES;
	handle = pmem_handle_new(place.size);
	if (!handle)
		return -ENOMEM;
	/* From now on, devices that bypass the caches may access it by its address. */
	contig_maintain(dmabuf, 0, dmabuf->size, CONTIG_CLEAN_INVALIDATE);
	mutex_lock(&file->lock);
	if (file->allocated) {
		ret = -EINVAL;
	} else {
		file->memory = (struct pmem_memory) {
			.dmabuf = dmabuf,
			.len = place.size,
			.phys = place.phys,
			.handle = handle,
			.uncached = place.uncached,
			.foreign = is_foreign(file->node, &place),
		};
		file->allocated = true;
		file->imported = true;
	}
	mutex_unlock(&file->lock);
	if (ret)
		pmem_handle_put(handle);
	return ret;
}

/**
 * pmem_import() - PMEM_IMPORT_DMABUF
 * @file: the file
 * @arg: the caller's struct pmem_dmabuf
 *
 * Context: may sleep.
 * Return: 0, or a negative errno as documented in the uapi header.
 */
int pmem_import(struct pmem_file *file, void __user *arg)
{
	struct dma_buf *dmabuf;
	struct pmem_dmabuf in;
	int ret;

	if (copy_from_user(&in, arg, sizeof(in)))
		return -EFAULT;
	if (in.fd_flags)
		return -EINVAL;
	dmabuf = dma_buf_get(in.fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = take_dmabuf(file, dmabuf);
	if (ret)
		dma_buf_put(dmabuf);
	return ret;
}
