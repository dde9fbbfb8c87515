// SPDX-License-Identifier: GPL-2.0-only
/* Which files can be connected, and what a connected file reports. */
#include "test.h"

FIXTURE(connect) {
	const struct node *node;
	const char *name;
	char *memory;
	int master;
	int sub;
};

NODE_KINDS(connect);

FIXTURE_SETUP(connect)
{
	void *memory;

	IDLE_SETUP();
	self->name = variant->name;
	self->node = node_of(variant->name);
	self->master = pmem_master(variant->name, MiB(1), &memory);
	ASSERT_LE(0, self->master);
	self->memory = memory;
	self->sub = pmem_open(variant->name);
	ASSERT_LE(0, self->sub);
}

FIXTURE_TEARDOWN(connect)
{
	peers_end();
}

TEST_F(connect, to_a_mapped_master)
{
	EXPECT_EQ(0, pmem_connect(self->sub, self->master));
}

TEST_F(connect, to_an_allocated_master)
{
	ASSERT_EQ(0, munmap(self->memory, MiB(1)));
	ASSERT_EQ(0, close(self->master));
	self->master = pmem_open(self->name);
	ASSERT_EQ(0, pmem_allocate(self->master, MiB(1)));
	EXPECT_EQ(0, pmem_connect(self->sub, self->master));
}

TEST_F(connect, to_no_file)
{
	EXPECT_ERRNO(EBADF, pmem_connect(self->sub, -1));
	EXPECT_ERRNO(EBADF, pmem_connect(self->sub, 1000));
	EXPECT_ERRNO(EBADF, pmem_connect(self->sub, 0x7fffffff));
	EXPECT_ERRNO(EBADF, pmem_connect(self->sub, 0x80000000));
	/* Even where connecting is not allowed. */
	EXPECT_ERRNO(EBADF, pmem_connect(self->master, -1));
	EXPECT_REGION(0, 0, pmem_size(self->sub));
	EXPECT_EQ(0, pmem_connect(self->sub, self->master));
}

TEST_F(connect, to_itself)
{
	int copy = dup(self->sub);

	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, self->sub));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, copy));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->master, self->master));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->master, dup(self->master)));
	EXPECT_EQ(0, pmem_connect(self->sub, self->master));
}

/* The old driver leaked its memory for ever. */
TEST_F(connect, to_itself_leaks_nothing)
{
	EXPECT_ERRNO(EINVAL, pmem_connect(self->master, self->master));
	ASSERT_EQ(0, munmap(self->memory, MiB(1)));
	ASSERT_EQ(0, close(self->master));
	EXPECT_TRUE(all_free(true));
}

TEST_F(connect, to_foreign_files)
{
	int pipes[2], dmabuf;

	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, open("/dev/null", O_RDWR)));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, open("/dev/dma_heap/mdp", O_RDWR)));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, open("/dev/cma_mem", O_RDWR)));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, open("/", O_RDONLY)));
	ASSERT_EQ(0, pipe(pipes));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, pipes[0]));
	dmabuf = heap_alloc("mdp", MiB(1), O_RDWR);
	ASSERT_LE(0, dmabuf);
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, dmabuf));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, pmem_export(self->master, O_RDWR)));
	EXPECT_ERRNO(EBADF, pmem_connect(self->sub, open("/", O_PATH)));
	EXPECT_REGION(0, 0, pmem_size(self->sub));
}

TEST_F(connect, to_an_empty_file)
{
	int empty = pmem_open(self->name);

	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, empty));
	EXPECT_REGION(0, 0, pmem_size(self->sub));
	EXPECT_EQ(0, pmem_connect(self->sub, self->master));
}

TEST_F(connect, to_a_connected_file)
{
	int third = pmem_open(self->name);

	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	EXPECT_ERRNO(EINVAL, pmem_connect(third, self->sub));
	EXPECT_REGION(0, 0, pmem_size(third));
	EXPECT_EQ(0, pmem_connect(third, self->master));
}

TEST_F(connect, to_another_device)
{
	size_t i;

	for (i = 0; i < nr_nodes; i++) {
		int other = pmem_open(nodes[i].name);

		ASSERT_LE(0, other);
		if (nodes[i].name == self->node->name)
			continue;
		EXPECT_ERRNO(EINVAL, pmem_connect(other, self->master)) {
			TH_LOG("%s to %s", nodes[i].name, self->name);
		}
		EXPECT_REGION(0, 0, pmem_size(other));
		ASSERT_EQ(0, pmem_allocate(other, PAGE));
		EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, other));
		close(other);
	}
}

TEST_F(connect, with_an_allocation_of_its_own)
{
	if (self->node->kind == ALL_OR_NOTHING) {
		/* There is only one allocation at a time: that of the master. */
		EXPECT_ERRNO(EINVAL, pmem_connect(self->master, self->sub));
		return;
	}
	ASSERT_EQ(0, pmem_allocate(self->sub, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, self->master));
	EXPECT_LE(PAGE, pmem_size(self->sub).len);
	EXPECT_NE(pmem_phys(self->master).offset, pmem_phys(self->sub).offset);
	EXPECT_ERRNO(EINVAL, pmem_connect(self->master, self->sub));
}

TEST_F(connect, again)
{
	int other;
	void *memory;

	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	EXPECT_EQ(0, pmem_connect(self->sub, self->master));
	EXPECT_EQ(0, pmem_connect(self->sub, dup(self->master)));
	if (self->node->kind == ALL_OR_NOTHING)
		return;
	other = pmem_master(self->name, PAGE, &memory);
	ASSERT_LE(0, other);
	EXPECT_ERRNO(EINVAL, pmem_connect(self->sub, other));
	EXPECT_EQ(pmem_phys(self->master).offset, pmem_phys(self->sub).offset);
}

/* The number passed last determines ownership. */
TEST_F(connect, again_by_another_number)
{
	int copy = dup(self->master);

	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	ASSERT_EQ(0, pmem_connect(self->sub, copy));
	ASSERT_EQ(0, close(self->master));
	EXPECT_EQ(0, pmem_map(self->sub, 0, PAGE));
	ASSERT_EQ(self->master, dup2(copy, self->master));
	ASSERT_EQ(0, close(copy));
	EXPECT_ERRNO(EINVAL, pmem_map(self->sub, 0, PAGE));
}

TEST_F(connect, no_allocation_afterwards)
{
	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	EXPECT_ERRNO(EINVAL, pmem_allocate(self->sub, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_allocate_aligned(self->sub, PAGE, PAGE));
}

TEST_F(connect, reports_the_whole_master)
{
	struct pmem_region size = pmem_size(self->master);

	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	EXPECT_REGION(size.offset, size.len, pmem_size(self->sub));
	EXPECT_REGION(size.offset, size.len, pmem_phys(self->sub));
	EXPECT_EQ(self->node->size, pmem_total(self->sub));
}

TEST_F(connect, reports_the_same_without_its_master)
{
	struct pmem_region size = pmem_size(self->master);

	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	ASSERT_EQ(0, munmap(self->memory, MiB(1)));
	ASSERT_EQ(0, close(self->master));
	EXPECT_REGION(size.offset, size.len, pmem_size(self->sub));
	EXPECT_REGION(size.offset, size.len, pmem_phys(self->sub));
	EXPECT_ERRNO(EINVAL, pmem_allocate(self->sub, PAGE));
	/* But it holds no memory of the master. */
	EXPECT_TRUE(all_free(true));
}

TEST_F(connect, does_not_hold_the_master)
{
	char *view;

	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	ASSERT_EQ(0, pmem_map(self->sub, 0, MiB(1)));
	view = pmem_mmap(self->sub, MiB(1));
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, munmap(self->memory, MiB(1)));
	EXPECT_FALSE(all_free(false));
	ASSERT_EQ(0, close(self->master));
	EXPECT_TRUE(all_free(true));
}

TEST_F(connect, mapped_once)
{
	char *view;

	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	EXPECT_MAP_FAILED(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->sub, PAGE));
	EXPECT_MAP_FAILED(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, self->sub, 0));
	view = pmem_mmap(self->sub, MiB(1));
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->sub, MiB(1)));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->sub, PAGE));
	ASSERT_EQ(0, munmap(view, MiB(1)));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->sub, MiB(1)));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->sub, PAGE));
}

TEST_F(connect, mapped_once_by_anybody)
{
	struct peer peer = peer_start();
	int there;

	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	there = peer_give(peer, self->sub);
	ASSERT_NE(-1, on(peer, do_mmap, there, MiB(1)));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->sub, MiB(1)));
	peer_end(peer);
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->sub, MiB(1)));
}

TEST_F(connect, mapping_longer_than_the_master)
{
	ASSERT_EQ(0, pmem_connect(self->sub, self->master));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->sub, pmem_size(self->master).len + PAGE));
	/* The failed mmap does not count. */
	EXPECT_NE(MAP_FAILED, pmem_mmap(self->sub, MiB(1)));
}

TEST_HARNESS_MAIN
