// SPDX-License-Identifier: GPL-2.0-only
/* CONTIG_HEAP_IOCTL_BUFFER: what every holder of a buffer can learn about it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "importer_client.h"
#include "test.h"

#define LEN	(MiB(1) + KiB(20))

static int describe(int node, int fd, struct contig_heap_buffer *what)
{
	memset(what, 0xcc, sizeof(*what));
	what->fd = fd;
	what->flags = 0;
	what->reserved = 0;
	return ioctl(node, CONTIG_HEAP_IOCTL_BUFFER, what);
}

static __u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

FIXTURE(describe) {
	int heap;
	int node;
	int fd;
	__u64 before;
	__u64 after;
};

HEAP_KINDS(describe);

FIXTURE_SETUP(describe)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->node = open("/dev/contig_buffer", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->node);
	self->before = now();
	self->fd = heap_alloc(self->heap, LEN - 1);
	self->after = now();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(describe)
{
	close(self->fd);
	close(self->node);
	close(self->heap);
}

TEST_F(describe, all_of_it)
{
	char *path = format("%s/%s/kind", heap_class(), variant->name);
	char *kind = read_text(path);
	struct contig_heap_buffer what;
	__u64 first, last;
	size_t i;

	first = now();
	ASSERT_EQ(0, describe(self->node, self->fd, &what));
	last = now();
	EXPECT_EQ(self->fd, what.fd);
	EXPECT_EQ(variant->flags, what.flags);
	EXPECT_EQ((LEN - 1 + PAGE - 1) / PAGE * PAGE, what.size);
	EXPECT_LE(first - self->after, what.age);
	EXPECT_GE(last - self->before, what.age);
	EXPECT_EQ(1, what.extents);
	EXPECT_EQ(0, what.importers);
	EXPECT_EQ(0, what.mapped);
	EXPECT_EQ(0, what.reserved);
	EXPECT_STREQ(variant->name, what.heap);
	/* The bytes after a name leak no data of the kernel's stack or of the caller. */
	for (i = strlen(what.heap); i < sizeof(what.heap); i++)
		EXPECT_EQ(0, what.heap[i]);
	for (i = strlen(what.kind); i < sizeof(what.kind); i++)
		EXPECT_EQ(0, what.kind[i]);
	ASSERT_NE(NULL, kind);
	kind[strcspn(kind, "\n")] = 0;
	EXPECT_STREQ(kind, what.kind);
	free(kind);
	free(path);
}

TEST_F(describe, heap_nodes_know_it_too)
{
	struct contig_heap_buffer what;

	ASSERT_EQ(0, describe(self->heap, self->fd, &what));
	EXPECT_STREQ(variant->name, what.heap);
}

TEST_F(describe, importers_that_come_and_go)
{
	int importer = importer_open(), device = importer_any_device(importer), at[3], i;
	struct contig_heap_buffer what;

	for (i = 0; i < 3; i++) {
		at[i] = importer_attach(importer, device, self->fd);
		ASSERT_LE(0, at[i]);
		ASSERT_EQ(0, describe(self->node, self->fd, &what));
		EXPECT_EQ(i + 1, what.importers);
	}
	for (i = 0; i < 2; i++)
		ASSERT_LT(0, importer_map(importer, at[i], HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, describe(self->node, self->fd, &what));
	EXPECT_EQ(3, what.importers);
	EXPECT_EQ(2, what.mapped);
	ASSERT_EQ(0, importer_unmap(importer, at[0]));
	ASSERT_EQ(0, importer_detach(importer, at[0]));
	ASSERT_EQ(0, describe(self->node, self->fd, &what));
	EXPECT_EQ(2, what.importers);
	EXPECT_EQ(1, what.mapped);
	close(importer);
	ASSERT_EQ(0, describe(self->node, self->fd, &what));
	EXPECT_EQ(0, what.importers);
	EXPECT_EQ(0, what.mapped);
}

TEST_F(describe, bad_input)
{
	int file = open("/dev/zero", O_RDWR | O_CLOEXEC), other = foreign_dmabuf();
	struct contig_heap_buffer what = { .fd = self->fd };
	struct {
		struct contig_heap_buffer what;
		__u64 more;
	} larger = { .what.fd = self->fd, .more = 1 };

	EXPECT_ERRNO(EBADF, describe(self->node, -1, &what));
	EXPECT_ERRNO(EBADF, describe(self->node, 9999, &what));
	EXPECT_ERRNO(EINVAL, describe(self->node, file, &what));
	EXPECT_ERRNO(EINVAL, describe(self->node, self->heap, &what));
	EXPECT_ERRNO(EINVAL, describe(self->node, other, &what));
	what.fd = self->fd;
	what.flags = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->node, CONTIG_HEAP_IOCTL_BUFFER, &what));
	what.flags = 0;
	what.reserved = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->node, CONTIG_HEAP_IOCTL_BUFFER, &what));
	EXPECT_ERRNO(EFAULT, ioctl(self->node, CONTIG_HEAP_IOCTL_BUFFER, NULL));
	EXPECT_ERRNO(E2BIG, ioctl(self->node, _IOWR(CONTIG_HEAP_IOC_MAGIC, 7, larger), &larger));
	larger.more = 0;
	EXPECT_EQ(0, ioctl(self->node, _IOWR(CONTIG_HEAP_IOC_MAGIC, 7, larger), &larger));
	EXPECT_EQ(0, larger.more);
	EXPECT_STREQ(variant->name, larger.what.heap);
	close(other);
	close(file);
}

/* Callers that predate the names get exactly as many bytes as their structure has. */
TEST_F(describe, smaller_structure)
{
	struct contig_heap_buffer what;
	unsigned int size = offsetof(struct contig_heap_buffer, heap);
	size_t i;

	memset(&what, 0xcc, sizeof(what));
	what.fd = self->fd;
	what.flags = 0;
	what.reserved = 0;
	ASSERT_EQ(0, ioctl(self->node, _IOC(_IOC_READ | _IOC_WRITE, CONTIG_HEAP_IOC_MAGIC, 7, size),
			   &what));
	EXPECT_EQ(1, what.extents);
	for (i = 0; i < sizeof(what) - size; i++)
		ASSERT_EQ(0xcc, ((unsigned char *)&what)[size + i]);
}

#ifndef __x86_64__
/* If buffers may have several pieces, their number is reported. */
TEST(system_memory)
{
	int heap = heap_open("system"), fd = heap_alloc(heap, MiB(40) + PAGE);
	struct contig_heap_buffer what;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, describe(heap, fd, &what));
	EXPECT_EQ(CONTIG_HEAP_F_SCATTERED | CONTIG_HEAP_F_ESTIMATE, what.flags);
	EXPECT_EQ(MiB(40) + PAGE, what.size);
	EXPECT_LE(2, what.extents);
	EXPECT_GE(what.size / PAGE, what.extents);
	EXPECT_STREQ("system", what.kind);
	close(fd);
	close(heap);
}

/*
 * A heap may have many names; a buffer reports the first, regardless of how the heap was opened.
 */
TEST(alias)
{
	int heap = heap_open("cma"), fd = heap_alloc(heap, PAGE);
	struct contig_heap_buffer what;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, describe(heap, fd, &what));
	EXPECT_STREQ("default_cma_region", what.heap);
	EXPECT_STREQ("cma", what.kind);
	close(fd);
	close(heap);
}
#endif

TEST_HARNESS_MAIN
