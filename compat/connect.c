// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connecting files to a master, showing and hiding parts of the master, and revoking
 * connected files.
 */
#include <linux/dma-buf.h>
#include <linux/file.h>
#include <linux/mm.h>

#include "../uapi/linux/android_pmem.h"
#include "connect.h"
#include "inode.h"
#include "phys.h"
#include "range.h"

/* Check and make a connection; with the locks of both files held. */
static int connect_locked(struct pmem_file *file, struct pmem_file *master,
			  int fd)
{
	if (!master->allocated || master->connected)
		return -EINVAL;
	/* A file can be connected again to the same master, with another fd. */
	if (file->allocated && file->master != master)
		return -EINVAL;
	WRITE_ONCE(file->master_fd, fd);
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
 * @fd: the master, a file descriptor of the caller
 *
 * Context: may sleep.
 * Return: 0; -EBADF if @fd is not open; -EINVAL if it is the same file, is not a file
 * of this node, has no memory or is itself connected, or if @file has its own memory or
 * is connected to another master.
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

/*
 * May the caller change what a file shows? This is a right of the process: the fd with
 * which the file was connected must be the master in the caller, too. A file that has
 * been mapped as a master is its own master.
 */
static bool is_master_owner(struct pmem_file *file, struct file *filp, int fd)
{
	lockdep_assert_held(&file->node->lock);
	lockdep_assert_held(&file->lock);
	if (!file->allocated)
		return false;
	if (file->mapped)
		return true;
	return filp && file->master && file->master->file == filp &&
	       file->master_fd == fd;
}

/**
 * pmem_change() - PMEM_MAP and PMEM_UNMAP
 * @file: the connected file
 * @region: the part of its master to show or hide
 * @map: show, otherwise hide
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a misaligned region, if the caller does not own the master,
 * and as pmem_range_change(); -ENOMEM.
 */
int pmem_change(struct pmem_file *file, const struct pmem_region *region,
		bool map)
{
	struct pmem_node *node = file->node;
	int fd = READ_ONCE(file->master_fd), ret = -EINVAL;
	struct file *filp;

	if (!PAGE_ALIGNED(region->offset) || !PAGE_ALIGNED(region->len))
		return -EINVAL;
	if (!region->len)
		return 0;

	/* is_master_owner() checks below whether this is the master. */
	filp = fget(fd);
	mutex_lock(&node->lock);
	mutex_lock(&file->lock);
	if (is_master_owner(file, filp, fd))
		ret = pmem_range_change(file, region->offset, region->len, map);
	mutex_unlock(&file->lock);
	mutex_unlock(&node->lock);
	if (filp)
		fput(filp);
	return ret;
}

/*
 * The master is being closed: take the memory from a client, which keeps the length and
 * the handle. Modelled, together with faults, by selftests/proofs/models/revoke.pml.
 */
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

/**
 * pmem_disconnect() - end the connections of a file that is being closed
 * @file: the file; its clients show garbage from now on
 *
 * Context: may sleep.
 */
void pmem_disconnect(struct pmem_file *file)
{
	struct pmem_file *client, *next;

	mutex_lock(&file->node->lock);
	list_del_init(&file->client);
	list_for_each_entry_safe(client, next, &file->clients, client)
		revoke(client);
	mutex_unlock(&file->node->lock);
}
