// SPDX-License-Identifier: GPL-2.0-only
/* The errors of every command, and the order of its checks. */
#include <sys/resource.h>

#include "test.h"

#define BAD	((void *)16)

NODE_FIXTURE(errors);

static bool has_quanta(const struct node *node)
{
	return node->kind == BITMAP || node->kind == BUDDY;
}

TEST_F(errors, bad_pointers)
{
	static const unsigned int cmd[] = {
		PMEM_GET_PHYS, PMEM_MAP, PMEM_GET_SIZE, PMEM_UNMAP, PMEM_GET_TOTAL_SIZE,
		PMEM_CACHE_FLUSH, PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES, PMEM_INV_CACHES,
		PMEM_GET_FREE_SPACE, PMEM_ALLOCATE_ALIGNED, PMEM_CACHE_INV,
		PMEM_MAP_REGION, PMEM_UNMAP_REGION,
		PMEM_EXPORT_DMABUF, PMEM_IMPORT_DMABUF,
	};
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	int round;
	size_t i;

	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, munmap(pages + PAGE, PAGE));
	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(cmd); i++) {
			/* Without an allocation, exporting fails anyway. */
			if (!round && cmd[i] == PMEM_EXPORT_DMABUF)
				continue;
			/* Only half of the structure is readable. */
			EXPECT_ERRNO(EFAULT, ioctl(self->fd, cmd[i], pages + PAGE - 4)) {
				TH_LOG("command %#x", cmd[i]);
			}
			EXPECT_ERRNO(EFAULT, ioctl(self->fd, cmd[i], NULL));
			EXPECT_ERRNO(EFAULT, ioctl(self->fd, cmd[i], BAD));
			EXPECT_ERRNO(EFAULT, ioctl(self->fd, cmd[i], -16L));
		}
		if (!round)
			ASSERT_EQ(0, pmem_allocate(self->fd, PAGE));
	}
}

TEST_F(errors, allocate_twice)
{
	ASSERT_EQ(0, pmem_allocate(self->fd, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_allocate(self->fd, PAGE));
	/* This check precedes that for space. */
	EXPECT_ERRNO(EINVAL, pmem_allocate(self->fd, MiB(512)));
	EXPECT_ERRNO(EINVAL, pmem_allocate_aligned(self->fd, PAGE, PAGE));
	/* But it follows reading the argument. */
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, PMEM_ALLOCATE_ALIGNED, BAD));
}

TEST_F(errors, allocate_after_mmap)
{
	ASSERT_NE(MAP_FAILED, pmem_mmap(self->fd, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_allocate(self->fd, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_allocate_aligned(self->fd, PAGE, PAGE));
}

TEST_F(errors, allocate_too_much)
{
	const unsigned long most = ~0UL;
	const unsigned long len[] = {
		self->node->size + 1, 2 * self->node->size, most, most - 1, most - PAGE,
		most - PAGE + 1, most - PAGE + 2, most / 2 + 1, most - self->node->size + 1,
		sizeof(long) == 8 ? (1ULL << 32) + PAGE : most - 2 * PAGE + 1,
		sizeof(long) == 8 ? (1ULL << 44) + PAGE : most - 3 * PAGE + 1,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		EXPECT_ERRNO(ENOMEM, pmem_allocate(self->fd, len[i])) {
			TH_LOG("length %#lx", len[i]);
		}
		EXPECT_ERRNO(ENOMEM, pmem_allocate_aligned(self->fd, len[i], PAGE)) {
			TH_LOG("length %#lx", len[i]);
		}
		EXPECT_REGION(0, 0, pmem_size(self->fd));
	}
	/* The failures have no side effects. */
	EXPECT_EQ(0, pmem_allocate(self->fd, PAGE));
}

TEST_F(errors, allocate_nothing)
{
	if (has_quanta(self->node)) {
		EXPECT_ERRNO(ENOMEM, pmem_allocate(self->fd, 0));
		EXPECT_REGION(0, 0, pmem_size(self->fd));
		EXPECT_EQ(0, pmem_allocate(self->fd, PAGE));
	} else if (self->node->kind == ALL_OR_NOTHING) {
		ASSERT_EQ(0, pmem_allocate(self->fd, 0));
		EXPECT_EQ(0, pmem_size(self->fd).len);
		EXPECT_ERRNO(EINVAL, pmem_allocate(self->fd, PAGE));
	} else if (pmem_allocate(self->fd, 0)) {
		/* The error of the system allocator was never documented. */
		EXPECT_EQ(ENOMEM, errno);
		EXPECT_REGION(0, 0, pmem_size(self->fd));
	} else {
		EXPECT_EQ(PAGE, pmem_size(self->fd).len);
	}
}

TEST_F(errors, no_room_left)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	unsigned long piece = self->node->size / 4;
	int fd = self->fd, count = 0;

	setrlimit(RLIMIT_NOFILE, &unlimited);
	while (!pmem_allocate(fd, piece)) {
		count++;
		ASSERT_GT(5, count);
		fd = pmem_open(self->name);
		ASSERT_LE(0, fd);
	}
	EXPECT_EQ(ENOMEM, errno);
	if (self->node->kind == ALL_OR_NOTHING) {
		EXPECT_EQ(1, count);
	} else if (self->node->kind == SYSTEM) {
		/* It is not documented whether the additional page of each allocation counts. */
		EXPECT_LE(3, count);
		EXPECT_GE(4, count);
	} else {
		EXPECT_EQ(4, count);
	}
	EXPECT_REGION(0, 0, pmem_size(fd));
	EXPECT_ERRNO(ENOMEM, pmem_allocate_aligned(fd, piece, PAGE));
	EXPECT_MAP_FAILED(ENOMEM, pmem_mmap(fd, piece));
	EXPECT_REGION(0, 0, pmem_size(fd));
	/* Now there is space for the file that got none. */
	ASSERT_EQ(0, close(self->fd));
	EXPECT_NE(MAP_FAILED, pmem_mmap(fd, piece));
}

TEST_F(errors, alignments)
{
	const unsigned int refused[] = {
		0, 1, 2, 3, 2048, 4095, 4097, 6144, 12288, MiB(1) + PAGE, MiB(2), 1U << 31,
		~0U, MiB(1) + 1,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_ERRNO(EINVAL, pmem_allocate_aligned(self->fd, PAGE, refused[i])) {
			TH_LOG("align %u", refused[i]);
		}
		/* The same if there is no space. */
		EXPECT_ERRNO(EINVAL, pmem_allocate_aligned(self->fd, MiB(512), refused[i]));
		EXPECT_REGION(0, 0, pmem_size(self->fd));
	}
	/* From 4 KiB on, for any page size. Only bitmap devices align to more than a page. */
	for (i = KiB(4); i <= MiB(1); i *= 2) {
		if (self->node->kind == BITMAP || i <= PAGE) {
			int fd = pmem_open(self->name);

			ASSERT_EQ(0, pmem_allocate_aligned(fd, PAGE, i));
			close(fd);
		} else {
			EXPECT_ERRNO(EINVAL, pmem_allocate_aligned(self->fd, PAGE, i));
		}
	}
	EXPECT_EQ(0, pmem_allocate_aligned(self->fd, PAGE, PAGE));
}

TEST_F(errors, map_order)
{
	static const unsigned int cmd[] = { PMEM_MAP, PMEM_UNMAP };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmd); i++) {
		struct pmem_region region;

		/* Alignment is checked first, even if len is 0. */
		region = (struct pmem_region){ 1, 0 };
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, cmd[i], &region));
		region = (struct pmem_region){ 0, 1 };
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, cmd[i], &region));
		region = (struct pmem_region){ PAGE / 2, PAGE };
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, cmd[i], &region));
		/* With length 0, anybody succeeds, at any offset. */
		region = (struct pmem_region){ 0, 0 };
		EXPECT_EQ(0, ioctl(self->fd, cmd[i], &region));
		region = (struct pmem_region){ ~0UL - PAGE + 1, 0 };
		EXPECT_EQ(0, ioctl(self->fd, cmd[i], &region));
		/* A file without an allocation has no owner. */
		region = (struct pmem_region){ 0, PAGE };
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, cmd[i], &region));
	}
	/* Allocated, but neither mapped nor connected. */
	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	EXPECT_ERRNO(EINVAL, pmem_map(self->fd, 0, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(self->fd, 0, PAGE));
}

TEST_F(errors, map_on_a_master)
{
	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	ASSERT_NE(MAP_FAILED, pmem_mmap(self->fd, MiB(1)));
	EXPECT_ERRNO(EINVAL, pmem_unmap(self->fd, 0, PAGE));
	EXPECT_EQ(0, pmem_map(self->fd, 0, PAGE));
	EXPECT_EQ(0, pmem_unmap(self->fd, 0, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(self->fd, 0, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_map(self->fd, 0, MiB(2)));
}

TEST_F(errors, map_bounds)
{
	const unsigned long top = ~0UL - PAGE + 1;
	unsigned long len;
	int sub;

	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	len = pmem_size(self->fd).len;
	sub = pmem_sub(self->name, self->fd);
	ASSERT_LE(0, sub);
	EXPECT_ERRNO(EINVAL, pmem_map(sub, len, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_map(sub, len + PAGE, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_map(sub, 0, len + PAGE));
	EXPECT_ERRNO(EINVAL, pmem_map(sub, PAGE, len));
	EXPECT_ERRNO(EINVAL, pmem_map(sub, top, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_map(sub, top, 2 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_map(sub, 2 * PAGE, top));
	EXPECT_ERRNO(EINVAL, pmem_map(sub, top, top));
	EXPECT_ERRNO(EINVAL, pmem_map(sub, PAGE, top));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, top, 2 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 0, len + PAGE));
	EXPECT_EQ(0, pmem_map(sub, 0, len));
	EXPECT_EQ(0, pmem_map(sub, len - PAGE, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 0, len - PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, PAGE, len - PAGE));
	EXPECT_EQ(0, pmem_unmap(sub, 0, len));
	EXPECT_EQ(0, pmem_unmap(sub, len - PAGE, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 0, len));
}

TEST_F(errors, unmap_wants_an_exact_match)
{
	int sub;

	ASSERT_NE(MAP_FAILED, pmem_mmap(self->fd, MiB(1)));
	sub = pmem_sub(self->name, self->fd);
	ASSERT_LE(0, sub);
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 0, PAGE));
	ASSERT_EQ(0, pmem_map(sub, 2 * PAGE, 4 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 2 * PAGE, 3 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 3 * PAGE, 3 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 2 * PAGE, 5 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 0, 8 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 2 * PAGE, 4 * PAGE - 100));
	EXPECT_EQ(0, pmem_unmap(sub, 0, 0));
	EXPECT_EQ(0, pmem_unmap(sub, 2 * PAGE, 0));
	EXPECT_EQ(0, pmem_unmap(sub, 2 * PAGE, 4 * PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 2 * PAGE, 4 * PAGE));
	/* One call removes a region that was recorded twice. */
	ASSERT_EQ(0, pmem_map(sub, 0, PAGE));
	ASSERT_EQ(0, pmem_map(sub, 0, PAGE));
	EXPECT_EQ(0, pmem_unmap(sub, 0, PAGE));
	EXPECT_ERRNO(EINVAL, pmem_unmap(sub, 0, PAGE));
}

static const unsigned int maintenance[] = {
	PMEM_CLEAN_INV_CACHES, PMEM_CLEAN_CACHES, PMEM_INV_CACHES,
};

/* In this order: bad structure; no address; uncached; no allocation; beyond the allocation. */
TEST_F(errors, cache_maintenance_order)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(maintenance); i++) {
		EXPECT_ERRNO(EFAULT, ioctl(self->fd, maintenance[i], BAD));
		EXPECT_ERRNO(EINVAL, pmem_cache(self->fd, maintenance[i], NULL, 0, PAGE));
		EXPECT_EQ(self->node->cached ? EINVAL : 0,
			  failure(pmem_cache(self->fd, maintenance[i], self, 0, PAGE)));
	}
}

TEST_F(errors, cache_maintenance_bounds)
{
	const int outside = self->node->cached ? -1 : 0;
	char *memory = pmem_mmap(self->fd, MiB(1));
	unsigned long len = pmem_size(self->fd).len;
	size_t i;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 5);
	for (i = 0; i < ARRAY_SIZE(maintenance); i++) {
		const unsigned int cmd = maintenance[i];

		EXPECT_EQ(0, pmem_cache(self->fd, cmd, memory, 0, MiB(1)));
		EXPECT_EQ(0, pmem_cache(self->fd, cmd, memory, 0, 1));
		EXPECT_EQ(0, pmem_cache(self->fd, cmd, memory + 1000, 1000, 3333));
		EXPECT_EQ(0, pmem_cache(self->fd, cmd, memory + MiB(1) - 1, MiB(1) - 1, 1));
		EXPECT_ERRNO(EINVAL, pmem_cache(self->fd, cmd, NULL, 0, PAGE));

		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, 0, len + 1));
		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, len, 1));
		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, len + 1, PAGE));
		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, 1, len));
		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, ~0UL, 1));
		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, ~0UL, 2));
		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, 2, ~0UL));
		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, ~0UL - PAGE + 1, 2 * PAGE));
		EXPECT_EQ(outside, pmem_cache(self->fd, cmd, memory, 0, ~0UL));
	}
	EXPECT_TRUE(filled(memory, MiB(1), 5));
}

/* The only invalid address is 0. */
TEST_F(errors, cache_maintenance_elsewhere)
{
	char *memory = pmem_mmap(self->fd, MiB(1));
	char *own = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	size_t i;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_NE(MAP_FAILED, own);
	fill(own, MiB(1), 6);
	for (i = 0; i < ARRAY_SIZE(maintenance); i++) {
		const unsigned int cmd = maintenance[i];

		EXPECT_EQ(0, pmem_cache(self->fd, cmd, own, 0, PAGE));
		EXPECT_EQ(0, pmem_cache(self->fd, cmd, "text", 0, 4));
		EXPECT_EQ(0, pmem_cache(self->fd, cmd, BAD, 0, PAGE));
		EXPECT_EQ(0, pmem_cache(self->fd, cmd, (void *)-PAGE, 0, PAGE));
		EXPECT_EQ(0, pmem_cache(self->fd, cmd, (void *)~0UL, 0, MiB(1)));
		EXPECT_EQ(0, pmem_cache(self->fd, cmd, (void *)(~0UL / 2 + 1), 0, PAGE));
		EXPECT_ERRNO(EINVAL, pmem_cache(self->fd, cmd, NULL, 0, PAGE));
	}
	EXPECT_TRUE(filled(own, MiB(1), 6));
	/* The mapping is gone. */
	ASSERT_EQ(0, munmap(memory, MiB(1)));
	for (i = 0; i < ARRAY_SIZE(maintenance); i++)
		EXPECT_EQ(0, pmem_cache(self->fd, maintenance[i], memory, 0, PAGE));
}

TEST_F(errors, cache_flush_succeeds)
{
	const struct pmem_region region[] = {
		{ 0, 0 }, { 0, PAGE }, { 1, 1 }, { 0, ~0UL }, { ~0UL, 1 }, { ~0UL, ~0UL },
	};
	char *memory;
	size_t i;
	int sub;

	for (i = 0; i < ARRAY_SIZE(region); i++)
		EXPECT_EQ(0, pmem_flush(self->fd, region[i].offset, region[i].len));
	memory = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	sub = pmem_sub(self->name, self->fd);
	ASSERT_LE(0, sub);
	for (i = 0; i < ARRAY_SIZE(region); i++) {
		EXPECT_EQ(0, pmem_flush(self->fd, region[i].offset, region[i].len));
		EXPECT_EQ(0, pmem_flush(sub, region[i].offset, region[i].len));
	}
	ASSERT_EQ(0, pmem_map(sub, 0, MiB(1)));
	for (i = 0; i < ARRAY_SIZE(region); i++)
		EXPECT_EQ(0, pmem_flush(sub, region[i].offset, region[i].len));
}

static int cache_inv(int fd, const void *start, unsigned long len)
{
	struct pmem_region region = { (unsigned long)start, len };

	return ioctl(fd, PMEM_CACHE_INV, &region);
}

TEST_F(errors, cache_inv)
{
	char *memory = pmem_mmap(self->fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, cache_inv(self->fd, memory, MiB(1)));
	EXPECT_EQ(0, cache_inv(self->fd, memory + 10, PAGE));
	EXPECT_ERRNO(EINVAL, cache_inv(self->fd, NULL, PAGE));
	EXPECT_ERRNO(EINVAL, cache_inv(self->fd, self, 4));
	EXPECT_ERRNO(EINVAL, cache_inv(self->fd, memory, MiB(1) + PAGE));
	EXPECT_ERRNO(EINVAL, cache_inv(self->fd, memory + PAGE, ~0UL - PAGE));
	EXPECT_ERRNO(EINVAL, cache_inv(self->fd, BAD, PAGE));
	EXPECT_ERRNO(EINVAL, cache_inv(self->fd, (void *)-PAGE, PAGE));
}

TEST_F(errors, mmap_arguments)
{
	EXPECT_MAP_FAILED(EINVAL, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
				       PAGE));
	EXPECT_MAP_FAILED(EINVAL, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd,
				       0));
	EXPECT_MAP_FAILED(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, self->fd, 0));
	EXPECT_REGION(0, 0, pmem_size(self->fd));
	EXPECT_MAP_FAILED(ENOMEM, pmem_mmap(self->fd, self->node->size + PAGE));
	EXPECT_REGION(0, 0, pmem_size(self->fd));
	ASSERT_NE(MAP_FAILED, pmem_mmap(self->fd, 2 * PAGE));
	EXPECT_MAP_FAILED(EINVAL, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
				       PAGE));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->fd, pmem_size(self->fd).len + PAGE));
	EXPECT_MAP_FAILED(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, self->fd, 0));
}

TEST_HARNESS_MAIN
