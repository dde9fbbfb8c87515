// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of heaps and buffers, for all device nodes.
 *
 * DMA_HEAP_IOCTL_ALLOC behaves exactly as with the kernel's own heaps, including
 * every errno.
 */
#include <linux/bits.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/dma-buf.h>
#include <uapi/linux/dma-heap.h>

#include "../uapi/linux/contig_heap.h"
#include "api.h"
#include "buffer.h"
#include "command.h"
#include "heap.h"
#include "region.h"
#include "stock.h"
#include "transfer.h"

/**
 * union command_arg - argument of any command
 * @alloc: DMA_HEAP_IOCTL_ALLOC
 * @aligned: CONTIG_HEAP_IOCTL_ALLOC
 * @query: CONTIG_HEAP_IOCTL_QUERY
 * @sync: CONTIG_HEAP_IOCTL_SYNC
 * @place: CONTIG_HEAP_IOCTL_PLACE
 * @transfer: CONTIG_HEAP_IOCTL_LOAD, CONTIG_HEAP_IOCTL_STORE
 * @buffer: CONTIG_HEAP_IOCTL_BUFFER
 * @version: CONTIG_HEAP_IOCTL_VERSION
 */
union command_arg {
	struct dma_heap_allocation_data alloc;
	struct contig_heap_alloc aligned;
	struct contig_heap_query query;
	struct contig_heap_sync sync;
	struct contig_heap_place place;
	struct contig_heap_transfer transfer;
	struct contig_heap_buffer buffer;
	struct contig_heap_version version;
};

/**
 * struct new_fd - a file descriptor that is not installed yet
 * @fd: reserved number
 * @dmabuf: the dma-buf to install, or NULL
 *
 * It is installed only after the number has been copied to user space, so that none
 * is leaked if that fails.
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

static int ioctl_alloc(struct heap *heap, union command_arg *arg,
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

static int ioctl_alloc_aligned(struct heap *heap, union command_arg *arg,
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

static int ioctl_query(struct heap *heap, union command_arg *arg,
		       struct new_fd *new)
{
	struct region *region = heap->region;
	struct stock_stat stat;

	/* Not under region->lock: it may wait for an allocation, and block every release. */
	region_stat(region, &stat);
	mutex_lock(&region->lock);
	arg->query = (struct contig_heap_query) {
		.total		= stat.total,
		.free		= stat.free,
		.largest	= stat.largest,
		.dirty		= stat.dirty,
		.quantum	= region->quantum,
		.flags		= heap_flags(heap),
		.buffers	= heap->buffers,
		.region_buffers	= region->nr_buffers,
		.held		= stat.held,
	};
	mutex_unlock(&region->lock);
	return 0;
}

static int ioctl_sync(struct heap *heap, union command_arg *arg,
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

static int ioctl_place(struct heap *heap, union command_arg *arg,
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

static int transfer(struct contig_heap_transfer *transfer, bool load)
{
	struct dma_buf *dmabuf;
	struct file *file;
	int ret;

	if (transfer->flags || transfer->reserved)
		return -EINVAL;
	dmabuf = dma_buf_get(transfer->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	file = fget(transfer->file);
	if (file) {
		ret = buffer_transfer(dmabuf, transfer->offset, file,
				      transfer->file_offset, transfer->len,
				      load, &transfer->done);
		fput(file);
	} else {
		ret = -EBADF;
	}
	dma_buf_put(dmabuf);
	return ret;
}

static int ioctl_load(struct heap *heap, union command_arg *arg,
		      struct new_fd *new)
{
	return transfer(&arg->transfer, true);
}

static int ioctl_store(struct heap *heap, union command_arg *arg,
		       struct new_fd *new)
{
	return transfer(&arg->transfer, false);
}

static int ioctl_buffer(struct heap *heap, union command_arg *arg,
			struct new_fd *new)
{
	struct contig_heap_buffer *buffer = &arg->buffer;
	struct dma_buf *dmabuf;
	int ret;

	if (buffer->flags || buffer->reserved)
		return -EINVAL;
	dmabuf = dma_buf_get(buffer->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = buffer_describe(dmabuf, buffer);
	dma_buf_put(dmabuf);
	return ret;
}

static u64 known_commands(void);

static int ioctl_version(struct heap *heap, union command_arg *arg,
			 struct new_fd *new)
{
	arg->version = (struct contig_heap_version) {
		.version	= CONTIG_HEAP_VERSION,
		.commands	= known_commands(),
	};
	return 0;
}

/**
 * struct command - one ioctl
 * @cmd: its number in the headers; the size that a caller passes may differ
 * @run: its handler; on success, it may fill in an fd to be installed
 * @any_buffer: it needs no heap: it takes a buffer, which may outlive its heap, or
 *	neither
 */
struct command {
	unsigned int cmd;
	int (*run)(struct heap *heap, union command_arg *arg, struct new_fd *new);
	bool any_buffer;
};

static const struct command commands[] = {
	{ DMA_HEAP_IOCTL_ALLOC, ioctl_alloc },
	{ CONTIG_HEAP_IOCTL_QUERY, ioctl_query },
	{ CONTIG_HEAP_IOCTL_ALLOC, ioctl_alloc_aligned },
	{ CONTIG_HEAP_IOCTL_SYNC, ioctl_sync, true },
	{ CONTIG_HEAP_IOCTL_PLACE, ioctl_place, true },
	{ CONTIG_HEAP_IOCTL_LOAD, ioctl_load, true },
	{ CONTIG_HEAP_IOCTL_STORE, ioctl_store, true },
	{ CONTIG_HEAP_IOCTL_VERSION, ioctl_version, true },
	{ CONTIG_HEAP_IOCTL_BUFFER, ioctl_buffer, true },
};

static u64 known_commands(void)
{
	u64 known = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (_IOC_TYPE(commands[i].cmd) == CONTIG_HEAP_IOC_MAGIC)
			known |= BIT_ULL(_IOC_NR(commands[i].cmd));
	return known;
}

static const struct command *find_command(unsigned int ucmd)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (_IOC_TYPE(ucmd) == _IOC_TYPE(commands[i].cmd) &&
		    _IOC_NR(ucmd) == _IOC_NR(commands[i].cmd))
			return &commands[i];
	return NULL;
}

/*
 * Unknown fields must be 0, because we cannot do what they request. The kernel's own
 * ioctl ignores them.
 */
static int check_unknown(const struct command *command, const void *arg,
			 size_t usize)
{
	size_t known = _IOC_SIZE(command->cmd);

	if (command->cmd == DMA_HEAP_IOCTL_ALLOC || usize <= known)
		return 0;
	return memchr_inv(arg + known, 0, usize - known) ? -E2BIG : 0;
}

/**
 * command_run() - run an ioctl
 * @heap: the heap whose node it was called on, or NULL
 * @ucmd: its number
 * @user: its argument
 *
 * Without a heap, only the ioctls that need none are available.
 *
 * Context: process context; may sleep.
 * Return: 0 or a negative errno, as documented in the uapi headers.
 */
long command_run(struct heap *heap, unsigned int ucmd, void __user *user)
{
	const struct command *command = find_command(ucmd);
	size_t usize = _IOC_SIZE(ucmd);
	struct new_fd new = {};
	union command_arg small = {};
	void *arg = &small;
	long ret;

	if (!heap && (!command || !command->any_buffer))
		return -ENOTTY;
	if (!command)
		return _IOC_TYPE(ucmd) == DMA_HEAP_IOC_MAGIC ? -EINVAL : -ENOTTY;
	if (!command->any_buffer && READ_ONCE(heap->gone))
		return -ENODEV;
	if (command->cmd != DMA_HEAP_IOCTL_ALLOC && usize > PAGE_SIZE)
		return -E2BIG;

	/* The caller's structure may be newer or older than ours, see the uapi headers. */
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
