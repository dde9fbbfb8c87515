// SPDX-License-Identifier: MIT
/* Copy between files and buffers, without a copy in the program. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/contig_heap.h>

#include "internal.h"

/* Progress is reported after this number of bytes. */
#define STEP	((uint64_t)16 << 20)

static int transfer(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
		    uint64_t file_offset, unsigned long command, uint64_t *done)
{
	struct contig_heap_transfer data = {
		.fd = buffer->fd,
		.file = fd,
		.offset = offset,
		.file_offset = file_offset,
		.len = len ? len : buffer->size - offset,
	};
	int ret;

	if (!done || offset >= buffer->size || len > buffer->size - offset)
		return -EINVAL;
	ret = dmaheap_buffer_ioctl(buffer, command, &data);
	if (!ret)
		*done = data.done;
	return dmaheap_log(ret, "%s %llu bytes, at %llu of the buffer and at %llu of the file",
			   command == CONTIG_HEAP_IOCTL_LOAD ? "loading" : "storing",
			   (unsigned long long)data.len, (unsigned long long)offset,
			   (unsigned long long)file_offset);
}

API int dmaheap_buffer_load(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			    uint64_t file_offset, uint64_t *done)
{
	return transfer(buffer, offset, len, fd, file_offset, CONTIG_HEAP_IOCTL_LOAD, done);
}

API int dmaheap_buffer_store(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			     uint64_t file_offset, uint64_t *done)
{
	return transfer(buffer, offset, len, fd, file_offset, CONTIG_HEAP_IOCTL_STORE, done);
}

/*
 * Has a file that returned fewer bytes than requested ended? With O_DIRECT, another read would
 * fail, because the offset is not a multiple of the block size.
 */
static bool at_end(int fd, uint64_t pos)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && pos >= (uint64_t)st.st_size;
}

static int transfer_all(struct dmaheap_buffer *buffer, int fd, unsigned long command,
			struct dmaheap_transfer *how)
{
	bool load = command == CONTIG_HEAP_IOCTL_LOAD, stream = lseek(fd, 0, SEEK_CUR) < 0;
	uint64_t len = how->len ? how->len : buffer->size - how->offset;

	while (how->done < len) {
		uint64_t left = len - how->done, step = left < STEP ? left : STEP, moved = 0;
		uint64_t pos = how->file_offset + (stream ? 0 : how->done);
		int ret = transfer(buffer, how->offset + how->done, step, fd, pos, command, &moved);

		if (ret && ret != -EINTR)
			return ret;
		how->done += moved;
		if (how->progress && (moved || ret)) {
			int stop = how->progress(how->done, len, how->data);

			if (stop)
				return stop;
		}
		if (!ret && (!moved || (load && moved < step && at_end(fd, pos + moved))))
			break;
	}
	return 0;
}

static int take_and_transfer(struct dmaheap_buffer *buffer, int fd, unsigned long command,
			     struct dmaheap_transfer *given)
{
	struct dmaheap_transfer how;
	int ret;

	if (!given || given->size < offsetof(struct dmaheap_transfer, progress))
		return -EINVAL;
	ret = dmaheap_accept(given, &how, sizeof(how));
	if (ret)
		return ret;
	how.done = 0;
	if (how.flags || how.offset >= buffer->size || how.len > buffer->size - how.offset)
		return -EINVAL;
	ret = transfer_all(buffer, fd, command, &how);
	given->done = how.done;
	return ret;
}

API int dmaheap_buffer_load_all(struct dmaheap_buffer *buffer, int fd,
				struct dmaheap_transfer *transfer)
{
	return take_and_transfer(buffer, fd, CONTIG_HEAP_IOCTL_LOAD, transfer);
}

API int dmaheap_buffer_store_all(struct dmaheap_buffer *buffer, int fd,
				 struct dmaheap_transfer *transfer)
{
	return take_and_transfer(buffer, fd, CONTIG_HEAP_IOCTL_STORE, transfer);
}
