// SPDX-License-Identifier: MIT
/* Contents of buffers, from files and into them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* Bytes after which the progress is shown. */
#define STEP		((uint64_t)16 << 20)
#define BAR_WIDTH	40

/* A bar on the terminal, if there is one. */
static void show_progress(uint64_t done, uint64_t all)
{
	static const char marks[] = "########################################";
	char text[32];
	int width = BAR_WIDTH * done / all;

	if (all <= STEP || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r[%-*.*s] %3llu %%  %s", BAR_WIDTH, width, marks,
		(unsigned long long)(done * 100 / all), size_text(done, text, sizeof(text)));
	if (done == all)
		fputc('\n', stderr);
}

/**
 * struct way - of contents through a file
 * @fd: the file
 * @path: its name, for messages
 * @start: where they begin in it
 * @stream: it has no offsets
 * @transfer: dmaheap_buffer_load() or dmaheap_buffer_store()
 */
struct way {
	int fd;
	const char *path;
	uint64_t start;
	bool stream;
	int (*transfer)(struct dmaheap_buffer *buffer, uint64_t offset, uint64_t len, int fd,
			uint64_t file_offset, uint64_t *done);
};

/* Returns GO_ON where this cannot be done without a copy, and nothing was. */
static int transfer_all(const struct way *way, struct dmaheap_buffer *buffer)
{
	uint64_t all = dmaheap_buffer_size(buffer), done = 0, step;

	while (done < all) {
		uint64_t len = all - done < STEP ? all - done : STEP;
		int ret = way->transfer(buffer, done, len, way->fd,
					way->stream ? 0 : way->start + done, &step);

		if (ret == -EINTR)
			continue;
		if (!done && (ret == -EOPNOTSUPP || ret == -EINVAL))
			return GO_ON;
		if (ret)
			return fail(ret, "%s", way->path);
		done += step;
		show_progress(done, all);
		/* The end of a file that is read; one that is full says so the next time. */
		if (!step || (step < len && !way->stream && way->transfer == dmaheap_buffer_load))
			break;
	}
	return OK;
}

static int read_copied(const struct way *way, struct dmaheap_buffer *buffer)
{
	struct dmaheap_access access;
	int ret = dmaheap_access_begin(buffer, 0, 0, DMAHEAP_WRITE, &access), status = OK;
	ssize_t got = 0;
	uint64_t done;

	if (ret)
		return fail(ret, "cannot write to the buffer");
	for (done = 0; done < access.len; done += got) {
		got = read(way->fd, (char *)access.data + done,
			   access.len - done < 1 << 20 ? access.len - done : 1 << 20);
		if (got < 0)
			status = fail(-errno, "%s", way->path);
		if (got <= 0)
			break;
	}
	ret = dmaheap_access_end(&access);
	return ret && !status ? fail(ret, "cannot write to the buffer") : status;
}

static int write_copied(const struct way *way, struct dmaheap_buffer *buffer)
{
	struct dmaheap_access access;
	int ret = dmaheap_access_begin(buffer, 0, 0, DMAHEAP_READ, &access), status = OK;
	ssize_t put;
	uint64_t done;

	if (ret)
		return fail(ret, "cannot read the buffer");
	for (done = 0; done < access.len; done += put) {
		put = write(way->fd, (char *)access.data + done,
			    access.len - done < 1 << 20 ? access.len - done : 1 << 20);
		if (put < 0 && errno == EINTR) {
			put = 0;
			continue;
		}
		if (put <= 0) {
			status = fail(-errno, "%s", way->path);
			break;
		}
	}
	dmaheap_access_end(&access);
	return status;
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
 * @direct: around the page cache, or not at all
 * @buffer: the buffer; what the file does not fill is left as it is
 *
 * Return: a status, after a message if it is not OK.
 */
int load_contents(const char *path, bool direct, struct dmaheap_buffer *buffer)
{
	bool standard = !strcmp(path, "-");
	struct way way = { .fd = STDIN_FILENO, .path = path, .transfer = dmaheap_buffer_load };
	int ret;

	if (!standard)
		way.fd = open(path, O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
	if (way.fd < 0)
		return fail(-errno, "%s", path);
	find_start(&way);
	ret = transfer_all(&way, buffer);
	if (ret == GO_ON)
		ret = direct ? fail(-EOPNOTSUPP, "%s", path) : read_copied(&way, buffer);
	if (!standard)
		close(way.fd);
	return ret;
}

/**
 * store_contents() - write a buffer to a file
 * @path: the file, which is made or replaced; "-" for standard output
 * @direct: around the page cache, or not at all
 * @buffer: the buffer
 *
 * Return: a status, after a message if it is not OK.
 */
int store_contents(const char *path, bool direct, struct dmaheap_buffer *buffer)
{
	bool standard = !strcmp(path, "-");
	struct way way = { .fd = STDOUT_FILENO, .path = path, .transfer = dmaheap_buffer_store };
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
		ret = direct ? fail(-EOPNOTSUPP, "%s", path) : write_copied(&way, buffer);
	/* Further output goes behind it. */
	else if (!ret && standard && !way.stream)
		lseek(way.fd, way.start + dmaheap_buffer_size(buffer), SEEK_SET);
	if (!standard && close(way.fd) && ret == OK)
		ret = fail(-errno, "%s", path);
	return ret;
}
