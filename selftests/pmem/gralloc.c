// SPDX-License-Identifier: GPL-2.0-only
/*
 * Graphics allocators of three generations. A server maps all of a device and hands out parts of
 * it as connected files. To maintain caches, it passes the buffer's file with an address in the
 * master's mapping. A mapper in another process passes an address in its own mapping.
 */
#include "test.h"

#define MAX_BUFFERS	64

/**
 * struct handle - a buffer
 * @fd: a connected file that shows it
 * @offset: offset in the heap
 * @size: bytes, whole pages
 * @base: address in the server
 */
struct handle {
	int fd;
	unsigned long offset;
	unsigned long size;
	char *base;
};

/**
 * struct server - an allocator with a heap
 * @name: the device
 * @flags: open flags of buffer files, in addition to O_RDWR
 * @cleans: it writes back cleared memory, and fails if that fails
 * @master: the heap's file
 * @base: its mapping
 * @size: bytes of the heap
 * @buffers: live buffers
 * @count: their number
 */
struct server {
	const char *name;
	int flags;
	bool cleans;
	int master;
	char *base;
	unsigned long size;
	struct handle buffers[MAX_BUFFERS];
	size_t count;
};

FIXTURE(gralloc) {
	int unused;
};

FIXTURE_VARIANT(gralloc) {
	int flags;
	bool cleans;
	unsigned int unlock;
};

FIXTURE_VARIANT_ADD(gralloc, msm7k) {
	.unlock = PMEM_CACHE_FLUSH,
};

FIXTURE_VARIANT_ADD(gralloc, qsd8k) {
	.cleans = true,
	.unlock = PMEM_CLEAN_CACHES,
};

FIXTURE_VARIANT_ADD(gralloc, qsd8k_uncached) {
	.flags = OLD_O_SYNC,
	.cleans = true,
	.unlock = PMEM_CLEAN_CACHES,
};

FIXTURE_VARIANT_ADD(gralloc, qcom_uncached) {
	.flags = O_SYNC,
	.cleans = true,
	.unlock = PMEM_CLEAN_CACHES,
};

FIXTURE_SETUP(gralloc)
{
	IDLE_SETUP();
}

FIXTURE_TEARDOWN(gralloc)
{
	peers_end();
	maintenance_ignore();
}

/* No board used a system node as a heap: its allocations exceed the requested size. */
static bool can_be_heap(const struct node *node)
{
	return node->kind != SYSTEM;
}

/* Returns NULL, or the call that failed, like server_take(). */
static const char *server_start(struct server *server)
{
	struct pmem_region region;

	memset(&region, 0xcc, sizeof(region));
	server->count = 0;
	server->master = pmem_open(server->name);
	if (server->master < 0)
		return "open of the master";
	if (ioctl(server->master, PMEM_GET_TOTAL_SIZE, &region))
		return "PMEM_GET_TOTAL_SIZE";
	if (region.offset)
		return "PMEM_GET_TOTAL_SIZE, which gave an offset";
	server->size = region.len;
	server->base = pmem_mmap(server->master, server->size);
	return server->base == MAP_FAILED ? "mmap of all" : NULL;
}

/* The lowest offset in the heap that is free. */
static unsigned long server_place(const struct server *server, unsigned long size)
{
	unsigned long at = 0;
	size_t i = 0;

	while (i < server->count) {
		const struct handle *taken = &server->buffers[i++];

		if (at < taken->offset + taken->size && taken->offset < at + size) {
			at = taken->offset + taken->size;
			i = 0;
		}
	}
	return at;
}

/*
 * As in the originals, any result except 0 is a failure. If a buffer cannot be cleaned, the server
 * ignores it.
 */
static const char *server_take(struct server *server, unsigned long size)
{
	struct handle *handle = &server->buffers[server->count];

	handle->size = (size + PAGE - 1) / PAGE * PAGE;
	handle->offset = server_place(server, handle->size);
	handle->base = server->base + handle->offset;
	if (server->count == MAX_BUFFERS || handle->offset + handle->size > server->size)
		return "room";
	handle->fd = pmem_open_flags(server->name, O_RDWR | server->flags);
	if (handle->fd <= 0)
		return "open of a buffer";
	if (pmem_connect(handle->fd, server->master))
		return "PMEM_CONNECT";
	if (pmem_map(handle->fd, handle->offset, handle->size))
		return "PMEM_MAP";
	memset(handle->base, 0, handle->size);
	if (server->cleans && pmem_cache(handle->fd, PMEM_CLEAN_INV_CACHES, handle->base,
					 handle->offset, handle->size))
		return "PMEM_CLEAN_INV_CACHES";
	server->count++;
	return NULL;
}

/* If unmapping fails, its memory is never used again. */
static bool server_free(struct server *server, size_t i)
{
	struct handle *handle = &server->buffers[i];
	bool hidden = !pmem_unmap(handle->fd, handle->offset, handle->size);

	hidden &= !close(handle->fd);
	*handle = server->buffers[--server->count];
	return hidden;
}

static bool server_end(struct server *server)
{
	while (server->count)
		if (!server_free(server, 0))
			return false;
	return !munmap(server->base, server->size) && !close(server->master);
}

#define ASSERT_DONE(call)						\
	do {								\
		const char *failed = (call);				\
									\
		ASSERT_EQ(NULL, failed) {				\
			TH_LOG("%s failed: %s", failed, strerror(errno)); \
		}							\
	} while (0)

/* Takes the file, offset and size; returns the address of the buffer, or -1. */
static long mapper_map(const long *arg)
{
	struct pmem_region region;
	char *base;

	memset(&region, 0xcc, sizeof(region));
	if (ioctl(arg[0], PMEM_GET_SIZE, &region) < 0 || region.len < (unsigned long)arg[1])
		return -1;
	base = pmem_mmap(arg[0], arg[1] + arg[2]);
	return base == MAP_FAILED ? -1 : (long)(base + arg[1]);
}

/* Takes the result of mapper_map(), and the same offset and size. */
static long mapper_unmap(const long *arg)
{
	return munmap((char *)arg[0] - arg[1], arg[1] + arg[2]);
}

/* Takes the file, the command, the address, offset and size. */
static long unlock(const long *arg)
{
	if ((unsigned int)arg[1] == PMEM_CACHE_FLUSH)
		return pmem_flush(arg[0], arg[3], arg[4]);
	return do_cache(arg);
}

#define server_unlock(handle, cmd)					\
	unlock((long[5]){ (handle)->fd, cmd, (long)(handle)->base, (handle)->offset, \
			  (handle)->size })

/* A mapper gets a buffer, draws into it, and returns it. */
static void buffer_life(struct __test_metadata *_metadata, struct server *server,
			struct peer mapper, unsigned int cmd, unsigned long size)
{
	struct handle *handle = &server->buffers[server->count];
	size_t i = server->count;
	long fd, view;

	ASSERT_DONE(server_take(server, size));
	fd = peer_give(mapper, handle->fd);
	view = on(mapper, mapper_map, fd, handle->offset, handle->size);
	ASSERT_NE(-1, view);
	EXPECT_EQ(1, on(mapper, do_all_bytes, view, handle->size, 0));
	on(mapper, do_fill, view, handle->size, i);
	EXPECT_EQ(0, on(mapper, unlock, fd, cmd, view, handle->offset, handle->size));
	/* The server's address from the handle works, too. */
	EXPECT_EQ(0, on(mapper, unlock, fd, cmd, (long)handle->base, handle->offset,
			handle->size));
	EXPECT_TRUE(filled(handle->base, handle->size, i));
	/* Now the server draws and unlocks. */
	fill(handle->base, handle->size, i + 100);
	EXPECT_EQ(0, server_unlock(handle, cmd)) {
		TH_LOG("the server's unlock: %s", strerror(errno));
	}
	EXPECT_EQ(1, on(mapper, do_filled, view, handle->size, i + 100));
	EXPECT_EQ(0, on(mapper, mapper_unmap, view, handle->offset, handle->size));
	EXPECT_EQ(0, on(mapper, do_close, fd));
}

TEST_F(gralloc, buffers_of_every_node)
{
	static const unsigned long sizes[] = {
		800 * 480 * 2, 480 * 320 * 2, 5000, 1, KiB(64), 352 * 288 * 3 / 2,
	};
	struct peer mapper = peer_start();
	size_t i, k;

	for (i = 0; i < nr_nodes; i++) {
		struct server server = {
			.name = nodes[i].name,
			.flags = variant->flags,
			.cleans = variant->cleans,
		};
		unsigned long place;

		if (!can_be_heap(&nodes[i]))
			continue;
		TH_LOG("%s", nodes[i].name);
		ASSERT_DONE(server_start(&server));
		for (k = 0; k < ARRAY_SIZE(sizes); k++)
			buffer_life(_metadata, &server, mapper, variant->unlock, sizes[k]);
		/* The memory of a freed buffer can be used again. */
		place = server.buffers[1].offset;
		ASSERT_TRUE(server_free(&server, 1));
		buffer_life(_metadata, &server, mapper, variant->unlock, sizes[1]);
		EXPECT_EQ(place, server.buffers[server.count - 1].offset);
		ASSERT_TRUE(server_end(&server));
		EXPECT_TRUE(all_free(true));
	}
}

/*
 * A buffer that is freed while the mapper has it disappears there, and its memory is used again.
 */
TEST_F(gralloc, freed_under_a_mapper)
{
	struct server server = {
		.name = "pmem",
		.flags = variant->flags,
		.cleans = variant->cleans,
	};
	struct peer slow = peer_start(), next = peer_start();
	unsigned long offset, size;
	long fd, view, other;

	ASSERT_DONE(server_start(&server));
	ASSERT_DONE(server_take(&server, KiB(100)));
	ASSERT_DONE(server_take(&server, KiB(100)));
	offset = server.buffers[0].offset;
	size = server.buffers[0].size;
	fd = peer_give(slow, server.buffers[0].fd);
	view = on(slow, mapper_map, fd, offset, size);
	ASSERT_NE(-1, view);
	on(slow, do_fill, view, size, 1);
	ASSERT_TRUE(server_free(&server, 0));
	EXPECT_EQ(1, on(slow, do_all_bytes, view, size, 0));
	ASSERT_DONE(server_take(&server, KiB(100)));
	EXPECT_EQ(offset, server.buffers[1].offset);
	other = on(next, mapper_map, peer_give(next, server.buffers[1].fd), offset, size);
	ASSERT_NE(-1, other);
	EXPECT_EQ(1, on(next, do_all_bytes, other, size, 0));
	on(next, do_fill, other, size, 2);
	/* The slow mapper continues to draw and unlock. */
	on(slow, do_fill, view, size, 3);
	EXPECT_EQ(0, on(slow, unlock, fd, variant->unlock, view, offset, size));
	EXPECT_TRUE(filled(server.base + offset, size, 2));
	peers_end();
	ASSERT_TRUE(server_end(&server));
}

/* All of the heap can be used, repeatedly, without leaking files. */
TEST_F(gralloc, until_the_heap_is_full)
{
	struct server server = {
		.name = "pmem",
		.flags = variant->flags,
		.cleans = variant->cleans,
	};
	int before = open_fds(), round;
	size_t full, i;

	ASSERT_DONE(server_start(&server));
	full = server.size / MiB(1);
	for (round = 0; round < 3; round++) {
		while (server.count < full)
			ASSERT_DONE(server_take(&server, MiB(1)));
		EXPECT_STREQ("room", server_take(&server, 1));
		for (i = 0; i < server.count; i++)
			ASSERT_TRUE(server_free(&server, i));
	}
	ASSERT_TRUE(server_end(&server));
	EXPECT_EQ(before, open_fds());
}

/*
 * Memory that the server clears through its cached mapping must be written back, even if only
 * hardware and uncached mappings use the buffer.
 */
TEST_F(gralloc, cleared_memory_is_written_back)
{
	size_t i;

	if (!variant->cleans)
		SKIP(return, "this generation did not write it back");
	if (!maintenance_watch())
		SKIP(return, "this kernel does not tell what it maintains");
	for (i = 0; i < nr_nodes; i++) {
		struct server server = {
			.name = nodes[i].name,
			.flags = variant->flags,
			.cleans = variant->cleans,
		};
		const struct handle *handle = &server.buffers[1];

		if (!nodes[i].cached || !can_be_heap(&nodes[i]))
			continue;
		TH_LOG("%s", nodes[i].name);
		ASSERT_DONE(server_start(&server));
		ASSERT_DONE(server_take(&server, KiB(100)));
		maintenance_forget();
		ASSERT_DONE(server_take(&server, KiB(200)));
		EXPECT_TRUE(maintained(pmem_phys(server.master).offset + handle->offset,
				       handle->size));
		ASSERT_TRUE(server_end(&server));
	}
}

IDLE_FIXTURE(graphics);

/* Special buffers, such as tiled ones: each has its own file, which the mapper also maps. */
TEST_F(graphics, buffers_of_the_kernels_allocator)
{
	static const char *const names[] = { "pmem_adsp", "pmem", "pmem_audio", "pmem_cma" };
	struct peer mapper = peer_start();
	const unsigned long size = 1024 * 600 * 3 / 2 / PAGE * PAGE;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = pmem_open(names[i]);
		char *base;
		long there, view;

		ASSERT_LE(0, pmem_allocate_aligned(fd, size, MiB(1) / 128));
		base = pmem_mmap(fd, size);
		ASSERT_NE(MAP_FAILED, base);
		memset(base, 0, size);
		ASSERT_EQ(0, pmem_cache(fd, PMEM_CLEAN_INV_CACHES, base, 0, size));
		there = peer_give(mapper, fd);
		view = on(mapper, mapper_map, there, 0, size);
		ASSERT_NE(-1, view);
		on(mapper, do_fill, view, size, 1);
		EXPECT_EQ(0, on(mapper, do_cache, there, PMEM_CLEAN_CACHES, view, 0, size));
		EXPECT_EQ(0, on(mapper, do_cache, there, PMEM_CLEAN_CACHES, (long)base, 0, size));
		EXPECT_TRUE(filled(base, size, 1));
		EXPECT_EQ(0, on(mapper, do_munmap, view, size));
		EXPECT_EQ(0, on(mapper, do_close, there));
		ASSERT_EQ(0, munmap(base, size));
		ASSERT_EQ(0, close(fd));
		EXPECT_TRUE(all_free(true));
	}
}

/*
 * MemoryHeapPmem: maps a region with a rounded length, and unmaps it with the true one. That
 * fails, and the client continues. Cache commands take the parent's address, because base()
 * returns only that.
 */
TEST_F(graphics, heap_on_a_heap)
{
	const unsigned long offset = KiB(128), length = 20000, rounded = KiB(32);
	struct peer client = peer_start();
	void *memory;
	int base_fd = pmem_master("pmem", MiB(1), &memory), fd;
	char *part = (char *)memory + offset;
	long there, view;

	ASSERT_LE(0, base_fd);
	fd = pmem_sub("pmem", base_fd);
	ASSERT_LT(0, fd);
	there = peer_give(client, fd);
	view = on(client, do_mmap, there, MiB(1));
	ASSERT_NE(-1, view);
	ASSERT_EQ(0, pmem_map(fd, offset, rounded));
	fill(part, length, 1);
	EXPECT_EQ(0, pmem_cache(fd, PMEM_CLEAN_CACHES, part, offset, length));
	EXPECT_EQ(0, pmem_cache(fd, PMEM_CLEAN_INV_CACHES, part, offset, length));
	EXPECT_EQ(0, pmem_cache(fd, PMEM_INV_CACHES, part, offset, length));
	EXPECT_EQ(1, on(client, do_filled, view + (long)offset, length, 1));
	EXPECT_ERRNO(EINVAL, pmem_unmap(fd, offset, length));
	EXPECT_EQ(1, on(client, do_filled, view + (long)offset, length, 1));
	/* The same part may be mapped again, many times. */
	ASSERT_EQ(0, pmem_map(fd, offset, rounded));
	EXPECT_ERRNO(EINVAL, pmem_unmap(fd, offset, length));
	EXPECT_EQ(0, pmem_unmap(fd, offset, rounded));
	EXPECT_EQ(1, on(client, do_all_bytes, view, MiB(1), 0));
	EXPECT_ERRNO(EINVAL, pmem_unmap(fd, offset, rounded));
}

static int dma_heap_file(void)
{
	return open("/dev/dma_heap/mdp", O_RDWR);
}

static int buffer_of_a_heap(void)
{
	return heap_alloc("mdp", PAGE, O_RDWR);
}

static int buffer_of_a_master(void)
{
	int fd = pmem_open("pmem"), dmabuf;

	pmem_allocate(fd, PAGE);
	dmabuf = pmem_export(fd, O_RDWR);
	close(fd);
	return dmabuf;
}

static int memory_file(void)
{
	return memfd_create("ashmem", 0);
}

static int pipe_end(void)
{
	int ends[2];

	if (pipe(ends))
		return -1;
	close(ends[1]);
	return ends[0];
}

static int nothing_device(void)
{
	return open("/dev/null", O_RDWR);
}

/* PMEM_GET_SIZE fails for all other files, so it identifies PMEM. */
TEST_F(graphics, get_size_of_others_files)
{
	static const struct {
		const char *what;
		int (*open)(void);
	} others[] = {
		{ "a heap", dma_heap_file },
		{ "a heap's buffer", buffer_of_a_heap },
		{ "a master's buffer", buffer_of_a_master },
		{ "another exporter's buffer", foreign_dmabuf },
		{ "a memfd", memory_file },
		{ "a pipe", pipe_end },
		{ "/dev/null", nothing_device },
	};
	static const unsigned int probes[] = { PMEM_GET_SIZE, PMEM_GET_PHYS };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		int fd = others[i].open();

		ASSERT_LE(0, fd) {
			TH_LOG("%s", others[i].what);
		}
		for (k = 0; k < ARRAY_SIZE(probes); k++) {
			struct pmem_region region;

			memset(&region, 0xcc, sizeof(region));
			EXPECT_ERRNO(ENOTTY, ioctl(fd, probes[k], &region)) {
				TH_LOG("%s", others[i].what);
			}
			EXPECT_TRUE(all_bytes(&region, sizeof(region), 0xcc));
		}
		close(fd);
		EXPECT_ERRNO(EBADF, ioctl(fd, PMEM_GET_SIZE, NULL));
	}
}

TEST_HARNESS_MAIN
