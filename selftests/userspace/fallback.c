// SPDX-License-Identifier: GPL-2.0-only
/* libdmaheap with a heap of the kernel, "system": plain allocation, without our extensions. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <kselftest_harness.h>

#include "dmaheap.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	(-1)

#define MiB(n)	((uint64_t)(n) << 20)
#define PAGE	((uint64_t)sysconf(_SC_PAGESIZE))

FIXTURE(system) {
	struct dmaheap *heap;
};

FIXTURE_SETUP(system)
{
	ASSERT_EQ(0, dmaheap_open("system", &self->heap));
}

FIXTURE_TEARDOWN(system)
{
	dmaheap_unref(self->heap);
}

TEST_F(system, claims_nothing)
{
	struct dmaheap_info info = { .size = sizeof(info), .total = 42 };

	EXPECT_EQ(0, dmaheap_features(self->heap));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_query(self->heap, &info));
	EXPECT_EQ(42, info.total);
}

TEST_F(system, allocation)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;
	struct dmaheap_access access;
	uint64_t i;

	options.flags = DMAHEAP_ALLOC_CACHED;
	options.name = "plain";
	ASSERT_EQ(0, dmaheap_alloc(self->heap, MiB(5) + 1, &options, &buffer));
	EXPECT_EQ(MiB(5) + PAGE, dmaheap_buffer_size(buffer));
	ASSERT_EQ(0, dmaheap_access_begin(buffer, 0, 0, DMAHEAP_RW, &access));
	for (i = 0; i < access.len; i += PAGE)
		ASSERT_EQ(0, ((unsigned char *)access.data)[i]);
	memset(access.data, 1, access.len);
	EXPECT_EQ(0, dmaheap_access_end(&access));
	EXPECT_EQ(0, dmaheap_buffer_sync(buffer, 0, MiB(5) + PAGE, DMAHEAP_READ));
	EXPECT_EQ(0, dmaheap_buffer_sync(buffer, 0, MiB(5) + PAGE, DMAHEAP_READ | DMAHEAP_END));
	dmaheap_buffer_unref(buffer);
}

TEST_F(system, what_it_cannot)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer_info info = { .size = sizeof(info) };
	struct dmaheap_buffer *buffer;
	struct dmaheap_access access;
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	uint64_t done;

	options.align = PAGE * 2;
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	options.align = 0;
	options.flags = DMAHEAP_ALLOC_UNCACHED;
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE * 2, NULL, &buffer));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_sync(buffer, 0, PAGE, DMAHEAP_READ));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_access_begin(buffer, PAGE, 0, DMAHEAP_READ, &access));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_load(buffer, 0, PAGE, zero, 0, &done));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_info(buffer, &info));
	EXPECT_EQ(0, dmaheap_buffer_wait(buffer, DMAHEAP_RW, 0));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_store(buffer, 0, PAGE, zero, 0, &done));
	close(zero);
	/* The failed access leaves no mapping. */
	EXPECT_EQ(-EINVAL, dmaheap_buffer_unmap(buffer));
	dmaheap_buffer_unref(buffer);
}

/* Every heap aligns to pages. */
TEST_F(system, alignment_of_a_page)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;

	options.align = PAGE;
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE, &options, &buffer));
	dmaheap_buffer_unref(buffer);
}

TEST_F(system, from_a_file_descriptor)
{
	struct dmaheap_buffer *buffer;
	struct dmaheap *other;

	ASSERT_EQ(0, dmaheap_open_fd(dmaheap_fd(self->heap), &other));
	ASSERT_EQ(0, dmaheap_alloc(other, PAGE, NULL, &buffer));
	dmaheap_buffer_unref(buffer);
	dmaheap_unref(other);
}

TEST(last_resort)
{
	static const char *const names[] = { "no-such", "system", NULL };
	struct dmaheap *heap;

	ASSERT_EQ(0, dmaheap_open_first(names, &heap));
	EXPECT_STREQ("system", dmaheap_name(heap));
	dmaheap_unref(heap);
}

/* One of our heaps cannot sync parts of the kernel's buffers. */
TEST_F(system, buffer_with_another_heap)
{
	struct dmaheap_buffer *buffer, *imported;
	struct dmaheap *ours;

	ASSERT_EQ(0, dmaheap_open("beside", &ours));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, PAGE * 2, NULL, &buffer));
	ASSERT_EQ(0, dmaheap_buffer_import(ours, dmaheap_buffer_fd(buffer), &imported));
	EXPECT_EQ(-EOPNOTSUPP, dmaheap_buffer_sync(imported, 0, PAGE, DMAHEAP_READ));
	EXPECT_EQ(0, dmaheap_buffer_sync(imported, 0, PAGE * 2, DMAHEAP_READ));
	dmaheap_buffer_unref(imported);
	dmaheap_buffer_unref(buffer);
	dmaheap_unref(ours);
}

TEST_HARNESS_MAIN
