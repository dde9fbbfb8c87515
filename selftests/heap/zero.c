// SPDX-License-Identifier: GPL-2.0-only
/* Buffers are zero, whatever the memory contained before. */
#include <signal.h>

#include "test.h"

/* Enough to fill a heap to the last page. */
#define MAX_BUFFERS	512

HEAP_FIXTURE(zero);

struct buffers {
	int fd[MAX_BUFFERS];
	size_t len[MAX_BUFFERS];
	int count;
};

/* Allocate all memory of the heap, in pieces of @piece bytes, then in smaller ones. */
static void take_all(int heap, size_t piece, struct buffers *all)
{
	all->count = 0;
	while (piece >= PAGE && all->count < MAX_BUFFERS) {
		int fd = heap_alloc(heap, piece);

		if (fd < 0) {
			piece = piece / 4 / PAGE * PAGE;
			continue;
		}
		all->fd[all->count] = fd;
		all->len[all->count++] = piece;
	}
}

static void give_back(struct buffers *all)
{
	while (all->count)
		close(all->fd[--all->count]);
}

static bool are_zero(const struct buffers *all)
{
	int i;

	for (i = 0; i < all->count; i++)
		if (!buffer_is_zero(all->fd[i], all->len[i]))
			return false;
	return true;
}

static void dirty_all(const struct buffers *all)
{
	int i;

	for (i = 0; i < all->count; i++)
		if (!buffer_soil(all->fd[i], all->len[i]))
			die("mmap");
}

/* Nothing else is free, so the same memory is used again. */
TEST_F(zero, all_of_the_heap_at_once)
{
	struct buffers all;

	take_all(self->heap, MiB(8), &all);
	ASSERT_LT(0, all.count);
	EXPECT_TRUE(are_zero(&all));
	dirty_all(&all);
	give_back(&all);
	take_all(self->heap, MiB(4), &all);
	ASSERT_LT(0, all.count);
	EXPECT_TRUE(are_zero(&all));
}

TEST_F(zero, all_of_the_heap_after_cleaning)
{
	struct buffers all;

	take_all(self->heap, MiB(8), &all);
	dirty_all(&all);
	give_back(&all);
	heap_wait_clean(self->heap);
	take_all(self->heap, MiB(8), &all);
	ASSERT_LT(0, all.count);
	EXPECT_TRUE(are_zero(&all));
}

/* Dirty, clean and cleaned pages, adjacent in one buffer. */
TEST_F(zero, patchwork)
{
	struct buffers all;
	int i;

	take_all(self->heap, MiB(1), &all);
	for (i = 0; i < all.count; i += 3) {
		void *memory = buffer_map(all.fd[i], all.len[i]);

		ASSERT_NE(MAP_FAILED, memory);
		memset(memory + all.len[i] / 2, 0x5a, PAGE);
		memset(memory + all.len[i] - 1, 0x5a, 1);
		munmap(memory, all.len[i]);
	}
	give_back(&all);
	take_all(self->heap, MiB(16), &all);
	ASSERT_LT(0, all.count);
	EXPECT_TRUE(are_zero(&all));
}

TEST_F(zero, many_sizes)
{
	const size_t len[] = {
		PAGE, PAGE * 2, PAGE * 3, PAGE * 15, PAGE * 16, PAGE * 17,
		MiB(1) - PAGE, MiB(1), MiB(1) + PAGE, MiB(2), MiB(5),
		MiB(8) + PAGE * 3,
	};
	size_t i, again;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		for (again = 0; again < 3; again++) {
			int fd = heap_alloc(self->heap, len[i]);

			ASSERT_LE(0, fd);
			EXPECT_TRUE(buffer_is_zero(fd, len[i]));
			ASSERT_TRUE(buffer_soil(fd, len[i]));
			close(fd);
		}
	}
}

/* The pages added by rounding are zero, too. */
TEST_F(zero, up_to_the_end_of_the_last_page)
{
	int fd = heap_alloc(self->heap, PAGE);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(buffer_soil(fd, PAGE));
	close(fd);
	fd = heap_alloc(self->heap, 1);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(buffer_is_zero(fd, PAGE));
}

/* Random allocations while the background thread is cleaning. */
TEST_F(zero, race_with_the_cleaner)
{
	enum { SLOTS = 12, ROUNDS = 300 };
	const int last = rounds(ROUNDS);
	struct buffers live = {};
	__u32 state = 0x2545f491;
	int round, slot;

	for (slot = 0; slot < SLOTS; slot++)
		live.fd[slot] = -1;
	for (round = 0; round < last; round++) {
		slot = next_random(&state) % SLOTS;
		if (live.fd[slot] >= 0) {
			ASSERT_TRUE(buffer_soil(live.fd[slot], live.len[slot]));
			close(live.fd[slot]);
		}
		/* Mostly small sizes, up to 4 MiB. */
		live.len[slot] = (1 + next_random(&state) %
				  (1U << next_random(&state) % 11)) * KiB(4);
		live.fd[slot] = heap_alloc(self->heap, live.len[slot]);
		ASSERT_LE(0, live.fd[slot]);
		ASSERT_TRUE(buffer_is_zero(live.fd[slot], live.len[slot]));
	}
}

/* Memory whose owner was killed while writing to it. */
TEST_F(zero, killed_owner)
{
	int last = rounds(2), round;

	for (round = 0; round < last; round++) {
		struct buffers all;
		int ready[2];
		pid_t pid;
		char byte;

		ASSERT_EQ(0, pipe(ready));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			take_all(self->heap, MiB(8), &all);
			dirty_all(&all);
			byte = 1;
			if (write(ready[1], &byte, 1) != 1)
				abort();
			while (buffer_soil(all.fd[0], all.len[0]))
				;
			abort();
		}
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		close(ready[0]);
		close(ready[1]);

		take_all(self->heap, MiB(8), &all);
		ASSERT_LT(0, all.count);
		EXPECT_TRUE(are_zero(&all));
		give_back(&all);
	}
}

/* Twins use the same memory through different views. */
TEST_F(zero, what_the_twin_wrote)
{
	int twin = heap_open_twin(variant->name);
	struct buffers all;

	if (variant->flags & CONTIG_HEAP_F_NO_MAP) {
		/* Such memory must not be mapped cached. */
		EXPECT_ERRNO(ENOENT, twin);
		return;
	}
	ASSERT_LE(0, twin);
	take_all(twin, MiB(8), &all);
	ASSERT_LT(0, all.count);
	dirty_all(&all);
	give_back(&all);
	take_all(self->heap, MiB(8), &all);
	ASSERT_LT(0, all.count);
	EXPECT_TRUE(are_zero(&all));
}

TEST_HARNESS_MAIN
