// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lengths, offsets and free space, for each kind of allocator. If the interface leaves the offset
 * to the allocator, the test only requires that it was free.
 */
#include "test.h"

#define MANY	64

struct block {
	int fd;
	unsigned long offset;
	unsigned long len;
};

static int by_offset(const void *a, const void *b)
{
	const struct block *first = a, *second = b;

	return first->offset < second->offset ? -1 : first->offset > second->offset;
}

/* Free memory next to these blocks: the sum, and the longest gap. */
static struct pmem_freespace free_beside(const struct block *blocks, size_t count, size_t size)
{
	struct block sorted[MANY];
	struct pmem_freespace space = {};
	unsigned long end = 0;
	size_t i;

	memcpy(sorted, blocks, count * sizeof(*blocks));
	qsort(sorted, count, sizeof(*sorted), by_offset);
	for (i = 0; i <= count; i++) {
		unsigned long next = i < count ? sorted[i].offset : size;

		if (next < end)
			return (struct pmem_freespace){ ~0UL, ~0UL };
		space.total += next - end;
		if (next - end > space.largest)
			space.largest = next - end;
		if (i < count)
			end = next + sorted[i].len;
	}
	return space;
}

FIXTURE(bitmap) {
	const struct node *node;
	const char *name;
	unsigned long base;
	int probe;
	struct block blocks[MANY];
	size_t count;
};

FIXTURE_VARIANT(bitmap) {
	const char *name;
};

FIXTURE_VARIANT_ADD(bitmap, carveout) {
	.name = "pmem",
};

FIXTURE_VARIANT_ADD(bitmap, nomap) {
	.name = "pmem_audio",
};

FIXTURE_VARIANT_ADD(bitmap, cma) {
	.name = "pmem_cma",
};

FIXTURE_SETUP(bitmap)
{
	IDLE_SETUP();
	self->name = variant->name;
	self->node = node_of(variant->name);
	self->probe = pmem_open(variant->name);
	ASSERT_LE(0, self->probe);
	/* The base of a CMA area is only known while something is allocated. */
	self->base = self->node->base;
}

FIXTURE_TEARDOWN(bitmap)
{
	peers_end();
}

/* Get the position of a file's allocation. */
static struct block block_of(int fd, unsigned long base)
{
	struct pmem_region region = pmem_phys(fd);

	return (struct block){ fd, region.offset - base, region.len };
}

static void bitmap_alloc(struct __test_metadata *_metadata, struct _test_data_bitmap *self,
			 unsigned long len)
{
	int fd = pmem_open(self->name);

	ASSERT_EQ(0, pmem_allocate(fd, len));
	if (!self->node->base)
		self->base = pmem_base(self->name);
	ASSERT_GT(MANY, self->count);
	self->blocks[self->count] = block_of(fd, self->base);
	EXPECT_EQ((len + PAGE - 1) / PAGE * PAGE, self->blocks[self->count].len);
	EXPECT_EQ(0, self->blocks[self->count].offset % PAGE);
	EXPECT_LE(self->blocks[self->count].offset + self->blocks[self->count].len,
		  self->node->size);
	self->count++;
}

static void bitmap_free(struct _test_data_bitmap *self, size_t i)
{
	close(self->blocks[i].fd);
	self->blocks[i] = self->blocks[--self->count];
}

static void bitmap_check(struct __test_metadata *_metadata, struct _test_data_bitmap *self)
{
	struct pmem_freespace space = free_beside(self->blocks, self->count, self->node->size);

	EXPECT_NE(~0UL, space.total) {
		TH_LOG("allocations overlap");
	}
	EXPECT_FREE(space.total, space.largest, self->probe);
}

TEST_F(bitmap, lengths_are_rounded_to_pages)
{
	const unsigned long len[] = {
		1, PAGE - 1, PAGE, PAGE + 1, 5000, 3 * PAGE, 3 * PAGE + 1, MiB(1) - 1, MiB(1) + 1,
		MiB(3),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		bitmap_alloc(_metadata, self, len[i]);
		bitmap_check(_metadata, self);
	}
	while (self->count) {
		bitmap_free(self, self->count / 2);
		bitmap_check(_metadata, self);
	}
	EXPECT_FREE(self->node->size, self->node->size, self->probe);
}

TEST_F(bitmap, mmap_allocates_what_it_maps)
{
	const size_t len[] = { 1, PAGE, PAGE + 1, 100000, MiB(2) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		int fd = pmem_open(self->name);

		ASSERT_NE(MAP_FAILED, pmem_mmap(fd, len[i]));
		EXPECT_EQ((len[i] + PAGE - 1) / PAGE * PAGE, pmem_size(fd).len);
	}
}

/*
 * The old driver reported a largest block of 0xfffff000 bytes, in a region with 1 MiB left: the
 * first allocation is freed, and another one follows it.
 */
TEST_F(bitmap, free_space_after_the_first_is_gone)
{
	bitmap_alloc(_metadata, self, self->node->size - MiB(1));
	bitmap_alloc(_metadata, self, PAGE + 904);
	bitmap_alloc(_metadata, self, PAGE);
	bitmap_alloc(_metadata, self, 3 * PAGE + 1);
	bitmap_check(_metadata, self);
	while (self->count > 1) {
		bitmap_free(self, 1);
		bitmap_check(_metadata, self);
	}
	bitmap_alloc(_metadata, self, 3 * PAGE);
	bitmap_check(_metadata, self);
	bitmap_free(self, 0);
	bitmap_check(_metadata, self);
	bitmap_free(self, 0);
	EXPECT_FREE(self->node->size, self->node->size, self->probe);
}

/* The old driver's table of allocations initially had 64 entries. */
TEST_F(bitmap, more_than_64_allocations)
{
	enum { COUNT = 200 };
	struct pmem_freespace space;
	int fds[COUNT], i;

	for (i = 0; i < COUNT; i++) {
		fds[i] = pmem_open(self->name);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, pmem_allocate(fds[i], PAGE));
		EXPECT_EQ(self->node->size - (i + 1) * PAGE, pmem_free_space(self->probe).total);
	}
	for (i = 0; i < COUNT; i += 2)
		ASSERT_EQ(0, close(fds[i]));
	space = pmem_free_space(self->probe);
	EXPECT_EQ(self->node->size - COUNT / 2 * PAGE, space.total);
	EXPECT_LE(space.largest, space.total);
	for (i = 1; i < COUNT; i += 2)
		ASSERT_EQ(0, close(fds[i]));
	EXPECT_FREE(self->node->size, self->node->size, self->probe);
}

TEST_F(bitmap, random_allocations)
{
	__u32 random = 12345;
	int round;

	for (round = 0; round < 1000; round++) {
		__u32 number = next_random(&random);

		if (self->count < 40 && number % 5 < 3)
			bitmap_alloc(_metadata, self, number / 8 % KiB(200) + 1);
		else if (self->count)
			bitmap_free(self, number / 8 % self->count);
		if (round % 16 == 0)
			bitmap_check(_metadata, self);
	}
	bitmap_check(_metadata, self);
}

TEST_F(bitmap, physical_alignment)
{
	unsigned int align;

	/* Ensure that the next free page is not aligned. */
	bitmap_alloc(_metadata, self, PAGE);
	for (align = PAGE; align <= MiB(1); align *= 2) {
		int fd = pmem_open(self->name);
		struct pmem_region region;
		char *memory;

		ASSERT_EQ(0, pmem_allocate_aligned(fd, 3 * PAGE, align));
		region = pmem_phys(fd);
		EXPECT_EQ(3 * PAGE, region.len);
		EXPECT_EQ(0, region.offset % align);
		memory = pmem_mmap(fd, 3 * PAGE);
		ASSERT_NE(MAP_FAILED, memory);
		EXPECT_TRUE(all_bytes(memory, 3 * PAGE, 0));
		EXPECT_EQ(region.offset, address_of(fd));
		fill(memory, 3 * PAGE, align);
		EXPECT_TRUE(device_sees(fd, memory, 3 * PAGE));
		self->blocks[self->count++] = block_of(fd, self->base);
		bitmap_check(_metadata, self);
	}
}

TEST_F(bitmap, no_aligned_room)
{
	unsigned long left = self->node->size;
	int fd = self->probe;

	/* One page at each multiple of 1 MiB. */
	while (left) {
		ASSERT_EQ(0, pmem_allocate_aligned(fd, PAGE, MiB(1)));
		left -= MiB(1);
		fd = pmem_open(self->name);
		ASSERT_LE(0, fd);
	}
	EXPECT_ERRNO(ENOMEM, pmem_allocate_aligned(fd, PAGE, MiB(1)));
	EXPECT_EQ(0, pmem_allocate_aligned(fd, PAGE, KiB(512)));
}

TEST_F(bitmap, whole_region)
{
	unsigned long total = pmem_total(self->probe);
	char *memory = pmem_mmap(self->probe, total);
	int other = pmem_open(self->name);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(self->node->size, total);
	EXPECT_EQ(total, pmem_size(self->probe).len);
	EXPECT_FREE(0, 0, self->probe);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(other, 1));
	memory[0] = 1;
	memory[total - 1] = 2;
	EXPECT_EQ(1, memory[0]);
	EXPECT_EQ(pmem_phys(self->probe).offset, address_of(self->probe));
	if (self->node->base)
		EXPECT_EQ(self->node->base, pmem_phys(self->probe).offset);
}

/* Allocations of a heap on the same memory count. */
TEST(heap_and_node_share_memory)
{
	int fd = pmem_open("pmem"), buffer;

	ASSERT_TRUE(all_free(true));
	buffer = heap_alloc("mdp", MiB(40), O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, buffer);
	EXPECT_EQ(MiB(8), pmem_free_space(fd).total);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(fd, MiB(9)));
	ASSERT_EQ(0, pmem_allocate(fd, MiB(8)));
	EXPECT_EQ(0, pmem_free_space(fd).total);
	EXPECT_ERRNO(ENOMEM, heap_alloc("mdp", PAGE, O_RDWR | O_CLOEXEC));
	EXPECT_ERRNO(ENOMEM, heap_alloc("mdp-uncached", PAGE, O_RDWR | O_CLOEXEC));
	ASSERT_EQ(0, close(buffer));
	EXPECT_EQ(MiB(40), pmem_free_space(fd).total);
}

/*
 * A direct implementation of the documented rule: each page's state is the order of the block that
 * starts there, with BUSY if it is allocated, or INSIDE.
 */
#define PAGES	(MiB(4) / PAGE)
#define MOST_PAGES	(MiB(4) / KiB(4))
#define BUSY	0x80
#define INSIDE	0xff

struct model {
	unsigned char page[MOST_PAGES];
};

static int order_of(unsigned long len)
{
	unsigned long pages = (len + PAGE - 1) / PAGE;
	int order = 0;

	while (1UL << order < pages)
		order++;
	return order;
}

static void model_init(struct model *model)
{
	memset(model->page, INSIDE, sizeof(model->page));
	model->page[0] = order_of(MiB(4));
}

static long model_alloc(struct model *model, unsigned long len)
{
	int order = order_of(len), best_order = 99;
	long best = -1;
	size_t i;

	if (!len)
		return -1;
	/* The lowest of the smallest blocks that fit. */
	for (i = 0; i < PAGES; i++) {
		int found = model->page[i];

		if (found & BUSY || found < order || found >= best_order)
			continue;
		best = i;
		best_order = found;
	}
	if (best < 0)
		return -1;
	while (best_order > order) {
		best_order--;
		model->page[best + (1 << best_order)] = best_order;
	}
	model->page[best] = order | BUSY;
	return best;
}

static void model_free(struct model *model, unsigned long index)
{
	int order = model->page[index] & ~BUSY;

	while (order < order_of(MiB(4))) {
		unsigned long buddy = index ^ (1UL << order);

		if (model->page[buddy] != order)
			break;
		model->page[buddy | index] = INSIDE;
		index &= ~(1UL << order);
		order++;
	}
	model->page[index] = order;
}

static struct pmem_freespace model_space(const struct model *model)
{
	struct pmem_freespace space = {};
	size_t i;

	for (i = 0; i < PAGES; i++) {
		unsigned long len;

		if (model->page[i] & BUSY)
			continue;
		len = PAGE << model->page[i];
		space.total += len;
		if (len > space.largest)
			space.largest = len;
	}
	return space;
}

FIXTURE(buddy) {
	struct model model;
	int probe;
};

FIXTURE_SETUP(buddy)
{
	IDLE_SETUP();
	model_init(&self->model);
	self->probe = pmem_open("pmem_smipool");
	ASSERT_LE(0, self->probe);
}

FIXTURE_TEARDOWN(buddy)
{
}

static void buddy_check(struct __test_metadata *_metadata, struct _test_data_buddy *self)
{
	struct pmem_freespace space = model_space(&self->model);

	EXPECT_FREE(space.total, space.largest, self->probe);
}

/* Allocate in the model and in the node; returns a file, or -1 if there is no room. */
static int buddy_alloc(struct __test_metadata *_metadata, struct _test_data_buddy *self,
		       unsigned long len)
{
	long index = model_alloc(&self->model, len);
	int fd = pmem_open("pmem_smipool");

	ASSERT_LE(0, fd);
	if (index < 0) {
		EXPECT_ERRNO(ENOMEM, pmem_allocate(fd, len));
		close(fd);
		return -1;
	}
	EXPECT_EQ(0, pmem_allocate(fd, len));
	EXPECT_REGION(0x79000000 + index * PAGE, PAGE << order_of(len), pmem_phys(fd));
	EXPECT_REGION(0x79000000 + index * PAGE, PAGE << order_of(len), pmem_size(fd));
	buddy_check(_metadata, self);
	return fd;
}

static void buddy_free(struct __test_metadata *_metadata, struct _test_data_buddy *self, int fd)
{
	unsigned long index = (pmem_phys(fd).offset - 0x79000000) / PAGE;

	ASSERT_EQ(0, close(fd));
	model_free(&self->model, index);
	buddy_check(_metadata, self);
}

/* Results computed by hand: this also tests the model. */
TEST_F(buddy, vectors)
{
	/* In pages: the smallest region has 256 of them. */
	const struct {
		unsigned long len, index, reported;
	} vector[] = {
		{ 1, 0, 1 }, { PAGE, 1, 1 }, { PAGE + 1, 2, 2 }, { 3 * PAGE, 4, 4 },
		{ 16 * PAGE, 16, 16 }, { 24 * PAGE + 1696, 32, 32 }, { 128 * PAGE, 128, 128 },
		{ 5 * PAGE, 8, 8 }, { 1, 64, 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vector); i++) {
		int fd = buddy_alloc(_metadata, self, vector[i].len);

		ASSERT_LE(0, fd);
		EXPECT_REGION(0x79000000 + vector[i].index * PAGE, vector[i].reported * PAGE,
			      pmem_size(fd));
	}
	/* Larger regions have two free blocks here. */
	for (i = 256; i < PAGES; i *= 2) {
		int fd = buddy_alloc(_metadata, self, i * PAGE);

		ASSERT_LE(0, fd);
		EXPECT_REGION(0x79000000 + i * PAGE, i * PAGE, pmem_size(fd));
	}
	EXPECT_EQ(-1, buddy_alloc(_metadata, self, 64 * PAGE));
	EXPECT_EQ(-1, buddy_alloc(_metadata, self, 32 * PAGE + 1));
	EXPECT_LE(0, buddy_alloc(_metadata, self, 32 * PAGE));
}

TEST_F(buddy, smallest_block_that_fits)
{
	int a = buddy_alloc(_metadata, self, KiB(64));
	int b = buddy_alloc(_metadata, self, KiB(64));
	int c = buddy_alloc(_metadata, self, KiB(256));
	int d = buddy_alloc(_metadata, self, KiB(64));

	/* 64 KiB are free at 0 and at 192 KiB, more above: the first exact match wins. */
	buddy_free(_metadata, self, a);
	a = buddy_alloc(_metadata, self, KiB(64));
	EXPECT_EQ(0x79000000, pmem_phys(a).offset);
	buddy_free(_metadata, self, b);
	/* At 64 KiB, exactly this is free; 16 KiB come from there, not from larger blocks. */
	b = buddy_alloc(_metadata, self, KiB(16));
	EXPECT_EQ(0x79000000 + KiB(64), pmem_phys(b).offset);
	buddy_free(_metadata, self, c);
	buddy_free(_metadata, self, b);
	buddy_free(_metadata, self, d);
	buddy_free(_metadata, self, a);
	EXPECT_FREE(MiB(4), MiB(4), self->probe);
}

TEST_F(buddy, whole_region)
{
	char *memory = pmem_mmap(self->probe, pmem_total(self->probe));

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_REGION(0x79000000, MiB(4), pmem_size(self->probe));
	EXPECT_FREE(0, 0, self->probe);
	memory[MiB(4) - 1] = 1;
}

TEST_F(buddy, mapping_shorter_than_what_was_rounded_up)
{
	char *memory = pmem_mmap(self->probe, 3 * PAGE);

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(4 * PAGE, pmem_size(self->probe).len);
	/* All of it can be mapped now, but no more. */
	EXPECT_NE(MAP_FAILED, pmem_mmap(self->probe, 4 * PAGE));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(self->probe, 5 * PAGE));
}

TEST_F(buddy, random_allocations)
{
	__u32 random = 4711;
	int fds[MANY], count = 0, round;

	for (round = 0; round < 2000; round++) {
		__u32 number = next_random(&random);

		if (count < MANY && number % 8 < 5) {
			/* Many small ones, few large ones. */
			unsigned long len = (number >> 8) % (PAGE << (number >> 3) % 9) + 1;
			int fd = buddy_alloc(_metadata, self, len);

			if (fd >= 0)
				fds[count++] = fd;
		} else if (count) {
			int i = (number >> 8) % count;

			buddy_free(_metadata, self, fds[i]);
			fds[i] = fds[--count];
		}
	}
	while (count)
		buddy_free(_metadata, self, fds[--count]);
	EXPECT_FREE(MiB(4), MiB(4), self->probe);
}

IDLE_FIXTURE(all_or_nothing);

TEST_F(all_or_nothing, one_owner)
{
	int first = pmem_open("pmem_camera"), second = pmem_open("pmem_camera");

	EXPECT_FREE(MiB(8), MiB(8), second);
	ASSERT_EQ(0, pmem_allocate(first, PAGE));
	EXPECT_FREE(0, 0, second);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(second, PAGE));
	EXPECT_ERRNO(ENOMEM, pmem_allocate(second, 0));
	EXPECT_MAP_FAILED(ENOMEM, pmem_mmap(second, PAGE));
	EXPECT_REGION(0, 0, pmem_size(second));
	ASSERT_EQ(0, close(first));
	EXPECT_FREE(MiB(8), MiB(8), second);
	ASSERT_NE(MAP_FAILED, pmem_mmap(second, PAGE));
}

TEST_F(all_or_nothing, owner_until_the_mapping_is_gone)
{
	int first = pmem_open("pmem_camera"), second = pmem_open("pmem_camera");
	char *memory = pmem_mmap(first, PAGE);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, close(first));
	EXPECT_ERRNO(ENOMEM, pmem_allocate(second, PAGE));
	ASSERT_EQ(0, munmap(memory, PAGE));
	EXPECT_EQ(0, pmem_allocate(second, PAGE));
}

TEST_F(all_or_nothing, exactly_what_was_asked)
{
	const unsigned long len = PAGE + 904;
	int fd = pmem_open("pmem_camera");

	ASSERT_EQ(0, pmem_allocate(fd, len));
	EXPECT_REGION(0x79400000, len, pmem_size(fd));
	EXPECT_REGION(0x79400000, len, pmem_phys(fd));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(fd, 2 * PAGE));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(fd, len));
	EXPECT_NE(MAP_FAILED, pmem_mmap(fd, PAGE));
	EXPECT_NE(MAP_FAILED, pmem_mmap(fd, PAGE));
}

TEST_F(all_or_nothing, mmap_takes_whole_pages)
{
	int fd = pmem_open("pmem_camera");

	ASSERT_NE(MAP_FAILED, pmem_mmap(fd, PAGE + 904));
	EXPECT_REGION(0x79400000, 2 * PAGE, pmem_size(fd));
}

TEST_F(all_or_nothing, nothing)
{
	int first = pmem_open("pmem_camera"), second = pmem_open("pmem_camera");

	ASSERT_EQ(0, pmem_allocate(first, 0));
	EXPECT_EQ(0, pmem_size(first).len);
	EXPECT_FREE(0, 0, second);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(second, PAGE));
	EXPECT_MAP_FAILED(EINVAL, pmem_mmap(first, PAGE));
	ASSERT_EQ(0, close(first));
	EXPECT_EQ(0, pmem_allocate(second, MiB(8)));
}

TEST_F(all_or_nothing, whole_region)
{
	int fd = pmem_open("pmem_camera");
	char *memory = pmem_mmap(fd, pmem_total(fd));

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_REGION(0x79400000, MiB(8), pmem_size(fd));
	EXPECT_EQ(0x79400000, address_of(fd));
	memory[MiB(8) - 1] = 1;
}

TEST_F(all_or_nothing, refused_length_takes_nothing)
{
	int fd = pmem_open("pmem_camera");

	EXPECT_ERRNO(ENOMEM, pmem_allocate(fd, MiB(8) + 1));
	EXPECT_FREE(MiB(8), MiB(8), fd);
	EXPECT_EQ(0, pmem_allocate(fd, MiB(8)));
}

IDLE_FIXTURE(system_pages);

TEST_F(system_pages, length_is_not_rounded)
{
	const unsigned long len[] = { 1, 100, PAGE, 5000, KiB(64), MiB(1) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		int fd = pmem_open("pmem_sys");

		ASSERT_EQ(0, pmem_allocate(fd, len[i]));
		EXPECT_EQ(len[i] + PAGE, pmem_size(fd).len);
		EXPECT_EQ(0, pmem_phys(fd).offset % PAGE);
		close(fd);
	}
}

TEST_F(system_pages, contiguous)
{
	int fd = pmem_open("pmem_sys");
	char *memory = pmem_mmap(fd, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(MiB(1) + PAGE, pmem_size(fd).len);
	EXPECT_TRUE(all_bytes(memory, MiB(1), 0));
	fill(memory, MiB(1), 1);
	EXPECT_EQ(pmem_phys(fd).offset, address_of(fd));
	EXPECT_TRUE(device_sees(fd, memory, MiB(1)));
}

/* The old driver applied the quota to each allocation alone. */
TEST_F(system_pages, quota)
{
	int fds[32], probe = pmem_open("pmem_sys");
	unsigned long used = 0, count = 0;

	while (count < ARRAY_SIZE(fds)) {
		fds[count] = pmem_open("pmem_sys");
		if (pmem_allocate(fds[count], MiB(1)))
			break;
		count++;
		used += MiB(1);
		EXPECT_LE(pmem_free_space(probe).total, MiB(8) - used);
	}
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_LE(6, count);
	EXPECT_GE(8, count);
	while (count)
		close(fds[--count]);
	EXPECT_FREE(MiB(8), MiB(8), probe);
}

TEST_HARNESS_MAIN
