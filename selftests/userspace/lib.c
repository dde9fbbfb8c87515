// SPDX-License-Identifier: GPL-2.0-only
/*
 * libdmaheap in the guest, with every kind of heap of the board, and with nodes that are no heaps.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <linux/android_pmem.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <kselftest_harness.h>

#include "../util.h"
#include "dmaheap.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	(-1)

#define HUGE	MiB(2)

static struct dmaheap_info query(struct dmaheap *heap)
{
	struct dmaheap_info info = { .size = sizeof(info) };

	if (dmaheap_query(heap, &info))
		abort();
	return info;
}

/* The offset of a buffer in its region, which starts at a huge page. */
static uint64_t place_of(const struct dmaheap_buffer *buffer, const char *heap)
{
	bool known = !strncmp(heap, "linux,cma", 9);
	unsigned long long offset, size;
	unsigned long inode;
	char path[128], line[512];
	struct stat st;
	double age;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/contig_heaps/%.*s/buffers",
		 known ? 18 : (int)strcspn(heap, "-"), known ? "default_cma_region" : heap);
	file = fopen(path, "re");
	if (!file || fstat(dmaheap_buffer_fd(buffer), &st))
		abort();
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%llu %llu %lf %lu", &offset, &size, &age, &inode) == 4 &&
		    inode == st.st_ino) {
			fclose(file);
			return offset;
		}
	abort();
}

static bool all(const void *memory, uint64_t len, unsigned char value)
{
	const unsigned char *byte = memory;

	return !len || (*byte == value && !memcmp(byte, byte + 1, len - 1));
}

/* Since 6.12, huge entries map a buffer if its address permits. */
static bool has_huge_entries(void)
{
	struct utsname name;
	int major, minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		abort();
	return major > 6 || (major == 6 && minor >= 12);
}

FIXTURE(heap) {
	struct dmaheap *heap;
	int fds;
};

FIXTURE_VARIANT(heap) {
	const char *name;
	uint32_t flags;
	bool twin;
};

FIXTURE_VARIANT_ADD(heap, carveout) { .name = "adsp", .twin = true };
FIXTURE_VARIANT_ADD(heap, carveout_uncached) {
	.name = "adsp-uncached", .flags = DMAHEAP_INFO_UNCACHED, .twin = true,
};
FIXTURE_VARIANT_ADD(heap, nomap) {
	.name = "audio-uncached", .flags = DMAHEAP_INFO_UNCACHED | DMAHEAP_INFO_NO_MAP,
};
FIXTURE_VARIANT_ADD(heap, cma) {
	.name = "video", .flags = DMAHEAP_INFO_CMA | DMAHEAP_INFO_ESTIMATE, .twin = true,
};
FIXTURE_VARIANT_ADD(heap, cma_alias_uncached) {
	.name = "linux,cma-uncached", .twin = true,
	.flags = DMAHEAP_INFO_CMA | DMAHEAP_INFO_ESTIMATE | DMAHEAP_INFO_UNCACHED,
};

FIXTURE_SETUP(heap)
{
	self->fds = open_fds();
	ASSERT_EQ(0, dmaheap_open(variant->name, &self->heap));
}

/* After every test, all files are closed and all memory is free. */
FIXTURE_TEARDOWN(heap)
{
	EXPECT_EQ(0, query(self->heap).region_buffers);
	dmaheap_unref(self->heap);
	EXPECT_EQ(self->fds, open_fds());
}

TEST_F(heap, tells_of_itself)
{
	struct dmaheap_info info = query(self->heap);

	EXPECT_STREQ(variant->name, dmaheap_name(self->heap));
	EXPECT_EQ(DMAHEAP_CAN_QUERY | DMAHEAP_CAN_ALIGN | DMAHEAP_CAN_SYNC_PART,
		  dmaheap_features(self->heap));
	EXPECT_EQ(variant->flags, info.flags);
	EXPECT_LE(MiB(32), info.total);
	EXPECT_EQ(info.total, info.free);
	EXPECT_EQ(0, info.quantum & (info.quantum - 1));
	EXPECT_EQ(FD_CLOEXEC, fcntl(dmaheap_fd(self->heap), F_GETFD));
	info.size = 4;
	EXPECT_EQ(-EINVAL, dmaheap_query(self->heap, &info));
}

/* Programs that were built with a later header have larger structures. */
TEST_F(heap, larger_structures)
{
	struct {
		struct dmaheap_info info;
		uint64_t more;
	} info = { .info.size = sizeof(info), .more = ~0ULL };
	struct {
		struct dmaheap_options options;
		uint64_t more;
	} options = { .options = DMAHEAP_OPTIONS_INIT };
	struct {
		struct dmaheap_buffer_info info;
		uint64_t more;
	} known = { .info.size = sizeof(known), .more = ~0ULL };
	struct dmaheap_buffer *buffer;

	ASSERT_EQ(0, dmaheap_query(self->heap, &info.info));
	EXPECT_EQ(sizeof(info), info.info.size);
	EXPECT_EQ(query(self->heap).total, info.info.total);
	EXPECT_EQ(0, info.more);
	options.options.size = sizeof(options);
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, &options.options, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_info(buffer, &known.info));
	EXPECT_EQ(sizeof(known), known.info.size);
	EXPECT_EQ(PAGE, known.info.bytes);
	EXPECT_EQ(0, known.more);
	dmaheap_buffer_unref(buffer);
	options.more = 1;
	EXPECT_EQ(-E2BIG, dmaheap_alloc(self->heap, PAGE, &options.options, &buffer));
}

/* Those of an earlier header are smaller. */
TEST_F(heap, smaller_structures)
{
	struct dmaheap_info info = DMAHEAP_INFO_INIT;
	struct dmaheap_buffer_info known = DMAHEAP_BUFFER_INFO_INIT;
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;

	info.size = offsetof(struct dmaheap_info, largest);
	info.largest = 42;
	ASSERT_EQ(0, dmaheap_query(self->heap, &info));
	EXPECT_EQ(offsetof(struct dmaheap_info, largest), info.size);
	EXPECT_EQ(query(self->heap).free, info.free);
	EXPECT_EQ(42, info.largest);
	options.size = offsetof(struct dmaheap_options, name);
	options.name = "this name has more bytes than fit";
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	known.size = offsetof(struct dmaheap_buffer_info, age);
	known.age = 42;
	ASSERT_EQ(0, dmaheap_buffer_info(buffer, &known));
	EXPECT_EQ(PAGE, known.bytes);
	EXPECT_EQ(42, known.age);
	dmaheap_buffer_unref(buffer);
}

TEST_F(heap, what_is_known_of_a_buffer)
{
	struct dmaheap_buffer_info info = { .size = sizeof(info), .reserved = 7 };
	struct dmaheap_buffer *buffer, *imported;
	bool alias = !strncmp(variant->name, "linux,cma", 9);

	ASSERT_EQ(0, dmaheap_alloc(self->heap, MiB(1) + 1, NULL, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_import(NULL, dmaheap_buffer_fd(buffer), &imported));
	ASSERT_EQ(0, dmaheap_buffer_info(imported, &info));
	EXPECT_EQ(variant->flags, info.flags);
	EXPECT_EQ(MiB(1) + PAGE, info.bytes);
	EXPECT_LT(0, info.age);
	EXPECT_EQ(1, info.extents);
	EXPECT_EQ(0, info.importers);
	EXPECT_EQ(0, info.mapped);
	EXPECT_EQ(0, info.reserved);
	EXPECT_STREQ(alias ? "default_cma_region-uncached" : variant->name, info.heap);
	EXPECT_STREQ(variant->flags & DMAHEAP_INFO_CMA ? "cma" : "carveout", info.kind);
	info.size = 0;
	EXPECT_EQ(-EINVAL, dmaheap_buffer_info(imported, &info));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_info(imported, NULL));
	dmaheap_buffer_unref(imported);
	dmaheap_buffer_unref(buffer);
}

TEST_F(heap, waits_for_devices)
{
	struct dmaheap_buffer *buffer, *next;
	struct vgem_work work;
	int fence;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, NULL, &buffer));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, NULL, &next));
	EXPECT_EQ(0, dmaheap_buffer_wait(buffer, DMAHEAP_READ, 0));
	EXPECT_EQ(0, dmaheap_buffer_wait(buffer, DMAHEAP_RW, -1));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_wait(buffer, 0, 0));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_wait(buffer, DMAHEAP_READ | DMAHEAP_END, 0));

	/* A device that reads only blocks writers. */
	ASSERT_TRUE(vgem_starts(&work, dmaheap_buffer_fd(buffer), false));
	EXPECT_EQ(0, dmaheap_buffer_wait(buffer, DMAHEAP_READ, 0));
	EXPECT_EQ(-ETIMEDOUT, dmaheap_buffer_wait(buffer, DMAHEAP_WRITE, 1));
	EXPECT_TRUE(vgem_ends(&work));
	EXPECT_EQ(0, dmaheap_buffer_wait(buffer, DMAHEAP_WRITE, -1));

	/* A device that writes, and another buffer that must wait for it. */
	ASSERT_TRUE(vgem_starts(&work, dmaheap_buffer_fd(buffer), true));
	EXPECT_EQ(-ETIMEDOUT, dmaheap_buffer_wait(buffer, DMAHEAP_READ, 0));
	ASSERT_EQ(0, dmaheap_buffer_export_fence(buffer, DMAHEAP_READ, &fence));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fence, F_GETFD));
	ASSERT_EQ(0, dmaheap_buffer_import_fence(next, DMAHEAP_WRITE, fence));
	close(fence);
	EXPECT_EQ(-ETIMEDOUT, dmaheap_buffer_wait(next, DMAHEAP_READ, 0));
	EXPECT_TRUE(vgem_ends(&work));
	EXPECT_EQ(0, dmaheap_buffer_wait(buffer, DMAHEAP_READ, -1));
	EXPECT_EQ(0, dmaheap_buffer_wait(next, DMAHEAP_READ, -1));

	EXPECT_EQ(-EINVAL, dmaheap_buffer_export_fence(buffer, 0, &fence));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_export_fence(buffer, DMAHEAP_READ, NULL));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_import_fence(buffer, DMAHEAP_READ,
						       dmaheap_fd(self->heap)));
	dmaheap_buffer_unref(buffer);
	dmaheap_buffer_unref(next);
}

TEST_F(heap, life_of_a_buffer)
{
	struct dmaheap_buffer *buffer;
	void *data, *again;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, MiB(1) + 1, NULL, &buffer));
	EXPECT_EQ(MiB(1) + PAGE, dmaheap_buffer_size(buffer));
	EXPECT_EQ(FD_CLOEXEC, fcntl(dmaheap_buffer_fd(buffer), F_GETFD));
	EXPECT_EQ(1, query(self->heap).buffers);
	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &again));
	EXPECT_EQ(data, again);
	EXPECT_TRUE(all(data, MiB(1) + PAGE, 0));
	memset(data, 0x5a, MiB(1) + PAGE);
	EXPECT_EQ(0, dmaheap_buffer_unmap(buffer));
	EXPECT_TRUE(all(data, MiB(1) + PAGE, 0x5a));
	EXPECT_EQ(0, dmaheap_buffer_unmap(buffer));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_unmap(buffer));
	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
	EXPECT_TRUE(all(data, MiB(1) + PAGE, 0x5a));
	/* The last reference unmaps. */
	EXPECT_EQ(buffer, dmaheap_buffer_ref(buffer));
	dmaheap_buffer_unref(buffer);
	EXPECT_TRUE(all(data, PAGE, 0x5a));
	dmaheap_buffer_unref(buffer);
	EXPECT_EQ(-1, msync(data, PAGE, MS_ASYNC));
	EXPECT_EQ(ENOMEM, errno);
}

TEST_F(heap, contents_from_a_file_and_back)
{
	int file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600), stream[2];
	struct dmaheap_buffer *buffer;
	unsigned char text[PAGE];
	uint64_t done = 7;
	void *data;

	memset(text, 0x3c, PAGE);
	ASSERT_EQ(PAGE, write(file, text, PAGE));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, 2 * PAGE, NULL, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
	/* Until the end of the file. */
	EXPECT_EQ(0, dmaheap_buffer_load(buffer, PAGE / 2, 0, file, 10, &done));
	EXPECT_EQ(PAGE - 10, done);
	EXPECT_TRUE(all(data, PAGE / 2, 0));
	EXPECT_TRUE(all(data + PAGE / 2, PAGE - 10, 0x3c));
	EXPECT_TRUE(all(data + PAGE / 2 + PAGE - 10, PAGE / 2 + 10, 0));
	/* Until the end of the buffer. */
	EXPECT_EQ(0, dmaheap_buffer_store(buffer, PAGE, 0, file, 5, &done));
	EXPECT_EQ(PAGE, done);
	ASSERT_EQ(PAGE, pread(file, text, PAGE, 5));
	EXPECT_EQ(0, memcmp(text, data + PAGE, PAGE));

	done = 7;
	EXPECT_EQ(-EINVAL, dmaheap_buffer_load(buffer, 2 * PAGE, 0, file, 0, &done));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_load(buffer, 1, 2 * PAGE, file, 0, &done));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_load(buffer, 0, PAGE, file, 0, NULL));
	EXPECT_EQ(-EBADF, dmaheap_buffer_load(buffer, 0, PAGE, -1, 0, &done));
	ASSERT_EQ(0, pipe2(stream, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, dmaheap_buffer_load(buffer, 0, PAGE, stream[0], 0, &done));
	EXPECT_EQ(-ESPIPE, dmaheap_buffer_load(buffer, 0, PAGE, stream[0], 1, &done));
	EXPECT_EQ(7, done);
	close(stream[0]);
	close(stream[1]);
	dmaheap_buffer_unref(buffer);
	close(file);
}

/**
 * struct progress - calls of the progress callback
 * @calls: number of calls
 * @done: last value
 * @len: last value
 * @stop: result of the second call
 */
struct progress {
	int calls;
	uint64_t done, len;
	int stop;
};

static int on_progress(uint64_t done, uint64_t len, void *data)
{
	struct progress *progress = data;

	progress->done = done;
	progress->len = len;
	return ++progress->calls == 2 ? progress->stop : 0;
}

TEST_F(heap, contents_with_progress)
{
	const uint64_t len = MiB(17) + 100, part = len - 1000;
	int file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600), copy;
	struct dmaheap_transfer transfer = DMAHEAP_TRANSFER_INIT;
	struct progress progress = { 0 };
	struct dmaheap_buffer *buffer;
	unsigned char *text = malloc(len);
	void *data;

	fill(text, len, 3);
	ASSERT_EQ(len, write(file, text, len));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, MiB(18), NULL, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
	/* Until the end of the file. */
	transfer.progress = on_progress;
	transfer.data = &progress;
	transfer.offset = 3;
	transfer.file_offset = 1000;
	EXPECT_EQ(0, dmaheap_buffer_load_all(buffer, file, &transfer));
	EXPECT_EQ(part, transfer.done);
	EXPECT_EQ(0, memcmp((char *)data + 3, text + 1000, part));
	EXPECT_TRUE(all((char *)data + 3 + part, MiB(18) - 3 - part, 0));
	EXPECT_EQ(2, progress.calls);
	EXPECT_EQ(part, progress.done);
	EXPECT_EQ(MiB(18) - 3, progress.len);

	copy = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	progress.calls = 0;
	transfer.file_offset = 10;
	transfer.len = part;
	EXPECT_EQ(0, dmaheap_buffer_store_all(buffer, copy, &transfer));
	EXPECT_EQ(part, transfer.done);
	EXPECT_EQ(2, progress.calls);
	EXPECT_EQ(part, progress.len);
	EXPECT_EQ(part + 10, lseek(copy, 0, SEEK_END));
	memset(text, 0, part);
	ASSERT_EQ(part, pread(copy, text, part, 10));
	EXPECT_EQ(0, memcmp((char *)data + 3, text, part));

	/* A callback may stop the transfer, and learns how much was done. */
	progress.calls = 1;
	progress.stop = 7;
	EXPECT_EQ(7, dmaheap_buffer_load_all(buffer, file, &transfer));
	EXPECT_EQ(MiB(16), transfer.done);
	progress.stop = 0;

	/* The same after an error, and without a callback. */
	transfer.progress = NULL;
	ASSERT_EQ(0, ftruncate(copy, 0));
	EXPECT_EQ(0, dmaheap_buffer_load_all(buffer, copy, &transfer));
	EXPECT_EQ(0, transfer.done);
	EXPECT_EQ(-EBADF, dmaheap_buffer_load_all(buffer, -1, &transfer));
	transfer.len = MiB(18);
	EXPECT_EQ(-EINVAL, dmaheap_buffer_load_all(buffer, file, &transfer));
	transfer.len = 0;
	transfer.offset = MiB(18);
	EXPECT_EQ(-EINVAL, dmaheap_buffer_store_all(buffer, file, &transfer));
	transfer.offset = 0;
	transfer.flags = 1;
	EXPECT_EQ(-EINVAL, dmaheap_buffer_load_all(buffer, file, &transfer));
	transfer.size = 8;
	EXPECT_EQ(-EINVAL, dmaheap_buffer_load_all(buffer, file, &transfer));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_load_all(buffer, file, NULL));
	free(text);
	dmaheap_buffer_unref(buffer);
	close(copy);
	close(file);
}

static void on_signal(int signal)
{
	(void)signal;
}

/* Feed a pipe in pieces, and send signals to the parent meanwhile. */
static void feed(int pipe, size_t len)
{
	char text[1000];
	size_t done;

	memset(text, 0x4b, sizeof(text));
	for (done = 0; done < len; done += sizeof(text)) {
		kill(getppid(), SIGUSR1);
		usleep(1000);
		if (write(pipe, text, sizeof(text)) != sizeof(text))
			_exit(1);
	}
	_exit(0);
}

TEST_F(heap, contents_of_a_stream_despite_signals)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct dmaheap_transfer transfer = DMAHEAP_TRANSFER_INIT;
	struct dmaheap_buffer *buffer;
	int stream[2], status;
	void *data;
	pid_t pid;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, 25000, NULL, &buffer));
	ASSERT_EQ(0, pipe(stream));
	sigaction(SIGUSR1, &action, NULL);
	pid = fork();
	if (!pid)
		feed(stream[1], 20000);
	close(stream[1]);
	EXPECT_EQ(0, dmaheap_buffer_load_all(buffer, stream[0], &transfer));
	EXPECT_EQ(20000, transfer.done);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
	EXPECT_TRUE(all(data, 20000, 0x4b));
	EXPECT_TRUE(all((char *)data + 20000, PAGE, 0));
	close(stream[0]);
	dmaheap_buffer_unref(buffer);
}

/* Does a write kill the process? */
static bool is_written_to(volatile char *memory)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		*memory = 1;
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

TEST_F(heap, maps_of_a_part)
{
	const uint64_t len = HUGE * 3, at = HUGE / 2 + PAGE + 5;
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer, *read_only;
	unsigned char *whole, *part, *other, seen;
	uint64_t place;
	void *data;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, len, NULL, &buffer));
	place = place_of(buffer, variant->name);
	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
	whole = data;
	fill(whole, len, 4);

	ASSERT_EQ(0, dmaheap_buffer_map_part(buffer, at, PAGE, DMAHEAP_READ, &data));
	part = data;
	EXPECT_NE(whole + at, part);
	EXPECT_EQ(0, memcmp(whole + at, part, PAGE));
	EXPECT_FALSE(is_written_to((char *)part));
	/* Up to the last byte, and writable like the whole. */
	ASSERT_EQ(0, dmaheap_buffer_map_part(buffer, len - 3, 3, DMAHEAP_RW, &data));
	other = data;
	EXPECT_EQ(0, memcmp(whole + len - 3, other, 3));
	other[2] ^= 0xff;
	EXPECT_EQ(other[2], whole[len - 1]);
	EXPECT_TRUE(is_written_to((char *)other));
	EXPECT_EQ(0, dmaheap_buffer_unmap_part(other, 3));
	EXPECT_EQ(-1, msync(other - (uintptr_t)other % PAGE, PAGE, MS_ASYNC));

	/* Parts that are large enough for huge entries are aligned for them. */
	ASSERT_EQ(0, dmaheap_buffer_map_part(buffer, at, len - at, DMAHEAP_WRITE, &data));
	EXPECT_EQ(0, memcmp(whole + at, data, len - at));
	if (has_huge_entries())
		EXPECT_EQ((place + at) % HUGE, (uintptr_t)data % HUGE);
	EXPECT_EQ(0, dmaheap_buffer_unmap_part(data, len - at));

	EXPECT_EQ(-EINVAL, dmaheap_buffer_map_part(buffer, 0, 0, DMAHEAP_READ, &data));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_map_part(buffer, len, 1, DMAHEAP_READ, &data));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_map_part(buffer, 1, len, DMAHEAP_READ, &data));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_map_part(buffer, 1, UINT64_MAX, DMAHEAP_READ, &data));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_map_part(buffer, 0, 1, 0, &data));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_map_part(buffer, 0, 1, DMAHEAP_READ | DMAHEAP_END, &data));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_map_part(buffer, 0, 1, DMAHEAP_READ, NULL));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_unmap_part(part, 0));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_unmap_part(NULL, 1));

	options.flags = DMAHEAP_ALLOC_READ_ONLY;
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, &options, &read_only));
	EXPECT_EQ(-EACCES, dmaheap_buffer_map_part(read_only, 0, 1, DMAHEAP_WRITE, &data));
	ASSERT_EQ(0, dmaheap_buffer_map_part(read_only, 0, 1, DMAHEAP_READ, &data));
	EXPECT_EQ(0, dmaheap_buffer_unmap_part(data, 1));
	dmaheap_buffer_unref(read_only);

	/* It outlives the buffer, and keeps the memory. */
	seen = part[0];
	dmaheap_buffer_unref(buffer);
	EXPECT_EQ(1, query(self->heap).region_buffers);
	EXPECT_EQ(seen, part[0]);
	EXPECT_EQ(0, dmaheap_buffer_unmap_part(part, PAGE));
}

TEST_F(heap, buffer_holds_its_heap)
{
	struct dmaheap_buffer *buffer;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, MiB(2), NULL, &buffer));
	dmaheap_unref(self->heap);
	EXPECT_EQ(0, dmaheap_buffer_sync(buffer, PAGE, PAGE, DMAHEAP_READ));
	EXPECT_EQ(0, dmaheap_buffer_sync(buffer, PAGE, PAGE, DMAHEAP_READ | DMAHEAP_END));
	dmaheap_buffer_unref(buffer);
	ASSERT_EQ(0, dmaheap_open(variant->name, &self->heap));
}

TEST_F(heap, cached_and_uncached)
{
	bool uncached = variant->flags & DMAHEAP_INFO_UNCACHED;
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;

	options.flags = uncached ? DMAHEAP_ALLOC_UNCACHED : DMAHEAP_ALLOC_CACHED;
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	EXPECT_EQ(1, query(self->heap).buffers);
	dmaheap_buffer_unref(buffer);

	options.flags = uncached ? DMAHEAP_ALLOC_CACHED : DMAHEAP_ALLOC_UNCACHED;
	if (!variant->twin) {
		EXPECT_EQ(-EOPNOTSUPP, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
		return;
	}
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	EXPECT_EQ(0, query(self->heap).buffers);
	EXPECT_EQ(1, query(self->heap).region_buffers);
	dmaheap_buffer_unref(buffer);
	options.flags = DMAHEAP_ALLOC_CACHED | DMAHEAP_ALLOC_UNCACHED;
	EXPECT_EQ(-EINVAL, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
}

TEST_F(heap, alignment)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *first, *buffer;
	uint64_t align;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, NULL, &first));
	for (align = PAGE; align <= HUGE; align *= 2) {
		options.align = align;
		ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE * 3, &options, &buffer));
		EXPECT_EQ(0, place_of(buffer, variant->name) & (align - 1));
		dmaheap_buffer_unref(buffer);
	}
	options.align = PAGE * 3;
	EXPECT_EQ(-EINVAL, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	options.align = 1ULL << 63;
	EXPECT_EQ(-ENOMEM, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	dmaheap_buffer_unref(first);
}

/*
 * A large buffer of a carveout begins at a huge page, and its mapping is aligned in the same way.
 */
TEST_F(heap, congruent_address)
{
	static const uint32_t flags[] = { 0, DMAHEAP_ALLOC_ANY_PLACE };
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *odd[3], *buffer;
	void *data;
	size_t i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE * (i + 1), NULL, &odd[i]));
	for (i = 0; i < 2; i++) {
		options.flags = flags[i];
		ASSERT_EQ(0, dmaheap_alloc(self->heap, HUGE * 2 + PAGE, &options, &buffer));
		ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
		EXPECT_TRUE(all(data, HUGE * 2 + PAGE, 0));
		/* The rest of the reserved address range was released. */
		EXPECT_EQ(0, munmap((char *)data - PAGE, PAGE));
		if (!flags[i] && !(variant->flags & DMAHEAP_INFO_CMA)) {
			EXPECT_EQ(0, place_of(buffer, variant->name) % HUGE);
			EXPECT_EQ(0, (uintptr_t)data % HUGE);
		}
		dmaheap_buffer_unref(buffer);
	}
	for (i = 0; i < 3; i++)
		dmaheap_buffer_unref(odd[i]);
}

/*
 * The buffer begins between huge pages; nevertheless, everything between its ends has huge
 * entries.
 */
static void expect_huge_entries(struct __test_metadata *_metadata, struct dmaheap_buffer *buffer,
				uint64_t place)
{
	uint64_t len = dmaheap_buffer_size(buffer), pos;
	uint64_t first = (place + HUGE - 1) / HUGE, last = (place + len) / HUGE;
	long tables = page_tables(), before;
	volatile char *memory;
	void *data;

	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
	/* Without huge entries, the kernel does not report a suitable address. */
	if (has_huge_entries())
		EXPECT_EQ(place % HUGE, (uintptr_t)data % HUGE);
	memory = data;
	before = page_faults();
	for (pos = 0; pos < len; pos += PAGE)
		(void)memory[pos];
	/* One per huge entry, and some of the program itself. */
	EXPECT_GE((long)(last - first) + 4, page_faults() - before);
	if (has_huge_entries()) {
		EXPECT_LE((long)(last - first), page_faults() - before);
		/* For both ends, and for the next levels. */
		EXPECT_GE(4 * (long)PAGE / 1024, page_tables() - tables);
	}
	EXPECT_EQ(0, dmaheap_buffer_unmap(buffer));
}

/* For imported buffers, too, whether or not their heap is known. */
TEST_F(heap, huge_entries_for_imported_buffers)
{
	struct dmaheap_options options = { sizeof(options), DMAHEAP_ALLOC_ANY_PLACE, 0, NULL };
	struct dmaheap_buffer *odd, *buffer, *imported;
	struct dmaheap *adsp;
	uint64_t place;

	ASSERT_EQ(0, dmaheap_open("adsp", &adsp));
	/* Sizes that are no multiple of a huge page are not aligned. */
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE * 3, NULL, &odd));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, HUGE * 8 + PAGE * 5, &options, &buffer));
	place = place_of(buffer, variant->name);
	if (!(variant->flags & DMAHEAP_INFO_CMA))
		EXPECT_NE(0, place % HUGE);
	expect_huge_entries(_metadata, buffer, place);

	ASSERT_EQ(0, dmaheap_buffer_import(NULL, dmaheap_buffer_fd(buffer), &imported));
	expect_huge_entries(_metadata, imported, place);
	dmaheap_buffer_unref(imported);
	/* The heap for syncing parts may be a different one. */
	ASSERT_EQ(0, dmaheap_buffer_import(adsp, dmaheap_buffer_fd(buffer), &imported));
	expect_huge_entries(_metadata, imported, place);
	dmaheap_buffer_unref(imported);
	dmaheap_buffer_unref(buffer);
	dmaheap_buffer_unref(odd);
	dmaheap_unref(adsp);
}

/* Without a node for queries, it can still be mapped. */
TEST_F(heap, imported_without_a_node)
{
	struct dmaheap_options options = { sizeof(options), DMAHEAP_ALLOC_ANY_PLACE, 0, NULL };
	struct dmaheap_buffer *odd, *buffer, *imported;
	int status;
	pid_t pid;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE * 3, NULL, &odd));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, HUGE * 8 + PAGE * 5, &options, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_import(NULL, dmaheap_buffer_fd(buffer), &imported));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		void *data;

		if (setgid(1000) || setuid(1000))
			_exit(9);
		_exit(dmaheap_buffer_map(imported, &data) || !all(data, HUGE * 8, 0));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	dmaheap_buffer_unref(imported);
	dmaheap_buffer_unref(buffer);
	dmaheap_buffer_unref(odd);
}

/* An alignment is only preferred: unaligned memory is used if there is no other. */
TEST_F(heap, all_memory_can_be_had)
{
	struct dmaheap_buffer *buffer[128];
	struct dmaheap_info info;
	int count = 0, i, ret;

	if (variant->flags & DMAHEAP_INFO_CMA)
		SKIP(return, "what is free in CMA is not known");
	ASSERT_EQ(0, dmaheap_alloc(self->heap, query(self->heap).quantum, NULL, &buffer[count++]));
	while (query(self->heap).free >= MiB(3)) {
		info = query(self->heap);
		ret = dmaheap_alloc(self->heap, info.largest, NULL, &buffer[count]);
		ASSERT_EQ(0, ret);
		count++;
	}
	EXPECT_EQ(-ENOMEM, dmaheap_alloc(self->heap, MiB(3), NULL, &buffer[count]));
	for (i = 0; i < count; i++)
		dmaheap_buffer_unref(buffer[i]);
}

TEST_F(heap, access)
{
	struct dmaheap_buffer *buffer;
	struct dmaheap_access access;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, MiB(3), NULL, &buffer));
	ASSERT_EQ(0, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_RW, &access));
	EXPECT_EQ(MiB(3), access.len);
	memset(access.data, 1, access.len);
	EXPECT_EQ(0, dmaheap_access_end(&access));
	EXPECT_EQ(NULL, access.data);
	EXPECT_EQ(0, dmaheap_access_end(&access));

	ASSERT_EQ(0, dmaheap_access_begin(buffer, PAGE + 3, PAGE, DMAHEAP_WRITE, &access));
	EXPECT_EQ(PAGE, access.len);
	memset(access.data, 2, access.len);
	EXPECT_EQ(0, dmaheap_access_end(&access));
	{
		DMAHEAP_SCOPED_ACCESS(scoped);

		ASSERT_EQ(0, dmaheap_access_begin(buffer, PAGE, 0, DMAHEAP_READ, &scoped));
		EXPECT_EQ(MiB(3) - PAGE, scoped.len);
		EXPECT_TRUE(all(scoped.data, 3, 1));
		EXPECT_TRUE(all((char *)scoped.data + 3, PAGE, 2));
		EXPECT_TRUE(all((char *)scoped.data + 3 + PAGE, scoped.len - PAGE - 3, 1));
	}
	/* The access ended with its block, and so did the mapping. */
	EXPECT_EQ(-EINVAL, dmaheap_buffer_unmap(buffer));

	EXPECT_EQ(-EINVAL, dmaheap_access_begin(buffer, MiB(3), 0, DMAHEAP_READ, &access));
	EXPECT_EQ(-EINVAL, dmaheap_access_begin(buffer, 1, MiB(3), DMAHEAP_READ, &access));
	EXPECT_EQ(-EINVAL, dmaheap_access_begin(buffer, 1, UINT64_MAX, DMAHEAP_READ, &access));
	EXPECT_EQ(-EINVAL, dmaheap_access_begin(buffer, 0, 0, 0, &access));
	EXPECT_EQ(-EINVAL, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_READ | DMAHEAP_END, &access));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_sync(buffer, 0, PAGE, DMAHEAP_END));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_sync(buffer, 0, 0, DMAHEAP_READ));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_sync(buffer, UINT64_MAX, 2, DMAHEAP_READ));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_sync(buffer, 0, PAGE, 8 | DMAHEAP_READ));
	dmaheap_buffer_unref(buffer);
}

TEST_F(heap, access_outlives_the_reference)
{
	struct dmaheap_buffer *buffer;
	struct dmaheap_access access;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, NULL, &buffer));
	ASSERT_EQ(0, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_RW, &access));
	dmaheap_buffer_unref(buffer);
	memset(access.data, 1, access.len);
	EXPECT_EQ(0, dmaheap_access_end(&access));
}

TEST_F(heap, read_only)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;
	struct dmaheap_access access;

	options.flags = DMAHEAP_ALLOC_READ_ONLY;
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	EXPECT_EQ(-EACCES, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_WRITE, &access));
	ASSERT_EQ(0, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_READ, &access));
	EXPECT_TRUE(all(access.data, PAGE, 0));
	EXPECT_EQ(-1, mprotect(access.data, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, dmaheap_access_end(&access));
	dmaheap_buffer_unref(buffer);
}

static bool fdinfo_has(int fd, const char *what)
{
	char path[64], text[4096] = "";
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0 || read(info, text, sizeof(text) - 1) < 0)
		abort();
	close(info);
	return strstr(text, what);
}

TEST_F(heap, names)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;

	options.name = "exactly-31-bytes-long-it-is-now";
	ASSERT_EQ(31, strlen(options.name));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	EXPECT_TRUE(fdinfo_has(dmaheap_buffer_fd(buffer), options.name));
	EXPECT_EQ(0, dmaheap_buffer_set_name(buffer, "another"));
	EXPECT_TRUE(fdinfo_has(dmaheap_buffer_fd(buffer), "another"));
	EXPECT_EQ(-ENAMETOOLONG,
		  dmaheap_buffer_set_name(buffer, "this name has more bytes than fit"));
	dmaheap_buffer_unref(buffer);
	options.name = "this name has more bytes than fit";
	EXPECT_EQ(-ENAMETOOLONG, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
}

TEST_F(heap, bad_arguments)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;

	EXPECT_EQ(-EINVAL, dmaheap_alloc(self->heap, 0, NULL, &buffer));
	EXPECT_EQ(-EINVAL, dmaheap_alloc(self->heap, PAGE, NULL, NULL));
	EXPECT_EQ(-EINVAL, dmaheap_alloc(NULL, PAGE, NULL, &buffer));
	EXPECT_EQ(-ENOMEM, dmaheap_alloc(self->heap, MiB(1024), NULL, &buffer));
	EXPECT_GT(0, dmaheap_alloc(self->heap, UINT64_MAX, NULL, &buffer));
	options.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	/* Flags of another function. */
	options.flags = DMAHEAP_READ;
	EXPECT_EQ(-EINVAL, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	options.flags = DMAHEAP_CAN_ALIGN;
	EXPECT_EQ(-EINVAL, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	options.flags = 0;
	options.size = 4;
	EXPECT_EQ(-EINVAL, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
}

TEST_F(heap, imported_buffer)
{
	struct dmaheap_buffer *buffer, *plain, *with_heap;
	struct dmaheap_access access;
	int fd;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, MiB(2) + PAGE, NULL, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_export(buffer, &fd));
	EXPECT_NE(fd, dmaheap_buffer_fd(buffer));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	ASSERT_EQ(0, dmaheap_buffer_import(NULL, fd, &plain));
	ASSERT_EQ(0, dmaheap_buffer_import(self->heap, fd, &with_heap));
	close(fd);
	dmaheap_buffer_unref(buffer);

	EXPECT_EQ(MiB(2) + PAGE, dmaheap_buffer_size(plain));
	EXPECT_EQ(0, dmaheap_buffer_sync(plain, 0, MiB(2) + PAGE, DMAHEAP_RW));
	EXPECT_EQ(0, dmaheap_buffer_sync(plain, 0, PAGE, DMAHEAP_RW));
	EXPECT_EQ(0, dmaheap_buffer_sync(with_heap, 0, PAGE, DMAHEAP_RW));
	ASSERT_EQ(0, dmaheap_access_begin(plain, 0, 0, DMAHEAP_WRITE, &access));
	memset(access.data, 9, access.len);
	EXPECT_EQ(0, dmaheap_access_end(&access));
	ASSERT_EQ(0, dmaheap_access_begin(with_heap, 0, 0, DMAHEAP_READ, &access));
	EXPECT_TRUE(all(access.data, access.len, 9));
	EXPECT_EQ(0, dmaheap_access_end(&access));
	dmaheap_buffer_unref(plain);
	dmaheap_buffer_unref(with_heap);
}

TEST_F(heap, taken_over)
{
	struct dmaheap_buffer *buffer, *taken;
	int fd;

	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, NULL, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_export(buffer, &fd));
	ASSERT_EQ(0, dmaheap_buffer_take(self->heap, fd, &taken));
	EXPECT_EQ(fd, dmaheap_buffer_fd(taken));
	dmaheap_buffer_unref(taken);
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	ASSERT_EQ(0, dmaheap_buffer_export(buffer, &fd));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_take(self->heap, fd, NULL));
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT_EQ(-EINVAL, dmaheap_buffer_take(NULL, fd, &taken));
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	EXPECT_EQ(-EBADF, dmaheap_buffer_take(NULL, fd, &taken));
	dmaheap_buffer_unref(buffer);
}

/* Send one or two file descriptors. */
static bool send_fds(int socket, int fd, int nr)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = { .header = { .cmsg_len = 0 } };
	struct iovec byte = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = CMSG_SPACE(nr * sizeof(int)),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fds[2] = { fd, fd };

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(nr * sizeof(int));
	memcpy(CMSG_DATA(header), fds, nr * sizeof(int));
	return sendmsg(socket, &message, 0) == 1;
}

TEST_F(heap, over_a_socket)
{
	struct dmaheap_buffer *buffer, *received;
	int sockets[2], status, null = open("/dev/null", O_RDWR | O_CLOEXEC), fds;
	pid_t pid;
	void *data;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	pid = fork();
	if (!pid) {
		/* The receiver only has the socket. */
		close(sockets[0]);
		if (setgid(65534) || setuid(65534) ||
		    dmaheap_buffer_receive(sockets[1], &received) ||
		    fcntl(dmaheap_buffer_fd(received), F_GETFD) != FD_CLOEXEC ||
		    dmaheap_buffer_map(received, &data))
			_exit(1);
		memset(data, 0x42, PAGE);
		_exit(0);
	}
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, NULL, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_send(buffer, sockets[0]));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, dmaheap_buffer_map(buffer, &data));
	EXPECT_TRUE(all(data, PAGE, 0x42));
	dmaheap_buffer_unref(buffer);

	/* A received file that is not a buffer is closed. */
	fds = open_fds();
	ASSERT_TRUE(send_fds(sockets[0], null, 1));
	EXPECT_EQ(-EBADMSG, dmaheap_buffer_receive(sockets[1], &received));
	ASSERT_TRUE(send_fds(sockets[0], null, 2));
	EXPECT_EQ(-EBADMSG, dmaheap_buffer_receive(sockets[1], &received));
	ASSERT_EQ(1, write(sockets[0], "x", 1));
	EXPECT_EQ(-EBADMSG, dmaheap_buffer_receive(sockets[1], &received));
	EXPECT_EQ(fds, open_fds());
	close(sockets[0]);
	EXPECT_EQ(-EPIPE, dmaheap_buffer_receive(sockets[1], &received));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_receive(sockets[1], NULL));
	close(sockets[1]);
	EXPECT_EQ(-EBADF, dmaheap_buffer_receive(sockets[1], &received));
	close(null);
}

TEST_F(heap, from_a_file_descriptor)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;
	struct dmaheap *other;

	ASSERT_EQ(0, dmaheap_open_fd(dmaheap_fd(self->heap), &other));
	EXPECT_STREQ("", dmaheap_name(other));
	ASSERT_EQ(0, dmaheap_alloc(other, PAGE, NULL, &buffer));
	dmaheap_buffer_unref(buffer);
	/* The name of its twin is unknown. */
	options.flags = variant->flags & DMAHEAP_INFO_UNCACHED ? DMAHEAP_ALLOC_CACHED :
								  DMAHEAP_ALLOC_UNCACHED;
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_alloc(other, PAGE, &options, &buffer));
	dmaheap_unref(other);
}

/**
 * struct work - what each thread does
 * @heap: the same heap for all threads
 * @shared: the same buffer for all threads
 * @errors: number of errors
 */
struct work {
	struct dmaheap *heap;
	struct dmaheap_buffer *shared;
	int errors;
};

static void *worker(void *data)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct work *work = data;
	int i;

	for (i = 0; i < 100; i++) {
		struct dmaheap_buffer *buffer;
		struct dmaheap_access access;

		options.flags = i % 2 ? DMAHEAP_ALLOC_CACHED : DMAHEAP_ALLOC_UNCACHED;
		if (dmaheap_alloc(work->heap, PAGE, &options, &buffer))
			work->errors++;
		else
			dmaheap_buffer_unref(buffer);
		if (dmaheap_access_begin(work->shared, 0, 0, DMAHEAP_RW, &access)) {
			work->errors++;
		} else {
			((volatile char *)access.data)[i] = 1;
			work->errors += dmaheap_access_end(&access) != 0;
		}
	}
	dmaheap_buffer_unref(work->shared);
	dmaheap_unref(work->heap);
	return NULL;
}

TEST_F(heap, threads)
{
	struct dmaheap_buffer *shared;
	struct work work[4];
	pthread_t thread[4];
	int i;

	if (!variant->twin)
		SKIP(return, "no twin to be opened at the same time");
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, NULL, &shared));
	for (i = 0; i < 4; i++) {
		work[i] = (struct work) { dmaheap_ref(self->heap), dmaheap_buffer_ref(shared), 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, worker, &work[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, work[i].errors);
	}
	EXPECT_EQ(-EINVAL, dmaheap_buffer_unmap(shared));
	dmaheap_buffer_unref(shared);
}

/* --- without a heap of the board */

TEST(first_of_a_list)
{
	static const char *const late[] = { "no-such", "nor-this", "adsp", "video", NULL };
	static const char *const none[] = { "no-such", NULL };
	static const char *const bad[] = { "no-such", "a/b", NULL };
	struct dmaheap *heap;

	ASSERT_EQ(0, dmaheap_open_first(late, &heap));
	EXPECT_STREQ("adsp", dmaheap_name(heap));
	dmaheap_unref(heap);
	ASSERT_EQ(0, dmaheap_open_first(NULL, &heap));
	EXPECT_STREQ("default_cma_region", dmaheap_name(heap));
	dmaheap_unref(heap);
	EXPECT_EQ(-ENOENT, dmaheap_open_first(none, &heap));
	EXPECT_EQ(-EINVAL, dmaheap_open_first(bad, &heap));
}

TEST(allocation_from_the_first_of_a_list)
{
	static const char *const late[] = { "no-such", "adsp", "default_cma_region", NULL };
	static const char *const small[] = { "adsp", "default_cma_region", NULL };
	static const char *const nomap[] = { "audio-uncached", "adsp", NULL };
	static const char *const none[] = { "no-such", NULL };
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer, *all;
	struct dmaheap *heap;

	ASSERT_EQ(0, dmaheap_alloc_first(late, MiB(48), NULL, &heap, &all));
	EXPECT_STREQ("adsp", dmaheap_name(heap));
	dmaheap_unref(heap);
	/* The heap is full, so the next one is used. */
	ASSERT_EQ(0, dmaheap_alloc_first(small, PAGE, NULL, &heap, &buffer));
	EXPECT_STREQ("default_cma_region", dmaheap_name(heap));
	dmaheap_unref(heap);
	dmaheap_buffer_unref(buffer);
	EXPECT_EQ(-ENOMEM, dmaheap_alloc_first(nomap, MiB(64), NULL, &heap, &buffer));
	dmaheap_buffer_unref(all);
	/* Requested properties are not ignored. */
	options.flags = DMAHEAP_ALLOC_CACHED;
	ASSERT_EQ(0, dmaheap_alloc_first(nomap, PAGE, &options, &heap, &buffer));
	EXPECT_STREQ("adsp", dmaheap_name(heap));
	dmaheap_unref(heap);
	dmaheap_buffer_unref(buffer);
	ASSERT_EQ(0, dmaheap_alloc_first(NULL, PAGE, NULL, NULL, &buffer));
	dmaheap_buffer_unref(buffer);
	EXPECT_EQ(-ENOENT, dmaheap_alloc_first(none, PAGE, NULL, &heap, &buffer));
	EXPECT_EQ(-EINVAL, dmaheap_alloc_first(small, 0, NULL, &heap, &buffer));
}

/**
 * struct listed - results of a list
 * @names: of all heaps, in order
 * @wrong: entries that differ from a query of the open heap
 * @known: our heaps
 * @openable: heaps that we can open
 * @stop: the value to return
 */
struct listed {
	char names[4096];
	int wrong, known, openable, stop;
};

static int on_entry(const struct dmaheap_entry *entry, void *data)
{
	/*
	 * Others use system memory, too; and a list opens no heap to see whether the kernel maps
	 * it.
	 */
	const uint32_t told = DMAHEAP_INFO_UNCACHED | DMAHEAP_INFO_CMA | DMAHEAP_INFO_ESTIMATE |
			      DMAHEAP_INFO_SCATTERED;
	struct dmaheap_info info = DMAHEAP_INFO_INIT;
	struct listed *listed = data;
	struct dmaheap *heap;

	strcat(strcat(listed->names, entry->name), " ");
	listed->known += !!(entry->flags & DMAHEAP_ENTRY_KNOWN);
	listed->openable += !!(entry->flags & DMAHEAP_ENTRY_OPENABLE);
	if (!dmaheap_open(entry->name, &heap)) {
		listed->wrong += dmaheap_query(heap, &info) || info.total != entry->total ||
				 info.quantum != entry->quantum || info.buffers != entry->buffers ||
				 info.region_buffers != entry->region_buffers ||
				 (info.flags & told) != (entry->flags & told) ||
				 (!(info.flags & DMAHEAP_INFO_SCATTERED) &&
				  (info.free != entry->free || info.largest != entry->largest)) ||
				 /* The held memory of a CMA area may change meanwhile. */
				 (!(info.flags & DMAHEAP_INFO_ESTIMATE) &&
				  (info.held != info.free || info.held != entry->held)) ||
				 !*entry->region || !*entry->kind;
		dmaheap_unref(heap);
	}
	return listed->stop;
}

static int on_name(const char *name, void *data)
{
	strcat(strcat(data, name), " ");
	return 0;
}

TEST(list_with_figures)
{
	struct {
		struct dmaheap_entry entry;
		uint64_t more;
	} larger = { .entry = DMAHEAP_ENTRY_INIT, .more = 42 };
	struct listed listed = { .stop = 0 };
	struct dmaheap_buffer *buffer;
	char names[4096] = "";
	int status, count;
	pid_t pid;

	ASSERT_EQ(0, dmaheap_alloc_first((const char *const[]){ "adsp", NULL }, MiB(1), NULL, NULL,
					 &buffer));
	larger.entry.size = sizeof(larger);
	ASSERT_EQ(0, dmaheap_list(&larger.entry, on_entry, &listed));
	EXPECT_EQ(0, larger.more);
	EXPECT_EQ(0, listed.wrong);
	ASSERT_EQ(0, dmaheap_for_each(on_name, names));
	EXPECT_STREQ(names, listed.names);
	EXPECT_LT(5, listed.known);
	EXPECT_EQ(listed.known, listed.openable);
	count = listed.known;

	listed = (struct listed) { .stop = 9 };
	larger.entry.size = offsetof(struct dmaheap_entry, kind);
	strcpy(larger.entry.kind, "mine");
	EXPECT_EQ(9, dmaheap_list(&larger.entry, on_entry, &listed));
	EXPECT_EQ(1, listed.known);
	EXPECT_STREQ("mine", larger.entry.kind);
	larger.entry.size = 0;
	EXPECT_EQ(-EINVAL, dmaheap_list(&larger.entry, on_entry, &listed));
	EXPECT_EQ(-EINVAL, dmaheap_list(NULL, on_entry, &listed));

	/* A user who cannot open any heap gets the same list. */
	pid = fork();
	if (!pid) {
		struct dmaheap_entry entry = DMAHEAP_ENTRY_INIT;

		listed = (struct listed) { .stop = 0 };
		_exit(setgid(65534) || setuid(65534) || dmaheap_list(&entry, on_entry, &listed) ||
		      strcmp(names, listed.names) || listed.known != count || listed.openable);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	dmaheap_buffer_unref(buffer);
}

/* Used after heaps that fail, if it is requested by name. */
TEST(anonymous_memory)
{
	static const char *const names[] = { "no-such", DMAHEAP_UDMABUF, NULL };
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer_info info = DMAHEAP_BUFFER_INFO_INIT;
	struct dmaheap_buffer *buffer;
	struct dmaheap_access access;
	int fds = open_fds(), fd;
	struct dmaheap *heap;
	struct statfs fs;
	uint64_t done;

	/* These old kernels are built without it. */
	if (!has_huge_entries()) {
		EXPECT_EQ(-ENOENT, dmaheap_alloc_first(names, PAGE, NULL, &heap, &buffer));
		return;
	}
	options.name = "of nobody";
	ASSERT_EQ(0, dmaheap_alloc_first(names, PAGE * 3 - 1, &options, &heap, &buffer));
	EXPECT_STREQ(DMAHEAP_UDMABUF, dmaheap_name(heap));
	EXPECT_EQ(0, dmaheap_features(heap));
	EXPECT_EQ(PAGE * 3, dmaheap_buffer_size(buffer));
	fd = dmaheap_buffer_fd(buffer);
	ASSERT_EQ(0, fstatfs(fd, &fs));
	EXPECT_EQ(DMA_BUF_MAGIC, fs.f_type);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	ASSERT_EQ(0, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_RW, &access));
	EXPECT_TRUE(all(access.data, PAGE * 3, 0));
	memset(access.data, 5, PAGE * 3);
	EXPECT_EQ(0, dmaheap_access_end(&access));
	ASSERT_EQ(0, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_READ, &access));
	EXPECT_TRUE(all(access.data, PAGE * 3, 5));
	EXPECT_EQ(0, dmaheap_access_end(&access));
	/* Only our heaps support these. */
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_sync(buffer, 0, PAGE, DMAHEAP_READ));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_info(buffer, &info));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_load(buffer, 0, 0, 0, 0, &done));
	dmaheap_buffer_unref(buffer);

	options.align = PAGE * 2;
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_alloc(heap, PAGE, &options, &buffer));
	options.align = 0;
	options.flags = DMAHEAP_ALLOC_UNCACHED;
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_alloc(heap, PAGE, &options, &buffer));
	options.flags = DMAHEAP_ALLOC_READ_ONLY;
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_alloc(heap, PAGE, &options, &buffer));
	EXPECT_EQ(-ENOMEM, dmaheap_alloc(heap, UINT64_MAX, NULL, &buffer));
	EXPECT_EQ(-ENOMEM, dmaheap_alloc(heap, MiB(1024), NULL, &buffer));
	dmaheap_unref(heap);
	EXPECT_EQ(fds, open_fds());
}

static void on_log(int error, const char *text, void *data)
{
	struct dmaheap *heap;
	char line[600];

	snprintf(line, sizeof(line), "%d %s\n", error, text);
	strcat(data, line);
	/* The callback may use the library. */
	if (error == -ENOENT)
		dmaheap_unref(dmaheap_open("adsp", &heap) ? NULL : heap);
}

TEST(whom_errors_are_told)
{
	static const char *const names[] = { "no-such", "video", "adsp", NULL };
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;
	struct dmaheap *heap;
	char told[4096] = "";
	uint64_t done;

	dmaheap_set_log(on_log, told);
	options.flags = DMAHEAP_ALLOC_UNCACHED;
	ASSERT_EQ(0, dmaheap_alloc_first(names, PAGE, &options, &heap, &buffer));
	EXPECT_STREQ("-2 opening heap \"no-such\"\n", told);
	told[0] = '\0';
	dmaheap_unref(heap);
	EXPECT_EQ(-ENOMEM, dmaheap_alloc_first(names + 2, MiB(1024), NULL, NULL, &buffer));
	EXPECT_STREQ("-12 allocating 1073741824 bytes from \"adsp\"\n", told);
	told[0] = '\0';
	EXPECT_EQ(-EBADF, dmaheap_buffer_load(buffer, 1, 10, -1, 2, &done));
	EXPECT_STREQ("-9 loading 10 bytes, at 1 of the buffer and at 2 of the file\n", told);
	told[0] = '\0';
	dmaheap_set_log(NULL, NULL);
	EXPECT_EQ(-ENOENT, dmaheap_open("no-such", &heap));
	EXPECT_STREQ("", told);
	dmaheap_buffer_unref(buffer);
}

TEST(bad_names)
{
	char longest[300];
	struct dmaheap *heap;

	EXPECT_EQ(-EINVAL, dmaheap_open(NULL, &heap));
	EXPECT_EQ(-EINVAL, dmaheap_open("", &heap));
	EXPECT_EQ(-EINVAL, dmaheap_open("..", &heap));
	EXPECT_EQ(-EINVAL, dmaheap_open("../null", &heap));
	EXPECT_EQ(-EINVAL, dmaheap_open("adsp", NULL));
	EXPECT_EQ(-ENOENT, dmaheap_open("adsp ", &heap));
	memset(longest, 'x', sizeof(longest));
	longest[299] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, dmaheap_open(longest, &heap));
}

TEST(permission)
{
	static const char *const names[] = { "no-such", "adsp", "nor-this", NULL };
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		struct dmaheap *heap;

		if (setgid(1000) || setuid(1000))
			_exit(9);
		_exit(dmaheap_open("adsp", &heap) != -EACCES ||
		      dmaheap_open_first(names, &heap) != -EACCES);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST(files_that_are_no_heaps)
{
	static const char *const paths[] = { "/dev/null", "/dev/zero", "/proc/self/maps", "/" };
	struct dmaheap_buffer *buffer;
	struct dmaheap *heap;
	size_t i;

	for (i = 0; i < 4; i++) {
		int fds, fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		ASSERT_LE(0, fd);
		fds = open_fds();
		EXPECT_EQ(-EINVAL, dmaheap_open_fd(fd, &heap));
		EXPECT_EQ(-EINVAL, dmaheap_buffer_import(NULL, fd, &buffer));
		EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_import_pmem(NULL, fd, &buffer));
		EXPECT_EQ(fds, open_fds());
		close(fd);
	}
	EXPECT_EQ(-EBADF, dmaheap_open_fd(-1, &heap));
	EXPECT_EQ(-EBADF, dmaheap_buffer_import(NULL, 1000, &buffer));
	EXPECT_EQ(-EBADF, dmaheap_buffer_import_pmem(NULL, -1, &buffer));
}

static int count_up(const char *name, void *data)
{
	static char before[256];

	if (strcmp(before, name) >= 0)
		return -1;
	snprintf(before, sizeof(before), "%s", name);
	++*(int *)data;
	return !strcmp(name, "mdp") ? 42 : 0;
}

TEST(for_each)
{
	int count = 0;

	EXPECT_EQ(42, dmaheap_for_each(count_up, &count));
	EXPECT_LT(3, count);
}

/* --- PMEM */

TEST(pmem_both_ways)
{
	int file = open("/dev/pmem_adsp", O_RDWR | O_CLOEXEC);
	int other = open("/dev/pmem_adsp", O_RDWR | O_CLOEXEC);
	struct dmaheap_buffer *buffer, *from;
	struct dmaheap_access access;
	struct dmaheap *heap;
	char *legacy;

	ASSERT_LE(0, file);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, dmaheap_open("adsp", &heap));
	/* Only from a file with an allocation. */
	EXPECT_EQ(-EINVAL, dmaheap_buffer_import_pmem(heap, file, &from));
	legacy = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, legacy);
	memset(legacy, 3, MiB(1));
	ASSERT_EQ(0, dmaheap_buffer_import_pmem(heap, file, &from));
	EXPECT_LE(MiB(1), dmaheap_buffer_size(from));
	munmap(legacy, MiB(1));
	close(file);
	ASSERT_EQ(0, dmaheap_access_begin(from, 0, MiB(1), DMAHEAP_READ, &access));
	EXPECT_TRUE(all(access.data, MiB(1), 3));
	EXPECT_EQ(0, dmaheap_access_end(&access));
	dmaheap_buffer_unref(from);

	ASSERT_EQ(0, dmaheap_alloc(heap, MiB(1), NULL, &buffer));
	ASSERT_EQ(0, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_WRITE, &access));
	memset(access.data, 4, access.len);
	EXPECT_EQ(0, dmaheap_access_end(&access));
	ASSERT_EQ(0, dmaheap_buffer_export_pmem(buffer, other));
	EXPECT_EQ(-EINVAL, dmaheap_buffer_export_pmem(buffer, other));
	dmaheap_buffer_unref(buffer);
	legacy = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
	ASSERT_NE(MAP_FAILED, legacy);
	EXPECT_TRUE(all(legacy, MiB(1), 4));
	munmap(legacy, MiB(1));
	close(other);
	EXPECT_EQ(0, query(heap).region_buffers);
	dmaheap_unref(heap);
}

TEST(pmem_of_what_cannot_be)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	int file = open("/dev/pmem_adsp", O_RDWR | O_CLOEXEC);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct dmaheap_buffer *buffer;
	struct dmaheap *heap;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, dmaheap_open("adsp", &heap));
	options.flags = DMAHEAP_ALLOC_READ_ONLY;
	ASSERT_EQ(0, dmaheap_alloc(heap, PAGE, &options, &buffer));
	EXPECT_EQ(-EACCES, dmaheap_buffer_export_pmem(buffer, file));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_export_pmem(buffer, null));
	EXPECT_EQ(-EBADF, dmaheap_buffer_export_pmem(buffer, -1));
	dmaheap_buffer_unref(buffer);
	dmaheap_unref(heap);
	close(file);
	close(null);
}

TEST_HARNESS_MAIN
