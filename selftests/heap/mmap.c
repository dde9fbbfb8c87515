// SPDX-License-Identifier: GPL-2.0-only
/* CPU mappings of buffers: their placement, contents and lifetime. */
#include <signal.h>

#include "../pass_fd.h"
#include "test.h"

#define LEN	MiB(1)

FIXTURE(map) {
	int heap;
	int fd;
	struct contig_heap_query idle;
};

HEAP_KINDS(map);

FIXTURE_SETUP(map)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->idle = heap_query(self->heap);
	self->fd = heap_alloc(self->heap, LEN);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(map)
{
	close(self->fd);
	close(self->heap);
}

static void *map_at(int fd, size_t len, off_t offset)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
}

TEST_F(map, shows_what_was_written)
{
	void *memory = buffer_map(self->fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 1);
	EXPECT_TRUE(filled(memory, LEN, 1));
	ASSERT_EQ(0, munmap(memory, LEN));
	memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(filled(memory, LEN, 1));
}

TEST_F(map, two_mappings_show_the_same)
{
	void *one = buffer_map(self->fd, LEN);
	void *two = buffer_map(self->fd, LEN);

	ASSERT_NE(MAP_FAILED, one);
	ASSERT_NE(MAP_FAILED, two);
	fill(one, LEN, 2);
	EXPECT_TRUE(filled(two, LEN, 2));
}

TEST_F(map, offset_is_honoured)
{
	void *whole = buffer_map(self->fd, LEN);
	size_t offset;

	ASSERT_NE(MAP_FAILED, whole);
	for (offset = 0; offset < LEN; offset += PAGE)
		fill(whole + offset, PAGE, offset);
	for (offset = PAGE; offset < LEN; offset = offset * 2 + PAGE) {
		void *part = map_at(self->fd, LEN - offset, offset);

		ASSERT_NE(MAP_FAILED, part);
		EXPECT_TRUE(filled(part, PAGE, offset));
		EXPECT_TRUE(filled(part + LEN - offset - PAGE, PAGE,
				   LEN - PAGE));
		munmap(part, LEN - offset);
	}
}

TEST_F(map, beyond_the_end)
{
	const struct {
		size_t len;
		off_t offset;
	} range[] = {
		{ LEN + 1, 0 }, { LEN + PAGE, 0 }, { LEN, PAGE },
		{ PAGE, LEN }, { PAGE, LEN + PAGE }, { PAGE * 2, LEN - PAGE },
		{ PAGE, (off_t)1 << 40 }, { LEN, (off_t)1 << 42 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(range); i++) {
		EXPECT_EQ(MAP_FAILED, map_at(self->fd, range[i].len,
					     range[i].offset));
		/* A 32-bit kernel refuses offsets that are too large for any file. */
		EXPECT_EQ(errno == EOVERFLOW && range[i].offset > UINT32_MAX ?
			  EOVERFLOW : EINVAL, errno);
	}
}

TEST_F(map, last_page_alone)
{
	EXPECT_NE(MAP_FAILED, map_at(self->fd, PAGE, LEN - PAGE));
}

/* Data written to a private copy would never reach a device. */
TEST_F(map, private_mapping_is_refused)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, LEN, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE, self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, LEN, PROT_READ, MAP_PRIVATE,
				   self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(map, read_only_mapping_cannot_be_written)
{
	char *memory = mmap(NULL, LEN, PROT_READ, MAP_SHARED, self->fd, 0);
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, memory[0]);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)memory = 1;
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
	EXPECT_EQ(0, memory[0]);
}

TEST_F(map, mprotect_takes_and_gives_writing)
{
	char *memory = mmap(NULL, LEN, PROT_READ, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, mprotect(memory, LEN, PROT_READ | PROT_WRITE));
	fill(memory, LEN, 3);
	ASSERT_EQ(0, mprotect(memory, LEN, PROT_READ));
	EXPECT_TRUE(filled(memory, LEN, 3));
}

TEST_F(map, can_be_moved)
{
	void *memory = buffer_map(self->fd, LEN);
	void *target = mmap(NULL, LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	void *moved;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_NE(MAP_FAILED, target);
	fill(memory, LEN, 4);
	moved = mremap(memory, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	ASSERT_EQ(target, moved);
	EXPECT_TRUE(filled(moved, LEN, 4));
}

/* The pages after the buffer belong to others. */
TEST_F(map, cannot_grow)
{
	void *memory = buffer_map(self->fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(MAP_FAILED, mremap(memory, LEN, LEN * 2, MREMAP_MAYMOVE));
	ASSERT_EQ(0, munmap(memory + LEN / 2, LEN / 2));
	EXPECT_EQ(MAP_FAILED, mremap(memory, LEN / 2, LEN * 2, MREMAP_MAYMOVE));
}

TEST_F(map, can_be_unmapped_in_parts)
{
	void *memory = buffer_map(self->fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 5);
	ASSERT_EQ(0, munmap(memory + PAGE * 10, PAGE));
	close(self->fd);
	EXPECT_TRUE(filled(memory, PAGE * 10, 5));
	ASSERT_EQ(0, munmap(memory, PAGE * 10));
	EXPECT_EQ(self->idle.free - LEN, heap_query(self->heap).free);
	ASSERT_EQ(0, munmap(memory + PAGE * 11, LEN - PAGE * 11));
	EXPECT_EQ(self->idle.free, heap_query(self->heap).free);
}

TEST_F(map, child_shares_it)
{
	void *memory = buffer_map(self->fd, LEN);
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 6);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!filled(memory, LEN, 6))
			_exit(1);
		fill(memory, LEN, 7);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(filled(memory, LEN, 7));
}

TEST_F(map, keeps_the_memory_after_close)
{
	void *memory = buffer_map(self->fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 8);
	close(self->fd);
	EXPECT_EQ(self->idle.free - LEN, heap_query(self->heap).free);
	EXPECT_EQ(1, heap_query(self->heap).buffers);
	EXPECT_TRUE(filled(memory, LEN, 8));
	ASSERT_EQ(0, munmap(memory, LEN));
	EXPECT_EQ(self->idle.free, heap_query(self->heap).free);
	EXPECT_EQ(0, heap_query(self->heap).buffers);
}

TEST_F(map, costs_no_page_faults)
{
	size_t len = MiB(16);
	void *memory;
	int fd;

	fd = heap_alloc(self->heap, len);
	ASSERT_LE(0, fd);
	memory = buffer_map(fd, len);
	ASSERT_NE(MAP_FAILED, memory);
	/*
	 * One per PMD, where PMDs are mapped as a whole, and some of the program itself; the
	 * buffer has 4096 pages.
	 */
	EXPECT_GE((long)(len / MiB(2)) + 8, touch_pages(memory, len));
}

TEST_F(map, another_process_gets_the_fd)
{
	int sockets[2], status;
	void *memory;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd;

		close(self->fd);
		fd = receive_fd(sockets[1]);
		memory = buffer_map(fd, LEN);
		if (fd < 0 || memory == MAP_FAILED || !filled(memory, LEN, 9))
			_exit(1);
		fill(memory, LEN, 10);
		_exit(0);
	}
	memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 9);
	ASSERT_TRUE(send_fd(sockets[0], self->fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(filled(memory, LEN, 10));
}

/* Only the fd in the socket refers to the buffer. */
TEST_F(map, fd_in_a_socket_keeps_the_memory)
{
	int sockets[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_TRUE(send_fd(sockets[0], self->fd));
	close(self->fd);
	EXPECT_EQ(self->idle.free - LEN, heap_query(self->heap).free);
	self->fd = receive_fd(sockets[1]);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(LEN, buffer_size(self->fd));
	close(self->fd);
	EXPECT_EQ(self->idle.free, heap_query(self->heap).free);
}

TEST_F(map, neighbours_do_not_overlap)
{
	enum { COUNT = 16 };
	void *memory[COUNT];
	int i;

	for (i = 0; i < COUNT; i++) {
		int fd = heap_alloc(self->heap, PAGE * (i + 1));

		ASSERT_LE(0, fd);
		memory[i] = buffer_map(fd, PAGE * (i + 1));
		ASSERT_NE(MAP_FAILED, memory[i]);
		fill(memory[i], PAGE * (i + 1), 100 + i);
	}
	for (i = 0; i < COUNT; i++)
		EXPECT_TRUE(filled(memory[i], PAGE * (i + 1), 100 + i));
}

TEST_F(map, advice_loses_nothing)
{
	void *memory = buffer_map(self->fd, LEN);

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 11);
	/* Neither drops pages that a fault would not restore. */
	madvise(memory, LEN, MADV_DONTNEED);
	EXPECT_TRUE(filled(memory, LEN, 11));
	EXPECT_ERRNO(EINVAL, madvise(memory, LEN, MADV_DODUMP));
}

TEST_HARNESS_MAIN
