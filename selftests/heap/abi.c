// SPDX-License-Identifier: GPL-2.0-only
/* DMA_HEAP_IOCTL_ALLOC and its node behave like those of the kernel's own heaps. */
#include <sys/resource.h>

#include "test.h"

HEAP_FIXTURE(alloc);

TEST_F(alloc, no_length)
{
	EXPECT_ERRNO(EINVAL, heap_alloc(self->heap, 0));
}

TEST_F(alloc, length_that_wraps_when_rounded)
{
	EXPECT_ERRNO(EINVAL, heap_alloc(self->heap, UINT64_MAX));
	EXPECT_ERRNO(EINVAL, heap_alloc(self->heap, UINT64_MAX - PAGE + 2));
}

TEST_F(alloc, length_beyond_the_heap)
{
	__u64 total = heap_query(self->heap).total;

	EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, UINT64_MAX - PAGE + 1));
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, 1ULL << 63));
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, 1ULL << 40));
	/* Truncated to 32 bits, these lengths would fit. */
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, (1ULL << 32) + PAGE));
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, (1ULL << 44) + PAGE));
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, total + 1));
}

TEST_F(alloc, length_is_rounded_to_pages)
{
	const size_t len[] = { 1, PAGE - 1, PAGE, PAGE + 1, MiB(1) - 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		int fd = heap_alloc(self->heap, len[i]);

		ASSERT_LE(0, fd);
		EXPECT_EQ((len[i] + PAGE - 1) / PAGE * PAGE, buffer_size(fd));
		close(fd);
	}
}

TEST_F(alloc, fd_has_to_be_0)
{
	struct dma_heap_allocation_data data = {
		.len = PAGE,
		.fd = self->heap,
		.fd_flags = O_RDWR,
	};

	EXPECT_ERRNO(EINVAL, ioctl(self->heap, DMA_HEAP_IOCTL_ALLOC, &data));
}

TEST_F(alloc, unknown_fd_flags)
{
	int bit;

	for (bit = 0; bit < 32; bit++) {
		__u32 flag = 1U << bit;

		if (flag & (O_CLOEXEC | O_ACCMODE))
			continue;
		EXPECT_ERRNO(EINVAL,
			     heap_alloc_flags(self->heap, PAGE, flag, 0));
	}
}

TEST_F(alloc, unknown_heap_flags)
{
	int bit;

	for (bit = 0; bit < 64; bit++)
		EXPECT_ERRNO(EINVAL, heap_alloc_flags(self->heap, PAGE, O_RDWR,
						      1ULL << bit));
}

TEST_F(alloc, cloexec_as_asked)
{
	int with = heap_alloc_flags(self->heap, PAGE, O_RDWR | O_CLOEXEC, 0);
	int without = heap_alloc_flags(self->heap, PAGE, O_RDWR, 0);

	ASSERT_LE(0, with);
	ASSERT_LE(0, without);
	EXPECT_EQ(FD_CLOEXEC, fcntl(with, F_GETFD));
	EXPECT_EQ(0, fcntl(without, F_GETFD));
}

TEST_F(alloc, read_only_buffer_refuses_writing)
{
	int fd = heap_alloc_flags(self->heap, PAGE, O_RDONLY | O_CLOEXEC, 0);
	void *memory;

	ASSERT_LE(0, fd);
	EXPECT_EQ(MAP_FAILED, buffer_map(fd, PAGE));
	EXPECT_EQ(EACCES, errno);
	memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, PAGE, 0));
	EXPECT_ERRNO(EACCES, mprotect(memory, PAGE, PROT_READ | PROT_WRITE));
}

/* Programs that were built with headers that have a shorter structure. */
TEST_F(alloc, shorter_structure)
{
	struct {
		__u64 len;
		__u32 fd;
		__u32 fd_flags;
	} data = { .len = MiB(1), .fd_flags = O_RDWR | O_CLOEXEC };

	ASSERT_EQ(0, ioctl(self->heap, _IOWR(DMA_HEAP_IOC_MAGIC, 0, data),
			   &data));
	EXPECT_EQ(MiB(1), buffer_size(data.fd));
	EXPECT_EQ(MiB(1), data.len);
}

/*
 * Programs that were built with headers that have a longer structure, and did not clear the end.
 */
TEST_F(alloc, longer_structure)
{
	struct {
		struct dma_heap_allocation_data known;
		__u64 unknown[3];
	} data = {
		.known = { .len = MiB(1), .fd_flags = O_RDWR | O_CLOEXEC },
		.unknown = { ~0ULL, ~0ULL, ~0ULL },
	};

	ASSERT_EQ(48, sizeof(data));
	ASSERT_EQ(0, ioctl(self->heap, _IOWR(DMA_HEAP_IOC_MAGIC, 0, data),
			   &data));
	EXPECT_EQ(MiB(1), buffer_size(data.known.fd));
	EXPECT_EQ(~0ULL, data.unknown[2]);
}

TEST_F(alloc, unknown_commands)
{
	struct dma_heap_allocation_data data = {
		.len = PAGE,
		.fd_flags = O_RDWR,
	};
	unsigned int nr;

	for (nr = 1; nr < 256; nr++)
		EXPECT_ERRNO(EINVAL, ioctl(self->heap,
					   _IOWR(DMA_HEAP_IOC_MAGIC, nr, data),
					   &data));
	EXPECT_ERRNO(ENOTTY, ioctl(self->heap, _IOWR('h', 0, data), &data));
	EXPECT_ERRNO(ENOTTY, ioctl(self->heap, _IO('T', 1), &data));
	EXPECT_EQ(0, data.fd);
}

TEST_F(alloc, bad_pointers)
{
	char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, munmap(memory + PAGE, PAGE));
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, DMA_HEAP_IOCTL_ALLOC, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, DMA_HEAP_IOCTL_ALLOC,
				   memory + PAGE - 8));
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, DMA_HEAP_IOCTL_ALLOC, -1L));
}

/* The caller cannot learn the number of the buffer, so there must be none. */
TEST_F(alloc, fault_on_copy_out_leaks_nothing)
{
	struct contig_heap_query before = heap_query(self->heap), after;
	struct dma_heap_allocation_data *data;
	int fds = open_fds(), next = next_fd();

	data = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, data);
	data->len = MiB(1);
	data->fd_flags = O_RDWR | O_CLOEXEC;
	ASSERT_EQ(0, mprotect(data, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, DMA_HEAP_IOCTL_ALLOC, data));

	after = heap_query(self->heap);
	EXPECT_EQ(fds, open_fds());
	EXPECT_EQ(next, next_fd());
	EXPECT_EQ(before.free, after.free);
	EXPECT_EQ(before.buffers, after.buffers);
}

TEST_F(alloc, no_free_fd_leaks_nothing)
{
	struct contig_heap_query before = heap_query(self->heap), after;
	struct rlimit limit = {};

	/* Only new descriptors are limited. */
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_ERRNO(EMFILE, heap_alloc(self->heap, MiB(1)));
	after = heap_query(self->heap);
	EXPECT_EQ(before.free, after.free);
	EXPECT_EQ(before.buffers, after.buffers);
}

TEST_F(alloc, exhaustion_and_back)
{
	struct contig_heap_query before = heap_query(self->heap), after;
	int fds[128], count = 0;

	while (count < (int)ARRAY_SIZE(fds)) {
		fds[count] = heap_alloc(self->heap, MiB(1));
		if (fds[count] < 0)
			break;
		count++;
	}
	ASSERT_LT(count, (int)ARRAY_SIZE(fds));
	EXPECT_EQ(ENOMEM, errno);
	if (before.flags & CONTIG_HEAP_F_ESTIMATE) {
		/* Pages that others have pinned may make some blocks unusable. */
		EXPECT_LE(before.total / MiB(1) / 2, count);
	} else {
		EXPECT_EQ(before.total / MiB(1), count);
	}
	EXPECT_EQ(count, heap_query(self->heap).buffers);

	while (count)
		close(fds[--count]);
	after = heap_query(self->heap);
	EXPECT_EQ(after.total, after.free);
	EXPECT_EQ(after.total, after.largest);
	EXPECT_EQ(0, after.buffers);
}

TEST_F(alloc, node_is_for_ioctls_only)
{
	char byte = 0;

	EXPECT_ERRNO(EINVAL, read(self->heap, &byte, 1));
	EXPECT_ERRNO(EINVAL, write(self->heap, &byte, 1));
	EXPECT_ERRNO(ESPIPE, lseek(self->heap, 0, SEEK_END));
	EXPECT_EQ(MAP_FAILED, buffer_map(self->heap, PAGE));
	EXPECT_EQ(ENODEV, errno);
}

TEST_HARNESS_MAIN
