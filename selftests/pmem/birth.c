// SPDX-License-Identifier: GPL-2.0-only
/*
 * New memory has no data of its previous owner, neither in memory nor in caches. Zeros that remain
 * in a cache could later be written over data from a device, to which the client passes the
 * address without ever mapping the memory.
 */
#include "test.h"

#define SECRET	0x5ec2e7

FIXTURE(birth) {
	const struct node *node;
	unsigned long total;
};

FIXTURE_VARIANT(birth) {
	const char *name;
	int flags;
};

FIXTURE_VARIANT_ADD(birth, bitmap) {
	.name = "pmem",
};

FIXTURE_VARIANT_ADD(birth, bitmap_uncached_file) {
	.name = "pmem_adsp",
	.flags = OLD_O_SYNC,
};

FIXTURE_VARIANT_ADD(birth, bitmap_cma) {
	.name = "pmem_cma",
};

FIXTURE_VARIANT_ADD(birth, all_or_nothing) {
	.name = "pmem_camera",
};

FIXTURE_VARIANT_ADD(birth, all_or_nothing_uncached_file) {
	.name = "pmem_camera",
	.flags = OLD_O_SYNC,
};

FIXTURE_VARIANT_ADD(birth, system) {
	.name = "pmem_sys",
};

/* Fill all of a node with dirty data, possibly in caches, and free it. */
static void leave_secrets(const char *name, unsigned long len)
{
	void *memory;
	int fd = pmem_master(name, len, &memory);

	if (fd < 0)
		die(name);
	fill(memory, len, SECRET);
	maintenance_forget();
	munmap(memory, len);
	close(fd);
}

FIXTURE_SETUP(birth)
{
	IDLE_SETUP();
	self->node = node_of(variant->name);
	/* System nodes allocate more than requested, but at most their size. */
	self->total = self->node->kind == SYSTEM ? MiB(4) : self->node->size;
	if (!maintenance_watch())
		SKIP(return, "this kernel does not tell what it maintains");
}

FIXTURE_TEARDOWN(birth)
{
	maintenance_ignore();
	EXPECT_TRUE(all_free(true));
}

/* All memory of the file was written back since its previous owner, whenever it was zeroed. */
static void check_new(struct __test_metadata *_metadata, int fd, unsigned long len)
{
	struct pmem_region region = pmem_phys(fd);
	unsigned long mapped = len / PAGE * PAGE;
	char *memory;

	EXPECT_LE(len, region.len);
	EXPECT_TRUE(maintained(region.offset, region.len)) {
		TH_LOG("%lu bytes", len);
	}
	if (!mapped)
		return;
	memory = pmem_mmap(fd, mapped);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, mapped, 0));
	EXPECT_TRUE(device_sees(fd, memory, mapped));
	munmap(memory, mapped);
}

static const unsigned long lengths[] = { 1, 5000, KiB(64), 1000000, MiB(3) };

TEST_F(birth, allocate)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		int fd = pmem_open_flags(variant->name, O_RDWR | variant->flags);

		leave_secrets(variant->name, self->total);
		ASSERT_EQ(0, pmem_allocate(fd, lengths[i]));
		check_new(_metadata, fd, lengths[i]);
		close(fd);
	}
}

TEST_F(birth, allocate_aligned)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		int fd = pmem_open_flags(variant->name, O_RDWR | variant->flags);

		leave_secrets(variant->name, self->total);
		ASSERT_EQ(0, pmem_allocate_aligned(fd, lengths[i], 4096));
		check_new(_metadata, fd, lengths[i]);
		close(fd);
	}
}

TEST_F(birth, first_mmap)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		unsigned long len = (lengths[i] + PAGE - 1) / PAGE * PAGE;
		int fd = pmem_open_flags(variant->name, O_RDWR | variant->flags);
		char *memory;

		leave_secrets(variant->name, self->total);
		memory = pmem_mmap(fd, len);
		ASSERT_NE(MAP_FAILED, memory);
		check_new(_metadata, fd, len);
		EXPECT_TRUE(all_bytes(memory, len, 0));
		munmap(memory, len);
		close(fd);
	}
}

/* The whole node at once, then in pieces. */
TEST_F(birth, all_of_the_node)
{
	int fd = pmem_open_flags(variant->name, O_RDWR | variant->flags);

	leave_secrets(variant->name, self->total);
	ASSERT_EQ(0, pmem_allocate(fd, self->total));
	check_new(_metadata, fd, self->total);
	close(fd);
}

TEST_F(birth, pieces_one_after_the_other)
{
	int fds[8], i;

	if (self->node->kind == ALL_OR_NOTHING)
		SKIP(return, "there is one piece at a time");
	leave_secrets(variant->name, self->total);
	for (i = 0; i < 8; i++) {
		fds[i] = pmem_open_flags(variant->name, O_RDWR | variant->flags);
		ASSERT_EQ(0, pmem_allocate(fds[i], KiB(300)));
		check_new(_metadata, fds[i], KiB(300));
	}
	while (i)
		close(fds[--i]);
}

/* The board has no cached buddy node. */
UNLOADED_FIXTURE(birth_buddy);

TEST_F(birth_buddy, blocks)
{
	size_t i;

	if (!maintenance_watch())
		SKIP(return, "this kernel does not tell what it maintains");
	ASSERT_EQ(0, pmem_load("node=pair:mdp:buddy:cached:size=16M"));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		int fd = pmem_open("pair");
		char *memory;

		leave_secrets("pair", MiB(16));
		ASSERT_EQ(0, pmem_allocate(fd, lengths[i]));
		check_new(_metadata, fd, lengths[i]);
		close(fd);
		fd = pmem_open("pair");
		leave_secrets("pair", MiB(16));
		memory = pmem_mmap(fd, MiB(1));
		ASSERT_NE(MAP_FAILED, memory);
		check_new(_metadata, fd, MiB(1));
		munmap(memory, MiB(1));
		close(fd);
	}
	maintenance_ignore();
}

TEST_HARNESS_MAIN
