// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many workers, on both views of the same memory. A buffer belongs to one worker: nobody else may
 * write to it, even if workers are killed.
 */
#include <pthread.h>
#include <signal.h>

#include "test.h"

#define WORKERS	6
#define SLOTS	8

/*
 * A pair of heaps on the same memory, or the same heap twice if there is no such pair. Pages of
 * system memory move between the heaps.
 */
FIXTURE(stress) {
	int heap[2];
};

FIXTURE_VARIANT(stress) {
	const char *name[2];
	int kills;
};

#define ROUNDS	300

FIXTURE_VARIANT_ADD(stress, carveout) {
	.name = { "adsp", "adsp-uncached" },
	.kills = 300,
};

FIXTURE_VARIANT_ADD(stress, nomap) {
	.name = { "audio-uncached", "audio-uncached" },
	.kills = 100,
};

FIXTURE_VARIANT_ADD(stress, cma) {
	.name = { "video", "video-uncached" },
	.kills = 100,
};

FIXTURE_VARIANT_ADD(stress, system) {
	.name = { "system-dma32", "system-uncached" },
	.kills = 100,
};

FIXTURE_SETUP(stress)
{
	int i;

	for (i = 0; i < 2; i++) {
		self->heap[i] = heap_open(variant->name[i]);
		ASSERT_LE(0, self->heap[i]);
	}
}

FIXTURE_TEARDOWN(stress)
{
	close(self->heap[0]);
	close(self->heap[1]);
}

struct buffer {
	int fd;
	size_t len;
	__u32 tag;
	void *memory;
};

/* A new buffer: check that it is zero, and fill it with the owner's tag. */
static bool take(int heap, struct buffer *buffer, size_t len, __u32 tag)
{
	buffer->len = len;
	buffer->tag = tag;
	buffer->fd = heap_alloc(heap, buffer->len);
	if (buffer->fd < 0)
		/* All buffers together are smaller than a heap. */
		return false;
	buffer->memory = buffer_map(buffer->fd, buffer->len);
	if (buffer->memory == MAP_FAILED ||
	    !all_bytes(buffer->memory, buffer->len, 0))
		return false;
	fill(buffer->memory, buffer->len, buffer->tag);
	return true;
}

/* Check the contents before the release. */
static bool give(struct buffer *buffer)
{
	bool ok = filled(buffer->memory, buffer->len, buffer->tag);

	munmap(buffer->memory, buffer->len);
	close(buffer->fd);
	buffer->fd = -1;
	return ok;
}

/* Returns on the first error, or after @left rounds. */
static bool work(const int *heap, __u32 seed, int left)
{
	struct buffer own[SLOTS];
	__u32 state = seed * 0x9e3779b1U + 1;
	bool ok = true;
	size_t len;
	int i;

	for (i = 0; i < SLOTS; i++)
		own[i].fd = -1;
	while (ok && left--) {
		struct buffer *buffer = &own[next_random(&state) % SLOTS];

		len = (1 + next_random(&state) % (1U << next_random(&state) % 10)) * KiB(4);
		if (buffer->fd >= 0)
			ok = give(buffer);
		else
			ok = take(heap[next_random(&state) % 2], buffer, len, next_random(&state));
	}
	for (i = 0; i < SLOTS; i++)
		if (own[i].fd >= 0)
			ok &= give(&own[i]);
	return ok;
}

/* No buffer is left in either heap, and all memory is free. Others use system memory, too. */
static bool all_back(const int *heap)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct contig_heap_query query = heap_query(heap[i]);

		if (query.region_buffers || (!(query.flags & CONTIG_HEAP_F_SCATTERED) &&
					     query.free != query.total))
			return false;
	}
	return true;
}

static pid_t spawn(const int *heap, __u32 seed, int left)
{
	pid_t pid = fork();

	if (!pid)
		_exit(work(heap, seed, left) ? 0 : 1);
	return pid;
}

TEST_F(stress, processes)
{
	pid_t pid[WORKERS];
	int i, status;

	for (i = 0; i < WORKERS; i++) {
		pid[i] = spawn(self->heap, i + 1, rounds(ROUNDS));
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_TRUE(all_back(self->heap));
}

struct thread {
	pthread_t id;
	const int *heap;
	__u32 seed;
	bool ok;
};

static void *run_thread(void *arg)
{
	struct thread *thread = arg;

	thread->ok = work(thread->heap, thread->seed, rounds(ROUNDS));
	return NULL;
}

TEST_F(stress, threads)
{
	struct thread thread[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		thread[i].heap = self->heap;
		thread[i].seed = i + 100;
		ASSERT_EQ(0, pthread_create(&thread[i].id, NULL, run_thread,
					    &thread[i]));
	}
	for (i = 0; i < WORKERS; i++) {
		pthread_join(thread[i].id, NULL);
		EXPECT_TRUE(thread[i].ok);
	}
	EXPECT_TRUE(all_back(self->heap));
}

/* Killed at any point: while they allocate, zero, write, or release. */
TEST_F(stress, killed_at_any_point)
{
	__u32 state = 0xdecade01;
	int i, status, kills = rounds(variant->kills);
	pid_t pid[WORKERS];

	for (i = 0; i < WORKERS; i++) {
		pid[i] = spawn(self->heap, i + 1000, -1);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < kills; i++) {
		int victim = next_random(&state) % WORKERS;

		usleep(next_random(&state) % 3000);
		ASSERT_EQ(0, kill(pid[victim], SIGKILL));
		ASSERT_EQ(pid[victim], waitpid(pid[victim], &status, 0));
		/* A worker that finds an error exits. */
		EXPECT_TRUE(WIFSIGNALED(status));
		pid[victim] = spawn(self->heap, i + 2000, -1);
		ASSERT_LT(0, pid[victim]);
	}
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(0, kill(pid[i], SIGKILL));
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	EXPECT_TRUE(all_back(self->heap));
}

#define PIECE	KiB(256)
#define PIECES	192
#define PASSES	24

/*
 * Free and allocate all memory while the thread zeroes it. The thread only runs when nobody else
 * needs the processor, so there is one process for two processors. Nothing may be zeroed late.
 */
TEST(alone_while_memory_is_zeroed)
{
	static struct buffer own[PIECES];
	int heap[2] = { heap_open("adsp"), heap_open("adsp-uncached") };
	int i, pass, passes = rounds(PASSES);
	__u32 state = 0xa10e;

	ASSERT_EQ(PIECES * PIECE, heap_query(heap[0]).total);
	for (pass = 0; pass < passes; pass++) {
		for (i = 0; i < PIECES; i++)
			ASSERT_TRUE(take(heap[0], &own[i], PIECE, next_random(&state)));
		for (i = 0; i < PIECES; i++)
			ASSERT_TRUE(give(&own[i]));
		usleep(next_random(&state) % 20000);
	}
	EXPECT_TRUE(all_back(heap));
	close(heap[0]);
	close(heap[1]);
}

TEST_HARNESS_MAIN
