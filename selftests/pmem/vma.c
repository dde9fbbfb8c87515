// SPDX-License-Identifier: GPL-2.0-only
/*
 * What clients do with their mapping: move, split, protect, fork, exec, exit. The server always
 * keeps control over all pages.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "test.h"

#define LEN	MiB(1)

FIXTURE(vma) {
	const char *name;
	char *memory;
	int master;
	int sub;
	struct peer client;
	int client_fd;
	long view;
};

NODE_KINDS(vma);

FIXTURE_SETUP(vma)
{
	void *memory;
	size_t i;

	IDLE_SETUP();
	self->name = variant->name;
	self->master = pmem_master(variant->name, LEN, &memory);
	ASSERT_LE(0, self->master);
	self->memory = memory;
	for (i = 0; i < LEN; i += PAGE)
		fill(memory + i, PAGE, i / PAGE);
	self->sub = pmem_sub(self->name, self->master);
	ASSERT_LE(0, self->sub);
	self->client = peer_start();
	self->client_fd = peer_give(self->client, self->sub);
	self->view = on(self->client, do_mmap, self->client_fd, LEN);
	ASSERT_NE(-1, self->view);
	/* Populate its page tables. */
	ASSERT_EQ(1, on(self->client, do_all_bytes, self->view, LEN, 0));
}

FIXTURE_TEARDOWN(vma)
{
	peers_end();
}

/* Does the address show the master's contents from this offset on? */
static long shows(const long *arg)
{
	char *there = (char *)arg[0];
	size_t offset = arg[1], len = arg[2], i;

	for (i = 0; i < len; i += PAGE)
		if (!filled(there + i, PAGE, (offset + i) / PAGE))
			return 0;
	return 1;
}

#define SHOWS(addr, offset, len)	on(self->client, shows, addr, offset, len)
#define ZERO(addr, len)			on(self->client, do_all_bytes, addr, len, 0)

static bool master_intact(struct _test_data_vma *self)
{
	return shows((long[5]){ (long)self->memory, 0, LEN });
}

static long moved(struct _test_data_vma *self, long from, size_t len)
{
	long place = on(self->client, do_anonymous, 0, len);

	return on(self->client, do_mremap, from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, place);
}

TEST_F(vma, moved)
{
	long view = moved(self, self->view, LEN);

	ASSERT_NE(-1, view);
	ASSERT_NE(view, self->view);
	EXPECT_EQ(1, ZERO(view, LEN));
	ASSERT_EQ(0, pmem_map(self->sub, 4 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, SHOWS(view + 4 * (long)PAGE, 4 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, ZERO(view, 4 * PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 4 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, ZERO(view, LEN));
	EXPECT_ERRNO(EINVAL, on(self->client, do_mmap, self->client_fd, LEN));
}

TEST_F(vma, moved_while_shown)
{
	long view;

	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(1, SHOWS(self->view, 0, LEN));
	view = moved(self, self->view, LEN);
	ASSERT_NE(-1, view);
	EXPECT_EQ(1, SHOWS(view, 0, LEN));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(1, ZERO(view, LEN));
	on(self->client, do_fill, view, LEN, 77);
	EXPECT_TRUE(master_intact(self));
}

TEST_F(vma, moved_and_master_goes)
{
	long view;

	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(1, SHOWS(self->view, 0, LEN));
	view = moved(self, self->view, LEN);
	ASSERT_NE(-1, view);
	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	EXPECT_EQ(1, ZERO(view, LEN));
	EXPECT_TRUE(all_free(true));
}

TEST_F(vma, moved_in_pieces)
{
	long middle = self->view + 16 * (long)PAGE, piece;

	piece = moved(self, middle, 8 * PAGE);
	ASSERT_NE(-1, piece);
	ASSERT_EQ(0, pmem_map(self->sub, 14 * PAGE, 12 * PAGE));
	EXPECT_EQ(1, SHOWS(self->view + 14 * (long)PAGE, 14 * PAGE, 2 * PAGE));
	EXPECT_EQ(1, SHOWS(piece, 16 * PAGE, 8 * PAGE));
	EXPECT_EQ(1, SHOWS(self->view + 24 * (long)PAGE, 24 * PAGE, 2 * PAGE));
	EXPECT_EQ(0, on(self->client, do_can_read, middle));
	ASSERT_EQ(0, pmem_unmap(self->sub, 14 * PAGE, 12 * PAGE));
	EXPECT_EQ(1, ZERO(piece, 8 * PAGE));
	EXPECT_EQ(1, ZERO(self->view, 16 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(1, SHOWS(piece, 16 * PAGE, 8 * PAGE));
	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	EXPECT_EQ(1, ZERO(piece, 8 * PAGE));
	EXPECT_EQ(1, ZERO(self->view, 16 * PAGE));
	EXPECT_EQ(1, ZERO(self->view + 24 * (long)PAGE, LEN - 24 * PAGE));
}

TEST_F(vma, does_not_grow)
{
	long fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
	long place = on(self->client, do_anonymous, 0, 2 * LEN);

	EXPECT_ERRNO(EFAULT, on(self->client, do_mremap, self->view, LEN, LEN + PAGE,
				MREMAP_MAYMOVE, 0));
	EXPECT_ERRNO(EFAULT, on(self->client, do_mremap, self->view, LEN, 2 * LEN, fixed, place));
	/* An old length of 0 would create a second mapping. */
	EXPECT_EQ(-1, on(self->client, do_mremap, self->view, 0, LEN, MREMAP_MAYMOVE, 0));
	EXPECT_EQ(-1, on(self->client, do_mremap, self->view, LEN, LEN,
			 MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0));
	/* A mapping that was shortened does not grow back. */
	ASSERT_EQ(self->view, on(self->client, do_mremap, self->view, LEN, LEN / 2, 0, 0));
	EXPECT_ERRNO(EFAULT, on(self->client, do_mremap, self->view, LEN / 2, LEN, 0, 0));
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, SHOWS(self->view, 0, LEN / 2));
	EXPECT_EQ(0, on(self->client, do_can_read, self->view + (long)LEN / 2));
}

/* Regions keep their offsets in the allocation when the start of the mapping is unmapped. */
TEST_F(vma, start_unmapped)
{
	ASSERT_EQ(0, on(self->client, do_munmap, self->view, 8 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 4 * PAGE, 8 * PAGE));
	EXPECT_EQ(1, SHOWS(self->view + 8 * (long)PAGE, 8 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, ZERO(self->view + 12 * (long)PAGE, LEN - 12 * PAGE));
	EXPECT_EQ(0, on(self->client, do_can_read, self->view + 4 * (long)PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 4 * PAGE, 8 * PAGE));
	EXPECT_EQ(1, ZERO(self->view + 8 * (long)PAGE, LEN - 8 * PAGE));
}

TEST_F(vma, end_unmapped)
{
	long end = self->view + (long)LEN / 2;

	ASSERT_EQ(0, on(self->client, do_munmap, end, LEN / 2));
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, SHOWS(self->view, 0, LEN / 2));
	EXPECT_EQ(0, on(self->client, do_can_read, end));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(1, ZERO(self->view, LEN / 2));
}

/* A hole in the middle, which the client uses for something else. */
TEST_F(vma, hole_with_a_neighbour)
{
	long hole = self->view + 8 * (long)PAGE;

	ASSERT_EQ(0, on(self->client, do_munmap, hole, 8 * PAGE));
	ASSERT_EQ(hole, on(self->client, do_anonymous, hole, 8 * PAGE));
	on(self->client, do_fill, hole, 8 * PAGE, 4711);
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, SHOWS(self->view, 0, 8 * PAGE));
	EXPECT_EQ(1, SHOWS(self->view + 16 * (long)PAGE, 16 * PAGE, LEN - 16 * PAGE));
	EXPECT_EQ(1, on(self->client, do_filled, hole, 8 * PAGE, 4711));
	on(self->client, do_fill, hole, 8 * PAGE, 4712);
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(1, ZERO(self->view, 8 * PAGE));
	EXPECT_EQ(1, ZERO(self->view + 16 * (long)PAGE, LEN - 16 * PAGE));
	EXPECT_EQ(1, on(self->client, do_filled, hole, 8 * PAGE, 4712));
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	EXPECT_EQ(1, on(self->client, do_filled, hole, 8 * PAGE, 4712));
	EXPECT_EQ(1, ZERO(self->view, 8 * PAGE));
}

/* After the last piece is removed, it counts as unmapped. */
TEST_F(vma, unmapped_in_pieces)
{
	size_t i;

	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	for (i = 0; i < LEN; i += 32 * PAGE)
		ASSERT_EQ(0, on(self->client, do_munmap, self->view + (long)i, 32 * PAGE));
	EXPECT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(0, pmem_map(self->sub, 0, PAGE));
	EXPECT_ERRNO(EINVAL, on(self->client, do_mmap, self->client_fd, LEN));
}

/* The client's protection determines whether it can write, whatever the server does. */
TEST_F(vma, protection_survives_remapping)
{
	long page = self->view + 4 * (long)PAGE;

	ASSERT_EQ(0, on(self->client, do_mprotect, page, PAGE, PROT_READ));
	ASSERT_EQ(0, on(self->client, do_mprotect, page + (long)PAGE, PAGE, PROT_NONE));
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, SHOWS(self->view, 0, 5 * PAGE));
	EXPECT_EQ(0, on(self->client, do_can_write, page));
	EXPECT_EQ(0, on(self->client, do_can_read, page + (long)PAGE));
	EXPECT_EQ(1, SHOWS(page + 2 * (long)PAGE, 6 * PAGE, PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(1, ZERO(page, PAGE));
	EXPECT_EQ(0, on(self->client, do_can_write, page));
	EXPECT_EQ(0, on(self->client, do_can_read, page + (long)PAGE));
	ASSERT_EQ(0, on(self->client, do_mprotect, self->view, LEN, PROT_READ | PROT_WRITE));
	EXPECT_EQ(1, on(self->client, do_can_write, page + (long)PAGE));
	EXPECT_EQ(1, ZERO(self->view, LEN));
}

/* A child of the client always has its own pages. */
static long child_sees_nothing(const long *arg)
{
	char *view = (char *)arg[0];
	bool zero = all_bytes(view, arg[1], 0);

	memset(view, 0x33, arg[1]);
	return zero && all_bytes(view, arg[1], 0x33);
}

TEST_F(vma, fork_of_a_client)
{
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(1, SHOWS(self->view, 0, LEN));
	EXPECT_EQ(1, on(self->client, do_in_fork, (long)child_sees_nothing, self->view, LEN));
	EXPECT_EQ(1, SHOWS(self->view, 0, LEN));
	EXPECT_TRUE(master_intact(self));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(1, ZERO(self->view, LEN));
	/* The child does not see the client's garbage pages either. */
	on(self->client, do_fill, self->view, LEN, 77);
	EXPECT_EQ(1, on(self->client, do_in_fork, (long)child_sees_nothing, self->view, LEN));
}

/* A child that survives while the server continues. The test itself is the client. */
TEST_F(vma, fork_child_stays_outside)
{
	int sub = pmem_sub(self->name, self->master);
	char *view = pmem_mmap(sub, LEN);
	struct peer child;

	ASSERT_NE(MAP_FAILED, view);
	child = peer_start_with_files();
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	EXPECT_EQ(1, shows((long[5]){ (long)view, 0, LEN }));
	EXPECT_EQ(1, on(child, do_all_bytes, (long)view, LEN, 0));
	on(child, do_fill, (long)view, LEN, 5);
	EXPECT_TRUE(master_intact(self));
	EXPECT_EQ(1, shows((long[5]){ (long)view, 0, LEN }));
	ASSERT_EQ(0, pmem_unmap(sub, 0, LEN));
	EXPECT_TRUE(all_bytes(view, LEN, 0));
	/* The file was mapped once, in any process. */
	EXPECT_ERRNO(EINVAL, on(child, do_mmap, sub, LEN));
	ASSERT_EQ(0, pmem_map(sub, 0, PAGE));
	peer_end(child);
	EXPECT_EQ(1, shows((long[5]){ (long)view, 0, PAGE }));
	ASSERT_EQ(0, pmem_unmap(sub, 0, PAGE));
	EXPECT_TRUE(all_bytes(view, LEN, 0));
}

/*
 * A process may request that its children get copies of its page tables. Here, these would refer
 * to pages that are freed when the process unmaps them.
 */
TEST_F(vma, fork_with_page_tables)
{
	const size_t many = MiB(64);
	int sub = pmem_sub(self->name, self->master);
	char *view = pmem_mmap(sub, LEN), *own;
	struct peer child;

	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, pmem_map(sub, 0, PAGE));
	fill(view + PAGE, LEN - PAGE, 77);
	madvise(view, LEN, MADV_KEEPONFORK);
	madvise(view, LEN, MADV_DOFORK);
	child = peer_start_with_files();
	EXPECT_EQ(1, on(child, do_all_bytes, (long)view, LEN, 0));
	ASSERT_EQ(0, munmap(view, LEN));
	/* Reuse the client's garbage pages. */
	own = mmap(NULL, many, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, own);
	fill(own, many, 78);
	EXPECT_EQ(1, on(child, do_all_bytes, (long)view, LEN, 0));
	on(child, do_fill, (long)view, LEN, 79);
	EXPECT_TRUE(filled(own, many, 78));
	EXPECT_TRUE(master_intact(self));
}

/* remap_file_pages() reordered pages; now, each piece is a mapping at an offset. */
TEST_F(vma, not_rearranged)
{
	int sub = pmem_sub(self->name, self->master);
	char *view = pmem_mmap(sub, LEN);

	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	EXPECT_EQ(-1, remap_file_pages(view, PAGE, 0, 4, 0));
	EXPECT_EQ(-1, remap_file_pages(view, 2 * PAGE, 0, 0, 0));
	/* The server can still revoke the rest of the mapping. */
	ASSERT_EQ(0, pmem_unmap(sub, 0, LEN));
	EXPECT_TRUE(all_bytes(view + 4 * PAGE, LEN - 4 * PAGE, 0));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(sub, LEN));
}

/* The client dies, its child survives: nobody can see regions any more. */
TEST_F(vma, child_outlives_client)
{
	int sub = pmem_sub(self->name, self->master);
	char *view = pmem_mmap(sub, LEN);
	struct peer child;

	ASSERT_NE(MAP_FAILED, view);
	child = peer_start_with_files();
	ASSERT_EQ(0, munmap(view, LEN));
	EXPECT_EQ(0, pmem_map(sub, 0, LEN));
	EXPECT_EQ(1, on(child, do_all_bytes, (long)view, LEN, 0));
	EXPECT_EQ(0, pmem_unmap(sub, 0, LEN));
	on(child, do_fill, (long)view, LEN, 6);
	EXPECT_TRUE(master_intact(self));
}

static void *thread_looks(void *arg)
{
	return (void *)shows((long[5]){ (long)arg, 0, LEN });
}

TEST_F(vma, thread_of_a_client)
{
	int sub = pmem_sub(self->name, self->master);
	void *view = pmem_mmap(sub, LEN), *result;
	pthread_t thread;

	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_looks, view));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(1, (long)result);
}

/* Mapped by a thread that has exited: the process remains the client. */
struct mapper {
	int sub;
	char *view;
};

static void *thread_maps(void *arg)
{
	struct mapper *mapper = arg;

	mapper->view = pmem_mmap(mapper->sub, LEN);
	return NULL;
}

TEST_F(vma, mapped_by_a_thread_that_ended)
{
	struct mapper mapper = { .sub = pmem_sub(self->name, self->master) };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_maps, &mapper));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_NE(MAP_FAILED, mapper.view);
	ASSERT_EQ(0, pmem_map(mapper.sub, 0, LEN));
	EXPECT_EQ(1, shows((long[5]){ (long)mapper.view, 0, LEN }));
	ASSERT_EQ(0, pmem_unmap(mapper.sub, 0, LEN));
	EXPECT_TRUE(all_bytes(mapper.view, LEN, 0));
}

/* exec ends the mapping but not the file. */
TEST_F(vma, exec)
{
	int ready[2], hold[2], status;
	int sub = pmem_sub(self->name, self->master);
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(hold));
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	pid = fork();
	if (!pid) {
		char *view = pmem_mmap(sub, LEN);

		if (view == MAP_FAILED || !shows((long[5]){ (long)view, 0, LEN }))
			_exit(99);
		close(hold[1]);
		dup2(hold[0], 0);
		dup2(ready[1], 1);
		/* Report that exec is done, then wait until the other end is closed. */
		execl("/bin/busybox", "sh", "-c", "echo; read line; exit 7", NULL);
		_exit(98);
	}
	close(ready[1]);
	close(hold[0]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(0, pmem_unmap(sub, 0, LEN));
	EXPECT_EQ(0, pmem_map(sub, 0, LEN));
	EXPECT_EQ(0, pmem_unmap(sub, 0, LEN));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(sub, LEN));
	close(hold[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(7, WEXITSTATUS(status));
	EXPECT_TRUE(master_intact(self));
}

TEST_F(vma, client_exits)
{
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	peer_end(self->client);
	EXPECT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	EXPECT_TRUE(all_free(true));
}

/* Both mappings in one process, and munmap() releases the master: the old deadlock. */
TEST_F(vma, master_goes_by_munmap_in_the_client)
{
	char *view;
	int sub;

	sub = pmem_sub(self->name, self->master);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	view = pmem_mmap(sub, LEN);
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, close(self->master));
	ASSERT_EQ(0, munmap(self->memory, LEN));
	EXPECT_TRUE(all_bytes(view, LEN, 0));
	EXPECT_TRUE(all_free(true));
}

/* One munmap() for both. */
TEST_F(vma, both_unmapped_at_once)
{
	char *place = mmap(NULL, 2 * LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int sub = pmem_sub(self->name, self->master);

	ASSERT_NE(MAP_FAILED, place);
	ASSERT_EQ(place, mmap(place, LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, sub, 0));
	ASSERT_EQ(place + LEN, mmap(place + LEN, LEN, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_FIXED, self->master, 0));
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	EXPECT_EQ(1, shows((long[5]){ (long)place, 0, LEN }));
	ASSERT_EQ(0, close(self->master));
	ASSERT_EQ(0, close(sub));
	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, munmap(place, 2 * LEN));
	EXPECT_TRUE(all_free(true));
}

/* Adjacent mappings of two files do not affect each other. */
TEST_F(vma, neighbours_of_one_device)
{
	char *place = mmap(NULL, 3 * LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int first = pmem_sub(self->name, self->master), second;

	second = pmem_sub(self->name, self->master);
	ASSERT_NE(MAP_FAILED, place);
	ASSERT_EQ(place, mmap(place, LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, first,
			      0));
	ASSERT_EQ(place + LEN, mmap(place + LEN, LEN, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_FIXED, second, 0));
	ASSERT_EQ(0, pmem_map(second, 0, LEN));
	EXPECT_TRUE(all_bytes(place, LEN, 0));
	EXPECT_EQ(1, shows((long[5]){ (long)place + LEN, 0, LEN }));
	ASSERT_EQ(0, pmem_map(first, 0, PAGE));
	ASSERT_EQ(0, pmem_unmap(second, 0, LEN));
	EXPECT_EQ(1, shows((long[5]){ (long)place, 0, PAGE }));
	EXPECT_TRUE(all_bytes(place + PAGE, 2 * LEN - PAGE, 0));
}

TEST_HARNESS_MAIN
