// SPDX-License-Identifier: GPL-2.0-only
/*
 * Masters that are large enough for whole PMDs. Only the address may differ on kernels without
 * huge mappings of page frames, or with larger PMDs, and in 32-bit clients.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	/* The same memory through the dma-buf. */
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
	return sizeof(long) == 8 && PAGE == KiB(4) && has_huge_frames();
}

/* Wherever the memory is, the virtual and the physical address are congruent modulo HUGE. */
TEST_F(huge, address_suits_the_memory)
{
	unsigned long skew;

	if (!has_huge())
		SKIP(return, "whole PMDs need pages of 4 KiB, a 64-bit program, Linux 6.12 or later with huge pages");
	for (skew = 0; skew < 3; skew++) {
		int before = pmem_open("pmem"), fd = pmem_open("pmem");
		unsigned long phys;
		char *memory;

		/* Allocate something in front of the next buffer, or not. */
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

/* A child never sees the memory, touched or not, and its writes do not affect it. */
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

/* Regions of a client are mapped and unmapped, while the master always shows everything. */
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

/* Map all of a dma-buf at an address that is congruent to the memory modulo HUGE. */
static char *map_congruent(int dmabuf, int prot, unsigned long phys)
{
	char *space = mmap(NULL, LEN + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t start = (uintptr_t)space;

	if (space == MAP_FAILED)
		return MAP_FAILED;
	start += (phys - start) % HUGE;
	return mmap((void *)start, LEN, prot, MAP_SHARED | MAP_FIXED, dmabuf, 0);
}

/**
 * struct export - the master's memory as a dma-buf, mapped like any other
 * @fd: the dma-buf
 * @memory: its mapping
 */
struct export {
	int fd;
	char *memory;
};

#define EXPORT(export, prot)						\
	struct export export = { .fd = pmem_export(self->fd, O_RDWR | O_CLOEXEC) }; \
	ASSERT_LE(0, (export).fd);					\
	(export).memory = map_congruent((export).fd, prot, pmem_phys(self->fd).offset); \
	ASSERT_NE(MAP_FAILED, (export).memory)

#define EXPORT_WRITABLE(export)	EXPORT(export, PROT_READ | PROT_WRITE)

TEST_F(huge, export_costs_few_faults)
{
	EXPORT_WRITABLE(export);

	if (!has_huge())
		SKIP(return, "whole PMDs need pages of 4 KiB, a 64-bit program, Linux 6.12 or later with huge pages");
	ASSERT_EQ(0UL, pmem_phys(self->fd).offset % HUGE);
	/* One per PMD, and some of the program itself. */
	EXPECT_GE((long)(LEN / HUGE + 4), touch_pages(export.memory, LEN));
	EXPECT_GE(4, touch_pages(export.memory, LEN));
	EXPECT_GE((long)(LEN / HUGE + 4), touch_pages(self->memory, LEN));
}

/* Uses so many views that the upper levels do not matter. */
TEST_F(huge, export_takes_no_page_tables)
{
	const long views = 16, lowest = views * (LEN / HUGE) * (long)PAGE / 1024;
	long before, after, i;

	EXPORT_WRITABLE(export);

	if (!has_huge())
		SKIP(return, "whole PMDs need pages of 4 KiB, a 64-bit program, Linux 6.12 or later with huge pages");
	before = page_tables();
	for (i = 0; i < views; i++) {
		char *view = map_congruent(export.fd, PROT_READ | PROT_WRITE,
					   pmem_phys(self->fd).offset);

		ASSERT_NE(MAP_FAILED, view);
		touch_pages(view, LEN);
	}
	after = page_tables();
	EXPECT_GT(lowest / 2, after - before);
}

TEST_F(huge, export_shows_the_same)
{
	EXPORT_WRITABLE(export);

	EXPECT_TRUE(all_bytes(export.memory, LEN, 0));
	EXPECT_SAME(export.memory, self->memory, LEN, 15);
	EXPECT_SAME(export.memory, self->other, LEN, 16);
}

/* Splitting an entry of one view does not affect the other. */
TEST_F(huge, export_and_master_lose_a_page_each)
{
	EXPORT_WRITABLE(export);

	fill(self->memory, LEN, 17);
	EXPECT_TRUE(filled(export.memory, LEN, 17));
	ASSERT_EQ(0, munmap(export.memory + PAGE, PAGE));
	EXPECT_FALSE(can_read(export.memory + PAGE));
	EXPECT_TRUE(filled(self->memory, LEN, 17));
	ASSERT_EQ(0, munmap(self->memory + HUGE, PAGE));
	EXPECT_FALSE(can_read(self->memory + HUGE));
	EXPECT_SAME(export.memory + 2 * PAGE, self->other + 2 * PAGE, LEN - 2 * PAGE, 18);
	EXPECT_SAME(self->memory, self->other, HUGE, 19);
}

/* The memory is not reused while the export is mapped. */
TEST_F(huge, export_outlives_the_file)
{
	EXPORT_WRITABLE(export);
	unsigned long phys = pmem_phys(self->fd).offset;
	int next;

	fill(self->memory, LEN, 20);
	close(export.fd);
	munmap(self->memory, LEN);
	munmap(self->other, LEN);
	close(self->fd);
	EXPECT_FALSE(all_free(false));
	EXPECT_TRUE(filled(export.memory, LEN, 20));
	next = pmem_open(variant->name);
	ASSERT_LE(0, next);
	if (!pmem_allocate(next, LEN))
		EXPECT_NE(phys, pmem_phys(next).offset);
	close(next);
	fill(export.memory, LEN, 21);
	ASSERT_EQ(0, munmap(export.memory, HUGE + PAGE));
	EXPECT_FALSE(all_free(false));
	ASSERT_EQ(0, munmap(export.memory + HUGE + PAGE, LEN - HUGE - PAGE));
	EXPECT_TRUE(all_free(true));
}

TEST_F(huge, export_mapped_to_read_at_first)
{
	EXPORT(export, PROT_READ);

	fill(self->memory, LEN, 22);
	EXPECT_TRUE(filled(export.memory, LEN, 22));
	EXPECT_FALSE(can_write(export.memory));
	EXPECT_FALSE(can_write(export.memory + HUGE));
	ASSERT_EQ(0, mprotect(export.memory, LEN, PROT_READ | PROT_WRITE));
	EXPECT_SAME(export.memory, self->memory, LEN, 23);
}

/* A device with the dma-buf sees data that was written through huge entries. */
TEST_F(huge, export_to_a_device)
{
	EXPORT_WRITABLE(export);

	fill(export.memory, LEN, 24);
	EXPECT_TRUE(device_sees(self->fd, export.memory, LEN));
	EXPECT_TRUE(device_sees(self->fd, self->memory, LEN));
}

TEST_HARNESS_MAIN
