// SPDX-License-Identifier: GPL-2.0-only
/* CONTIG_HEAP_IOCTL_LOAD and _STORE: copy from files to buffers, and back. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "importer_client.h"
#include "test.h"

/* More than one slice, but no whole number of slices. */
#define LEN	(MiB(9) + KiB(48))
#define FOLDER	"/tmp/transfer"

FIXTURE(transfer) {
	int heap;
	int fd;
	unsigned char *map;
};

HEAP_KINDS(transfer);

FIXTURE_SETUP(transfer)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->fd = heap_alloc(self->heap, LEN);
	ASSERT_LE(0, self->fd);
	self->map = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->map);
}

FIXTURE_TEARDOWN(transfer)
{
	munmap(self->map, LEN);
	close(self->fd);
	close(self->heap);
}

TEST_F(transfer, loads_a_file)
{
	int file = new_file(LEN, 1);

	ASSERT_EQ(LEN, buffer_load(self->heap, self->fd, 0, file, 0, LEN));
	EXPECT_TRUE(filled(self->map, LEN, 1));
	EXPECT_EQ(LEN, lseek(file, 0, SEEK_CUR));
	close(file);
}

TEST_F(transfer, stores_into_a_file)
{
	int file = new_file(0, 0);
	unsigned char *copy = malloc(LEN);

	fill(self->map, LEN, 2);
	ASSERT_EQ(LEN, buffer_store(self->heap, self->fd, 0, file, 0, LEN));
	ASSERT_EQ(LEN, pread(file, copy, LEN, 0));
	EXPECT_TRUE(filled(copy, LEN, 2));
	EXPECT_TRUE(filled(self->map, LEN, 2));
	EXPECT_EQ(0, lseek(file, 0, SEEK_CUR));
	free(copy);
	close(file);
}

/* Adjacent ranges share cache lines with it, on both sides. */
TEST_F(transfer, leaves_alone_what_is_beside)
{
	static const struct {
		size_t offset, len;
	} part[] = {
		{ 1, 1 }, { 63, 130 }, { 4095, 2 }, { MiB(4) - 5, MiB(4) + 11 }, { LEN - 1, 1 },
	};
	int file = new_file(LEN, 3);
	unsigned char *wanted = malloc(LEN);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(part); i++) {
		/*
		 * Once the kernel has the lines in its cache, change the memory through the
		 * program's mapping.
		 */
		ASSERT_EQ(LEN, buffer_store(self->heap, self->fd, 0, file, 0, LEN));
		fill(self->map, LEN, 4 + i);
		memcpy(wanted, self->map, LEN);
		memset(wanted + part[i].offset, 0x77, part[i].len);
		ASSERT_EQ(part[i].len, pwrite(file, wanted + part[i].offset, part[i].len, 7));
		ASSERT_EQ(part[i].len, buffer_load(self->heap, self->fd, part[i].offset, file, 7,
					    part[i].len));
		EXPECT_EQ(0, memcmp(wanted, self->map, LEN));
	}
	free(wanted);
	close(file);
}

TEST_F(transfer, ends_with_the_file)
{
	int file = new_file(PAGE + 100, 5);

	memset(self->map, 0x11, LEN);
	EXPECT_EQ(PAGE + 100, buffer_load(self->heap, self->fd, 0, file, 0, LEN));
	EXPECT_TRUE(filled(self->map, PAGE + 100, 5));
	EXPECT_TRUE(all_bytes(self->map + PAGE + 100, LEN - PAGE - 100, 0x11));
	EXPECT_EQ(0, buffer_load(self->heap, self->fd, 0, file, PAGE + 100, LEN));
	EXPECT_EQ(0, buffer_load(self->heap, self->fd, 0, file, MiB(100), LEN));
	EXPECT_EQ(100, buffer_load(self->heap, self->fd, 0, file, PAGE, LEN));
	close(file);
}

TEST_F(transfer, grows_a_file_with_a_hole)
{
	int file = new_file(0, 0);
	unsigned char copy[300];

	fill(self->map, LEN, 6);
	ASSERT_EQ(100, buffer_store(self->heap, self->fd, 0, file, 200, 100));
	ASSERT_EQ(300, pread(file, copy, 300, 0));
	EXPECT_TRUE(all_bytes(copy, 200, 0));
	EXPECT_EQ(0, memcmp(copy + 200, self->map, 100));
	close(file);
}

TEST_F(transfer, appends_where_the_file_says_so)
{
	char path[] = "/tmp/append-XXXXXX";
	int file = mkstemp(path), end;

	ASSERT_EQ(3, write(file, "abc", 3));
	end = open(path, O_WRONLY | O_APPEND);
	memcpy(self->map, "def", 3);
	ASSERT_EQ(3, buffer_store(self->heap, self->fd, 0, end, 0, 3));
	EXPECT_EQ(0, strcmp("abcdef", read_text(path)));
	unlink(path);
	close(end);
	close(file);
}

/**
 * struct stream - the other end of a pipe or a socket
 * @fd: that end; closed finally
 * @feed: write to it, instead of reading
 * @memory: data to send or receive
 * @len: size of @memory
 * @done: bytes transferred
 */
struct stream {
	int fd;
	bool feed;
	char *memory;
	size_t len, done;
};

static void *serve(void *data)
{
	struct stream *stream = data;
	ssize_t ret;

	for (stream->done = 0; stream->done < stream->len; stream->done += ret) {
		char *memory = stream->memory + stream->done;
		size_t left = stream->len - stream->done;

		ret = stream->feed ? write(stream->fd, memory, left) :
				     read(stream->fd, memory, left);
		if (ret <= 0)
			break;
	}
	close(stream->fd);
	return NULL;
}

/* A load reads until the other end is closed. */
TEST_F(transfer, with_a_pipe_and_a_socket)
{
	struct stream stream = { .len = MiB(1) + 17, .memory = malloc(MiB(1) + 17) };
	size_t len = stream.len;
	pthread_t thread;
	int end[2], i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, i / 2 ? socketpair(AF_UNIX, SOCK_STREAM, 0, end) : pipe(end));
		stream.feed = i % 2;
		stream.fd = end[stream.feed];
		fill(stream.feed ? stream.memory : (char *)self->map, len, 7 + i);
		ASSERT_EQ(0, pthread_create(&thread, NULL, serve, &stream));
		EXPECT_EQ(len, stream.feed ? buffer_load(self->heap, self->fd, 0, end[0], 0, LEN) :
					     buffer_store(self->heap, self->fd, 0, end[1], 0, len));
		pthread_join(thread, NULL);
		EXPECT_EQ(len, stream.done);
		EXPECT_TRUE(filled(stream.memory, len, 7 + i));
		EXPECT_TRUE(filled(self->map, len, 7 + i));
		close(end[!stream.feed]);
	}
	free(stream.memory);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* While it waits for an empty stream; it returns what it has loaded before. */
TEST_F(transfer, is_interrupted)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	/* A single signal might arrive before the wait. */
	const struct itimerval soon = { .it_value.tv_usec = 50000, .it_interval.tv_usec = 50000 };
	const struct itimerval never = {};
	int end[2];

	ASSERT_EQ(0, pipe(end));
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	EXPECT_ERRNO(EINTR, buffer_load(self->heap, self->fd, 0, end[0], 0, LEN));
	setitimer(ITIMER_REAL, &never, NULL);
	ASSERT_EQ(6, write(end[1], "before", 6));
	setitimer(ITIMER_REAL, &soon, NULL);
	EXPECT_EQ(6, buffer_load(self->heap, self->fd, 0, end[0], 0, LEN));
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_EQ(0, memcmp(self->map, "before", 6));
	close(end[0]);
	close(end[1]);
}

TEST_F(transfer, does_not_wait_for_an_empty_pipe_that_must_not)
{
	int end[2];

	ASSERT_EQ(0, pipe2(end, O_NONBLOCK));
	EXPECT_ERRNO(EAGAIN, buffer_load(self->heap, self->fd, 0, end[0], 0, LEN));
	ASSERT_EQ(3, write(end[1], "abc", 3));
	EXPECT_EQ(3, buffer_load(self->heap, self->fd, 0, end[0], 0, LEN));
	close(end[0]);
	EXPECT_EQ(SIG_DFL, signal(SIGPIPE, SIG_IGN));
	EXPECT_ERRNO(EPIPE, buffer_store(self->heap, self->fd, 0, end[1], 0, 1));
	close(end[1]);
}

/* It stores the part that fits; the next call returns the error. */
TEST_F(transfer, stops_where_a_file_system_is_full)
{
	int file;

	mkdir(FOLDER, 0700);
	ASSERT_EQ(0, mount("none", FOLDER, "tmpfs", 0, "size=1M"));
	file = open(FOLDER "/full", O_RDWR | O_CREAT, 0600);
	EXPECT_EQ(MiB(1), buffer_store(self->heap, self->fd, 0, file, 0, LEN));
	EXPECT_ERRNO(ENOSPC, buffer_store(self->heap, self->fd, MiB(1), file, MiB(1), LEN - MiB(1)));
	close(file);
	EXPECT_EQ(0, umount(FOLDER));
	rmdir(FOLDER);
}

TEST_F(transfer, refuses_files_that_are_not_open_for_it)
{
	char path[] = "/tmp/rights-XXXXXX";
	int both = mkstemp(path);
	int read_only = open(path, O_RDONLY), write_only = open(path, O_WRONLY);
	int path_only = open(path, O_PATH), folder = open("/tmp", O_RDONLY);
	int readable = heap_alloc_flags(self->heap, PAGE, O_RDONLY, 0);
	int writable = heap_alloc_flags(self->heap, PAGE, O_WRONLY, 0);
	int vgem = foreign_dmabuf();

	ASSERT_EQ(4, write(both, "text", 4));
	EXPECT_ERRNO(EBADF, buffer_load(self->heap, self->fd, 0, write_only, 0, 4));
	EXPECT_ERRNO(EBADF, buffer_store(self->heap, self->fd, 0, read_only, 0, 4));
	EXPECT_ERRNO(EBADF, buffer_load(self->heap, self->fd, 0, path_only, 0, 4));
	EXPECT_ERRNO(EBADF, buffer_load(self->heap, self->fd, 0, -1, 0, 4));
	EXPECT_ERRNO(EBADF, buffer_load(self->heap, self->fd, 0, 4096, 0, 4));
	EXPECT_ERRNO(EBADF, buffer_load(self->heap, -1, 0, both, 0, 4));
	EXPECT_ERRNO(EACCES, buffer_load(self->heap, readable, 0, both, 0, 4));
	EXPECT_ERRNO(EACCES, buffer_store(self->heap, writable, 0, both, 0, 4));
	EXPECT_EQ(4, buffer_load(self->heap, writable, 0, both, 0, 4));
	EXPECT_EQ(4, buffer_store(self->heap, readable, 0, both, 0, 4));
	/* These have no data: a folder, a heap, and a dma-buf, this one or another exporter's. */
	EXPECT_ERRNO(EINVAL, buffer_load(self->heap, self->fd, 0, folder, 0, 4));
	EXPECT_ERRNO(EINVAL, buffer_load(self->heap, self->fd, 0, self->heap, 0, 4));
	EXPECT_ERRNO(EINVAL, buffer_load(self->heap, self->fd, 0, self->fd, 0, 4));
	EXPECT_ERRNO(EINVAL, buffer_load(self->heap, vgem, 0, both, 0, 4));
	EXPECT_ERRNO(EINVAL, buffer_load(self->heap, both, 0, both, 0, 4));
	unlink(path);
	close(both);
	close(read_only);
	close(write_only);
	close(path_only);
	close(folder);
	close(readable);
	close(writable);
	close(vgem);
}

TEST_F(transfer, refuses_ranges_that_are_none)
{
	static const struct {
		__u64 offset, file_offset, len;
	} bad[] = {
		{ 0, 0, 0 },
		{ 0, 0, LEN + 1 },
		{ 1, 0, LEN },
		{ LEN, 0, 1 },
		{ LEN + 1, 0, 1 },
		{ UINT64_MAX, 0, 1 },
		{ UINT64_MAX, 0, UINT64_MAX },
		{ 1, 0, UINT64_MAX },
		{ 1ULL << 63, 0, 1ULL << 63 },
		{ 0, INT64_MAX, 1 },
		{ 0, 1ULL << 63, 1 },
		{ 0, UINT64_MAX, 1 },
		{ 0, INT64_MAX + 1ULL - LEN, LEN },
	};
	int file = new_file(PAGE, 10), end[2];
	size_t i;

	memset(self->map, 0x22, LEN);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERRNO(EINVAL, buffer_load(self->heap, self->fd, bad[i].offset, file,
					  bad[i].file_offset, bad[i].len));
		EXPECT_ERRNO(EINVAL, buffer_store(self->heap, self->fd, bad[i].offset, file,
					   bad[i].file_offset, bad[i].len));
	}
	ASSERT_EQ(0, pipe(end));
	EXPECT_ERRNO(ESPIPE, buffer_load(self->heap, self->fd, 0, end[0], 1, 4));
	EXPECT_ERRNO(ESPIPE, buffer_store(self->heap, self->fd, 0, end[1], 1, 4));
	EXPECT_TRUE(all_bytes(self->map, LEN, 0x22));
	close(end[0]);
	close(end[1]);
	close(file);
}

TEST_F(transfer, refuses_flags_and_fields_that_it_does_not_know)
{
	int file = new_file(PAGE, 11);
	struct {
		struct contig_heap_transfer known;
		__u64 more;
	} data = { .known = { .fd = self->fd, .file = file, .len = 4 } };
	unsigned int larger = _IOWR(CONTIG_HEAP_IOC_MAGIC, 4, data);

	EXPECT_EQ(0, ioctl(self->heap, larger, &data));
	EXPECT_EQ(4, data.known.done);
	data.more = 1;
	EXPECT_ERRNO(E2BIG, ioctl(self->heap, larger, &data));
	data.known.flags = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->heap, CONTIG_HEAP_IOCTL_LOAD, &data.known));
	data.known.flags = 0;
	data.known.reserved = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->heap, CONTIG_HEAP_IOCTL_LOAD, &data.known));
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, CONTIG_HEAP_IOCTL_LOAD, NULL));
	close(file);
}

/* Otherwise, the page cache of the device would grow; pages of the backing file exist anyway. */
TEST_F(transfer, goes_around_the_page_cache)
{
	size_t len = LEN / 4096 * 4096;
	int file = new_file(len, 12), device = loop_attach(file, O_DIRECT);
	unsigned char *copy = malloc(len);
	long before;

	ASSERT_LE(0, device);
	before = meminfo("Cached") + meminfo("Buffers");
	ASSERT_EQ(len, buffer_load(self->heap, self->fd, 0, device, 0, len));
	EXPECT_GT(before + 1024, meminfo("Cached") + meminfo("Buffers"));
	EXPECT_TRUE(filled(self->map, len, 12));

	fill(self->map, LEN, 13);
	ASSERT_EQ(len - 8192, buffer_store(self->heap, self->fd, 4096, device, 8192, len - 8192));
	EXPECT_GT(before + 1024, meminfo("Cached") + meminfo("Buffers"));
	ASSERT_EQ(len, pread(file, copy, len, 0));
	EXPECT_EQ(0, memcmp(self->map + 4096, copy + 8192, len - 8192));

	EXPECT_ERRNO(EINVAL, buffer_load(self->heap, self->fd, 0, device, 1, 4096));
	EXPECT_ERRNO(EINVAL, buffer_load(self->heap, self->fd, 0, device, 0, 100));
	loop_close(device);
	free(copy);
	close(file);
}

struct half {
	int heap, fd, file;
	__u64 offset;
	long long done;
};

static void *load_half(void *data)
{
	struct half *half = data;

	half->done = buffer_load(half->heap, half->fd, half->offset, half->file, 0, MiB(4));
	return NULL;
}

TEST_F(transfer, two_at_once_into_one_buffer)
{
	struct half half[2];
	pthread_t thread[2];
	int i;

	for (i = 0; i < 2; i++) {
		half[i] = (struct half) {
			.heap = self->heap,
			.fd = self->fd,
			.file = new_file(MiB(4), 14 + i),
			.offset = i * MiB(4),
		};
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, load_half, &half[i]));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(MiB(4), half[i].done);
		EXPECT_TRUE(filled(self->map + i * MiB(4), MiB(4), 14 + i));
		close(half[i].file);
	}
}

/* Also while a device has it mapped. */
TEST_F(transfer, devices_see_what_was_loaded)
{
	int importer = importer_open(), device = importer_any_device(importer);
	int attachment = importer_attach(importer, device, self->fd);
	int file = new_file(MiB(1), 16), stored = new_file(0, 0);
	void *copy = malloc(MiB(1));

	ASSERT_LE(0, attachment);
	ASSERT_LT(0, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	ASSERT_EQ(MiB(1), buffer_load(self->heap, self->fd, PAGE, file, 0, MiB(1)));
	ASSERT_EQ(0, importer_dma_read(importer, attachment, PAGE, copy, MiB(1)));
	EXPECT_TRUE(filled(copy, MiB(1), 16));

	fill(copy, MiB(1), 17);
	ASSERT_EQ(0, importer_dma_write(importer, attachment, 0, copy, MiB(1)));
	ASSERT_EQ(MiB(1), buffer_store(self->heap, self->fd, 0, stored, 0, MiB(1)));
	ASSERT_EQ(MiB(1), pread(stored, copy, MiB(1), 0));
	EXPECT_TRUE(filled(copy, MiB(1), 17));
	free(copy);
	close(importer);
	close(file);
	close(stored);
}

struct fenced {
	int importer, fence;
};

static void *signal_fence(void *data)
{
	struct fenced *fenced = data;

	usleep(100000);
	importer_signal(fenced->importer, fenced->fence);
	return NULL;
}

/* It waits for a running device. */
TEST_F(transfer, waits_for_fences)
{
	struct fenced fenced = { .importer = importer_open() };
	int file = new_file(PAGE, 19), sync_file = -1;
	struct dma_buf_import_sync_file import = { .flags = DMA_BUF_SYNC_WRITE };
	pthread_t thread;

	fenced.fence = importer_fence(fenced.importer, &sync_file);
	ASSERT_LE(0, fenced.fence);
	import.fd = sync_file;
	ASSERT_EQ(0, ioctl(self->fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &import));
	ASSERT_EQ(0, pthread_create(&thread, NULL, signal_fence, &fenced));
	ASSERT_EQ(PAGE, buffer_load(self->heap, self->fd, 0, file, 0, PAGE));
	/* Readable means that nobody writes to the buffer any more. */
	EXPECT_EQ(1, poll(&(struct pollfd) { .fd = sync_file, .events = POLLIN }, 1, 0));
	pthread_join(thread, NULL);
	close(sync_file);
	close(fenced.importer);
	close(file);
}

/* A non-root user who got a buffer has no heap. */
TEST_F(transfer, anybody_with_a_buffer)
{
	int file = new_file(PAGE, 18), status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		struct contig_heap_version version = { .reserved = 1 };
		struct contig_heap_query query;
		int node;
		__u64 phase;

		if (setgid(65534) || setuid(65534))
			_exit(1);
		node = open("/dev/contig_buffer", O_RDWR | O_CLOEXEC);
		if (node < 0)
			_exit(2);
		if (buffer_load(node, self->fd, 0, file, 0, PAGE) != (long long)PAGE)
			_exit(3);
		if (buffer_sync_range(node, self->fd, 0, PAGE,
				      DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ) ||
		    buffer_sync_range(node, self->fd, 0, PAGE,
				      DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ))
			_exit(4);
		if (buffer_place(node, self->fd, PAGE, &phase) || phase)
			_exit(5);
		if (heap_alloc(node, PAGE) != -1 || errno != ENOTTY)
			_exit(6);
		if (ioctl(node, CONTIG_HEAP_IOCTL_QUERY, &query) != -1 || errno != ENOTTY)
			_exit(7);
		if (ioctl(node, CONTIG_HEAP_IOCTL_VERSION, &version) || version.version != 2 ||
		    version.reserved || version.commands != 0xff)
			_exit(8);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_TRUE(filled(self->map, PAGE, 18));
	close(file);
}

TEST_HARNESS_MAIN
