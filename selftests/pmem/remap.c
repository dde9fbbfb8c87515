// SPDX-License-Identifier: GPL-2.0-only
/*
 * PMEM_MAP and PMEM_UNMAP: a server shows parts of its memory to a client, another process.
 * Changes are effective when the call returns.
 */
#include "test.h"

#define LEN	MiB(1)

/* A number that no file has by coincidence, in any process. */
#define MASTER_FD	100

FIXTURE(remap) {
	const struct node *node;
	const char *name;
	char *memory;
	int master;
	int sub;
	struct peer client;
	int client_fd;
	long view;
};

NODE_KINDS(remap);

static void connect_client(struct __test_metadata *_metadata, struct _test_data_remap *self)
{
	self->sub = pmem_sub(self->name, self->master);
	ASSERT_LE(0, self->sub);
	self->client = peer_start();
	self->client_fd = peer_give(self->client, self->sub);
}

static void map_client(struct __test_metadata *_metadata, struct _test_data_remap *self)
{
	self->view = on(self->client, do_mmap, self->client_fd, LEN);
	ASSERT_NE(-1, self->view);
}

/* A master with a different pattern in each page, and a client of it. */
FIXTURE_SETUP(remap)
{
	void *memory;
	size_t i;

	IDLE_SETUP();
	self->name = variant->name;
	self->node = node_of(variant->name);
	i = pmem_master(variant->name, LEN, &memory);
	self->master = dup2(i, MASTER_FD);
	ASSERT_EQ(MASTER_FD, self->master);
	close(i);
	self->memory = memory;
	for (i = 0; i < LEN; i += PAGE)
		fill(memory + i, PAGE, i / PAGE);
	connect_client(_metadata, self);
}

FIXTURE_TEARDOWN(remap)
{
	peers_end();
}

/* Does the client see these pages of the master? */
static long sees(const long *arg)
{
	char *view = (char *)arg[0];
	size_t offset = arg[1], len = arg[2], i;

	for (i = offset; i < offset + len; i += PAGE)
		if (!filled(view + i, PAGE, i / PAGE))
			return 0;
	return 1;
}

#define SEES(offset, len)	on(self->client, sees, self->view, offset, len)
#define SEES_ZERO(offset, len)	\
	on(self->client, do_all_bytes, self->view + (long)(offset), len, 0)
#define WRITES(offset, len, seed)	\
	on(self->client, do_fill, self->view + (long)(offset), len, seed)

static bool master_intact(struct _test_data_remap *self)
{
	return sees((long[5]){ (long)self->memory, 0, LEN });
}

TEST_F(remap, garbage_before_map)
{
	map_client(_metadata, self);
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
	WRITES(0, LEN, 77);
	EXPECT_TRUE(master_intact(self));
}

TEST_F(remap, map_before_mmap)
{
	ASSERT_EQ(0, pmem_map(self->sub, 2 * PAGE, 3 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, LEN - PAGE, PAGE));
	map_client(_metadata, self);
	EXPECT_EQ(1, SEES(2 * PAGE, 3 * PAGE));
	EXPECT_EQ(1, SEES(LEN - PAGE, PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, 2 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(5 * PAGE, LEN - 6 * PAGE));
}

TEST_F(remap, map_after_mmap)
{
	map_client(_metadata, self);
	/* Touched already, so its page table has an entry. */
	ASSERT_EQ(1, SEES_ZERO(0, LEN));
	ASSERT_EQ(0, pmem_map(self->sub, 2 * PAGE, 3 * PAGE));
	EXPECT_EQ(1, SEES(2 * PAGE, 3 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, 2 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(5 * PAGE, LEN - 5 * PAGE));
}

TEST_F(remap, both_directions)
{
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	map_client(_metadata, self);
	EXPECT_EQ(1, SEES(0, LEN));
	fill(self->memory + 5 * PAGE, PAGE, 1000);
	EXPECT_EQ(1, on(self->client, do_filled, self->view + 5 * (long)PAGE, PAGE, 1000));
	WRITES(9 * PAGE, PAGE, 2000);
	EXPECT_TRUE(filled(self->memory + 9 * PAGE, PAGE, 2000));
}

/* Data that the client wrote to garbage pages does not get into the memory. */
TEST_F(remap, garbage_stays_garbage)
{
	map_client(_metadata, self);
	WRITES(0, LEN, 77);
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, SEES(0, LEN));
	EXPECT_TRUE(master_intact(self));
}

TEST_F(remap, unmap)
{
	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(1, SEES(0, LEN));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
	WRITES(0, LEN, 77);
	EXPECT_TRUE(master_intact(self));
	EXPECT_EQ(1, on(self->client, do_can_write, self->view));
	EXPECT_EQ(1, on(self->client, do_can_write, self->view + (long)LEN - 1));
}

TEST_F(remap, unmap_before_mmap)
{
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	map_client(_metadata, self);
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
}

TEST_F(remap, one_of_two_regions)
{
	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 0, 4 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 8 * PAGE, 4 * PAGE));
	ASSERT_EQ(1, SEES(0, 4 * PAGE));
	ASSERT_EQ(1, SEES(8 * PAGE, 4 * PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, 4 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, 8 * PAGE));
	EXPECT_EQ(1, SEES(8 * PAGE, 4 * PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 8 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
}

/* Unmapping hides pages at once, even if another recorded region covers them, */
TEST_F(remap, overlapping_regions)
{
	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 0, 4 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 2 * PAGE, 4 * PAGE));
	ASSERT_EQ(1, SEES(0, 6 * PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, 4 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, 4 * PAGE));
	EXPECT_EQ(1, SEES(4 * PAGE, 2 * PAGE));
	/* until they are mapped again, with another region or the same one. */
	ASSERT_EQ(0, pmem_map(self->sub, 3 * PAGE, PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, 3 * PAGE));
	EXPECT_EQ(1, SEES(3 * PAGE, 3 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 2 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, SEES(2 * PAGE, 4 * PAGE));
	/* One call removes a region that was recorded twice. */
	ASSERT_EQ(0, pmem_unmap(self->sub, 2 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
	EXPECT_ERRNO(EINVAL, pmem_unmap(self->sub, 2 * PAGE, 4 * PAGE));
	EXPECT_EQ(0, pmem_unmap(self->sub, 3 * PAGE, PAGE));
}

/* Before the client calls mmap(), nothing can be hidden: it then sees the recorded regions. */
TEST_F(remap, overlapping_regions_before_mmap)
{
	ASSERT_EQ(0, pmem_map(self->sub, 0, 4 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 2 * PAGE, 4 * PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, 4 * PAGE));
	map_client(_metadata, self);
	EXPECT_EQ(1, SEES_ZERO(0, 2 * PAGE));
	EXPECT_EQ(1, SEES(2 * PAGE, 4 * PAGE));
}

/* Old heaps left such regions: they unmapped with the true length, which fails. */
TEST_F(remap, revoked_in_spite_of_a_region_that_was_left)
{
	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 2 * PAGE, 2 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_ERRNO(EINVAL, pmem_unmap(self->sub, 2 * PAGE, 2 * PAGE - 100));
	ASSERT_EQ(1, SEES(0, LEN));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
}

TEST_F(remap, duplicates_go_together)
{
	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 0, 4 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 0, 4 * PAGE));
	ASSERT_EQ(1, SEES(0, 4 * PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, 4 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, 4 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(self->sub, 0, 4 * PAGE));
}

TEST_F(remap, many_rounds)
{
	int round;

	map_client(_metadata, self);
	for (round = 0; round < 50; round++) {
		size_t offset = round * 7 % (LEN / PAGE - 20) * PAGE;
		size_t len = (round % 20 + 1) * PAGE;

		ASSERT_EQ(0, pmem_map(self->sub, offset, len));
		ASSERT_EQ(1, SEES(offset, len));
		ASSERT_EQ(0, pmem_unmap(self->sub, offset, len));
		ASSERT_EQ(1, SEES_ZERO(offset, len));
	}
}

TEST_F(remap, client_is_not_the_owner)
{
	map_client(_metadata, self);
	EXPECT_ERRNO(EINVAL, on(self->client, do_map, self->client_fd, 0, LEN));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_ERRNO(EINVAL, on(self->client, do_unmap, self->client_fd, 0, LEN));
	EXPECT_EQ(1, SEES(0, LEN));
}

TEST_F(remap, client_is_not_the_owner_before_mmap)
{
	EXPECT_ERRNO(EINVAL, on(self->client, do_map, self->client_fd, 0, LEN));
	map_client(_metadata, self);
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
}

/* The server keeps its right after it has closed the sub file. */
TEST_F(remap, server_gave_the_file_away)
{
	int copy = dup(self->sub);

	map_client(_metadata, self);
	ASSERT_EQ(0, close(self->sub));
	EXPECT_EQ(0, pmem_map(copy, 0, LEN));
	EXPECT_EQ(1, SEES(0, LEN));
	EXPECT_EQ(0, pmem_unmap(copy, 0, LEN));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
}

TEST_F(remap, right_goes_with_the_number)
{
	int elsewhere = dup(self->master), other = pmem_open(self->name);

	map_client(_metadata, self);
	ASSERT_EQ(self->master, dup2(other, self->master));
	EXPECT_ERRNO(EINVAL, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(0, close(self->master));
	EXPECT_ERRNO(EINVAL, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
	ASSERT_EQ(self->master, dup2(elsewhere, self->master));
	EXPECT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, SEES(0, LEN));
}

/* With SCM_RIGHTS, the master may get another number, which removes the right. */
TEST_F(remap, right_passed_on)
{
	struct peer second = peer_start();
	int there = peer_give(second, self->master), sub = peer_give(second, self->sub);

	map_client(_metadata, self);
	EXPECT_ERRNO(EINVAL, on(second, do_map, sub, 0, LEN));
	ASSERT_EQ(self->master, on(second, do_dup2, there, self->master));
	EXPECT_EQ(0, on(second, do_map, sub, 0, LEN));
	EXPECT_EQ(1, SEES(0, LEN));
	/* A process that connects the file itself is an owner. */
	ASSERT_EQ(0, on(second, do_close, self->master));
	EXPECT_ERRNO(EINVAL, on(second, do_unmap, sub, 0, LEN));
	there = peer_give(second, self->master);
	ASSERT_EQ(0, on(second, do_connect, sub, there));
	EXPECT_EQ(0, on(second, do_unmap, sub, 0, LEN));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
}

/* A child has a copy of the file table: the numbers are the same. */
TEST_F(remap, right_inherited)
{
	struct peer child = peer_start_with_files();

	map_client(_metadata, self);
	EXPECT_EQ(0, on(child, do_map, self->sub, 0, LEN));
	EXPECT_EQ(1, SEES(0, LEN));
	EXPECT_EQ(0, on(child, do_unmap, self->sub, 0, LEN));
}

/* Process B of the old articles: receives the master, connects, maps and shows regions itself. */
TEST_F(remap, client_that_connects_itself)
{
	struct peer b = peer_start();
	int master = peer_give(b, self->master);
	int sub = on(b, do_sub, (long)self->name, master);
	long view;

	ASSERT_LE(0, sub);
	view = on(b, do_mmap, sub, LEN);
	ASSERT_NE(-1, view);
	EXPECT_EQ(1, on(b, do_all_bytes, view, LEN, 0));
	EXPECT_EQ(0, on(b, do_map, sub, 0, LEN));
	EXPECT_EQ(1, on(b, sees, view, 0, LEN));
}

TEST_F(remap, several_clients)
{
	int second_sub = pmem_sub(self->name, self->master);
	struct peer second = peer_start();
	long view;

	map_client(_metadata, self);
	view = on(second, do_mmap, peer_give(second, second_sub), LEN);
	ASSERT_NE(-1, view);
	ASSERT_EQ(0, pmem_map(self->sub, 0, 4 * PAGE));
	ASSERT_EQ(0, pmem_map(second_sub, 4 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, SEES(0, 4 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(4 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, on(second, sees, view, 4 * PAGE, 4 * PAGE));
	EXPECT_EQ(1, on(second, do_all_bytes, view, 4 * PAGE, 0));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, 4 * PAGE));
	EXPECT_EQ(1, on(second, sees, view, 4 * PAGE, 4 * PAGE));
}

/* Garbage pages are private: other clients cannot read them. */
TEST_F(remap, garbage_is_private)
{
	int second_sub = pmem_sub(self->name, self->master);
	struct peer second = peer_start();
	long view;

	map_client(_metadata, self);
	WRITES(0, LEN, 77);
	view = on(second, do_mmap, peer_give(second, second_sub), LEN);
	ASSERT_NE(-1, view);
	EXPECT_EQ(1, on(second, do_all_bytes, view, LEN, 0));
	on(second, do_fill, view, LEN, 78);
	WRITES(0, PAGE, 79);
	EXPECT_EQ(1, on(self->client, do_filled, self->view, PAGE, 79));
}

TEST_F(remap, shorter_mapping)
{
	self->view = on(self->client, do_mmap, self->client_fd, 4 * PAGE);
	ASSERT_NE(-1, self->view);
	ASSERT_EQ(0, pmem_map(self->sub, 2 * PAGE, 8 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, 2 * PAGE));
	EXPECT_EQ(1, SEES(2 * PAGE, 2 * PAGE));
	ASSERT_EQ(0, pmem_map(self->sub, 32 * PAGE, 8 * PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 2 * PAGE, 8 * PAGE));
	EXPECT_EQ(1, SEES_ZERO(0, 4 * PAGE));
	ASSERT_EQ(0, pmem_unmap(self->sub, 32 * PAGE, 8 * PAGE));
}

TEST_F(remap, in_one_process)
{
	char *view = pmem_mmap(self->sub, LEN);

	ASSERT_NE(MAP_FAILED, view);
	EXPECT_TRUE(all_bytes(view, LEN, 0));
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, sees((long[5]){ (long)view, 0, LEN }));
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_TRUE(all_bytes(view, LEN, 0));
}

/* The client gets no signal; its further writes are discarded. */
TEST_F(remap, master_goes)
{
	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(1, SEES(0, LEN));
	ASSERT_EQ(0, close(self->master));
	/* The mapping keeps it. */
	EXPECT_EQ(1, SEES(0, LEN));
	ASSERT_EQ(0, munmap(self->memory, LEN));
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
	EXPECT_TRUE(all_free(true));
	WRITES(0, LEN, 77);
	EXPECT_ERRNO(EINVAL, pmem_map(self->sub, 0, PAGE));
}

TEST_F(remap, master_goes_to_somebody_else)
{
	char *memory;
	int other;

	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(1, SEES(0, LEN));
	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	other = pmem_open(self->name);
	memory = pmem_mmap(other, self->node->kind == SYSTEM ? LEN : self->node->size);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, LEN, 5);
	WRITES(0, LEN, 77);
	EXPECT_TRUE(filled(memory, LEN, 5));
	EXPECT_EQ(0, on(self->client, do_filled, self->view, PAGE, 5));
}

TEST_F(remap, master_process_dies)
{
	struct peer server = peer_start();
	int master, sub;
	char *view;

	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	master = on(server, do_master, (long)self->name, LEN);
	ASSERT_LE(0, master);
	sub = on(server, do_sub, (long)self->name, master);
	ASSERT_LE(0, sub);
	view = pmem_mmap(peer_take(server, sub), LEN);
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, on(server, do_map, sub, 0, LEN));
	fill(view, LEN, 3);
	ASSERT_TRUE(filled(view, LEN, 3));
	peer_kill(server);
	EXPECT_TRUE(all_free(true));
	EXPECT_TRUE(all_bytes(view, LEN, 0));
	EXPECT_TRUE(can_write(view));
}

/* A master that was allocated but never mapped; the old driver forgot its clients. */
TEST_F(remap, unmapped_master_goes)
{
	struct peer client = peer_start();
	int master, sub;
	long view;

	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	master = pmem_open(self->name);
	ASSERT_EQ(0, pmem_allocate(master, LEN));
	sub = pmem_sub(self->name, master);
	ASSERT_LE(0, sub);
	ASSERT_EQ(0, pmem_map(sub, 0, LEN));
	view = on(client, do_mmap, peer_give(client, sub), LEN);
	ASSERT_NE(-1, view);
	on(client, do_fill, view, LEN, 4);
	ASSERT_EQ(1, on(client, do_filled, view, LEN, 4));
	ASSERT_EQ(0, close(master));
	EXPECT_EQ(1, on(client, do_all_bytes, view, LEN, 0));
	EXPECT_TRUE(all_free(true));
}

/* Connected and shown, but not mapped before the master is closed. */
TEST_F(remap, master_goes_before_mmap)
{
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	EXPECT_TRUE(all_free(true));
	map_client(_metadata, self);
	EXPECT_EQ(1, SEES_ZERO(0, LEN));
	WRITES(0, LEN, 77);
	EXPECT_TRUE(all_free(true));
}

/* Another file with the master's number gives no right. */
TEST_F(remap, recycled_number)
{
	int round;

	map_client(_metadata, self);
	ASSERT_EQ(0, munmap(self->memory, LEN));
	ASSERT_EQ(0, close(self->master));
	for (round = 0; round < 40; round++) {
		int again = pmem_open(self->name);
		char *memory = pmem_mmap(again, LEN);

		ASSERT_NE(MAP_FAILED, memory);
		ASSERT_EQ(self->master, dup2(again, self->master));
		ASSERT_EQ(0, close(again));
		ASSERT_ERRNO(EINVAL, pmem_map(self->sub, 0, LEN));
		ASSERT_EQ(1, SEES_ZERO(0, PAGE));
		ASSERT_EQ(0, munmap(memory, LEN));
		ASSERT_EQ(0, close(self->master));
	}
}

TEST_F(remap, client_died)
{
	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 0, 2 * PAGE));
	peer_kill(self->client);
	EXPECT_EQ(0, pmem_map(self->sub, 4 * PAGE, PAGE));
	EXPECT_EQ(0, pmem_unmap(self->sub, 0, 2 * PAGE));
	EXPECT_EQ(0, pmem_unmap(self->sub, 4 * PAGE, PAGE));
	EXPECT_TRUE(master_intact(self));
}

TEST_F(remap, client_unmapped)
{
	map_client(_metadata, self);
	ASSERT_EQ(0, pmem_map(self->sub, 0, 2 * PAGE));
	ASSERT_EQ(0, on(self->client, do_munmap, self->view, LEN));
	EXPECT_EQ(0, pmem_map(self->sub, 4 * PAGE, PAGE));
	EXPECT_EQ(0, pmem_unmap(self->sub, 4 * PAGE, PAGE));
	EXPECT_EQ(0, pmem_unmap(self->sub, 0, 2 * PAGE));
	EXPECT_EQ(0, on(self->client, do_can_read, self->view));
	EXPECT_ERRNO(EINVAL, on(self->client, do_mmap, self->client_fd, LEN));
}

static long waits_for_data(const long *arg)
{
	const volatile __u32 *word = (__u32 *)arg[0];
	__u32 value;

	while (!(value = *word))
		;
	return value == (__u32)arg[1];
}

static long waits_for_garbage(const long *arg)
{
	const volatile __u32 *word = (__u32 *)arg[0];

	while (*word)
		;
	return 1;
}

/* The client only reads, while its page tables change. */
TEST_F(remap, effect_without_a_call_of_the_client)
{
	map_client(_metadata, self);
	ASSERT_EQ(1, SEES_ZERO(0, LEN));
	begin_on(self->client, waits_for_data, self->view, *(__u32 *)self->memory);
	ASSERT_EQ(0, pmem_map(self->sub, 0, LEN));
	EXPECT_EQ(1, peer_call_end(self->client));
	begin_on(self->client, waits_for_garbage, self->view);
	ASSERT_EQ(0, pmem_unmap(self->sub, 0, LEN));
	EXPECT_EQ(1, peer_call_end(self->client));
}

TEST_HARNESS_MAIN
