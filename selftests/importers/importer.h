/* SPDX-License-Identifier: GPL-2.0-only */
/* Common to the test importers: an attachment with its mapping, and the ioctls of a node. */
#ifndef IMPORTER_H
#define IMPORTER_H

#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/uaccess.h>

#include "compat.h"

/**
 * struct attachment - a device attached to a dma-buf
 * @attach: the attachment, or NULL
 * @table: its mapping, or NULL
 * @direction: direction of @table
 */
struct attachment {
	struct dma_buf_attachment *attach;
	struct sg_table *table;
	enum dma_data_direction direction;
};

/* This and the next function do nothing if there is nothing to end. */
static inline void attachment_unmap(struct attachment *attachment)
{
	if (!attachment->table)
		return;
	dma_buf_unmap_attachment_unlocked(attachment->attach, attachment->table,
					  attachment->direction);
	attachment->table = NULL;
}

static inline void attachment_end(struct attachment *attachment)
{
	struct dma_buf *dmabuf;

	if (!attachment->attach)
		return;
	attachment_unmap(attachment);
	dmabuf = attachment->attach->dmabuf;
	dma_buf_detach(dmabuf, attachment->attach);
	dma_buf_put(dmabuf);
	attachment->attach = NULL;
}

/* Holds a reference to the dma-buf until attachment_end(). */
static inline int attachment_begin(struct attachment *attachment, int fd, struct device *dev)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct dma_buf_attachment *attach;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	attach = dma_buf_attach(dmabuf, dev);
	if (IS_ERR(attach)) {
		dma_buf_put(dmabuf);
		return PTR_ERR(attach);
	}
	attachment->attach = attach;
	return 0;
}

/* A segment of the mapping, or NULL. */
static inline struct scatterlist *attachment_segment(const struct attachment *attachment, u32 index)
{
	struct scatterlist *sg;
	int i;

	if (attachment->table)
		for_each_sgtable_dma_sg(attachment->table, sg, i)
			if (i == index)
				return sg;
	return NULL;
}

/*
 * The device's address of this offset in a mapped buffer. Reduces @len to the number of contiguous
 * bytes from there on, or to 0 after the end.
 */
static inline dma_addr_t attachment_place(const struct attachment *attachment, u64 offset, u64 *len)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(attachment->table, sg, i) {
		if (offset < sg_dma_len(sg)) {
			*len = min_t(u64, *len, sg_dma_len(sg) - offset);
			return sg_dma_address(sg) + offset;
		}
		offset -= sg_dma_len(sg);
	}
	*len = 0;
	return 0;
}

/* An open file: each module defines its own. */
struct importer;

/**
 * struct command - an ioctl
 * @cmd: its number
 * @run: implements it, with a copy of the argument
 */
struct command {
	unsigned int cmd;
	int (*run)(struct importer *importer, void *arg);
};

/* The size of the largest argument. */
#define COMMAND_MAX	40

/* Run one of @count commands; @lock serializes them. */
static inline long command_run(const struct command *commands, size_t count, struct mutex *lock,
			       struct importer *importer, unsigned int cmd, void __user *user)
{
	u64 arg[COMMAND_MAX / sizeof(u64)];
	size_t size = _IOC_SIZE(cmd), i;
	long ret;

	for (i = 0; i < count; i++)
		if (commands[i].cmd == cmd)
			break;
	if (i == count)
		return -ENOTTY;
	if (copy_from_user(arg, user, size))
		return -EFAULT;
	mutex_lock(lock);
	ret = commands[i].run(importer, arg);
	mutex_unlock(lock);
	if (!ret && cmd & IOC_OUT && copy_to_user(user, arg, size))
		ret = -EFAULT;
	return ret;
}

#endif /* IMPORTER_H */
