// SPDX-License-Identifier: GPL-2.0-only
/* /dev/cma_mem as its clients used it, without its security holes. */
#include <linux/cma_mem.h>

#include "test.h"

#define LONG	sizeof(long)
#define LEN	(800 * 480 * 4)
#define PAGES(len)	(((len) + PAGE - 1) / PAGE * PAGE)

_Static_assert(CMEM_UNMAP == 0x40046d04, "CMEM_UNMAP");
_Static_assert(CMEM_ALLOCATE == 0x40046d05, "CMEM_ALLOCATE");
_Static_assert(offsetof(struct mem_block, name) == 0, "name");
_Static_assert(offsetof(struct mem_block, is_use_buffer) == 10, "is_use_buffer");
_Static_assert(offsetof(struct mem_block, id) == 12, "id");
_Static_assert(offsetof(struct mem_block, offset) == 16, "offset");
_Static_assert(offsetof(struct mem_block, len) == 16 + LONG, "len");
_Static_assert(offsetof(struct mem_block, phy_base) == 16 + 2 * LONG, "phy_base");
_Static_assert(offsetof(struct mem_block, mem_base) == 16 + 3 * LONG, "mem_base");
_Static_assert(offsetof(struct mem_block, kernel_base) == 16 + 4 * LONG, "kernel_base");
_Static_assert(sizeof(struct mem_block) == 16 + 5 * LONG, "mem_block");

FIXTURE(cma_mem) {
	int fd;
};

FIXTURE_SETUP(cma_mem)
{
	IDLE_SETUP();
	self->fd = open("/dev/cma_mem", O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(cma_mem)
{
	peers_end();
}

static struct mem_block block_named(const char *name)
{
	struct mem_block block;
	size_t i;

	memset(&block, 0xcc, sizeof(block));
	memset(block.name, 0, sizeof(block.name));
	for (i = 0; i < sizeof(block.name) && name[i]; i++)
		block.name[i] = name[i];
	return block;
}

static int allocate(int fd, const char *name, unsigned long len, struct mem_block *block)
{
	*block = block_named(name);
	block->is_use_buffer = 1;
	block->len = len;
	return ioctl(fd, CMEM_ALLOCATE, block);
}

static int release(int fd, const char *name)
{
	struct mem_block block = block_named(name);

	return ioctl(fd, CMEM_UNMAP, &block);
}

TEST_F(cma_mem, typical_client)
{
	static const char *const names[] = { "mem1", "mem2", "mem3" };
	struct mem_block blocks[3];
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, allocate(self->fd, names[i], LEN, &blocks[i]));
		EXPECT_EQ(i + 1, blocks[i].id);
		EXPECT_EQ(PAGES(LEN), blocks[i].len);
		EXPECT_NE(0, blocks[i].mem_base);
		EXPECT_NE(0, blocks[i].phy_base);
		/* The caller's own value. */
		EXPECT_EQ((unsigned long)0xccccccccccccccccULL, blocks[i].offset);
		EXPECT_EQ(NULL, blocks[i].kernel_base);
		EXPECT_TRUE(all_bytes((void *)blocks[i].mem_base, blocks[i].len, 0));
		fill((void *)blocks[i].mem_base, blocks[i].len, i);
	}
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(filled((void *)blocks[i].mem_base, blocks[i].len, i));
	EXPECT_EQ(0, release(self->fd, "mem2"));
	EXPECT_FALSE(can_read((void *)blocks[1].mem_base));
	EXPECT_TRUE(filled((void *)blocks[0].mem_base, blocks[0].len, 0));
	EXPECT_TRUE(filled((void *)blocks[2].mem_base, blocks[2].len, 2));
	EXPECT_ERRNO(ENOENT, release(self->fd, "mem2"));
	EXPECT_EQ(0, release(self->fd, "mem1"));
	EXPECT_EQ(0, release(self->fd, "mem3"));
	EXPECT_TRUE(all_free(true));
}

TEST_F(cma_mem, rest_of_the_structure_is_as_it_was)
{
	struct mem_block block;

	ASSERT_EQ(0, allocate(self->fd, "abc", 1, &block));
	EXPECT_EQ(0, memcmp(block.name, "abc\0\0\0\0\0\0\0", 10));
	EXPECT_EQ(1, block.is_use_buffer);
	EXPECT_EQ(PAGE, block.len);
}

#ifndef SYS_mseal
#define SYS_mseal	462
#endif

/* If unmapping fails, the block is unchanged. */
TEST_F(cma_mem, mapping_that_cannot_be_unmapped)
{
	struct mem_block first, second;
	void *youngest;

	ASSERT_EQ(0, allocate(self->fd, "sealed", MiB(1), &first));
	ASSERT_EQ(0, allocate(self->fd, "other", PAGE, &second));
	fill((void *)first.mem_base, MiB(1), 1);
	fill((void *)second.mem_base, PAGE, 2);
	if (syscall(SYS_mseal, first.mem_base, MiB(1), 0))
		SKIP(return, "this kernel cannot seal mappings");
	EXPECT_ERRNO(EPERM, release(self->fd, "sealed"));
	EXPECT_TRUE(filled((void *)first.mem_base, MiB(1), 1));
	/* Its name and memory are still in use, and its age is unchanged. */
	EXPECT_ERRNO(EPERM, release(self->fd, "sealed"));
	EXPECT_FALSE(all_free(false));
	youngest = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, youngest);
	EXPECT_TRUE(filled(youngest, PAGE, 2));
	EXPECT_EQ(0, release(self->fd, "other"));
}

TEST_F(cma_mem, both_kinds_of_memory)
{
	struct mem_block block = block_named("coherent");

	block.is_use_buffer = 0;
	block.len = MiB(1);
	ASSERT_EQ(0, ioctl(self->fd, CMEM_ALLOCATE, &block));
	fill((void *)block.mem_base, MiB(1), 1);
	EXPECT_TRUE(filled((void *)block.mem_base, MiB(1), 1));
	ASSERT_EQ(0, allocate(self->fd, "combined", MiB(1), &block));
	fill((void *)block.mem_base, MiB(1), 2);
	EXPECT_TRUE(filled((void *)block.mem_base, MiB(1), 2));
}

/* In allocation order; returns the number of offsets. */
static int offsets_in_area(unsigned long long *offset, int max)
{
	char *text = read_text("/sys/kernel/debug/contig_heaps/default_cma_region/buffers");
	char *line = text ? strchr(text, '\n') : NULL;
	int count = 0;

	while (line && count < max && sscanf(line, " %llu", &offset[count]) == 1) {
		count++;
		line = strchr(line + 1, '\n');
	}
	free(text);
	return count;
}

/* Addresses differ by the same amounts as offsets in the area. */
TEST_F(cma_mem, physical_addresses)
{
	static const unsigned long len[] = { MiB(1), MiB(2), MiB(1) };
	struct mem_block blocks[ARRAY_SIZE(len)];
	unsigned long long offset[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		char name[] = { 'a' + i, '\0' };

		ASSERT_EQ(0, allocate(self->fd, name, len[i], &blocks[i]));
		EXPECT_EQ(0, blocks[i].phy_base % PAGE);
	}
	ASSERT_EQ(ARRAY_SIZE(len), (size_t)offsets_in_area(offset, ARRAY_SIZE(offset)));
	for (i = 1; i < ARRAY_SIZE(len); i++)
		EXPECT_EQ(offset[i] - offset[0],
			  (unsigned long long)blocks[i].phy_base - blocks[0].phy_base);
}

/* Ten bytes without a NUL. */
TEST_F(cma_mem, longest_name)
{
	struct mem_block block;

	ASSERT_EQ(0, allocate(self->fd, "0123456789", PAGE, &block));
	ASSERT_EQ(0, allocate(self->fd, "012345678", PAGE, &block));
	EXPECT_ERRNO(ENOENT, release(self->fd, "01234567"));
	EXPECT_ERRNO(ENOENT, release(self->fd, "012345678x"));
	EXPECT_EQ(0, release(self->fd, "0123456789"));
	EXPECT_ERRNO(ENOENT, release(self->fd, "0123456789"));
	EXPECT_EQ(0, release(self->fd, "012345678"));
}

/* Bytes after the NUL are not part of the name. */
TEST_F(cma_mem, name_ends_at_nul)
{
	struct mem_block block = block_named("a");

	block.name[5] = 'x';
	block.len = PAGE;
	ASSERT_EQ(0, ioctl(self->fd, CMEM_ALLOCATE, &block));
	EXPECT_EQ(0, release(self->fd, "a"));
}

TEST_F(cma_mem, errors)
{
	struct mem_block block, *reader;

	EXPECT_ERRNO(EFAULT, ioctl(self->fd, CMEM_ALLOCATE, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, CMEM_UNMAP, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, CMEM_ALLOCATE, -16L));
	EXPECT_ERRNO(EINVAL, allocate(self->fd, "", PAGE, &block));
	EXPECT_ERRNO(EINVAL, allocate(self->fd, "a", 0, &block));
	EXPECT_ERRNO(ENOMEM, allocate(self->fd, "a", MiB(1000), &block));
	EXPECT_NE(0, failure(allocate(self->fd, "a", ~0UL, &block)));
	EXPECT_NE(0, failure(allocate(self->fd, "a", ~0UL - PAGE, &block)));
	/* Truncated to 32 bits, this length would fit. */
	if (LONG == 8)
		EXPECT_ERRNO(ENOMEM, allocate(self->fd, "a", (~0UL >> 31 >> 1) + 1 + PAGE, &block));
	EXPECT_ERRNO(ENOENT, release(self->fd, "a"));
	EXPECT_TRUE(all_free(true));
	/* The caller cannot learn the address, so nothing may be allocated. */
	reader = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, reader);
	*reader = block_named("r");
	reader->len = MiB(1);
	ASSERT_EQ(0, mprotect(reader, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, CMEM_ALLOCATE, reader));
	EXPECT_TRUE(all_free(true));
	EXPECT_ERRNO(ENOENT, release(self->fd, "r"));
}

/* First-generation clients pass a pointer as the name, or NULL. */
TEST_F(cma_mem, block_of_the_first_generation)
{
	struct {
		char *name;
		char is_cache;
		unsigned long id, offset, len, phy_base, mem_base;
	} block = { .is_cache = 1, .len = PAGE, .phy_base = PAGE, .mem_base = PAGE };

	EXPECT_ERRNO(EINVAL, ioctl(self->fd, CMEM_ALLOCATE, &block));
	EXPECT_TRUE(all_free(true));
}

TEST_F(cma_mem, unknown_commands)
{
	struct mem_block block = block_named("a");
	unsigned int nr;

	block.len = PAGE;
	for (nr = 0; nr < 64; nr++) {
		if (nr == 4 || nr == 5)
			continue;
		EXPECT_ERRNO(ENOTTY, ioctl(self->fd, _IOW('m', nr, unsigned int), &block)) {
			TH_LOG("number %u", nr);
		}
	}
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, _IOW('p', 5, unsigned int), PAGE));
}

TEST_F(cma_mem, blocks_are_their_files)
{
	int other = open("/dev/cma_mem", O_RDWR);
	struct mem_block block, second;

	ASSERT_EQ(0, allocate(self->fd, "mine", MiB(1), &block));
	fill((void *)block.mem_base, MiB(1), 1);
	EXPECT_ERRNO(ENOENT, release(other, "mine"));
	EXPECT_TRUE(filled((void *)block.mem_base, MiB(1), 1));
	/* A block of another file may have the same name. */
	ASSERT_EQ(0, allocate(other, "mine", MiB(1), &second));
	EXPECT_NE(block.phy_base, second.phy_base);
	EXPECT_EQ(0, release(other, "mine"));
	EXPECT_TRUE(filled((void *)block.mem_base, MiB(1), 1));
}

TEST_F(cma_mem, freed_when_closed_and_unmapped)
{
	struct mem_block block;

	ASSERT_EQ(0, allocate(self->fd, "a", MiB(1), &block));
	fill((void *)block.mem_base, MiB(1), 1);
	ASSERT_EQ(0, close(self->fd));
	EXPECT_FALSE(all_free(false));
	EXPECT_TRUE(filled((void *)block.mem_base, MiB(1), 1));
	ASSERT_EQ(0, munmap((void *)block.mem_base, MiB(1)));
	EXPECT_TRUE(all_free(true));
}

static long allocates_there(const long *arg)
{
	struct mem_block block;

	if (allocate(arg[0], "there", MiB(1), &block))
		return -1;
	fill((void *)block.mem_base, MiB(1), 2);
	return block.mem_base;
}

TEST_F(cma_mem, freed_when_the_process_dies)
{
	struct peer peer = peer_start();
	int there = peer_give(peer, self->fd);

	ASSERT_EQ(0, close(self->fd));
	ASSERT_NE(-1, on(peer, allocates_there, there));
	EXPECT_FALSE(all_free(false));
	peer_kill(peer);
	EXPECT_TRUE(all_free(true));
}

/* Another mapping may now be at that address in the caller. */
TEST_F(cma_mem, unmap_spares_what_is_not_the_block)
{
	struct mem_block block;
	char *own;

	ASSERT_EQ(0, allocate(self->fd, "a", MiB(1), &block));
	own = mmap((void *)block.mem_base, MiB(1), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_EQ(block.mem_base, (unsigned long)own);
	fill(own, MiB(1), 3);
	EXPECT_EQ(0, release(self->fd, "a"));
	EXPECT_TRUE(can_read(own));
	EXPECT_TRUE(filled(own, MiB(1), 3));
	EXPECT_TRUE(all_free(true));
}

TEST_F(cma_mem, unmap_in_another_process)
{
	struct peer peer = peer_start();
	int there = peer_give(peer, self->fd);
	struct mem_block block;
	long own;

	ASSERT_EQ(0, allocate(self->fd, "a", MiB(1), &block));
	fill((void *)block.mem_base, MiB(1), 4);
	own = on(peer, do_anonymous, (long)block.mem_base, MiB(1));
	ASSERT_EQ(block.mem_base, (unsigned long)own);
	on(peer, do_fill, own, MiB(1), 5);
	/*
	 * It shares the open file, so this is permitted; but neither process loses its mappings.
	 */
	release(self->fd, "nothing");
	EXPECT_EQ(1, on(peer, do_filled, own, MiB(1), 5));
	begin_on(peer, do_close, there);
	peer_call_end(peer);
	EXPECT_TRUE(filled((void *)block.mem_base, MiB(1), 4));
}

static long releases(const long *arg)
{
	return release(arg[0], "a");
}

/* As above, but now it is released. The first process keeps its mapping, and so the memory. */
TEST_F(cma_mem, released_by_a_process_that_shares_the_file)
{
	struct peer peer = peer_start();
	int there = peer_give(peer, self->fd);
	struct mem_block block, next;
	long own;

	ASSERT_EQ(0, allocate(self->fd, "a", MiB(1), &block));
	fill((void *)block.mem_base, MiB(1), 6);
	own = on(peer, do_anonymous, (long)block.mem_base, MiB(1));
	on(peer, do_fill, own, MiB(1), 7);
	ASSERT_EQ(0, on(peer, releases, there));
	EXPECT_EQ(1, on(peer, do_filled, own, MiB(1), 7));
	EXPECT_TRUE(filled((void *)block.mem_base, MiB(1), 6));
	ASSERT_EQ(0, allocate(self->fd, "b", MiB(1), &next));
	EXPECT_NE(block.phy_base, next.phy_base);
	EXPECT_TRUE(all_bytes((void *)next.mem_base, MiB(1), 0));
}

TEST_F(cma_mem, mmap_of_the_last_block)
{
	struct mem_block first, last;
	char *memory;

	EXPECT_NE(0, failure((long)pmem_mmap(self->fd, PAGE)));
	ASSERT_EQ(0, allocate(self->fd, "a", MiB(1), &first));
	ASSERT_EQ(0, allocate(self->fd, "b", MiB(1), &last));
	fill((void *)first.mem_base, MiB(1), 8);
	fill((void *)last.mem_base, MiB(1), 9);
	memory = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(filled(memory, MiB(1), 9));
	/* Starts at the last page, so it must not extend beyond the end. */
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, MiB(1) - PAGE);
	ASSERT_NE(MAP_FAILED, memory);
	*memory = 'e';
	EXPECT_EQ('e', *(char *)(last.mem_base + MiB(1) - PAGE));
	EXPECT_NE(0, failure((long)pmem_mmap(self->fd, MiB(1) + PAGE)));
	EXPECT_NE(0, failure((long)mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, self->fd,
					MiB(1) - PAGE)));
	EXPECT_NE(0, failure((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, MiB(1))));
	EXPECT_NE(0, failure((long)mmap64(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd,
					  1ULL << 43)));
}

TEST_F(cma_mem, mapping_keeps_the_block)
{
	struct mem_block block;
	char *memory;

	ASSERT_EQ(0, allocate(self->fd, "a", MiB(1), &block));
	memory = pmem_mmap(self->fd, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, MiB(1), 10);
	ASSERT_EQ(0, release(self->fd, "a"));
	EXPECT_TRUE(filled(memory, MiB(1), 10));
	EXPECT_FALSE(all_free(false));
	ASSERT_EQ(0, munmap(memory, MiB(1)));
	EXPECT_TRUE(all_free(true));
}

TEST_F(cma_mem, memory_is_zero)
{
	struct mem_block block;
	int round;

	for (round = 0; round < 5; round++) {
		ASSERT_EQ(0, allocate(self->fd, "a", MiB(4), &block));
		EXPECT_TRUE(all_bytes((void *)block.mem_base, MiB(4), 0));
		fill((void *)block.mem_base, MiB(4), round);
		ASSERT_EQ(0, release(self->fd, "a"));
	}
}

static long phy_base_there(const long *arg)
{
	struct mem_block block;

	if (allocate(arg[0], "p", MiB(1), &block))
		return 0;
	release(arg[0], "p");
	return block.phy_base;
}

/* Is this physical address RAM? */
static bool is_ram(unsigned long address)
{
	char *text = read_text("/proc/iomem"), *line, *rest = text;
	bool found = false;

	while ((line = strsep(&rest, "\n"))) {
		unsigned long long first, last;

		if (strstr(line, ": System RAM") &&
		    sscanf(line, "%llx-%llx", &first, &last) == 2)
			found |= address >= first && address <= last;
	}
	free(text);
	return found;
}

TEST_F(cma_mem, physical_addresses_are_for_root)
{
	struct peer peer = peer_start();
	int there = peer_give(peer, self->fd);
	unsigned long real, handle;
	struct mem_block block;

	ASSERT_EQ(0, allocate(self->fd, "p", MiB(1), &block));
	real = block.phy_base;
	EXPECT_TRUE(is_ram(real));
	ASSERT_EQ(0, release(self->fd, "p"));
	ASSERT_EQ(0, on(peer, do_drop_privileges));
	handle = on(peer, phy_base_there, there);
	EXPECT_NE(0, handle);
	EXPECT_EQ(0, (__u64)handle >> 32);
	EXPECT_NE(real, handle);
}

TEST_F(cma_mem, exhaustion_and_back)
{
	struct mem_block block;
	int count = 0;
	char name[10];

	for (;;) {
		snprintf(name, sizeof(name), "m%d", count);
		if (allocate(self->fd, name, MiB(4), &block))
			break;
		count++;
		ASSERT_GT(200, count);
	}
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_LT(4, count);
	while (count) {
		snprintf(name, sizeof(name), "m%d", --count);
		ASSERT_EQ(0, release(self->fd, name));
	}
	EXPECT_TRUE(all_free(true));
}

TEST_HARNESS_MAIN
