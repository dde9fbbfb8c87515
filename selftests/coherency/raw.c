// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of legacy nodes that only gives a device the physical address, as in the original
 * systems: the client alone maintains caches. For a guest with a modelled cache and a device that
 * does not snoop: elsewhere, this passes even if maintenance is missing.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "../importers/edu_client.h"
#include "../pmem/test.h"

#define LEN	KiB(256)
#define PIECE	EDU_IMPORTER_MAX
#define ROUNDS	100

FIXTURE(raw) {
	int edu;
	int fd;
	unsigned long phys;
	unsigned char *memory;
};

FIXTURE_VARIANT(raw) {
	const char *name;
};

FIXTURE_VARIANT_ADD(raw, carveout) {
	.name = "pmem",
};

FIXTURE_VARIANT_ADD(raw, cma) {
	.name = "pmem_cma",
};

FIXTURE_VARIANT_ADD(raw, uncached) {
	.name = "pmem_smipool",
};

FIXTURE_VARIANT_ADD(raw, nomap) {
	.name = "pmem_audio",
};

/* Data in the cache belongs to a previous owner. */
FIXTURE_SETUP(raw)
{
	void *memory;

	self->fd = pmem_master(variant->name, LEN, &memory);
	ASSERT_LE(0, self->fd);
	memset(memory, 0xa5, LEN);
	munmap(memory, LEN);
	close(self->fd);
	self->edu = edu_open();
	ASSERT_LE(0, self->edu);
	self->fd = pmem_open(variant->name);
	ASSERT_EQ(0, pmem_allocate(self->fd, LEN));
	self->phys = pmem_phys(self->fd).offset;
	ASSERT_NE(0, self->phys);
	self->memory = NULL;
}

FIXTURE_TEARDOWN(raw)
{
	close(self->edu);
}

static void map(struct _test_data_raw *self)
{
	self->memory = pmem_mmap(self->fd, LEN);
	if (self->memory == MAP_FAILED)
		die("mmap");
}

static int maintain(struct _test_data_raw *self, unsigned int cmd)
{
	return pmem_cache(self->fd, cmd, self->memory, 0, LEN);
}

/* Nothing was maintained yet. */
TEST_F(raw, is_born_in_memory)
{
	ASSERT_EQ(0, edu_reads_raw(self->edu, self->phys + LEN - PIECE, PIECE));
	ASSERT_EQ(0, edu_reads_raw(self->edu, self->phys, PIECE));
	ASSERT_EQ(0, edu_writes_raw(self->edu, self->phys + LEN / 2, PIECE));
	map(self);
	ASSERT_EQ(0, maintain(self, PMEM_INV_CACHES));
	EXPECT_TRUE(all_bytes(self->memory, LEN, 0));
}

TEST_F(raw, changes_hands)
{
	map(self);
	memset(self->memory, 0x3c, LEN);
	ASSERT_EQ(0, maintain(self, PMEM_CLEAN_CACHES));
	ASSERT_EQ(0, edu_reads_raw(self->edu, self->phys, PIECE));
	memset(self->memory, 0x11, LEN);
	ASSERT_EQ(0, maintain(self, PMEM_CLEAN_INV_CACHES));
	ASSERT_EQ(0, edu_writes_raw(self->edu, self->phys + LEN - PIECE, PIECE));
	ASSERT_EQ(0, maintain(self, PMEM_INV_CACHES));
	EXPECT_TRUE(all_bytes(self->memory + LEN - PIECE, PIECE, 0x3c));
	EXPECT_TRUE(all_bytes(self->memory, LEN - PIECE, 0x11));
}

/**
 * struct neighbour - a thread that writes
 * @memory: the address; writes one word in each line
 * @stop: stop writing
 */
struct neighbour {
	unsigned char *memory;
	atomic_bool stop;
};

static void *write_on(void *arg)
{
	struct neighbour *neighbour = arg;
	unsigned int round = 0;
	size_t at;

	for (round = 0; !neighbour->stop; round++)
		for (at = 0; at < LEN; at += 64)
			*(volatile unsigned int *)(neighbour->memory + at) = round;
	return NULL;
}

/* Maintenance by others does not lose data of a writer. */
TEST_F(raw, neighbours_lose_nothing)
{
	struct neighbour neighbour = {};
	pthread_t thread;
	int i;

	map(self);
	neighbour.memory = self->memory;
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_on, &neighbour));
	for (i = 0; i < ROUNDS; i++)
		EXPECT_EQ(0, maintain(self, i % 2 ? PMEM_CLEAN_INV_CACHES : PMEM_INV_CACHES));
	neighbour.stop = true;
	pthread_join(thread, NULL);
	ASSERT_EQ(0, maintain(self, PMEM_CLEAN_CACHES));
	EXPECT_EQ(0, edu_reads_raw(self->edu, self->phys, PIECE));
}

TEST_HARNESS_MAIN
