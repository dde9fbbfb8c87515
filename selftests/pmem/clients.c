// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real clients of the old interface, with their order of calls. They depend on each step,
 * including failures that they tolerated.
 */
#include <sys/stat.h>

#include "../flush_trace.h"
#include "test.h"

IDLE_FIXTURE(clients);

/* A graphics allocator: allocates all of /dev/pmem, and hands out parts of it. */
struct gralloc {
	int master;
	char *base;
	unsigned long size;
	unsigned long next;
};

struct handle {
	int fd;
	unsigned long offset;
	unsigned long size;
};

static bool gralloc_open(struct gralloc *gralloc, int flags)
{
	struct pmem_region region;

	gralloc->master = pmem_open_flags("pmem", O_RDWR | flags);
	if (gralloc->master < 0 || ioctl(gralloc->master, PMEM_GET_TOTAL_SIZE, &region) < 0)
		return false;
	gralloc->size = region.len;
	gralloc->base = mmap(NULL, gralloc->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			     gralloc->master, 0);
	gralloc->next = 0;
	return gralloc->base != MAP_FAILED;
}

/*
 * Any result except 0 is a failure: some clients did not check the sign. A buffer is cleared
 * through the master's mapping. Its cache is cleaned with that address and the buffer's file,
 * which may have another mode than the master.
 */
static bool gralloc_alloc_flags(struct gralloc *gralloc, unsigned long size, int flags,
				struct handle *handle)
{
	struct pmem_region region = { gralloc->next, (size + PAGE - 1) / PAGE * PAGE };
	struct pmem_addr addr;

	handle->fd = open("/dev/pmem", O_RDWR | flags, 0);
	if (handle->fd <= 0 || ioctl(handle->fd, PMEM_CONNECT, gralloc->master) ||
	    ioctl(handle->fd, PMEM_MAP, &region))
		return false;
	memset(gralloc->base + region.offset, 0, region.len);
	addr.vaddr = (unsigned long)gralloc->base + region.offset;
	addr.offset = region.offset;
	addr.length = region.len;
	if (ioctl(handle->fd, PMEM_CLEAN_INV_CACHES, &addr))
		return false;
	handle->offset = region.offset;
	handle->size = region.len;
	gralloc->next += region.len;
	return true;
}

static bool gralloc_alloc(struct gralloc *gralloc, unsigned long size, struct handle *handle)
{
	return gralloc_alloc_flags(gralloc, size, 0, handle);
}

/* The server draws through the master, and unlocks with the address in the handle. */
static bool gralloc_unlock(const struct gralloc *gralloc, const struct handle *handle)
{
	struct pmem_addr addr = {
		(unsigned long)gralloc->base + handle->offset, handle->offset, handle->size,
	};

	fill(gralloc->base + handle->offset, handle->size, 77);
	return !ioctl(handle->fd, PMEM_CLEAN_CACHES, &addr);
}

static bool gralloc_free(const struct handle *handle)
{
	struct pmem_region region = { handle->offset, handle->size };
	bool done = !ioctl(handle->fd, PMEM_UNMAP, &region);

	close(handle->fd);
	return done;
}

/*
 * The client checks that this is PMEM, maps up to the end of the buffer, and uses only the buffer.
 */
static long client_registers(const long *arg)
{
	unsigned long offset = arg[1], size = arg[2];
	struct pmem_region region;
	char *base;

	if (ioctl(arg[0], PMEM_GET_SIZE, &region) < 0)
		return -1;
	base = mmap(NULL, offset + size, PROT_READ | PROT_WRITE, MAP_SHARED, arg[0], 0);
	return base == MAP_FAILED ? -1 : (long)(base + offset);
}

static long client_draws(const long *arg)
{
	fill((void *)arg[0], arg[1], arg[2]);
	return 0;
}

/* The buffer is at the start of the client's mapping plus the offset. */
static long client_unlocks(const long *arg)
{
	struct pmem_addr addr = { arg[1], arg[2], arg[3] };
	struct pmem_region region = { arg[2], arg[3] };

	if (ioctl(arg[0], PMEM_CLEAN_CACHES, &addr))
		return -1;
	return ioctl(arg[0], PMEM_CACHE_FLUSH, &region);
}

static long client_unregisters(const long *arg)
{
	return munmap((char *)arg[0] - arg[1], arg[1] + arg[2]);
}

static void gralloc_life(struct __test_metadata *_metadata, int flags)
{
	enum { CLIENTS = 6 };
	static const unsigned long size[CLIENTS] = {
		800 * 480 * 4, 480 * 320 * 2, 5000, KiB(64), MiB(3), 1,
	};
	struct peer peers[CLIENTS];
	struct handle handles[CLIENTS];
	long fd[CLIENTS], view[CLIENTS];
	struct gralloc gralloc;
	int i, k;

	for (i = 0; i < CLIENTS; i++)
		peers[i] = peer_start();
	ASSERT_TRUE(gralloc_open(&gralloc, flags));
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_TRUE(gralloc_alloc(&gralloc, size[i], &handles[i]));
		fd[i] = peer_give(peers[i], handles[i].fd);
		view[i] = on(peers[i], client_registers, fd[i], handles[i].offset,
			     handles[i].size);
		ASSERT_NE(-1, view[i]);
		EXPECT_EQ(1, on(peers[i], do_all_bytes, view[i], handles[i].size, 0));
		EXPECT_TRUE(gralloc_unlock(&gralloc, &handles[i]));
		EXPECT_EQ(1, on(peers[i], do_filled, view[i], handles[i].size, 77));
	}
	for (i = 0; i < CLIENTS; i++) {
		on(peers[i], client_draws, view[i], handles[i].size, i);
		EXPECT_EQ(0, on(peers[i], client_unlocks, fd[i], view[i], handles[i].offset,
				handles[i].size));
	}
	for (i = 0; i < CLIENTS; i++) {
		EXPECT_TRUE(filled(gralloc.base + handles[i].offset, handles[i].size, i));
		/* A client cannot see other buffers, which are below its own. */
		for (k = 0; k < i; k++)
			EXPECT_EQ(0, on(peers[i], do_filled,
					view[i] - handles[i].offset + handles[k].offset, PAGE, k));
	}
	/* Half of the clients unregister, the others just lose their buffer. */
	for (i = 0; i < CLIENTS; i++) {
		if (i % 2)
			EXPECT_EQ(0, on(peers[i], client_unregisters, view[i], handles[i].offset,
					handles[i].size));
		EXPECT_TRUE(gralloc_free(&handles[i]));
		if (!(i % 2))
			EXPECT_EQ(1, on(peers[i], do_all_bytes, view[i], handles[i].size, 0));
	}
	ASSERT_EQ(0, munmap(gralloc.base, gralloc.size));
	ASSERT_EQ(0, close(gralloc.master));
	EXPECT_TRUE(all_free(true));
}

TEST_F(clients, gralloc)
{
	gralloc_life(_metadata, 0);
}

TEST_F(clients, gralloc_uncached)
{
	gralloc_life(_metadata, OLD_O_SYNC);
}

/* The heap is cached, but buffers for hardware only are not. */
TEST_F(clients, gralloc_uncached_buffer)
{
	struct gralloc gralloc;
	struct handle handle;

	ASSERT_TRUE(gralloc_open(&gralloc, 0));
	ASSERT_TRUE(gralloc_alloc_flags(&gralloc, KiB(100), OLD_O_SYNC, &handle));
	EXPECT_TRUE(gralloc_unlock(&gralloc, &handle));
	EXPECT_TRUE(gralloc_free(&handle));
}

/* The blitter gets physical addresses, computed in 32 bits. */
TEST_F(clients, gralloc_blitter)
{
	struct gralloc gralloc;
	struct pmem_region region;
	struct handle handle;
	__u32 phys;

	ASSERT_TRUE(gralloc_open(&gralloc, 0));
	ASSERT_TRUE(gralloc_alloc(&gralloc, KiB(100), &handle));
	ASSERT_TRUE(gralloc_alloc(&gralloc, KiB(100), &handle));
	ASSERT_EQ(0, ioctl(gralloc.master, PMEM_GET_PHYS, &region));
	phys = (__u32)region.offset + (__u32)handle.offset;
	EXPECT_EQ(address_of(gralloc.master) + handle.offset, phys);
	ASSERT_EQ(0, ioctl(handle.fd, PMEM_GET_PHYS, &region));
	EXPECT_EQ(phys, (__u32)region.offset + (__u32)handle.offset);
}

/* Tiled buffers: aligned, each in its own file. */
TEST_F(clients, gralloc_tiled)
{
	static const char *const names[] = { "pmem_adsp", "pmem" };
	struct pmem_allocation allocation = { 1024 * 768 * 2, 8192 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = pmem_open(names[i]);
		char *memory;

		ASSERT_GE(ioctl(fd, PMEM_ALLOCATE_ALIGNED, &allocation), 0);
		memory = pmem_mmap(fd, allocation.size);
		ASSERT_NE(MAP_FAILED, memory);
		EXPECT_EQ(0, address_of(fd) % 8192);
	}
}

/* On a buddy device, other clients round sizes up first. */
TEST_F(clients, gralloc_power_of_two)
{
	int fd = pmem_open("pmem_smipool");
	struct pmem_region region;
	unsigned long size = 1;

	while (size < 320 * 480 * 2)
		size *= 2;
	ASSERT_NE(MAP_FAILED, pmem_mmap(fd, size));
	ASSERT_EQ(0, ioctl(fd, PMEM_GET_SIZE, &region));
	EXPECT_EQ(size, region.len);
}

/* The server maps and unmaps parts of 8 MiB, while a client constantly writes to its mapping. */
static volatile long *mapped_part;

static long client_never_stops(const long *arg)
{
	volatile __u32 *view = (__u32 *)arg[0];
	size_t words = arg[1] / 4, i;
	long rounds = 0;

	while (!*mapped_part) {
		for (i = rounds % 64; i < words; i += PAGE / 4) {
			__u32 value = view[i];

			view[i] = value + 1;
		}
		rounds++;
	}
	return rounds;
}

TEST_F(clients, remapping_a_live_client)
{
	const size_t len = MiB(8);
	struct peer client;
	int master, sub, round;
	long fd, view;
	void *memory;

	mapped_part = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, mapped_part);
	client = peer_start();
	master = pmem_master("pmem", len, &memory);
	ASSERT_LE(0, master);
	sub = pmem_sub("pmem", master);
	fd = peer_give(client, sub);
	view = on(client, do_mmap, fd, len);
	ASSERT_NE(-1, view);
	begin_on(client, client_never_stops, view, len);
	for (round = 0; round < 500; round++) {
		unsigned long offset = round * 13 % 16 * KiB(512);

		ASSERT_EQ(0, pmem_map(sub, offset, KiB(512)));
		/* Let the client write there. */
		if (round % 16 == 0)
			usleep(1000);
		ASSERT_EQ(0, pmem_unmap(sub, offset, KiB(512)));
		/* From now on, the client must not reach the memory. */
		fill((char *)memory + offset, KiB(512), round);
		ASSERT_TRUE(filled((char *)memory + offset, KiB(512), round));
	}
	*mapped_part = 1;
	EXPECT_LT(0, peer_call_end(client));
}

/* MemoryHeapBase: the remote side maps the same file. */
static long heap_size(int fd)
{
	struct pmem_region region;
	struct stat stat;

	if (fstat(fd, &stat) || stat.st_size)
		return -1;
	return ioctl(fd, PMEM_GET_TOTAL_SIZE, &region) ? -1 : (long)region.len;
}

TEST_F(clients, memory_heap_base)
{
	int fd = open("/dev/pmem_adsp", O_RDWR | OLD_O_SYNC);
	struct peer remote = peer_start();
	long size = heap_size(fd), view;
	char *base;

	ASSERT_LT(0, fd);
	ASSERT_EQ(MiB(48), (size_t)size);
	base = pmem_mmap(fd, size);
	ASSERT_NE(MAP_FAILED, base);
	view = on(remote, do_mmap, peer_give(remote, fd), MiB(1));
	ASSERT_NE(-1, view);
	fill(base, MiB(1), 1);
	EXPECT_EQ(1, on(remote, do_filled, view, MiB(1), 1));
}

/*
 * MemoryHeapPmem: slap shows everything, a sub-memory only itself; it is freed with its true
 * length.
 */
TEST_F(clients, memory_heap_pmem)
{
	const unsigned long size = MiB(2), offset = KiB(64), length = 10000;
	struct peer client = peer_start();
	struct pmem_region region;
	int base_fd, fd;
	void *memory;
	char *base;
	long view;

	base_fd = pmem_master("pmem", size, &memory);
	ASSERT_LE(0, base_fd);
	base = memory;
	fill(base, size, 2);
	fd = open("/dev/pmem", O_RDWR);
	ASSERT_LT(0, fd);
	ASSERT_EQ(0, ioctl(fd, PMEM_CONNECT, base_fd));
	view = on(client, do_mmap, peer_give(client, fd), size);
	ASSERT_NE(-1, view);

	region = (struct pmem_region){ 0, size };
	EXPECT_EQ(0, ioctl(fd, PMEM_MAP, &region));
	EXPECT_EQ(1, on(client, do_filled, view, size, 2));
	EXPECT_EQ(0, ioctl(fd, PMEM_UNMAP, &region));
	EXPECT_EQ(1, on(client, do_all_bytes, view, size, 0));

	region = (struct pmem_region){ offset, (length + PAGE - 1) / PAGE * PAGE };
	EXPECT_EQ(0, ioctl(fd, PMEM_MAP, &region));
	fill(base + offset, PAGE, 3);
	EXPECT_EQ(1, on(client, do_filled, view + (long)offset, PAGE, 3));
	/* The client only logged this failure, */
	region.len = length;
	EXPECT_ERRNO(EINVAL, ioctl(fd, PMEM_UNMAP, &region));
	/* continued to see the memory, */
	EXPECT_EQ(1, on(client, do_filled, view + (long)offset, PAGE, 3));
	/* and lost it with the heap. */
	ASSERT_EQ(0, munmap(base, size));
	ASSERT_EQ(0, close(base_fd));
	EXPECT_EQ(1, on(client, do_all_bytes, view, size, 0));
	EXPECT_TRUE(all_free(true));
}

/* A decoder: odd sizes, maintenance from offset 0, and close before munmap. */
TEST_F(clients, decoder)
{
	static const int flags[] = { O_RDWR, O_RDWR | OLD_O_SYNC };
	const unsigned long size = 352 * 288 * 3 / 2;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = open("/dev/pmem_adsp", flags[i]);
		struct pmem_region region;
		struct pmem_addr addr;
		char *buffer;

		ASSERT_LT(0, fd);
		buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		ASSERT_NE(MAP_FAILED, buffer);
		ASSERT_EQ(0, ioctl(fd, PMEM_GET_PHYS, &region));
		EXPECT_NE(0, region.offset);
		fill(buffer, size / 4 * 4, i);
		addr = (struct pmem_addr){ (unsigned long)buffer, 0, size };
		EXPECT_EQ(0, ioctl(fd, PMEM_CLEAN_CACHES, &addr));
		EXPECT_EQ(0, ioctl(fd, PMEM_INV_CACHES, &addr));
		EXPECT_EQ(0, ioctl(fd, PMEM_CLEAN_INV_CACHES, &addr));
		EXPECT_TRUE(filled(buffer, size / 4 * 4, i));
		ASSERT_EQ(0, close(fd));
		EXPECT_TRUE(filled(buffer, size / 4 * 4, i));
		EXPECT_EQ(0, munmap(buffer, size));
		EXPECT_TRUE(all_free(true));
	}
}

/* Another decoder has all buffers in one allocation, and never passes their offsets. */
TEST_F(clients, decoder_with_an_arena)
{
	static const unsigned int cmd[] = {
		PMEM_CLEAN_CACHES, PMEM_INV_CACHES, PMEM_CLEAN_INV_CACHES,
	};
	const unsigned long size = 200000;
	int fd = open("/dev/pmem_adsp", O_RDWR), i;
	unsigned long phys, where;
	size_t k;
	char *arena;

	arena = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, arena);
	phys = pmem_phys(fd).offset;
	ASSERT_TRUE(flush_trace_start());
	for (i = 0; i < 5; i++) {
		where = i * size;
		fill(arena + where, size, i);
		for (k = 0; k < ARRAY_SIZE(cmd); k++) {
			struct pmem_addr addr = { (unsigned long)arena + where, 0, size };
			char *trace;

			EXPECT_EQ(0, ioctl(fd, cmd[k], &addr));
			trace = flush_trace_take();
			EXPECT_LE(size, traced_in(trace, k ? FLUSHED : CLEANED, phys + where,
						  size));
			free(trace);
		}
	}
	flush_trace_end();
	for (i = 0; i < 5; i++)
		EXPECT_TRUE(filled(arena + i * size, size, i));
}

/*
 * Boards gave each device exactly as much memory as its clients need. Whatever was allocated
 * before, as many equal buffers fit into an empty device as its size suggests, at the same
 * addresses.
 */
static void fill_device(struct __test_metadata *_metadata, const char *name, int flags, size_t len)
{
	const struct node *node = node_of(name);
	const size_t most = node->size / len;
	int fds[64], small[10], round, i;
	void *memory[64], *view[10];

	for (round = 0; round < 8; round++) {
		size_t n, page;

		for (n = 0; n <= most; n++) {
			fds[n] = pmem_open_flags(name, O_RDWR | flags);
			ASSERT_LE(0, fds[n]);
			memory[n] = pmem_mmap(fds[n], len);
			if (memory[n] == MAP_FAILED)
				break;
			EXPECT_EQ(node->base + n * len, pmem_phys(fds[n]).offset);
			for (page = 0; page < len; page += PAGE)
				*((char *)memory[n] + page) = 1;
		}
		ASSERT_EQ(most, n);
		EXPECT_EQ(ENOMEM, errno);
		close(fds[n]);
		while (n--) {
			close(fds[n]);
			ASSERT_EQ(0, munmap(memory[n], len));
		}
		for (i = 0; i < 10; i++) {
			small[i] = pmem_open_flags(name, O_RDWR | flags);
			view[i] = pmem_mmap(small[i], PAGE * (i + 1));
			ASSERT_NE(MAP_FAILED, view[i]);
			/* After those before: pages 0, 1, 3, 6, ... */
			EXPECT_EQ(node->base + PAGE * i * (i + 1) / 2, pmem_phys(small[i]).offset);
		}
		for (i = 0; i < 10; i++) {
			munmap(view[i], PAGE * (i + 1));
			close(small[i]);
		}
	}
}

TEST_F(clients, device_that_is_just_large_enough)
{
	fill_device(_metadata, "pmem_adsp", 0, MiB(1));
	fill_device(_metadata, "pmem_adsp", OLD_O_SYNC, MiB(1));
	fill_device(_metadata, "pmem_audio", 0, MiB(1));
	fill_device(_metadata, "pmem_adsp", 0, MiB(3));
}

/* A client that never maps: its hardware does everything. */
TEST_F(clients, allocate_without_mmap)
{
	int fd = open("/dev/pmem_adsp", O_RDWR);
	struct pmem_region region;

	ASSERT_LT(0, fd);
	ASSERT_EQ(0, ioctl(fd, PMEM_ALLOCATE, 176 * 144 * 2));
	memset(&region, 0xcc, sizeof(region));
	ASSERT_EQ(0, ioctl(fd, PMEM_GET_PHYS, &region));
	EXPECT_NE(0, region.offset);
	EXPECT_EQ((176 * 144 * 2 + PAGE - 1) / PAGE * PAGE, region.len);
}

/* Consecutive slots of one allocation; if no memory is left, another file gets the error. */
TEST_F(clients, camera_pool)
{
	const unsigned long frame = 640 * 480 * 3 / 2, size = 4 * frame;
	int fd = open("/dev/pmem_camera", O_RDWR | OLD_O_SYNC), second;
	struct pmem_region region;
	char *pool;
	int slot;

	ASSERT_LT(0, fd);
	memset(&region, 0xcc, sizeof(region));
	ASSERT_EQ(0, ioctl(fd, PMEM_GET_TOTAL_SIZE, &region));
	ASSERT_LE(size, region.len);
	pool = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, pool);
	ASSERT_NE(-1, ioctl(fd, PMEM_GET_PHYS, &region));
	EXPECT_EQ((size + PAGE - 1) / PAGE * PAGE, region.len);
	for (slot = 0; slot < 4; slot++) {
		fill(pool + slot * frame, frame, slot);
		EXPECT_EQ(address_of(fd) + slot * frame, (__u32)(region.offset + slot * frame));
	}
	second = open("/dev/pmem_camera", O_RDWR);
	EXPECT_MAP_FAILED(ENOMEM, mmap(NULL, frame, PROT_READ | PROT_WRITE, MAP_SHARED, second,
				       0));
	/* Such a client assumes that it is already mapped, and asks for the region. */
	memset(&region, 0xcc, sizeof(region));
	EXPECT_EQ(0, ioctl(second, PMEM_GET_PHYS, &region));
	EXPECT_EQ(0, region.len);
	for (slot = 0; slot < 4; slot++)
		EXPECT_TRUE(filled(pool + slot * frame, frame, slot));
	ASSERT_EQ(0, munmap(pool, size));
	ASSERT_EQ(0, close(fd));
}

/* Polls for space before it allocates; uses stat() to find the device. */
TEST_F(clients, polling_for_room)
{
	struct pmem_freespace space;
	struct stat stat_data;
	int probe, count = 0;

	ASSERT_EQ(0, stat("/dev/pmem_adsp", &stat_data));
	probe = open("/dev/pmem_adsp", O_RDWR | O_SYNC);
	ASSERT_LT(0, probe);
	while (!ioctl(probe, PMEM_GET_FREE_SPACE, &space) && space.largest >= MiB(5)) {
		int fd = open("/dev/pmem_adsp", O_RDWR);

		ASSERT_GE(ioctl(fd, PMEM_ALLOCATE, MiB(5)), 0);
		count++;
	}
	EXPECT_EQ(9, count);
}

/* Opens again if it gets descriptor 0, because it treats 0 as an error. */
TEST_F(clients, descriptor_zero)
{
	int zero, fd;

	ASSERT_EQ(0, close(0));
	zero = open("/dev/pmem_adsp", O_RDWR);
	ASSERT_EQ(0, zero);
	fd = open("/dev/pmem_adsp", O_RDWR);
	ASSERT_LT(0, fd);
	ASSERT_EQ(0, close(zero));
	EXPECT_EQ(0, ioctl(fd, PMEM_ALLOCATE, MiB(1)));
	/* As a master, it works nevertheless. */
	ASSERT_EQ(0, dup2(fd, 0));
	zero = open("/dev/pmem_adsp", O_RDWR);
	EXPECT_EQ(0, ioctl(zero, PMEM_CONNECT, 0));
	EXPECT_EQ(0, pmem_map(zero, 0, PAGE));
}

TEST_HARNESS_MAIN
