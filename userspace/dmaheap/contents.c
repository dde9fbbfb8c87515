// SPDX-License-Identifier: MIT
/* Load the contents of buffers from files, and store them in files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* Show no progress for this number of bytes. */
#define SHORT		((uint64_t)16 << 20)
#define BAR_WIDTH	40

/**
 * struct way - a file for the contents of a buffer
 * @fd: the file
 * @path: its name, for messages
 * @load: read from the file
 * @start: offset in the file; 0 if it has no offsets
 * @stream: it has no offsets
 */
struct way {
	int fd;
	const char *path;
	bool load;
	uint64_t start;
	bool stream;
};

/* Show a progress bar, if there is a terminal. */
static int show_progress(uint64_t done, uint64_t all, void *data)
{
	static const char marks[] = "########################################";
	char text[32];
	int width = BAR_WIDTH * done / all;

	(void)data;
	if (all <= SHORT || !isatty(STDERR_FILENO))
		return 0;
	fprintf(stderr, "\r[%-*.*s] %3llu %%  %s", BAR_WIDTH, width, marks,
		(unsigned long long)(done * 100 / all), size_text(done, text, sizeof(text)));
	if (done == all)
		fputc('\n', stderr);
	return 0;
}

/* Returns GO_ON if a copy is needed, without having transferred anything. */
static int transfer_all(const struct way *way, struct dmaheap_buffer *buffer)
{
	struct dmaheap_transfer transfer = DMAHEAP_TRANSFER_INIT;
	int ret;

	transfer.file_offset = way->start;
	transfer.progress = show_progress;
	ret = way->load ? dmaheap_buffer_load_all(buffer, way->fd, &transfer) :
			  dmaheap_buffer_store_all(buffer, way->fd, &transfer);
	if (!transfer.done && (ret == -EOPNOTSUPP || ret == -EINVAL))
		return GO_ON;
	return ret ? fail(ret, "%s", way->path) : OK;
}

/* Copy what cannot be transferred directly, for instance with other exporters' buffers. */
static int copy_all(const struct way *way, struct dmaheap_buffer *buffer)
{
	const char *what = way->load ? "cannot write to the buffer" : "cannot read the buffer";
	struct dmaheap_access access;
	int status = OK, ret;
	ssize_t moved = 0;
	uint64_t done;

	ret = dmaheap_access_begin(buffer, 0, 0, way->load ? DMAHEAP_WRITE : DMAHEAP_READ, &access);
	if (ret)
		return fail(ret, "%s", what);
	for (done = 0; done < access.len; done += moved) {
		size_t len = access.len - done < 1 << 20 ? access.len - done : 1 << 20;
		char *data = (char *)access.data + done;

		moved = way->load ? read(way->fd, data, len) : write(way->fd, data, len);
		if (moved < 0 && errno == EINTR) {
			moved = 0;
			continue;
		}
		if (moved < 0)
			status = fail(-errno, "%s", way->path);
		if (moved <= 0)
			break;
	}
	ret = dmaheap_access_end(&access);
	return ret && !status ? fail(ret, "%s", what) : status;
}

static void find_start(struct way *way)
{
	off_t at = lseek(way->fd, 0, SEEK_CUR);

	way->stream = at < 0;
	way->start = at < 0 ? 0 : at;
}

/**
 * load_contents() - read a file into a buffer
 * @path: the file, "-" for standard input
 * @direct: bypass the page cache, or fail
 * @buffer: the buffer; bytes after the end of the file are not changed
 *
 * Return: a status, after a message if it is not OK.
 */
int load_contents(const char *path, bool direct, struct dmaheap_buffer *buffer)
{
	bool standard = !strcmp(path, "-");
	struct way way = { .fd = STDIN_FILENO, .path = path, .load = true };
	int ret;

	if (!standard)
		way.fd = open(path, O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
	if (way.fd < 0)
		return fail(-errno, "%s", path);
	find_start(&way);
	ret = transfer_all(&way, buffer);
	if (ret == GO_ON)
		ret = direct ? fail(-EOPNOTSUPP, "%s", path) : copy_all(&way, buffer);
	if (!standard)
		close(way.fd);
	return ret;
}

/**
 * store_contents() - write a buffer to a file
 * @path: the file, which is created or replaced; "-" for standard output
 * @direct: bypass the page cache, or fail
 * @buffer: the buffer
 *
 * Return: a status, after a message if it is not OK.
 */
int store_contents(const char *path, bool direct, struct dmaheap_buffer *buffer)
{
	bool standard = !strcmp(path, "-");
	struct way way = { .fd = STDOUT_FILENO, .path = path };
	int ret;

	fflush(stdout);
	if (!standard)
		way.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
			      (direct ? O_DIRECT : 0), 0666);
	if (way.fd < 0)
		return fail(-errno, "%s", path);
	find_start(&way);
	ret = transfer_all(&way, buffer);
	if (ret == GO_ON)
		ret = direct ? fail(-EOPNOTSUPP, "%s", path) : copy_all(&way, buffer);
	/* Further output follows it. */
	else if (!ret && standard && !way.stream)
		lseek(way.fd, way.start + dmaheap_buffer_size(buffer), SEEK_SET);
	if (!standard && close(way.fd) && ret == OK)
		ret = fail(-errno, "%s", path);
	return ret;
}
