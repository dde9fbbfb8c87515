// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of <linux/contig_heap.h>: query, aligned allocation, ranged sync, place. */

#include "importer_client.h"
#include "test.h"

/* The same layout for 32-bit and 64-bit programs. */
_Static_assert(sizeof(struct contig_heap_query) == 64, "query");
_Static_assert(sizeof(struct contig_heap_alloc) == 32, "alloc");
_Static_assert(sizeof(struct contig_heap_sync) == 24, "sync");
_Static_assert(sizeof(struct contig_heap_place) == 24, "place");
_Static_assert(offsetof(struct contig_heap_place, modulus) == 8, "place.modulus");
_Static_assert(offsetof(struct contig_heap_place, phase) == 16, "place.phase");
_Static_assert(CONTIG_HEAP_IOCTL_QUERY == 0x8040c700, "QUERY");
_Static_assert(CONTIG_HEAP_IOCTL_ALLOC == 0xc020c701, "ALLOC");
_Static_assert(CONTIG_HEAP_IOCTL_SYNC == 0x4018c702, "SYNC");
_Static_assert(CONTIG_HEAP_IOCTL_PLACE == 0xc018c703, "PLACE");

HEAP_FIXTURE(query);

TEST_F(query, idle_heap)
{
	struct contig_heap_query query;

	heap_wait_clean(self->heap);
	query = heap_query(self->heap);
	EXPECT_EQ(query.total, query.free);
	EXPECT_EQ(query.total, query.largest);
	EXPECT_EQ(0, query.dirty);
	EXPECT_EQ(PAGE, query.quantum);
	EXPECT_EQ(0, query.buffers);
	EXPECT_EQ(0, query.region_buffers);
	EXPECT_EQ(0, query.reserved);
}

TEST_F(query, flags_tell_the_kind)
{
	EXPECT_EQ(variant->flags, heap_query(self->heap).flags);
}

TEST_F(query, figures_follow_allocations)
{
	struct contig_heap_query before = heap_query(self->heap), now;
	int first = heap_alloc(self->heap, MiB(1));
	int second = heap_alloc(self->heap, PAGE * 3);
	bool estimate = before.flags & CONTIG_HEAP_F_ESTIMATE;

	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	now = heap_query(self->heap);
	EXPECT_EQ(before.total, now.total);
	EXPECT_EQ(before.free - MiB(1) - PAGE * 3, now.free);
	EXPECT_GE(now.free, now.largest);
	EXPECT_EQ(2, now.buffers);
	EXPECT_EQ(2, now.region_buffers);

	close(first);
	now = heap_query(self->heap);
	EXPECT_EQ(before.free - PAGE * 3, now.free);
	EXPECT_EQ(1, now.buffers);
	/* Only a heap that knows all allocations of its region reports the hole. */
	if (!estimate) {
		EXPECT_LT(now.largest, now.free);
		EXPECT_LE(now.free - MiB(1), now.largest);
	}

	close(second);
	now = heap_query(self->heap);
	EXPECT_EQ(before.free, now.free);
	EXPECT_EQ(before.largest, now.largest);
	EXPECT_EQ(0, now.buffers);
}

/* After a free, memory is dirty until it is zeroed. */
TEST_F(query, freed_memory_is_dirty_until_cleaned)
{
	/* The additional memory that a CMA area provides for alignment. */
	size_t len = MiB(16), more = variant->flags & CONTIG_HEAP_F_CMA ? MiB(1) : 0;
	int fd;

	heap_wait_clean(self->heap);
	fd = heap_alloc(self->heap, len);
	ASSERT_LE(0, fd);
	EXPECT_GE(more, heap_query(self->heap).dirty);
	close(fd);
	EXPECT_GE(len + more, heap_query(self->heap).dirty);
	heap_wait_clean(self->heap);
	EXPECT_EQ(0, heap_query(self->heap).dirty);
}

TEST_F(query, twins_share_memory_but_not_buffers)
{
	struct contig_heap_query here, there;
	int twin = heap_open_twin(variant->name);
	int fd;

	if (variant->flags & CONTIG_HEAP_F_NO_MAP) {
		/* Such memory must not be mapped cached. */
		EXPECT_ERRNO(ENOENT, twin);
		return;
	}
	ASSERT_LE(0, twin);
	fd = heap_alloc(self->heap, MiB(2));
	ASSERT_LE(0, fd);
	here = heap_query(self->heap);
	there = heap_query(twin);
	EXPECT_EQ(here.total, there.total);
	EXPECT_EQ(here.free, there.free);
	EXPECT_EQ(here.largest, there.largest);
	EXPECT_EQ(1, here.buffers);
	EXPECT_EQ(0, there.buffers);
	EXPECT_EQ(1, here.region_buffers);
	EXPECT_EQ(1, there.region_buffers);
	EXPECT_EQ(here.flags ^ CONTIG_HEAP_F_UNCACHED, there.flags);
}

/* Programs that were built with headers that have a shorter structure. */
TEST_F(query, shorter_structure)
{
	__u64 figure[3] = { ~0ULL, ~0ULL, ~0ULL };
	struct two {
		__u64 figure[2];
	};

	ASSERT_EQ(0, ioctl(self->heap, _IOR(CONTIG_HEAP_IOC_MAGIC, 0,
					    struct two), figure));
	EXPECT_EQ(heap_query(self->heap).total, figure[0]);
	EXPECT_EQ(heap_query(self->heap).free, figure[1]);
	EXPECT_EQ(~0ULL, figure[2]);
}

/* Programs that were built with future headers: fields that we do not know become 0. */
TEST_F(query, longer_structure)
{
	struct {
		struct contig_heap_query known;
		__u64 unknown[8];
	} data;

	memset(&data, 0xcc, sizeof(data));
	ASSERT_EQ(0, ioctl(self->heap, _IOR(CONTIG_HEAP_IOC_MAGIC, 0, data),
			   &data));
	EXPECT_EQ(heap_query(self->heap).total, data.known.total);
	EXPECT_TRUE(all_bytes(data.unknown, sizeof(data.unknown), 0));
}

TEST_F(query, bad_pointer)
{
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, CONTIG_HEAP_IOCTL_QUERY, NULL));
}

TEST_F(query, unknown_commands)
{
	struct contig_heap_alloc data = {};
	int nr;

	for (nr = 8; nr < 256; nr++)
		EXPECT_ERRNO(ENOTTY, ioctl(self->heap,
					   _IOWR(CONTIG_HEAP_IOC_MAGIC, nr,
						 data), &data));
}

HEAP_FIXTURE(aligned);

/* Checks the device's address, not that of the heap. */
TEST_F(aligned, address_is_aligned)
{
	__u64 align;

	for (align = PAGE; align <= MiB(16); align *= 2) {
		/* Put something small in the way, so that alignment is no coincidence. */
		int small = heap_alloc(self->heap, PAGE);
		int fd = heap_alloc_aligned(self->heap, PAGE * 5, align);
		__u64 address;

		ASSERT_LE(0, small);
		ASSERT_LE(0, fd);
		EXPECT_EQ(PAGE * 5, buffer_size(fd));
		address = buffer_address(fd);
		ASSERT_NE(0, address);
		EXPECT_EQ(0, address & (align - 1));
		close(fd);
		close(small);
	}
}

/* The CPU maps single pages, but the device sees one segment. */
TEST_F(aligned, large_buffer_is_contiguous)
{
	size_t len = MiB(16), pos;
	int fd = heap_alloc_aligned(self->heap, len, MiB(2));
	int importer, attachment;
	void *memory, *copy;
	__u64 address, got;

	ASSERT_LE(0, fd);
	memory = buffer_map(fd, len);
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, len, 1);
	ASSERT_EQ(0, buffer_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));

	importer = importer_open();
	attachment = importer_attach(importer, importer_any_device(importer),
				     fd);
	ASSERT_EQ(1, importer_map(importer, attachment, HEAP_IMPORTER_BOTH));
	ASSERT_EQ(0, importer_segment(importer, attachment, 0, &address, &got));
	EXPECT_EQ(len, got);
	EXPECT_EQ(0, address % MiB(2));
	copy = malloc(MiB(1));
	for (pos = 0; pos < len; pos += MiB(1)) {
		ASSERT_EQ(0, importer_dma_read(importer, attachment, pos, copy,
					       MiB(1)));
		EXPECT_EQ(0, memcmp(copy, memory + pos, MiB(1)));
	}
}

TEST_F(aligned, less_than_a_page_is_a_page)
{
	const __u64 align[] = { 0, 1, 2, 64, PAGE / 2 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(align); i++) {
		int fd = heap_alloc_aligned(self->heap, 1, align[i]);

		EXPECT_LE(0, fd);
		close(fd);
	}
}

TEST_F(aligned, no_power_of_two)
{
	const __u64 align[] = {
		3, PAGE - 1, PAGE + 1, PAGE * 3, MiB(1) + PAGE,
		(1ULL << 32) + PAGE, UINT64_MAX, (1ULL << 63) + 1,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(align); i++)
		EXPECT_ERRNO(EINVAL,
			     heap_alloc_aligned(self->heap, PAGE, align[i]));
}

TEST_F(aligned, more_than_any_heap_has)
{
	EXPECT_ERRNO(ENOMEM, heap_alloc_aligned(self->heap, PAGE, 1ULL << 63));
	EXPECT_ERRNO(ENOMEM, heap_alloc_aligned(self->heap, PAGE, 1ULL << 44));
	EXPECT_ERRNO(ENOMEM, heap_alloc_aligned(self->heap, PAGE, 1ULL << 40));
}

TEST_F(aligned, bad_lengths)
{
	EXPECT_ERRNO(EINVAL, heap_alloc_aligned(self->heap, 0, PAGE));
	EXPECT_ERRNO(EINVAL, heap_alloc_aligned(self->heap, UINT64_MAX, PAGE));
	EXPECT_ERRNO(ENOMEM, heap_alloc_aligned(self->heap, 1ULL << 40, PAGE));
}

TEST_F(aligned, bad_flags_and_fd)
{
	struct contig_heap_alloc good = { .len = PAGE, .fd_flags = O_RDWR };
	struct contig_heap_alloc bad = good;

	bad.fd = 3;
	EXPECT_ERRNO(EINVAL, ioctl(self->heap, CONTIG_HEAP_IOCTL_ALLOC, &bad));
	bad = good;
	bad.fd_flags |= O_NONBLOCK;
	EXPECT_ERRNO(EINVAL, ioctl(self->heap, CONTIG_HEAP_IOCTL_ALLOC, &bad));
	bad = good;
	bad.heap_flags = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->heap, CONTIG_HEAP_IOCTL_ALLOC, &bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, CONTIG_HEAP_IOCTL_ALLOC, NULL));
}

TEST_F(aligned, fault_on_copy_out_leaks_nothing)
{
	struct contig_heap_query before = heap_query(self->heap);
	struct contig_heap_alloc *data;
	int fds = open_fds(), next = next_fd();

	data = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, data);
	data->len = MiB(1);
	data->fd_flags = O_RDWR;
	ASSERT_EQ(0, mprotect(data, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, CONTIG_HEAP_IOCTL_ALLOC, data));
	EXPECT_EQ(fds, open_fds());
	EXPECT_EQ(next, next_fd());
	EXPECT_EQ(before.free, heap_query(self->heap).free);
}

/* The shortest structure of any caller: a length and an alignment, but no fd. */
TEST_F(aligned, shorter_structure_has_default_flags)
{
	struct {
		__u64 len;
		__u64 align;
		__u32 fd;
		__u32 fd_flags;
	} data = { .len = PAGE, .align = MiB(1), .fd_flags = O_RDWR };

	ASSERT_EQ(0, ioctl(self->heap, _IOWR(CONTIG_HEAP_IOC_MAGIC, 1, data),
			   &data));
	ASSERT_NE(0, buffer_address(data.fd));
	EXPECT_EQ(0, buffer_address(data.fd) % MiB(1));
}

FIXTURE(sync) {
	int heap;
	int fd;
};

HEAP_KINDS(sync);

FIXTURE_SETUP(sync)
{
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->fd = heap_alloc(self->heap, PAGE * 4);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(sync)
{
	close(self->fd);
	close(self->heap);
}

#define START_RW	(DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW)

TEST_F(sync, any_part_any_direction)
{
	static const __u32 direction[] = {
		DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(direction); i++) {
		__u32 start = direction[i] | DMA_BUF_SYNC_START;
		__u32 end = direction[i] | DMA_BUF_SYNC_END;

		EXPECT_EQ(0, buffer_sync(self->fd, start));
		EXPECT_EQ(0, buffer_sync(self->fd, end));
		EXPECT_EQ(0, buffer_sync_range(self->heap, self->fd, 0,
					       PAGE * 4, start));
		EXPECT_EQ(0, buffer_sync_range(self->heap, self->fd, 0,
					       PAGE * 4, end));
		EXPECT_EQ(0, buffer_sync_range(self->heap, self->fd,
					       PAGE * 4 - 1, 1, start));
		EXPECT_EQ(0, buffer_sync_range(self->heap, self->fd, 1, 1,
					       end));
	}
}

TEST_F(sync, outside_of_the_buffer)
{
	const struct {
		__u64 offset;
		__u64 len;
	} range[] = {
		{ 0, 0 }, { PAGE, 0 }, { PAGE * 4, 0 },
		{ 0, PAGE * 4 + 1 }, { 1, PAGE * 4 }, { PAGE * 4, 1 },
		{ PAGE * 4 + 1, 1 }, { UINT64_MAX, 1 }, { 1, UINT64_MAX },
		{ UINT64_MAX, UINT64_MAX }, { PAGE, UINT64_MAX - PAGE + 1 },
		{ 1ULL << 32, PAGE }, { 0, (1ULL << 32) + PAGE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(range); i++)
		EXPECT_ERRNO(EINVAL, buffer_sync_range(self->heap, self->fd,
						       range[i].offset,
						       range[i].len, START_RW));
}

TEST_F(sync, bad_flags)
{
	int bit;

	EXPECT_ERRNO(EINVAL, buffer_sync_range(self->heap, self->fd, 0, PAGE,
					       DMA_BUF_SYNC_START));
	EXPECT_ERRNO(EINVAL, buffer_sync_range(self->heap, self->fd, 0, PAGE,
					       DMA_BUF_SYNC_END));
	for (bit = 3; bit < 32; bit++)
		EXPECT_ERRNO(EINVAL,
			     buffer_sync_range(self->heap, self->fd, 0, PAGE,
					       START_RW | 1U << bit));
}

TEST_F(sync, no_file)
{
	int fd = dup(self->fd);

	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_ERRNO(EBADF, buffer_sync_range(self->heap, fd, 0, PAGE,
					      START_RW));
	EXPECT_ERRNO(EBADF, buffer_sync_range(self->heap, -1, 0, PAGE,
					      START_RW));
}

TEST_F(sync, no_dmabuf)
{
	int memfd = memfd_create("none", 0);

	ASSERT_LE(0, memfd);
	EXPECT_ERRNO(EINVAL, buffer_sync_range(self->heap, memfd, 0, PAGE,
					       START_RW));
	EXPECT_ERRNO(EINVAL, buffer_sync_range(self->heap, self->heap, 0, PAGE,
					       START_RW));
}

TEST_F(sync, dmabuf_of_another_exporter)
{
	int fd = foreign_dmabuf();

	EXPECT_ERRNO(EINVAL, buffer_sync_range(self->heap, fd, 0, PAGE,
					       START_RW));
}

TEST(sync_of_a_udmabuf)
{
	int heap = heap_open("adsp-uncached");
	int fd = udmabuf(PAGE * 4);

	if (fd < 0)
		SKIP(return, "this kernel has no /dev/udmabuf");
	EXPECT_ERRNO(EINVAL, buffer_sync_range(heap, fd, 0, PAGE, START_RW));
}

/* The buffer matters, not the heap whose node is used. */
TEST_F(sync, buffer_of_another_heap)
{
	int other = heap_open("mdp-uncached");
	int fd = heap_alloc(other, PAGE);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, buffer_sync_range(self->heap, fd, 0, PAGE, START_RW));
}

TEST_F(sync, leaks_no_reference)
{
	struct contig_heap_query before = heap_query(self->heap);
	int i;

	for (i = 0; i < 100; i++) {
		buffer_sync_range(self->heap, self->fd, 0, PAGE, START_RW);
		buffer_sync_range(self->heap, self->fd, 0, 0, START_RW);
		buffer_sync_range(self->heap, self->fd, 0, PAGE, 0);
	}
	close(self->fd);
	EXPECT_EQ(before.free + PAGE * 4, heap_query(self->heap).free);
}

FIXTURE(place) {
	int heap;
	int fd;
	__u64 huge;
};

HEAP_KINDS(place);

/*
 * The size of a huge mapping, or a page on kernels without huge mappings of page frames: before
 * Linux 6.12, and without transparent huge pages, as on 32-bit ARM.
 */
static __u64 huge_size(void)
{
	char *text = read_text("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
	__u64 size = text && has_huge_frames() ? strtoull(text, NULL, 10) : PAGE;

	free(text);
	return size;
}

FIXTURE_SETUP(place)
{
	self->huge = huge_size();
	ASSERT_LE(PAGE, self->huge);
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->fd = heap_alloc(self->heap, PAGE * 3);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(place)
{
	close(self->fd);
	close(self->heap);
}

/* It equals the address that a device sees, but has no more bits than requested. */
TEST_F(place, is_where_a_device_finds_it)
{
	__u64 modulus, phase, address;
	int fd[6], i;

	for (i = 0; i < 6; i++) {
		fd[i] = heap_alloc(self->heap, PAGE * (i + 1));
		ASSERT_LE(0, fd[i]);
		address = buffer_address(fd[i]);
		ASSERT_NE(0, address);
		for (modulus = 1; modulus <= self->huge; modulus *= 2) {
			ASSERT_EQ(0, buffer_place(self->heap, fd[i], modulus, &phase));
			EXPECT_EQ(address & (modulus - 1), phase);
		}
	}
	for (i = 0; i < 6; i++)
		close(fd[i]);
}

TEST_F(place, follows_the_alignment)
{
	__u64 align, phase;

	for (align = PAGE; align <= MiB(2); align *= 2) {
		int fd = heap_alloc_aligned(self->heap, PAGE, align);

		ASSERT_LE(0, fd);
		if (align <= self->huge) {
			ASSERT_EQ(0, buffer_place(self->heap, fd, align, &phase));
			EXPECT_EQ(0, phase);
		}
		ASSERT_EQ(0, buffer_place(self->heap, fd, self->huge, &phase));
		EXPECT_EQ(0, phase % (align < self->huge ? align : self->huge));
		close(fd);
	}
}

/* A modulus may not exceed the size of a PMD. */
TEST_F(place, bad_modulus)
{
	const __u64 modulus[] = {
		0, 3, PAGE - 1, PAGE + 1, PAGE * 3, MiB(64), self->huge - 1, self->huge + 1,
		self->huge * 2, 1ULL << 32, (1ULL << 32) + PAGE, 1ULL << 40, 1ULL << 63,
		UINT64_MAX,
	};
	__u64 phase;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modulus); i++) {
		EXPECT_ERRNO(EINVAL, buffer_place(self->heap, self->fd, modulus[i], &phase));
		EXPECT_EQ(~0ULL, phase);
	}
}

TEST_F(place, bad_flags_and_pointer)
{
	struct contig_heap_place place;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		place = (struct contig_heap_place) {
			.fd = self->fd, .flags = 1U << bit, .modulus = PAGE,
		};
		EXPECT_ERRNO(EINVAL, ioctl(self->heap, CONTIG_HEAP_IOCTL_PLACE, &place));
	}
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, CONTIG_HEAP_IOCTL_PLACE, NULL));
}

TEST_F(place, fault_on_copy_out)
{
	struct contig_heap_place *place;
	int fds = open_fds();

	place = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, place);
	*place = (struct contig_heap_place) { .fd = self->fd, .modulus = PAGE };
	ASSERT_EQ(0, mprotect(place, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->heap, CONTIG_HEAP_IOCTL_PLACE, place));
	EXPECT_EQ(fds, open_fds());
}

/* Overwrites the phase, and nothing else. */
TEST_F(place, fills_in_the_phase_alone)
{
	struct contig_heap_place place[2];
	int i;

	for (i = 0; i < 2; i++) {
		place[i] = (struct contig_heap_place) {
			.fd = self->fd, .modulus = self->huge, .phase = i ? ~0ULL : 0,
		};
		ASSERT_EQ(0, ioctl(self->heap, CONTIG_HEAP_IOCTL_PLACE, &place[i]));
	}
	EXPECT_EQ(0, memcmp(&place[0], &place[1], sizeof(place[0])));
	EXPECT_EQ(self->fd, place[0].fd);
	EXPECT_EQ(0, place[0].flags);
	EXPECT_EQ(self->huge, place[0].modulus);
	EXPECT_GT(self->huge, place[0].phase);
}

/* Fields that the caller does not know are 0, which is no valid modulus. */
TEST_F(place, shorter_structure)
{
	struct {
		__s32 fd;
		__u32 flags;
	} data = { .fd = self->fd };

	EXPECT_ERRNO(EINVAL, ioctl(self->heap, _IOWR(CONTIG_HEAP_IOC_MAGIC, 3, data), &data));
}

TEST_F(place, longer_structure)
{
	struct {
		struct contig_heap_place known;
		__u64 unknown[8];
	} data = { .known = { .fd = self->fd, .modulus = self->huge } };
	__u64 phase;

	ASSERT_EQ(0, buffer_place(self->heap, self->fd, self->huge, &phase));
	ASSERT_EQ(0, ioctl(self->heap, _IOWR(CONTIG_HEAP_IOC_MAGIC, 3, data), &data));
	EXPECT_EQ(phase, data.known.phase);
}

/*
 * As with copy_struct_from_user(): fields after the known structure must be 0, as they would be
 * ignored. The last byte counts, too.
 */
TEST_F(place, unknown_fields_are_refused)
{
	struct {
		struct contig_heap_place known;
		__u8 unknown[64];
	} data;
	size_t i;

	for (i = 0; i < sizeof(data.unknown); i++) {
		data.known = (struct contig_heap_place) { .fd = self->fd, .modulus = PAGE };
		memset(data.unknown, 0, sizeof(data.unknown));
		data.unknown[i] = 1;
		EXPECT_ERRNO(E2BIG, ioctl(self->heap, _IOWR(CONTIG_HEAP_IOC_MAGIC, 3, data),
					  &data));
	}
}

TEST_F(sync, unknown_fields)
{
	struct {
		struct contig_heap_sync known;
		__u64 unknown;
	} data = { .known = { .fd = self->fd, .len = PAGE, .flags = START_RW } };

	EXPECT_EQ(0, ioctl(self->heap, _IOW(CONTIG_HEAP_IOC_MAGIC, 2, data), &data));
	data.unknown = 1ULL << 63;
	EXPECT_ERRNO(E2BIG, ioctl(self->heap, _IOW(CONTIG_HEAP_IOC_MAGIC, 2, data), &data));
}

/* Nothing is allocated, so nothing leaks. */
TEST_F(aligned, unknown_fields)
{
	struct {
		struct contig_heap_alloc known;
		__u64 unknown;
	} data = { .known = { .len = PAGE, .fd_flags = O_RDWR }, .unknown = 1 };
	struct contig_heap_query before = heap_query(self->heap);
	int next = next_fd();

	EXPECT_ERRNO(E2BIG, ioctl(self->heap, _IOWR(CONTIG_HEAP_IOC_MAGIC, 1, data), &data));
	EXPECT_EQ(0, data.known.fd);
	EXPECT_EQ(next, next_fd());
	EXPECT_EQ(before.free, heap_query(self->heap).free);
	data.unknown = 0;
	EXPECT_EQ(0, ioctl(self->heap, _IOWR(CONTIG_HEAP_IOC_MAGIC, 1, data), &data));
	close(data.known.fd);
}

/* The kernel's own command ignores bytes after its structure. */
TEST_F(aligned, unknown_fields_of_the_kernels_command)
{
	struct {
		struct dma_heap_allocation_data known;
		__u64 unknown;
	} data = { .known = { .len = PAGE, .fd_flags = O_RDWR }, .unknown = 1 };

	EXPECT_EQ(0, ioctl(self->heap, _IOWR(DMA_HEAP_IOC_MAGIC, 0, data), &data));
	close(data.known.fd);
}

/* The largest size that a command number can encode. */
TEST_F(query, more_than_a_page)
{
	static char data[16383];

	if (PAGE > sizeof(data))
		SKIP(return, "a page is more than the size of any command");
	EXPECT_ERRNO(E2BIG, ioctl(self->heap, _IOC(_IOC_READ, CONTIG_HEAP_IOC_MAGIC, 0,
						   sizeof(data)), data));
	EXPECT_ERRNO(E2BIG, ioctl(self->heap, _IOC(_IOC_READ | _IOC_WRITE, CONTIG_HEAP_IOC_MAGIC, 1,
						   sizeof(data)), data));
}

TEST_F(place, no_buffer_of_ours)
{
	int memfd = memfd_create("none", 0), none = dup(self->fd);
	__u64 phase;

	ASSERT_LE(0, memfd);
	ASSERT_LE(0, none);
	close(none);
	EXPECT_ERRNO(EBADF, buffer_place(self->heap, none, PAGE, &phase));
	EXPECT_ERRNO(EBADF, buffer_place(self->heap, -1, PAGE, &phase));
	EXPECT_ERRNO(EINVAL, buffer_place(self->heap, memfd, PAGE, &phase));
	EXPECT_ERRNO(EINVAL, buffer_place(self->heap, self->heap, PAGE, &phase));
	EXPECT_ERRNO(EINVAL, buffer_place(self->heap, foreign_dmabuf(), PAGE, &phase));
	EXPECT_EQ(~0ULL, phase);
}

/* The buffer matters, not the heap whose node is used. */
TEST_F(place, buffer_of_another_heap)
{
	int other = heap_open("mdp-uncached");
	int small = heap_alloc(other, PAGE);
	int fd = heap_alloc(other, PAGE);
	__u64 phase;

	ASSERT_LE(0, small);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, buffer_place(self->heap, fd, self->huge, &phase));
	EXPECT_EQ(buffer_address(fd) & (self->huge - 1), phase);
}

TEST_F(place, leaks_no_reference)
{
	struct contig_heap_query before = heap_query(self->heap);
	__u64 phase;
	int i;

	for (i = 0; i < 100; i++) {
		buffer_place(self->heap, self->fd, PAGE, &phase);
		buffer_place(self->heap, self->fd, 0, &phase);
	}
	close(self->fd);
	EXPECT_EQ(before.free + PAGE * 3, heap_query(self->heap).free);
}

TEST_HARNESS_MAIN
