// SPDX-License-Identifier: GPL-2.0-only
/*
 * One test for each mistake that other heaps have made, and for data that the previous owner
 * leaves in memory. Similar tests are in "abi" (files that leak when a copy faults), "mmap"
 * (mappings beyond the buffer, ignored offsets), "zero", "introspect" (addresses), and
 * selftests/faults (leaks on error paths).
 */
#include <signal.h>

#include "importer_client.h"
#include "test.h"

#define LEN	MiB(2)

HEAP_FIXTURE(security);

/* A process that dirties memory in all possible ways, and is killed while everything is in use. */
static void die_with_secrets(const char *name, int ready)
{
	int heap = heap_open(name), fd = heap_alloc(heap, LEN);
	char *memory = buffer_map(fd, LEN);
	int importer = importer_open();
	int attachment = importer_attach(importer, importer_any_device(importer), fd);

	memset(memory, 0xa5, LEN);
	if (importer_map(importer, attachment, HEAP_IMPORTER_BOTH) < 0 ||
	    importer_vmap(importer, fd) < 0 || write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static bool crash(const char *name)
{
	int ready[2], status;
	char byte;
	pid_t pid;
	bool ok;

	if (pipe(ready))
		return false;
	pid = fork();
	if (!pid)
		die_with_secrets(name, ready[1]);
	close(ready[1]);
	ok = read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && ok;
}

/* All memory of the heap, to include dirty memory. */
static __u64 everything(int heap)
{
	struct contig_heap_query query = heap_query(heap);

	/* Others may use part of a CMA area. */
	return query.flags & CONTIG_HEAP_F_CMA ? LEN : query.total;
}

enum view { DEVICE, KERNEL, PROGRAM };

/* Check the contents of a new buffer, one MiB at a time. */
static bool is_zero(int fd, __u64 len, enum view view)
{
	int importer = importer_open(), id;
	char *copy = malloc(MiB(1)), *memory;
	bool ok = true;
	__u64 at;

	if (view == DEVICE) {
		id = importer_attach(importer, importer_any_device(importer), fd);
		ok = importer_map(importer, id, HEAP_IMPORTER_BOTH) > 0;
	} else {
		id = view == KERNEL ? importer_vmap(importer, fd) : 0;
		ok = id >= 0;
	}
	memory = view == PROGRAM ? buffer_map(fd, len) : NULL;
	for (at = 0; ok && at < len; at += MiB(1)) {
		memset(copy, 0xcc, MiB(1));
		if (view == DEVICE)
			ok = !importer_dma_read(importer, id, at, copy, MiB(1));
		else if (view == KERNEL)
			ok = !importer_kernel_read(importer, id, at, copy, MiB(1));
		else
			memcpy(copy, memory + at, MiB(1));
		ok = ok && all_bytes(copy, MiB(1), 0);
	}
	if (memory)
		munmap(memory, len);
	free(copy);
	close(importer);
	return ok;
}

static bool fresh_after_crash(const char *name, int heap, enum view view)
{
	__u64 len = everything(heap);
	int fd;
	bool ok;

	if (!crash(name))
		return false;
	fd = heap_alloc(heap, len);
	ok = fd >= 0 && is_zero(fd, len, view);
	close(fd);
	return ok;
}

TEST_F(security, device_sees_nothing_of_a_crashed_owner)
{
	EXPECT_TRUE(fresh_after_crash(variant->name, self->heap, DEVICE));
}

TEST_F(security, kernel_sees_nothing_of_a_crashed_owner)
{
	EXPECT_TRUE(fresh_after_crash(variant->name, self->heap, KERNEL));
}

TEST_F(security, program_sees_nothing_of_a_crashed_owner)
{
	EXPECT_TRUE(fresh_after_crash(variant->name, self->heap, PROGRAM));
}

/* Twice, with different initial bytes: bytes that the kernel does not fill in would differ. */
TEST_F(security, every_byte_of_a_result_is_the_kernel_s)
{
	struct contig_heap_query query[2];
	struct contig_heap_alloc alloc[2];
	struct dma_heap_allocation_data data[2];
	int i;

	/* Wait until the figures are stable. */
	heap_wait_clean(self->heap);
	for (i = 0; i < 2; i++) {
		memset(&query[i], i ? 0xff : 0, sizeof(query[i]));
		ASSERT_EQ(0, ioctl(self->heap, CONTIG_HEAP_IOCTL_QUERY, &query[i]));
	}
	EXPECT_EQ(0, memcmp(&query[0], &query[1], sizeof(query[0])));
	EXPECT_EQ(0, query[0].reserved);
	for (i = 0; i < 2; i++) {
		memset(&alloc[i], 0, sizeof(alloc[i]));
		memset(&data[i], 0, sizeof(data[i]));
		alloc[i].len = PAGE;
		alloc[i].fd_flags = O_RDWR | O_CLOEXEC;
		data[i].len = PAGE;
		data[i].fd_flags = O_RDWR | O_CLOEXEC;
		ASSERT_EQ(0, ioctl(self->heap, CONTIG_HEAP_IOCTL_ALLOC, &alloc[i]));
		ASSERT_EQ(0, ioctl(self->heap, DMA_HEAP_IOCTL_ALLOC, &data[i]));
		close(alloc[i].fd);
		close(data[i].fd);
	}
	/* Only the number of the fd, which is the same again. */
	EXPECT_EQ(0, memcmp(&alloc[0], &alloc[1], sizeof(alloc[0])));
	EXPECT_EQ(0, memcmp(&data[0], &data[1], sizeof(data[0])));
	EXPECT_EQ(PAGE, alloc[0].len);
	EXPECT_EQ(0, alloc[0].align);
}

/* Sizes above 4 GiB are not truncated to 32 bits, and no counter has 16 bits. */
TEST_F(security, no_number_is_narrowed)
{
	const __u64 len[] = {
		(1ULL << 32) + PAGE, (1ULL << 44) + PAGE, 1ULL << 63, (1ULL << 33), -(__u64)PAGE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, len[i]));
		EXPECT_ERRNO(ENOMEM, heap_alloc_aligned(self->heap, len[i], MiB(1)));
	}
	EXPECT_ERRNO(ENOMEM, heap_alloc_aligned(self->heap, PAGE, 1ULL << 40));
	EXPECT_ERRNO(EINVAL, heap_alloc_aligned(self->heap, PAGE, (1ULL << 32) + PAGE));
}

/* Each twin keeps its own operations, regardless of which was created first. */
TEST_F(security, twins_do_not_change_each_other)
{
	int twin = heap_open_twin(variant->name);
	__u32 before = heap_query(self->heap).flags;

	if (twin < 0) {
		EXPECT_TRUE(before & CONTIG_HEAP_F_NO_MAP);
		return;
	}
	EXPECT_EQ(CONTIG_HEAP_F_UNCACHED, (before ^ heap_query(twin).flags));
	close(heap_alloc(twin, PAGE));
	EXPECT_EQ(before, heap_query(self->heap).flags);
	close(twin);
}

/* Failed allocations free exactly what they took. */
TEST_F(security, errors_give_back_once)
{
	struct contig_heap_query before = heap_query(self->heap), after;
	int next = next_fd(), i;

	for (i = 0; i < 50; i++) {
		EXPECT_ERRNO(EFAULT, ioctl(self->heap, DMA_HEAP_IOCTL_ALLOC, (void *)8));
		EXPECT_ERRNO(ENOMEM, heap_alloc(self->heap, before.total + PAGE));
		EXPECT_ERRNO(EINVAL, heap_alloc_aligned(self->heap, PAGE, 3));
	}
	after = heap_query(self->heap);
	EXPECT_EQ(before.free, after.free);
	EXPECT_EQ(before.buffers, after.buffers);
	EXPECT_EQ(next, next_fd());
}

TEST_HARNESS_MAIN
