// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, layouts and file operations of /dev/pmem*, as used by old binaries. */
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "test.h"

#define LONG	sizeof(long)

_Static_assert(sizeof(struct pmem_region) == 2 * LONG, "pmem_region");
_Static_assert(offsetof(struct pmem_region, len) == LONG, "pmem_region.len");
_Static_assert(sizeof(struct pmem_addr) == 3 * LONG, "pmem_addr");
_Static_assert(offsetof(struct pmem_addr, offset) == LONG, "pmem_addr.offset");
_Static_assert(offsetof(struct pmem_addr, length) == 2 * LONG, "pmem_addr.length");
_Static_assert(sizeof(struct pmem_freespace) == 2 * LONG, "pmem_freespace");
_Static_assert(offsetof(struct pmem_freespace, largest) == LONG, "pmem_freespace.largest");
_Static_assert(sizeof(struct pmem_allocation) == 2 * LONG, "pmem_allocation");
_Static_assert(offsetof(struct pmem_allocation, align) == LONG, "pmem_allocation.align");
_Static_assert(sizeof(struct pmem_sync_region) == 3 * LONG, "pmem_sync_region");
_Static_assert(offsetof(struct pmem_sync_region, dir) == 2 * LONG, "pmem_sync_region.dir");
_Static_assert(sizeof(struct pmem_dmabuf) == 8, "pmem_dmabuf");
_Static_assert(offsetof(struct pmem_dmabuf, fd_flags) == 4, "pmem_dmabuf.fd_flags");

_Static_assert(PMEM_GET_PHYS == 0x40047001, "PMEM_GET_PHYS");
_Static_assert(PMEM_MAP == 0x40047002, "PMEM_MAP");
_Static_assert(PMEM_GET_SIZE == 0x40047003, "PMEM_GET_SIZE");
_Static_assert(PMEM_UNMAP == 0x40047004, "PMEM_UNMAP");
_Static_assert(PMEM_ALLOCATE == 0x40047005, "PMEM_ALLOCATE");
_Static_assert(PMEM_CONNECT == 0x40047006, "PMEM_CONNECT");
_Static_assert(PMEM_GET_TOTAL_SIZE == 0x40047007, "PMEM_GET_TOTAL_SIZE");
_Static_assert(PMEM_CACHE_FLUSH == 0x40047008, "PMEM_CACHE_FLUSH");
_Static_assert(HW3D_REVOKE_GPU == 0x40047008, "HW3D_REVOKE_GPU");
_Static_assert(HW3D_GRANT_GPU == 0x40047009, "HW3D_GRANT_GPU");
_Static_assert(HW3D_WAIT_FOR_INTERRUPT == 0x4004700a, "HW3D_WAIT_FOR_INTERRUPT");
_Static_assert(PMEM_CLEAN_INV_CACHES == 0x4004700b, "PMEM_CLEAN_INV_CACHES");
_Static_assert(PMEM_CLEAN_CACHES == 0x4004700c, "PMEM_CLEAN_CACHES");
_Static_assert(PMEM_INV_CACHES == 0x4004700d, "PMEM_INV_CACHES");
_Static_assert(PMEM_GET_FREE_SPACE == 0x4004700e, "PMEM_GET_FREE_SPACE");
_Static_assert(PMEM_ALLOCATE_ALIGNED == 0x4004700f, "PMEM_ALLOCATE_ALIGNED");
_Static_assert(PMEM_MAP_REGION == 0x40047010, "PMEM_MAP_REGION");
_Static_assert(PMEM_UNMAP_REGION == 0x40047011, "PMEM_UNMAP_REGION");
_Static_assert(PMEM_CACHE_INV == 0x40047014, "PMEM_CACHE_INV");

/* A command's number in the earliest header. */
#define EARLY(nr)	_IOW(PMEM_IOCTL_MAGIC, nr, struct pmem_region *)

/* A structure between known bytes. */
struct poisoned {
	unsigned long before;
	unsigned long value[2];
	unsigned long after;
};

#define POISON	((unsigned long)0xccccccccccccccccULL)

static struct poisoned poisoned(void)
{
	return (struct poisoned){ POISON, { POISON, POISON }, POISON };
}

NODE_FIXTURE(node);

TEST_F(node, empty_file_writes_whole_structures)
{
	struct poisoned data = poisoned();

	ASSERT_EQ(0, ioctl(self->fd, PMEM_GET_PHYS, &data.value));
	EXPECT_EQ(0, data.value[0]);
	EXPECT_EQ(0, data.value[1]);
	data = poisoned();
	ASSERT_EQ(0, ioctl(self->fd, PMEM_GET_SIZE, &data.value));
	EXPECT_EQ(0, data.value[0]);
	EXPECT_EQ(0, data.value[1]);
	data = poisoned();
	ASSERT_EQ(0, ioctl(self->fd, PMEM_GET_TOTAL_SIZE, &data.value));
	EXPECT_EQ(0, data.value[0]);
	EXPECT_EQ(self->node->size, data.value[1]);
	data = poisoned();
	ASSERT_EQ(0, ioctl(self->fd, PMEM_GET_FREE_SPACE, &data.value));
	EXPECT_EQ(self->node->size, data.value[0]);
	EXPECT_EQ(self->node->size, data.value[1]);
	EXPECT_EQ(POISON, data.before);
	EXPECT_EQ(POISON, data.after);
}

TEST_F(node, nothing_beyond_a_structure_is_written)
{
	static const unsigned int cmd[] = {
		PMEM_GET_PHYS, PMEM_GET_SIZE, PMEM_GET_TOTAL_SIZE, PMEM_GET_FREE_SPACE,
	};
	size_t i;

	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	for (i = 0; i < ARRAY_SIZE(cmd); i++) {
		struct poisoned data = poisoned();

		ASSERT_EQ(0, ioctl(self->fd, cmd[i], &data.value));
		EXPECT_NE(POISON, data.value[0]);
		EXPECT_NE(POISON, data.value[1]);
		EXPECT_EQ(POISON, data.before);
		EXPECT_EQ(POISON, data.after);
	}
}

/* A system allocation is longer than requested, for a possible alignment. */
static unsigned long reported(const struct node *node, unsigned long len)
{
	return node->kind == SYSTEM ? len + PAGE : len;
}

TEST_F(node, allocation_is_reported)
{
	struct pmem_region size, phys;

	ASSERT_EQ(0, pmem_allocate(self->fd, MiB(1)));
	size = pmem_size(self->fd);
	phys = pmem_phys(self->fd);
	EXPECT_EQ(reported(self->node, MiB(1)), size.len);
	EXPECT_NE(0, size.offset);
	EXPECT_EQ(size.len, phys.len);
	EXPECT_EQ(size.offset, phys.offset);
	EXPECT_REGION(0, self->node->size, ((struct pmem_region){ 0, pmem_total(self->fd) }));
}

TEST_F(node, early_encoding)
{
	struct pmem_region region;
	int sub;

	ASSERT_EQ(sizeof(void *) == 8 ? 0x40087001 : 0x40047001, EARLY(1));
	memset(&region, 0xcc, sizeof(region));
	ASSERT_EQ(0, ioctl(self->fd, EARLY(7), &region));
	EXPECT_EQ(0, region.offset);
	EXPECT_EQ(self->node->size, region.len);
	ASSERT_NE(MAP_FAILED, pmem_mmap(self->fd, KiB(64)));
	memset(&region, 0xcc, sizeof(region));
	ASSERT_EQ(0, ioctl(self->fd, EARLY(3), &region));
	EXPECT_EQ(reported(self->node, KiB(64)), region.len);
	memset(&region, 0xcc, sizeof(region));
	ASSERT_EQ(0, ioctl(self->fd, EARLY(1), &region));
	EXPECT_EQ(reported(self->node, KiB(64)), region.len);
	EXPECT_EQ(pmem_phys(self->fd).offset, region.offset);

	sub = pmem_sub(self->name, self->fd);
	ASSERT_LE(0, sub);
	region = (struct pmem_region){ PAGE, PAGE };
	EXPECT_EQ(0, ioctl(sub, EARLY(2), &region));
	EXPECT_EQ(0, ioctl(sub, EARLY(4), &region));
	EXPECT_ERRNO(EINVAL, ioctl(sub, EARLY(4), &region));
}

/* Only the five commands of the first header have such numbers. */
TEST_F(node, early_encoding_of_later_commands)
{
	struct pmem_region region = { 0, PAGE };
	unsigned int nr;

	ASSERT_EQ(0, pmem_allocate(self->fd, PAGE));
	for (nr = 0; nr < 32; nr++) {
		if ((nr >= 1 && nr <= 4) || nr == 7)
			continue;
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, _IOW(PMEM_IOCTL_MAGIC, nr, __u64), &region)) {
			TH_LOG("number %u", nr);
		}
	}
}

/* The kernel clears bits 32 and up for 32-bit callers; and for 64-bit ones, too. */
TEST_F(node, command_has_32_bits)
{
	struct pmem_region region;

	memset(&region, 0xcc, sizeof(region));
	EXPECT_EQ(0, syscall(SYS_ioctl, self->fd, (unsigned long)PMEM_GET_TOTAL_SIZE, &region));
	EXPECT_EQ(self->node->size, region.len);
}

TEST_F(node, unknown_commands)
{
	static const unsigned int other[] = {
		0, _IO('T', 1), _IO('p', 1), _IO('p', 10), _IO(0xc0, 1), _IO(0xc0, 5),
		_IOW('p', 0, unsigned int), _IOR('p', 1, unsigned int), _IOW('q', 1, unsigned int),
		_IOWR('p', 13, unsigned int), 0x80047001, 0xffffffff,
	};
	struct pmem_region region;
	unsigned int nr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(other); i++)
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, other[i], &region)) {
			TH_LOG("command %#x", other[i]);
		}
	for (nr = 18; nr < 256; nr++) {
		if (nr == 20)
			continue;
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, _IOW('p', nr, unsigned int), &region)) {
			TH_LOG("number %u", nr);
		}
	}
}

TEST_F(node, file_operations)
{
	struct pollfd poller = { .fd = self->fd, .events = POLLIN | POLLOUT };
	struct stat stat;
	char byte = 0;

	EXPECT_ERRNO(EINVAL, read(self->fd, &byte, 1));
	EXPECT_ERRNO(EINVAL, write(self->fd, &byte, 1));
	EXPECT_ERRNO(EINVAL, fsync(self->fd));
	EXPECT_ERRNO(ESPIPE, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(1, poll(&poller, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, poller.revents);
	ASSERT_EQ(0, fstat(self->fd, &stat));
	EXPECT_TRUE(S_ISCHR(stat.st_mode));
	EXPECT_EQ(0, stat.st_size);
	EXPECT_EQ(0, stat.st_mode & 0777 & ~0600);
	EXPECT_EQ(0, stat.st_uid);
}

TEST_F(node, opens_are_independent)
{
	int other = pmem_open(self->name);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, pmem_allocate(self->fd, PAGE));
	EXPECT_REGION(0, 0, pmem_size(other));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_REGION(0, 0, pmem_size(other));
	EXPECT_EQ(0, pmem_allocate(other, PAGE));
}

TEST_F(node, duplicates_share_one_state)
{
	int copy = dup(self->fd);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, pmem_allocate(self->fd, PAGE));
	EXPECT_EQ(pmem_size(self->fd).offset, pmem_size(copy).offset);
	EXPECT_ERRNO(EINVAL, pmem_allocate(copy, PAGE));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_NE(0, pmem_size(copy).len);
}

/* Clients use GET_SIZE to find out whether a file is PMEM. */
TEST(other_files_reject_pmem_commands)
{
	int dmabuf = heap_alloc("mdp", PAGE, O_RDWR | O_CLOEXEC);
	int heap = open("/dev/dma_heap/mdp", O_RDWR);
	int null = open("/dev/null", O_RDWR);
	struct pmem_region region;

	ASSERT_LE(0, dmabuf);
	ASSERT_LE(0, heap);
	ASSERT_LE(0, null);
	EXPECT_EQ(-1, ioctl(dmabuf, PMEM_GET_SIZE, &region));
	EXPECT_EQ(-1, ioctl(heap, PMEM_GET_SIZE, &region));
	EXPECT_ERRNO(ENOTTY, ioctl(null, PMEM_GET_SIZE, &region));
}

TEST(exported_dmabuf_rejects_pmem_commands)
{
	int fd = pmem_open("pmem"), dmabuf;
	struct pmem_region region;

	ASSERT_EQ(0, pmem_allocate(fd, PAGE));
	dmabuf = pmem_export(fd, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	EXPECT_EQ(-1, ioctl(dmabuf, PMEM_GET_SIZE, &region));
}

TEST_HARNESS_MAIN
