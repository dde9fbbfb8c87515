// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoders with one arena for all buffers. For cache commands, they pass the address of a buffer
 * and offset 0, wherever the buffer is. The original driver maintained the inner cache at the
 * address and the outer cache at the offset: both must be done.
 */
#include "test.h"

#define ARENA	MiB(1)

static const unsigned int commands[] = {
	PMEM_CLEAN_CACHES, PMEM_CLEAN_INV_CACHES, PMEM_INV_CACHES,
};

/* Sizes of real decoders, not page-aligned. */
static const struct {
	unsigned long offset;
	unsigned long length;
} buffers[] = {
	{ 0, 100000 }, { 100000, 100000 }, { 200000, 12345 }, { KiB(512), KiB(4) },
	{ 333333, 1 }, { ARENA - 352 * 288, 352 * 288 },
};

FIXTURE(decoder) {
	int fd;
	char *arena;
	__u64 address;
};

FIXTURE_VARIANT(decoder) {
	const char *name;
};

FIXTURE_VARIANT_ADD(decoder, adsp) {
	.name = "pmem_adsp",
};

FIXTURE_VARIANT_ADD(decoder, all_or_nothing) {
	.name = "pmem_camera",
};

FIXTURE_VARIANT_ADD(decoder, cma) {
	.name = "pmem_cma",
};

FIXTURE_VARIANT_ADD(decoder, system) {
	.name = "pmem_sys",
};

FIXTURE_SETUP(decoder)
{
	void *memory;

	IDLE_SETUP();
	self->fd = pmem_master(variant->name, ARENA, &memory);
	ASSERT_LE(0, self->fd);
	self->arena = memory;
	self->address = pmem_phys(self->fd).offset;
	ASSERT_NE(0, self->address);
	fill(self->arena, ARENA, 1);
	if (!maintenance_watch())
		SKIP(return, "this kernel does not tell what it maintains");
}

FIXTURE_TEARDOWN(decoder)
{
	maintenance_ignore();
	peers_end();
	EXPECT_EQ(0, munmap(self->arena, ARENA));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_TRUE(all_free(true));
}

/* The command succeeds, and maintains this range of the arena. */
#define EXPECT_MAINTAINS(fd, cmd, vaddr, offset, length, where)		\
	do {								\
		maintenance_forget();					\
		EXPECT_EQ(0, pmem_cache(fd, cmd, vaddr, offset, length)) { \
			TH_LOG("command %u: %s", (cmd) & 0xff, strerror(errno)); \
		}							\
		EXPECT_TRUE(maintained(self->address + (where), length)) { \
			TH_LOG("command %u of %lu bytes at %lu, offset %lu", (cmd) & 0xff, \
			       (unsigned long)(length), (unsigned long)(where), \
			       (unsigned long)(offset));		\
		}							\
	} while (0)

#define FOR_EACH_COMMAND(i, k)						\
	for (i = 0; i < ARRAY_SIZE(buffers); i++)			\
		for (k = 0; k < ARRAY_SIZE(commands); k++)

TEST_F(decoder, offset_0_and_the_buffers_address)
{
	size_t i, k;

	FOR_EACH_COMMAND(i, k) {
		char *buffer = self->arena + buffers[i].offset;

		EXPECT_MAINTAINS(self->fd, commands[k], buffer, 0, buffers[i].length,
				 buffers[i].offset);
		EXPECT_TRUE(maintained(self->address, buffers[i].length));
	}
	EXPECT_TRUE(filled(self->arena, ARENA, 1));
}

TEST_F(decoder, the_buffers_offset_and_address)
{
	size_t i, k;

	FOR_EACH_COMMAND(i, k)
		EXPECT_MAINTAINS(self->fd, commands[k], self->arena + buffers[i].offset,
				 buffers[i].offset, buffers[i].length, buffers[i].offset);
	EXPECT_TRUE(filled(self->arena, ARENA, 1));
}

/* Some decoders always passed the start of the arena as the address. */
TEST_F(decoder, the_buffers_offset_and_the_arenas_address)
{
	size_t i, k;

	FOR_EACH_COMMAND(i, k)
		EXPECT_MAINTAINS(self->fd, commands[k], self->arena, buffers[i].offset,
				 buffers[i].length, buffers[i].offset);
	EXPECT_TRUE(filled(self->arena, ARENA, 1));
}

/* A connected file has the same memory: the address may be in its mapping or the master's. */
TEST_F(decoder, buffers_of_a_connected_file)
{
	int sub = pmem_sub(variant->name, self->fd);
	char *view;
	size_t i, k;

	ASSERT_LE(0, sub);
	ASSERT_EQ(0, pmem_map(sub, 0, ARENA));
	view = pmem_mmap(sub, ARENA);
	ASSERT_NE(MAP_FAILED, view);
	FOR_EACH_COMMAND(i, k) {
		EXPECT_MAINTAINS(sub, commands[k], view + buffers[i].offset, 0,
				 buffers[i].length, buffers[i].offset);
		EXPECT_MAINTAINS(sub, commands[k], self->arena + buffers[i].offset, 0,
				 buffers[i].length, buffers[i].offset);
		EXPECT_MAINTAINS(self->fd, commands[k], view + buffers[i].offset, 0,
				 buffers[i].length, buffers[i].offset);
	}
	EXPECT_TRUE(filled(self->arena, ARENA, 1));
	ASSERT_EQ(0, munmap(view, ARENA));
	ASSERT_EQ(0, close(sub));
}

/* The decoding process got the file from the one that mapped it first. */
TEST_F(decoder, buffers_in_another_process)
{
	struct peer peer = peer_start();
	long there = peer_give(peer, self->fd), view;
	size_t i, k;

	view = on(peer, do_mmap, there, ARENA);
	ASSERT_NE(-1, view);
	FOR_EACH_COMMAND(i, k) {
		maintenance_forget();
		EXPECT_EQ(0, on(peer, do_cache, there, commands[k],
				view + (long)buffers[i].offset, 0, buffers[i].length));
		EXPECT_TRUE(maintained(self->address + buffers[i].offset, buffers[i].length));
		EXPECT_TRUE(maintained(self->address, buffers[i].length));
	}
	EXPECT_EQ(0, on(peer, do_munmap, view, ARENA));
	EXPECT_TRUE(filled(self->arena, ARENA, 1));
}

/* If the address is invalid, the offset counts, without an error. */
TEST_F(decoder, an_address_without_the_arena)
{
	int other_fd;
	void *other;
	size_t i, k;

	other_fd = pmem_master("pmem", ARENA, &other);
	ASSERT_LE(0, other_fd);
	FOR_EACH_COMMAND(i, k) {
		EXPECT_MAINTAINS(self->fd, commands[k], (char *)other, buffers[i].offset,
				 buffers[i].length, buffers[i].offset);
		EXPECT_MAINTAINS(self->fd, commands[k], (char *)&other, buffers[i].offset,
				 buffers[i].length, buffers[i].offset);
	}
	EXPECT_ERRNO(EINVAL, pmem_cache(self->fd, PMEM_CLEAN_CACHES, NULL, 0, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_cache(self->fd, PMEM_CLEAN_CACHES, self->arena, 1,
					pmem_size(self->fd).len));
	ASSERT_EQ(0, munmap(other, ARENA));
	ASSERT_EQ(0, close(other_fd));
}

/* A file opened with O_SYNC has the same memory, which others may have mapped cached. */
TEST_F(decoder, commands_on_an_uncached_file)
{
	int sub = pmem_open_flags(variant->name, O_RDWR | OLD_O_SYNC);
	size_t i, k;

	ASSERT_LE(0, sub);
	/* As on any file of a cached device. */
	EXPECT_ERRNO(EINVAL, pmem_cache(sub, PMEM_CLEAN_CACHES, self->arena, 0, PAGE));
	ASSERT_EQ(0, pmem_connect(sub, self->fd));
	FOR_EACH_COMMAND(i, k)
		EXPECT_MAINTAINS(sub, commands[k], self->arena + buffers[i].offset,
				 buffers[i].offset, buffers[i].length, buffers[i].offset);
	ASSERT_EQ(0, close(sub));
}

TEST_HARNESS_MAIN
