// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of masters. Whether a mapping is cached cannot be tested here: emulation has no caches,
 * and user space cannot read the attributes of its pages.
 */
#include <sys/uio.h>
#include <sys/wait.h>

#include "test.h"

NODE_FIXTURE(mapping);

static void *map_prot(int fd, size_t len, int prot)
{
	return mmap(NULL, len, prot, MAP_SHARED, fd, 0);
}

TEST_F(mapping, first_mmap_allocates)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_LE(MiB(1), pmem_size(self->fd).len);
	EXPECT_TRUE(all_bytes(memory, MiB(1), 0));
	fill(memory, MiB(1), 1);
	EXPECT_TRUE(filled(memory, MiB(1), 1));
	EXPECT_EQ(pmem_phys(self->fd).offset, address_of(self->fd));
	EXPECT_TRUE(device_sees(self->fd, memory, MiB(1)));
}

TEST_F(mapping, allocate_then_mmap)
{
	unsigned long phys;
	char *memory;

	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	phys = pmem_phys(self->fd).offset;
	memory = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, MiB(1), 0));
	EXPECT_EQ(phys, pmem_phys(self->fd).offset);
	EXPECT_EQ(phys, address_of(self->fd));
}

TEST_F(mapping, shorter_than_the_allocation)
{
	char *part, *whole;

	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	part = pmem_mmap(self->fd, 3 * PAGE);
	whole = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, part);
	ASSERT_NE(MAP_FAILED, whole);
	fill(whole, MiB(1), 2);
	EXPECT_TRUE(filled(part, 3 * PAGE, 2));
}

TEST_F(mapping, longer_than_the_allocation)
{
	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->fd, pmem_size(self->fd).len + PAGE));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->fd, 2 * MiB(1)));
	EXPECT_NE(MAP_FAILED, pmem_mmap(self->fd, MiB(1)));
}

TEST_F(mapping, several_mappings)
{
	char *first = pmem_mmap(self->fd, MiB(1)), *second = pmem_mmap(self->fd, MiB(1));
	char *third;

	ASSERT_NE(MAP_FAILED, first);
	ASSERT_NE(MAP_FAILED, second);
	fill(first, MiB(1), 3);
	EXPECT_TRUE(filled(second, MiB(1), 3));
	ASSERT_EQ(0, munmap(first, MiB(1)));
	EXPECT_TRUE(filled(second, MiB(1), 3));
	ASSERT_EQ(0, munmap(second, MiB(1)));
	/* Still the same memory. */
	third = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, third);
	EXPECT_TRUE(filled(third, MiB(1), 3));
}

TEST_F(mapping, in_another_process)
{
	struct peer peer = peer_start();
	char *memory = pmem_mmap(self->fd, MiB(1));
	int fd = peer_give(peer, self->fd);
	long there;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 4);
	there = on(peer, do_mmap, fd, MiB(1));
	ASSERT_NE(-1, there);
	EXPECT_EQ(1, on(peer, do_filled, there, MiB(1), 4));
	on(peer, do_fill, there, MiB(1), 5);
	EXPECT_TRUE(filled(memory, MiB(1), 5));
	/* It lives until its last user is gone. */
	ASSERT_EQ(0, munmap(memory, MiB(1)));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(1, on(peer, do_filled, there, MiB(1), 5));
	EXPECT_FALSE(all_free(false));
	peer_end(peer);
	EXPECT_TRUE(all_free(true));
}

TEST_F(mapping, close_before_munmap)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 6);
	ASSERT_EQ(0, close(self->fd));
	EXPECT_FALSE(all_free(false));
	EXPECT_TRUE(filled(memory, MiB(1), 6));
	/* One mapped page keeps it, too. */
	ASSERT_EQ(0, munmap(memory, MiB(1) - PAGE));
	EXPECT_FALSE(all_free(false));
	EXPECT_TRUE(can_write(memory + MiB(1) - PAGE));
	ASSERT_EQ(0, munmap(memory + MiB(1) - PAGE, PAGE));
	EXPECT_TRUE(all_free(true));
}

TEST_F(mapping, munmap_before_close)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, munmap(memory, MiB(1)));
	EXPECT_LE(MiB(1), pmem_size(self->fd).len);
	EXPECT_FALSE(all_free(false));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_TRUE(all_free(true));
}

TEST_F(mapping, mapped_over)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(memory, mmap(memory, MiB(1), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			       -1, 0));
	EXPECT_TRUE(all_free(true));
}

TEST_F(mapping, memory_is_zero_again)
{
	const size_t len = self->node->kind == SYSTEM ? MiB(1) : self->node->size;
	int round;

	for (round = 0; round < 3; round++) {
		int fd = pmem_open(self->name);
		char *memory = pmem_mmap(fd, len);

		ASSERT_NE(MAP_FAILED, memory);
		EXPECT_TRUE(all_bytes(memory, len, 0));
		memset(memory, 0xa5, len);
		ASSERT_EQ(0, munmap(memory, len));
		ASSERT_EQ(0, close(fd));
	}
}

/* The bytes that rounding adds can be mapped, so they must be zero. */
TEST_F(mapping, memory_is_zero_beyond_what_was_asked_for)
{
	unsigned long pages;
	char *memory;

	memory = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 0xa5, MiB(1));
	ASSERT_EQ(0, munmap(memory, MiB(1)));
	ASSERT_EQ(0, close(self->fd));
	self->fd = pmem_open(self->name);
	ASSERT_EQ(0, pmem_allocate(self->fd, 5 * PAGE - 100));
	pages = pmem_size(self->fd).len / PAGE;
	memory = pmem_mmap(self->fd, pages * PAGE);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, pages * PAGE, 0));
}

TEST_F(mapping, read_only_mapping)
{
	char *reader = map_prot(self->fd, MiB(1), PROT_READ);
	char *writer = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, reader);
	ASSERT_NE(MAP_FAILED, writer);
	EXPECT_TRUE(all_bytes(reader, MiB(1), 0));
	EXPECT_FALSE(can_write(reader));
	fill(writer, MiB(1), 7);
	EXPECT_TRUE(filled(reader, MiB(1), 7));
	EXPECT_FALSE(can_write(reader));
	/* The file permits it. */
	ASSERT_EQ(0, mprotect(reader, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_TRUE(can_write(reader));
	EXPECT_FALSE(can_write(reader + PAGE));
}

TEST_F(mapping, file_opened_for_reading)
{
	int fd = pmem_open_flags(self->name, O_RDONLY);
	char *memory;

	ASSERT_LE(0, fd);
	EXPECT_MAP_FAILED(EACCES, pmem_mmap(fd, PAGE));
	memory = map_prot(fd, PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(can_read(memory));
	EXPECT_FALSE(can_write(memory));
	EXPECT_ERRNO(EACCES, mprotect(memory, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_FALSE(can_write(memory));
}

TEST_F(mapping, file_opened_for_writing)
{
	int fd = pmem_open_flags(self->name, O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_MAP_FAILED(EACCES, pmem_mmap(fd, PAGE));
	/* Commands ignore the access mode. */
	EXPECT_EQ(0, pmem_allocate(fd, PAGE));
	EXPECT_LE(PAGE, pmem_size(fd).len);
}

/* Old binaries pass today's O_DSYNC; one client passed it as the mode. */
TEST_F(mapping, synchronous_files)
{
	static const int flags[] = { O_RDWR | OLD_O_SYNC, O_RDWR | O_SYNC, O_RDWR };
	char *path = format("/dev/%s", self->name);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = open(path, flags[i], OLD_O_SYNC);
		char *memory;

		ASSERT_LE(0, fd);
		memory = pmem_mmap(fd, MiB(1));
		ASSERT_NE(MAP_FAILED, memory);
		EXPECT_TRUE(all_bytes(memory, MiB(1), 0));
		fill(memory, MiB(1), i);
		EXPECT_EQ(0, pmem_cache(fd, PMEM_CLEAN_INV_CACHES, memory, 0, MiB(1)));
		EXPECT_EQ(0, pmem_flush(fd, 0, MiB(1)));
		EXPECT_TRUE(filled(memory, MiB(1), i));
		ASSERT_EQ(0, munmap(memory, MiB(1)));
		close(fd);
	}
	free(path);
}

/* A synchronous client of a cached master sees the same memory. */
TEST_F(mapping, mixed_attributes)
{
	char *memory = pmem_mmap(self->fd, MiB(1)), *view;
	int sub = pmem_open_flags(self->name, O_RDWR | OLD_O_SYNC);

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 8);
	ASSERT_EQ(0, pmem_cache(self->fd, PMEM_CLEAN_CACHES, memory, 0, MiB(1)));
	ASSERT_EQ(0, pmem_connect(sub, self->fd));
	ASSERT_EQ(0, pmem_map(sub, 0, MiB(1)));
	view = pmem_mmap(sub, MiB(1));
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_TRUE(filled(view, MiB(1), 8));
}

TEST_F(mapping, failed_mmap_leaves_the_file_empty)
{
	char *memory;

	EXPECT_MAP_FAILED(ENOMEM, pmem_mmap(self->fd, self->node->size + PAGE));
	EXPECT_REGION(0, 0, pmem_size(self->fd));
	EXPECT_TRUE(all_free(true));
	memory = pmem_mmap(self->fd, PAGE);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, *memory);
}

TEST_F(mapping, mmap_at_a_chosen_address)
{
	char *hole = mmap(NULL, MiB(4), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory;

	ASSERT_NE(MAP_FAILED, hole);
	memory = mmap(hole + 3 * PAGE, MiB(1), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		      self->fd, 0);
	ASSERT_EQ(hole + 3 * PAGE, memory);
	fill(memory, MiB(1), 9);
	EXPECT_TRUE(filled(memory, MiB(1), 9));
	EXPECT_FALSE(can_read(memory - PAGE));
	EXPECT_FALSE(can_read(memory + MiB(1)));
}

TEST_F(mapping, master_moves_and_splits)
{
	char *memory = pmem_mmap(self->fd, MiB(1)), *moved;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 10);
	moved = mremap(memory, MiB(1), MiB(1), MREMAP_MAYMOVE | MREMAP_FIXED,
		       mmap(NULL, MiB(1), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	ASSERT_NE(MAP_FAILED, moved);
	EXPECT_NE(memory, moved);
	EXPECT_TRUE(filled(moved, MiB(1), 10));
	EXPECT_MAP_FAILED(EFAULT, mremap(moved, MiB(1), MiB(1) + PAGE, MREMAP_MAYMOVE));
	ASSERT_EQ(0, munmap(moved + KiB(512), PAGE));
	EXPECT_TRUE(filled(moved, KiB(512), 10));
	EXPECT_TRUE(can_write(moved + KiB(512) + PAGE));
	EXPECT_FALSE(can_read(moved + KiB(512)));
	/* A new mapping starts at the start of the allocation, whatever happened to this one. */
	memory = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(filled(memory, MiB(1), 10));
}

TEST_F(mapping, locked_memory)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 11);
	/* Advice that the kernel refuses for such memory must not drop it. */
	madvise(memory, MiB(1), MADV_DONTNEED);
	madvise(memory, MiB(1), MADV_REMOVE);
	madvise(memory, MiB(1), MADV_FREE);
	madvise(memory, MiB(1), MADV_MERGEABLE);
	mlock(memory, MiB(1));
	EXPECT_TRUE(filled(memory, MiB(1), 11));
	munlock(memory, MiB(1));
}

/* "Forkers do not get access": a child has its own zero pages there. */
static long child_looks(const long *arg)
{
	char *memory = (char *)arg[0];
	bool zero = all_bytes(memory, arg[1], 0);

	fill(memory, arg[1], 99);
	return zero;
}

TEST_F(mapping, fork_child_has_no_access)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 12);
	EXPECT_EQ(1, in_fork(child_looks, (long[5]){ (long)memory, MiB(1) }));
	EXPECT_TRUE(filled(memory, MiB(1), 12));
	/* The same if the parent never touched the pages. */
	memory = pmem_mmap(self->fd, MiB(1));
	EXPECT_EQ(1, in_fork(child_looks, (long[5]){ (long)memory, MiB(1) }));
	EXPECT_TRUE(filled(memory, MiB(1), 12));
}

/* A grandchild sees nothing of the child's pages. */
static long child_forks(const long *arg)
{
	child_looks(arg);
	return in_fork(child_looks, arg);
}

TEST_F(mapping, grandchild_has_no_access)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 13);
	EXPECT_EQ(1, in_fork(child_forks, (long[5]){ (long)memory, MiB(1) }));
	EXPECT_TRUE(filled(memory, MiB(1), 13));
}

/* The child has the file, and may map it again. */
static long child_maps(const long *arg)
{
	char *memory = pmem_mmap(arg[0], arg[1]);

	if (memory == MAP_FAILED)
		return -1;
	return filled(memory, arg[1], arg[2]);
}

TEST_F(mapping, fork_child_may_map)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 14);
	EXPECT_EQ(1, in_fork(child_maps, (long[5]){ self->fd, MiB(1), 14 }));
}

/* As above, for a parent whose children get copies of its page tables. */
TEST_F(mapping, fork_with_page_tables)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 20);
	madvise(memory, MiB(1), MADV_KEEPONFORK);
	EXPECT_EQ(1, in_fork(child_looks, (long[5]){ (long)memory, MiB(1) }));
	EXPECT_TRUE(filled(memory, MiB(1), 20));
}

/* Two children do not share pages either. */
TEST_F(mapping, children_share_nothing)
{
	char *memory = pmem_mmap(self->fd, PAGE);
	struct peer first, second;

	ASSERT_NE(MAP_FAILED, memory);
	first = peer_start_with_files();
	second = peer_start_with_files();
	EXPECT_EQ(1, on(first, do_all_bytes, (long)memory, PAGE, 0));
	on(first, do_fill, (long)memory, PAGE, 1);
	EXPECT_EQ(1, on(second, do_all_bytes, (long)memory, PAGE, 0));
	on(second, do_fill, (long)memory, PAGE, 2);
	EXPECT_EQ(1, on(first, do_filled, (long)memory, PAGE, 1));
	EXPECT_TRUE(all_bytes(memory, PAGE, 0));
}

/* A child's copy of the mapping keeps the file in use until the child exits. */
TEST_F(mapping, child_outlives_parent)
{
	char *memory = pmem_mmap(self->fd, MiB(1));
	struct peer child;

	ASSERT_NE(MAP_FAILED, memory);
	child = peer_start_with_files();
	ASSERT_EQ(0, munmap(memory, MiB(1)));
	ASSERT_EQ(0, close(self->fd));
	on(child, do_close, self->fd);
	on(child, do_fill, (long)memory, MiB(1), 3);
	EXPECT_EQ(1, on(child, do_can_write, (long)memory));
	peer_end(child);
	EXPECT_TRUE(all_free(true));
}

/* Threads and vfork() children share the address space. */
TEST_F(mapping, vfork_child_is_no_other_process)
{
	char *memory = pmem_mmap(self->fd, PAGE);
	int status = 0;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, PAGE, 15);
	pid = vfork();
	if (!pid)
		_exit(filled(memory, PAGE, 15) ? 1 : 2);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(1, WEXITSTATUS(status));
}

TEST_F(mapping, pages_go_no_other_way)
{
	char *memory = pmem_mmap(self->fd, PAGE);
	char *copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pipes[2];

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, pipe(pipes));
	fill(memory, PAGE, 16);
	/* Copying works. */
	ASSERT_EQ(PAGE, write(pipes[1], memory, PAGE));
	ASSERT_EQ(PAGE, read(pipes[0], copy, PAGE));
	EXPECT_TRUE(filled(copy, PAGE, 16));
	fill(copy, PAGE, 17);
	ASSERT_EQ(PAGE, write(pipes[1], copy, PAGE));
	ASSERT_EQ(PAGE, read(pipes[0], memory, PAGE));
	EXPECT_TRUE(filled(memory, PAGE, 17));
	/* References would escape revocation. */
	EXPECT_EQ(-1, vmsplice(pipes[1], &(struct iovec){ memory, PAGE }, 1, SPLICE_F_GIFT));
}

TEST_HARNESS_MAIN
