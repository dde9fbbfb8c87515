// SPDX-License-Identifier: GPL-2.0-only
/*
 * An empty carveout can always allocate its full size, regardless of earlier buffers and of how
 * much memory is zeroed.
 */
#include <errno.h>
#include <sys/resource.h>

#include "test.h"

#define MOST	1024

/* A client that allocates all memory of a heap. */
struct client {
	int heap;
	__u64 total;
	__u64 quantum;
	__u32 state;
	int fd[MOST];
	int count;
};

FIXTURE(capacity) {
	struct client own;
};

FIXTURE_VARIANT(capacity) {
	const char *name;
};

FIXTURE_VARIANT_ADD(capacity, cached) {
	.name = "adsp",
};

FIXTURE_VARIANT_ADD(capacity, uncached) {
	.name = "adsp-uncached",
};

FIXTURE_SETUP(capacity)
{
	struct client *own = &self->own;
	struct rlimit files = { 2 * MOST, 2 * MOST };
	struct contig_heap_query query;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	own->heap = heap_open(variant->name);
	ASSERT_LE(0, own->heap);
	query = heap_query(own->heap);
	ASSERT_EQ(query.total, query.free);
	own->total = query.total;
	own->quantum = query.quantum;
	own->state = 1;
	own->count = 0;
}

FIXTURE_TEARDOWN(capacity)
{
	close(self->own.heap);
}

static bool take(struct client *own, size_t len)
{
	int fd;

	if (own->count == MOST)
		die("too many buffers");
	fd = heap_alloc(own->heap, len);
	if (fd < 0)
		return false;
	own->fd[own->count++] = fd;
	return true;
}

static void shuffle(struct client *own)
{
	int i;

	for (i = own->count; i > 1; i--) {
		int other = next_random(&own->state) % i;
		int fd = own->fd[i - 1];

		own->fd[i - 1] = own->fd[other];
		own->fd[other] = fd;
	}
}

/* Free buffers in allocation order, in reverse order, or in random order. */
static void give_all(struct client *own)
{
	__u32 order = next_random(&own->state) % 3;
	int i;

	if (order == 2)
		shuffle(own);
	for (i = 0; i < own->count; i++)
		close(own->fd[order == 1 ? own->count - 1 - i : i]);
	own->count = 0;
}

/* Allocate and free small buffers, and let the thread zero some of the memory, or all of it. */
static void disturb(struct client *own)
{
	__u64 left = next_random(&own->state) % own->total;
	__u32 i, small = next_random(&own->state) % 12;

	for (i = 0; i < small; i++)
		take(own, PAGE * (1 + i));
	give_all(own);
	if (next_random(&own->state) % 4 == 0)
		left = 0;
	while (heap_query(own->heap).dirty > left)
		usleep(100);
	for (i = 0; i < small; i++)
		take(own, PAGE * (1 + i % 3));
	give_all(own);
}

#define ROUNDS	2

/* As many buffers of one size fit as the size of the heap suggests. */
TEST_F(capacity, equal)
{
	const size_t sizes[] = {
		MiB(1), MiB(3), MiB(2) + KiB(512), KiB(64), MiB(2), MiB(16), MiB(24),
		17 * PAGE, 257 * PAGE, 1021 * PAGE,
	};
	struct client *own = &self->own;
	size_t i;
	int round;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		__u64 size = (sizes[i] + own->quantum - 1) & -own->quantum;
		int fit = own->total / size;

		for (round = rounds(ROUNDS); round--; disturb(own)) {
			while (take(own, sizes[i]))
				;
			EXPECT_EQ(ENOMEM, errno);
			EXPECT_EQ(fit, own->count)
				TH_LOG("of %zu bytes", sizes[i]);
			give_all(own);
		}
	}
}

/* The same for buffers of any size, in any order, down to the last quantum. */
TEST_F(capacity, mixed)
{
	struct client *own = &self->own;
	int round;

	for (round = rounds(4 * ROUNDS); round--; disturb(own)) {
		__u64 left = own->total / own->quantum;
		__u64 most = left >> next_random(&own->state) % 6;

		while (left && own->count < MOST - 1) {
			__u64 len = 1 + next_random(&own->state) % most;

			if (len > left)
				len = left;
			ASSERT_TRUE(take(own, len * own->quantum))
				TH_LOG("%llu quanta of %llu", len, left);
			left -= len;
		}
		EXPECT_EQ(left * own->quantum, heap_query(own->heap).free);
		give_all(own);
	}
}

TEST_HARNESS_MAIN
