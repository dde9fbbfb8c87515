// SPDX-License-Identifier: GPL-2.0-only
/*
 * Masters that are large enough for whole PMDs. On kernels that have none for page frames, or
 * larger ones, and for 32-bit clients, all but the address has to be the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "test.h"

#define HUGE	MiB(2)
#define LEN	(2 * HUGE)

FIXTURE(huge) {
	int fd;
	char *memory;
	char *other;
};

FIXTURE_VARIANT(huge) {
	const char *name;
};

FIXTURE_VARIANT_ADD(huge, bitmap) {
	.name = "pmem",
};

FIXTURE_VARIANT_ADD(huge, bitmap_nomap) {
	.name = "pmem_audio",
};

FIXTURE_VARIANT_ADD(huge, all_or_nothing) {
	.name = "pmem_camera",
};

FIXTURE_SETUP(huge)
{
	int dmabuf;

	IDLE_SETUP();
	self->fd = pmem_open(variant->name);
	ASSERT_LE(0, self->fd);
	self->memory = pmem_mmap(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	/* The same through the dma-buf. */
	dmabuf = pmem_export(self->fd, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	self->other = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	ASSERT_NE(MAP_FAILED, self->other);
	close(dmabuf);
}

FIXTURE_TEARDOWN(huge)
{
	peers_end();
}

#define EXPECT_SAME(memory, other, len, seed)				\
	do {								\
		fill(memory, len, seed);				\
		EXPECT_TRUE(filled(other, len, seed));			\
		fill(other, len, (seed) + 100);				\
		EXPECT_TRUE(filled(memory, len, (seed) + 100));		\
	} while (0)

static bool has_huge(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	return sizeof(long) == 8 && PAGE == KiB(4) && (major > 6 || (major == 6 && minor >= 12));
}

/* Where the memory and the address agree, whichever place the memory has. */
TEST_F(huge, address_suits_the_memory)
{
	unsigned long skew;

	if (!has_huge())
		SKIP(return, "whole PMDs need pages of 4 KiB, a 64-bit program, Linux 6.12 or later");
	for (skew = 0; skew < 3; skew++) {
		int before = pmem_open("pmem"), fd = pmem_open("pmem");
		unsigned long phys;
		char *memory;

		/* Something is in the way of the next one, or not. */
		if (skew)
			ASSERT_EQ(0, pmem_allocate(before, skew * KiB(68)));
		ASSERT_EQ(0, pmem_allocate_aligned(fd, LEN, PAGE));
		phys = pmem_phys(fd).offset;
		memory = pmem_mmap(fd, LEN);
		ASSERT_NE(MAP_FAILED, memory);
		EXPECT_EQ(phys % HUGE, (uintptr_t)memory % HUGE);
		EXPECT_TRUE(all_bytes(memory, LEN, 0));
		munmap(memory, LEN);
		close(fd);
		close(before);
	}
}

TEST_F(huge, address_of_the_callers_choice)
{
	char *space = mmap(NULL, LEN + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory;

	ASSERT_NE(MAP_FAILED, space);
	memory = mmap(space + PAGE, LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		      self->fd, 0);
	ASSERT_EQ(space + PAGE, memory);
	EXPECT_SAME(memory, self->other, LEN, 1);
	EXPECT_SAME(self->memory, memory, LEN, 2);
}

TEST_F(huge, shows_the_same)
{
	EXPECT_TRUE(all_bytes(self->memory, LEN, 0));
	EXPECT_SAME(self->memory, self->other, LEN, 3);
}

TEST_F(huge, a_page_unmapped)
{
	size_t hole = HUGE / 2;

	fill(self->memory, LEN, 4);
	ASSERT_EQ(0, munmap(self->memory + hole, PAGE));
	EXPECT_FALSE(can_read(self->memory + hole));
	EXPECT_SAME(self->memory, self->other, hole, 5);
	EXPECT_SAME(self->memory + hole + PAGE, self->other + hole + PAGE, LEN - hole - PAGE, 6);
}

TEST_F(huge, a_page_protected)
{
	char *page = self->memory + HUGE;

	fill(self->memory, LEN, 7);
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_FALSE(can_write(page));
	EXPECT_TRUE(can_read(page));
	EXPECT_TRUE(can_write(page - PAGE));
	EXPECT_TRUE(can_write(page + PAGE));
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_SAME(self->memory, self->other, LEN, 8);
}

/* A child has nothing of it, touched or not, and what it does is its own affair. */
TEST_F(huge, child_sees_garbage)
{
	long arg[5] = { (long)self->memory, LEN, 0 };
	int round;

	for (round = 0; round < 2; round++) {
		fill(self->other, LEN, 9);
		EXPECT_EQ(1, in_fork(do_all_bytes, arg));
		arg[2] = 10;
		in_fork(do_fill, arg);
		arg[2] = 0;
		EXPECT_TRUE(filled(self->other, LEN, 9));
		EXPECT_TRUE(filled(self->memory, LEN, 9));
	}
}

TEST_F(huge, moved)
{
	char *space = mmap(NULL, LEN + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved;

	ASSERT_NE(MAP_FAILED, space);
	fill(self->memory, LEN, 11);
	moved = mremap(self->memory, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, space + PAGE);
	ASSERT_EQ(space + PAGE, moved);
	EXPECT_SAME(moved, self->other, LEN, 12);
}

/* Regions of a client come and go, while the master goes on to show everything. */
TEST_F(huge, with_a_client)
{
	int client = pmem_sub(variant->name, self->fd);
	char *view;

	ASSERT_LE(0, client);
	view = pmem_mmap(client, LEN);
	ASSERT_NE(MAP_FAILED, view);
	fill(self->memory, LEN, 13);
	EXPECT_TRUE(all_bytes(view, LEN, 0));
	ASSERT_EQ(0, pmem_map(client, 0, HUGE + PAGE));
	EXPECT_TRUE(filled(view, HUGE + PAGE, 13));
	EXPECT_TRUE(all_bytes(view + HUGE + PAGE, LEN - HUGE - PAGE, 0));
	ASSERT_EQ(0, pmem_unmap(client, 0, HUGE + PAGE));
	EXPECT_TRUE(all_bytes(view, PAGE, 0));
	EXPECT_TRUE(filled(self->memory, LEN, 13));
	EXPECT_SAME(self->memory, self->other, LEN, 14);
}

TEST_HARNESS_MAIN
