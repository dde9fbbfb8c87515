// SPDX-License-Identifier: GPL-2.0-only
/*
 * A node that is smaller than its region: it can allocate exactly its size, and nothing that other
 * users of the region rely on.
 */
#include "test.h"

#define PIECE	KiB(256)

UNLOADED_FIXTURE(budget);

/* "pmem" and the heap "mdp" can use all of the region. */
#define REGION	MiB(48)

static int allocated(const char *name, unsigned long len)
{
	int fd = pmem_open(name);

	if (fd < 0)
		die(name);
	if (!pmem_allocate(fd, len))
		return fd;
	close_keeping_errno(fd);
	return -1;
}

static unsigned long attribute(const char *name, const char *file)
{
	return number_of(node_attribute(name, file));
}

static unsigned long heap_left(const char *heap)
{
	return number_of(heap_attribute(heap, "free"));
}

/* Can the node of the tree, and then the heap on the same memory, allocate @len? */
static bool others_can_have(unsigned long len)
{
	int fd = allocated("pmem", len), dmabuf;

	close(fd);
	dmabuf = heap_alloc("mdp", len, O_RDWR);
	close(dmabuf);
	return fd >= 0 && dmabuf >= 0;
}

/* Allocate pieces until a node is full; check its figures after each. */
static void spend(struct __test_metadata *_metadata, const char *name, unsigned long size,
		  int *fds)
{
	const unsigned long count = size / PIECE;
	int probe = pmem_open(name);
	unsigned long i;

	ASSERT_LE(0, probe);
	EXPECT_EQ(size, pmem_total(probe));
	EXPECT_FREE(size, size, probe);
	for (i = 0; i < count; i++) {
		fds[i] = allocated(name, PIECE);
		ASSERT_LE(0, fds[i]) {
			TH_LOG("%s: piece %lu of %lu: %s", name, i + 1, count, strerror(errno));
		}
		EXPECT_EQ(size - (i + 1) * PIECE, pmem_free_space(probe).total);
		EXPECT_GE(size - (i + 1) * PIECE, pmem_free_space(probe).largest);
	}
	EXPECT_FREE(0, 0, probe);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(probe, 1)) {
		TH_LOG("%s has more than %lu bytes", name, size);
	}
	EXPECT_ERRNO(ENOMEM, pmem_allocate_aligned(probe, PAGE, PAGE));
	EXPECT_MAP_FAILED(ENOMEM, pmem_mmap(probe, PAGE));
	EXPECT_REGION(0, 0, pmem_phys(probe));
	close(probe);
}

static void give_back(int *fds, unsigned long count)
{
	while (count)
		close(fds[--count]);
}

TEST_F(budget, bitmap)
{
	int fds[8], fd;

	ASSERT_EQ(0, pmem_load("node=bits:mdp:size=2M"));
	EXPECT_EQ(MiB(2) / PAGE, attribute("bits", "total_entries"));
	EXPECT_EQ(MiB(2) / PAGE, attribute("bits", "free_quanta"));
	EXPECT_ERRNO(ENOMEM, allocated("bits", MiB(2) + 1));
	spend(_metadata, "bits", MiB(2), fds);
	EXPECT_EQ(0, attribute("bits", "free_quanta"));
	/* Others can use the rest. */
	EXPECT_EQ(REGION - MiB(2), heap_left("mdp"));
	EXPECT_TRUE(others_can_have(MiB(40)));
	/* Freed memory can be allocated again. */
	close(fds[3]);
	fd = pmem_open("bits");
	EXPECT_FREE(PIECE, PIECE, fd);
	EXPECT_EQ(0, pmem_allocate(fd, PIECE));
	fds[3] = allocated("bits", 1);
	EXPECT_EQ(-1, fds[3]);
	close(fd);
	fds[3] = allocated("bits", PIECE);
	give_back(fds, 8);
	EXPECT_EQ(REGION, heap_left("mdp"));
}

TEST_F(budget, bitmap_in_one_piece)
{
	int fd, probe;
	char *memory;

	ASSERT_EQ(0, pmem_load("node=bits:mdp:cached:size=2M"));
	fd = pmem_open("bits");
	probe = pmem_open("bits");
	memory = pmem_mmap(fd, pmem_total(fd));
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(MiB(2), pmem_size(fd).len);
	EXPECT_FREE(0, 0, probe);
	EXPECT_MAP_FAILED(ENOMEM, pmem_mmap(probe, PAGE));
	EXPECT_EQ(REGION - MiB(2), heap_left("mdp"));
	munmap(memory, MiB(2));
	close(fd);
	EXPECT_FREE(MiB(2), MiB(2), probe);
	close(probe);
}

TEST_F(budget, buddy)
{
	int fds[16], fd;

	ASSERT_EQ(0, pmem_load("node=pair:mdp:buddy:size=4M"));
	EXPECT_EQ(MiB(4) / PAGE, attribute("pair", "total_entries"));
	EXPECT_ERRNO(ENOMEM, allocated("pair", MiB(8)));
	EXPECT_ERRNO(ENOMEM, allocated("pair", MiB(4) + 1));
	spend(_metadata, "pair", MiB(4), fds);
	EXPECT_TRUE(others_can_have(MiB(40)));
	/* Two that form one block, and one that does not. */
	close(fds[4]);
	close(fds[5]);
	close(fds[7]);
	fd = pmem_open("pair");
	EXPECT_FREE(3 * PIECE, 2 * PIECE, fd);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(fd, 3 * PIECE));
	EXPECT_EQ(0, pmem_allocate(fd, 2 * PIECE));
	close(fd);
	give_back(fds, 4);
	close(fds[6]);
	give_back(fds + 8, 8);
	fd = allocated("pair", MiB(4));
	EXPECT_LE(0, fd);
	close(fd);
}

/* If the size is no power of two, the node is a row of blocks, never one piece. */
TEST_F(budget, buddy_of_3_mib)
{
	static const struct {
		unsigned long len, index, reported;
	} vectors[] = {
		{ 1, 512, 4096 }, { 4096, 513, 4096 }, { 4097, 514, 8192 }, { 12288, 516, 16384 },
		{ 65536, 528, 65536 }, { 100000, 544, 131072 },
	};
	int fds[ARRAY_SIZE(vectors)], fd;
	unsigned long base;
	size_t i;

	ASSERT_EQ(0, pmem_load("node=three:mdp:buddy:size=3M"));
	base = pmem_base("three");
	fd = pmem_open("three");
	EXPECT_EQ(MiB(3), pmem_total(fd));
	EXPECT_FREE(MiB(3), MiB(2), fd);
	EXPECT_MAP_FAILED(ENOMEM, pmem_mmap(fd, MiB(3)));
	EXPECT_ERRNO(ENOMEM, pmem_allocate(fd, MiB(2) + 1));
	/* With larger pages, the indices differ. */
	for (i = 0; PAGE == 4096 && i < ARRAY_SIZE(vectors); i++) {
		fds[i] = allocated("three", vectors[i].len);
		ASSERT_LE(0, fds[i]);
		EXPECT_REGION(base + vectors[i].index * 4096, vectors[i].reported,
			      pmem_phys(fds[i]));
	}
	EXPECT_EQ(MiB(2), pmem_free_space(fd).largest);
	give_back(fds, i);
	EXPECT_FREE(MiB(3), MiB(2), fd);
	close(fd);
	fds[0] = allocated("three", MiB(2));
	fds[1] = allocated("three", MiB(1));
	EXPECT_REGION(base, MiB(2), pmem_phys(fds[0]));
	EXPECT_REGION(base + MiB(2), MiB(1), pmem_phys(fds[1]));
	EXPECT_ERRNO(ENOMEM, allocated("three", 1));
	give_back(fds, 2);
}

TEST_F(budget, all_or_nothing)
{
	int fd, probe;

	ASSERT_EQ(0, pmem_load("node=whole:mdp:all-or-nothing:size=3M"));
	probe = pmem_open("whole");
	EXPECT_EQ(MiB(3), pmem_total(probe));
	EXPECT_FREE(MiB(3), MiB(3), probe);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(probe, MiB(3) + 1));
	fd = allocated("whole", MiB(3));
	ASSERT_LE(0, fd);
	EXPECT_EQ(MiB(3), pmem_size(fd).len);
	EXPECT_FREE(0, 0, probe);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(probe, 1));
	EXPECT_TRUE(others_can_have(MiB(40)));
	close(fd);
	EXPECT_FREE(MiB(3), MiB(3), probe);
	close(probe);
}

/* Nodes on the same memory have separate budgets. */
TEST_F(budget, neighbours)
{
	int first[8], second[12], fd;

	ASSERT_EQ(0, pmem_load("node=first:mdp:size=2M,second:mdp:size=3M:cached"));
	spend(_metadata, "first", MiB(2), first);
	spend(_metadata, "second", MiB(3), second);
	EXPECT_EQ(REGION - MiB(5), heap_left("mdp"));
	give_back(first, 8);
	fd = pmem_open("second");
	EXPECT_FREE(0, 0, fd);
	close(fd);
	spend(_metadata, "first", MiB(2), first);
	give_back(first, 8);
	give_back(second, 12);
}

/* It reports that others have allocated its memory. */
TEST_F(budget, less_in_the_region_than_in_the_budget)
{
	int big, fd, probe;

	ASSERT_EQ(0, pmem_load("node=bits:mdp:size=2M"));
	big = allocated("pmem", REGION - MiB(1));
	ASSERT_LE(0, big);
	probe = pmem_open("bits");
	EXPECT_EQ(MiB(2), pmem_total(probe));
	EXPECT_FREE(MiB(1), MiB(1), probe);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(probe, MiB(1) + 1));
	fd = allocated("bits", MiB(1));
	EXPECT_LE(0, fd);
	EXPECT_FREE(0, 0, probe);
	close(big);
	EXPECT_EQ(MiB(1), pmem_free_space(probe).total);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(probe, MiB(1) + 1));
	EXPECT_EQ(0, pmem_allocate(probe, MiB(1)));
	close(fd);
	close(probe);
}

/* Memory that outlives its file still counts. */
TEST_F(budget, what_others_hold_of_it)
{
	int fd, dmabuf, probe;
	char *memory;

	ASSERT_EQ(0, pmem_load("node=bits:mdp:size=2M"));
	probe = pmem_open("bits");
	fd = pmem_open("bits");
	memory = pmem_mmap(fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	close(fd);
	EXPECT_FREE(MiB(1), MiB(1), probe);
	fd = allocated("bits", MiB(1));
	ASSERT_LE(0, fd);
	dmabuf = pmem_export(fd, O_RDWR);
	ASSERT_LE(0, dmabuf);
	close(fd);
	EXPECT_FREE(0, 0, probe);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(probe, 1));
	close(dmabuf);
	munmap(memory, MiB(1));
	EXPECT_FREE(MiB(2), MiB(2), probe);
	EXPECT_EQ(0, pmem_allocate(probe, MiB(2)));
	close(probe);
}

TEST_HARNESS_MAIN
