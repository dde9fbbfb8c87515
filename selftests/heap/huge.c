// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings at addresses that permit whole PMDs. Programs must see no difference on kernels without
 * huge mappings of page frames, nor in 32-bit programs.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "test.h"

#define HUGE	MiB(2)
#define LEN	(4 * HUGE)

FIXTURE(huge) {
	int heap;
	int fd;
	char *memory;
	char *other;
	struct contig_heap_query idle;
};

HEAP_KINDS(huge);

/* Map at an address that is @offset above a multiple of HUGE. */
static char *map_at(int fd, size_t len, off_t pgoff, size_t offset)
{
	char *space = mmap(NULL, len + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start, *view;

	if (space == MAP_FAILED)
		return MAP_FAILED;
	start = (char *)(((uintptr_t)space + HUGE - 1) & ~(uintptr_t)(HUGE - 1)) + offset;
	munmap(space, len + 2 * HUGE);
	view = mmap(start, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, pgoff);
	return view;
}

FIXTURE_SETUP(huge)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->idle = heap_query(self->heap);
	self->fd = heap_alloc_aligned(self->heap, LEN, HUGE);
	ASSERT_LE(0, self->fd);
	/* The other view always has single pages. */
	self->other = map_at(self->fd, LEN, 0, PAGE);
	ASSERT_NE(MAP_FAILED, self->other);
	self->memory = map_at(self->fd, LEN, 0, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(huge)
{
	close(self->fd);
	close(self->heap);
}

static bool access_kills(volatile char *address, bool write)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		if (write)
			*address = 1;
		else
			(void)*address;
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGSEGV;
}

/* Each of the two views shows data written through the other one. */
#define EXPECT_SAME(memory, other, len, seed)				\
	do {								\
		fill(memory, len, seed);				\
		EXPECT_TRUE(filled(other, len, seed));			\
		fill(other, len, (seed) + 100);				\
		EXPECT_TRUE(filled(memory, len, (seed) + 100));		\
	} while (0)

TEST_F(huge, shows_the_same)
{
	EXPECT_TRUE(all_bytes(self->memory, LEN, 0));
	EXPECT_SAME(self->memory, self->other, LEN, 1);
}

TEST_F(huge, costs_few_faults)
{
	/* One per PMD, and some of the program itself. */
	EXPECT_GE(LEN / HUGE + 4, touch_pages(self->memory, LEN));
	EXPECT_GE(4, touch_pages(self->memory, LEN));
}

TEST_F(huge, takes_no_page_tables)
{
	long before, after;

	if (!has_huge_frames())
		SKIP(return, "whole PMDs need Linux 6.12 or later, with huge pages");
	munmap(self->memory, LEN);
	before = page_tables();
	self->memory = map_at(self->fd, LEN, 0, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	touch_pages(self->memory, LEN);
	after = page_tables();
	/* Plus up to one per higher level. */
	EXPECT_GE(2 * (long)PAGE / 1024, after - before);
}

TEST_F(huge, offset_of_a_pmd)
{
	char *part = map_at(self->fd, LEN - HUGE, HUGE, 0);

	ASSERT_NE(MAP_FAILED, part);
	EXPECT_SAME(part, self->other + HUGE, LEN - HUGE, 2);
}

/* Single pages before and after. */
TEST_F(huge, begins_and_ends_between_pmds)
{
	size_t len = LEN - 5 * PAGE;
	char *part = map_at(self->fd, len, 3 * PAGE, 3 * PAGE);

	ASSERT_NE(MAP_FAILED, part);
	EXPECT_GE(LEN / HUGE + 4, touch_pages(part, len));
	EXPECT_SAME(part, self->other + 3 * PAGE, len, 3);
	EXPECT_TRUE(all_bytes(self->memory, 3 * PAGE, 0));
	EXPECT_TRUE(all_bytes(self->memory + LEN - 2 * PAGE, 2 * PAGE, 0));
}

TEST_F(huge, less_than_a_pmd)
{
	char *part = map_at(self->fd, HUGE - PAGE, HUGE, 0);

	ASSERT_NE(MAP_FAILED, part);
	EXPECT_GE(4, touch_pages(part, HUGE - PAGE));
	EXPECT_SAME(part, self->other + HUGE, HUGE - PAGE, 4);
}

TEST_F(huge, a_page_unmapped)
{
	size_t hole = HUGE + 7 * PAGE;

	touch_pages(self->memory, LEN);
	ASSERT_EQ(0, munmap(self->memory + hole, PAGE));
	EXPECT_SAME(self->memory, self->other, hole, 5);
	EXPECT_SAME(self->memory + hole + PAGE, self->other + hole + PAGE, LEN - hole - PAGE, 6);
	EXPECT_TRUE(access_kills(self->memory + hole, false));
	/* The pages that were split from the PMD are mapped again at once. */
	EXPECT_GE(4, touch_pages(self->memory, hole));
}

TEST_F(huge, a_page_unmapped_before_the_first_access)
{
	ASSERT_EQ(0, munmap(self->memory + PAGE, PAGE));
	EXPECT_SAME(self->memory, self->other, PAGE, 7);
	EXPECT_SAME(self->memory + 2 * PAGE, self->other + 2 * PAGE, LEN - 2 * PAGE, 8);
	EXPECT_TRUE(access_kills(self->memory + PAGE, false));
}

TEST_F(huge, unmapped_part_by_part)
{
	size_t pos;

	munmap(self->other, LEN);
	touch_pages(self->memory, LEN);
	close(self->fd);
	for (pos = 0; pos < LEN; pos += HUGE / 4) {
		EXPECT_EQ(1, heap_query(self->heap).buffers);
		ASSERT_EQ(0, munmap(self->memory + pos, HUGE / 4));
	}
	EXPECT_EQ(0, heap_query(self->heap).buffers);
	EXPECT_EQ(self->idle.free, heap_query(self->heap).free);
}

TEST_F(huge, child_shares_it)
{
	int round, status;
	pid_t pid;

	/* Before and after the parent's first access. */
	for (round = 0; round < 2; round++) {
		fill(self->other, LEN, 9);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (!filled(self->memory, LEN, 9))
				_exit(1);
			fill(self->memory, LEN, 10);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		EXPECT_TRUE(filled(self->other, LEN, 10));
		EXPECT_TRUE(filled(self->memory, LEN, 10));
	}
}

/* A child's changes to its mapping do not affect the parent's. */
TEST_F(huge, child_unmaps_a_page)
{
	int status;
	pid_t pid;

	fill(self->memory, LEN, 11);
	fill(self->memory + HUGE + PAGE, HUGE, 12);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		munmap(self->memory + HUGE, PAGE);
		mprotect(self->memory, PAGE, PROT_NONE);
		_exit(!filled(self->memory + HUGE + PAGE, HUGE, 12));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(filled(self->memory, HUGE + PAGE, 11));
	EXPECT_TRUE(filled(self->memory + HUGE + PAGE, HUGE, 12));
}

TEST_F(huge, a_page_protected)
{
	char *page = self->memory + HUGE + 3 * PAGE;

	fill(self->memory, LEN, 12);
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_TRUE(access_kills(page, true));
	EXPECT_FALSE(access_kills(page, false));
	EXPECT_FALSE(access_kills(page - PAGE, true));
	EXPECT_FALSE(access_kills(page + PAGE, true));
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_SAME(self->memory, self->other, LEN, 13);
}

TEST_F(huge, all_of_it_protected)
{
	touch_pages(self->memory, LEN);
	fill(self->other, LEN, 14);
	ASSERT_EQ(0, mprotect(self->memory, LEN, PROT_READ));
	EXPECT_TRUE(access_kills(self->memory, true));
	EXPECT_TRUE(filled(self->memory, LEN, 14));
	ASSERT_EQ(0, mprotect(self->memory, LEN, PROT_NONE));
	EXPECT_TRUE(access_kills(self->memory, false));
	ASSERT_EQ(0, mprotect(self->memory, LEN, PROT_READ | PROT_WRITE));
	EXPECT_SAME(self->memory, self->other, LEN, 15);
}

TEST_F(huge, read_only_at_first)
{
	char *memory;

	munmap(self->memory, LEN);
	memory = mmap(self->memory, LEN, PROT_READ, MAP_SHARED | MAP_FIXED, self->fd, 0);
	ASSERT_EQ(self->memory, memory);
	fill(self->other, LEN, 16);
	EXPECT_TRUE(filled(memory, LEN, 16));
	EXPECT_TRUE(access_kills(memory, true));
	ASSERT_EQ(0, mprotect(memory, LEN, PROT_READ | PROT_WRITE));
	EXPECT_SAME(memory, self->other, LEN, 17);
}

TEST_F(huge, moved_to_where_no_pmd_fits)
{
	char *space = mmap(NULL, LEN + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *target, *moved;

	ASSERT_NE(MAP_FAILED, space);
	target = (char *)(((uintptr_t)space + HUGE - 1) & ~(uintptr_t)(HUGE - 1)) + PAGE;
	fill(self->memory, LEN, 18);
	moved = mremap(self->memory, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	ASSERT_EQ(target, moved);
	EXPECT_TRUE(filled(moved, LEN, 18));
	EXPECT_SAME(moved, self->other, LEN, 19);
	/* Move it back. */
	moved = mremap(moved, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, self->memory);
	ASSERT_EQ(self->memory, moved);
	EXPECT_SAME(moved, self->other, LEN, 20);
}

TEST_F(huge, moved_in_part)
{
	char *space = mmap(NULL, LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *moved;

	ASSERT_NE(MAP_FAILED, space);
	fill(self->memory, LEN, 21);
	moved = mremap(self->memory + PAGE, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, space);
	ASSERT_EQ(space, moved);
	EXPECT_SAME(moved, self->other + PAGE, HUGE, 22);
	EXPECT_SAME(self->memory + PAGE + HUGE, self->other + PAGE + HUGE, LEN - HUGE - PAGE, 23);
	EXPECT_TRUE(access_kills(self->memory + PAGE, false));
}

TEST_F(huge, cannot_grow)
{
	touch_pages(self->memory, LEN);
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, LEN, LEN + HUGE, MREMAP_MAYMOVE));
	ASSERT_EQ(0, munmap(self->memory + HUGE, LEN - HUGE));
	EXPECT_EQ(MAP_FAILED, mremap(self->memory, HUGE, 2 * HUGE, MREMAP_MAYMOVE));
}

TEST_F(huge, without_huge_pages)
{
	if (has_huge_pages()) {
		ASSERT_EQ(0, madvise(self->memory, LEN, MADV_NOHUGEPAGE));
	} else {
		ASSERT_ERRNO(EINVAL, madvise(self->memory, LEN, MADV_NOHUGEPAGE));
	}
	EXPECT_GE(LEN / HUGE + 4, touch_pages(self->memory, LEN));
	EXPECT_SAME(self->memory, self->other, LEN, 24);
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	munmap(self->memory, LEN);
	self->memory = map_at(self->fd, LEN, 0, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	EXPECT_SAME(self->memory, self->other, LEN, 25);
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
}

/*
 * Nobody may keep references to the pages beyond the life of the mapping: the buffer could have
 * another owner by then.
 */
TEST_F(huge, pages_cannot_be_pinned)
{
	struct iovec iov = { .iov_base = self->memory + HUGE, .iov_len = PAGE };
	char copy[64];
	struct iovec into = { .iov_base = copy, .iov_len = sizeof(copy) };
	int pipes[2];

	touch_pages(self->memory, LEN);
	ASSERT_EQ(0, pipe(pipes));
	EXPECT_ERRNO(EFAULT, vmsplice(pipes[1], &iov, 1, 0));
	iov.iov_len = sizeof(copy);
	EXPECT_ERRNO(EFAULT, process_vm_readv(getpid(), &into, 1, &iov, 1, 0));
	/* read() and write() do work. */
	fill(self->memory + HUGE, PAGE, 26);
	EXPECT_EQ(64, write(pipes[1], self->memory + HUGE, 64));
	EXPECT_EQ(64, read(pipes[0], self->memory, 64));
	EXPECT_TRUE(filled(self->memory, 64, 26));
}

TEST_F(huge, can_be_looked_at)
{
	char *maps;

	touch_pages(self->memory, LEN);
	maps = read_text("/proc/self/smaps");
	ASSERT_NE(NULL, maps);
	free(maps);
	maps = read_text("/proc/self/numa_maps");
	free(maps);
	EXPECT_SAME(self->memory, self->other, LEN, 27);
}

TEST_F(huge, advice_loses_nothing)
{
	fill(self->memory, LEN, 28);
	madvise(self->memory, LEN, MADV_DONTNEED);
	madvise(self->memory + PAGE, HUGE, MADV_HUGEPAGE);
	madvise(self->memory, LEN, 25 /* MADV_COLLAPSE */);
	madvise(self->memory, LEN, MADV_COLD);
	EXPECT_TRUE(filled(self->memory, LEN, 28));
}

TEST_HARNESS_MAIN
