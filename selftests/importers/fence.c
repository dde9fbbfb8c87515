// SPDX-License-Identifier: GPL-2.0-only
/*
 * The start of an access waits for the fences of the buffer before it does any maintenance. For a
 * guest with swiotlb=force, where maintenance that is too early misses the last data of a device.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "../heap/importer_client.h"
#include "../heap/test.h"

#include "edu_client.h"
#include "source.h"

#define LEN	KiB(64)
#define PIECE	EDU_IMPORTER_MAX

/**
 * struct access - a thread that begins an access
 * @fd: the dma-buf
 * @heap: heap for our ioctl, or -1 for that of the dma-buf
 * @flags: DMA_BUF_SYNC_*
 * @tid: the running thread
 * @done: the access has begun, or failed
 * @error: errno, or 0
 */
struct access {
	int fd;
	int heap;
	__u32 flags;
	atomic_int tid;
	atomic_bool done;
	int error;
};

FIXTURE(fence) {
	int heap;
	int importer;
	int fd;
	int sync_file;
	int fence;
	unsigned char *memory;
};

SOURCE_KINDS(fence);

FIXTURE_SETUP(fence)
{
	self->heap = heap_open("adsp");
	ASSERT_LE(0, self->heap);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	self->fd = source_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->fence = importer_fence(self->importer, &self->sync_file);
	ASSERT_LE(0, self->fence);
}

FIXTURE_TEARDOWN(fence)
{
	close(self->importer);
}

static int add_fence(int fd, int sync_file, __u32 flags)
{
	struct dma_buf_import_sync_file data = { .flags = flags, .fd = sync_file };

	return ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &data);
}

static int sync_by(int heap, int fd, __u32 flags)
{
	return heap < 0 ? buffer_sync(fd, flags) : buffer_sync_range(heap, fd, 0, PIECE, flags);
}

static void *begin(void *arg)
{
	struct access *access = arg;

	access->tid = gettid();
	access->error = sync_by(access->heap, access->fd, access->flags) ? errno : 0;
	access->done = true;
	return NULL;
}

static bool sleeps_in_ioctl(pid_t tid)
{
	char path[64], *text;
	bool sleeps;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	text = read_text(path);
	sleeps = text && text[0] >= '0' && text[0] <= '9' && atoi(text) == SYS_ioctl;
	free(text);
	return sleeps;
}

/* Wait until the access has begun or blocks. Returns true if it blocks. */
static bool waits(struct access *access)
{
	while (!access->done) {
		if (access->tid && sleeps_in_ioctl(access->tid))
			return true;
		sched_yield();
	}
	return false;
}

/* First -1, the ioctl of the dma-buf, then ours for a part; -2 is the end. */
static int next_call(int heap, int node)
{
	return heap == -1 ? node : -2;
}

TEST_F(fence, nothing_is_maintained_before)
{
	bool nomap = source_is_nomap(variant->path);
	int heap, edu = edu_open();

	ASSERT_LE(0, edu);
	memset(self->memory, 0x5a, PIECE);
	ASSERT_EQ(0, edu_attach(edu, self->fd));
	/* Such memory cannot be bounced, but the test can still wait. */
	ASSERT_EQ(nomap ? -1 : 0, edu_map(edu, EDU_IMPORTER_BOTH));
	if (!nomap)
		ASSERT_EQ(0, edu_reads(edu, 0, PIECE));
	for (heap = -1; heap != -2; heap = next_call(heap, self->heap)) {
		struct access access = {
			.fd = self->fd,
			.heap = heap,
			.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ,
		};
		int sync_file, fence = importer_fence(self->importer, &sync_file);
		pthread_t thread;

		ASSERT_LE(0, fence);
		ASSERT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
		memset(self->memory, 0x11, PIECE);
		ASSERT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
		ASSERT_EQ(0, add_fence(self->fd, sync_file, DMA_BUF_SYNC_WRITE));
		ASSERT_EQ(0, pthread_create(&thread, NULL, begin, &access));
		EXPECT_TRUE(waits(&access));
		if (!nomap)
			ASSERT_EQ(0, edu_writes(edu, 0, PIECE));
		ASSERT_EQ(0, importer_signal(self->importer, fence));
		pthread_join(thread, NULL);
		EXPECT_EQ(0, access.error);
		EXPECT_TRUE(all_bytes(self->memory, PIECE, nomap ? 0x11 : 0x5a));
		ASSERT_EQ(0, sync_by(heap, self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
		close(sync_file);
	}
	close(edu);
}

/* Readers do not block other readers. */
TEST_F(fence, readers_do_not_wait_for_readers)
{
	int heap;

	ASSERT_EQ(0, add_fence(self->fd, self->sync_file, DMA_BUF_SYNC_READ));
	for (heap = -1; heap != -2; heap = next_call(heap, self->heap)) {
		EXPECT_EQ(0, sync_by(heap, self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
		EXPECT_EQ(0, sync_by(heap, self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
	}
}

TEST_F(fence, writers_wait_for_readers)
{
	struct access access[] = {
		{ self->fd, -1, .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE },
		{ self->fd, self->heap, .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE },
		{ self->fd, self->heap, .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW },
	};
	pthread_t thread[ARRAY_SIZE(access)];
	size_t i;

	ASSERT_EQ(0, add_fence(self->fd, self->sync_file, DMA_BUF_SYNC_READ));
	for (i = 0; i < ARRAY_SIZE(access); i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, begin, &access[i]));
	for (i = 0; i < ARRAY_SIZE(access); i++)
		EXPECT_TRUE(waits(&access[i]));
	ASSERT_EQ(0, importer_signal(self->importer, self->fence));
	for (i = 0; i < ARRAY_SIZE(access); i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, access[i].error);
	}
}

/* The end must not wait, because a device may wait for it. */
TEST_F(fence, end_waits_for_nobody)
{
	int heap;

	ASSERT_EQ(0, add_fence(self->fd, self->sync_file, DMA_BUF_SYNC_WRITE));
	for (heap = -1; heap != -2; heap = next_call(heap, self->heap))
		EXPECT_EQ(0, sync_by(heap, self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
}

static atomic_int signals;

static void count(int signal)
{
	(void)signal;
	signals++;
}

/* With SA_RESTART, the call is restarted, as usual. */
TEST_F(fence, a_signal_ends_the_wait)
{
	int heap, restart;

	for (heap = -1; heap != -2; heap = next_call(heap, self->heap)) {
		for (restart = 0; restart < 2; restart++) {
			struct sigaction action = {
				.sa_handler = count,
				.sa_flags = restart ? SA_RESTART : 0,
			};
			struct access access = {
				.fd = self->fd,
				.heap = heap,
				.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ,
			};
			int sync_file, fence = importer_fence(self->importer, &sync_file);
			pthread_t thread;

			ASSERT_LE(0, fence);
			ASSERT_EQ(0, add_fence(self->fd, sync_file, DMA_BUF_SYNC_WRITE));
			ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
			signals = 0;
			ASSERT_EQ(0, pthread_create(&thread, NULL, begin, &access));
			EXPECT_TRUE(waits(&access));
			ASSERT_EQ(0, pthread_kill(thread, SIGUSR1));
			while (!signals)
				sched_yield();
			EXPECT_EQ(restart, waits(&access));
			ASSERT_EQ(0, importer_signal(self->importer, fence));
			pthread_join(thread, NULL);
			EXPECT_EQ(restart ? 0 : EINTR, access.error);
			close(sync_file);
		}
	}
}

TEST_HARNESS_MAIN
