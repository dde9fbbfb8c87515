// SPDX-License-Identifier: GPL-2.0-only
/* Like heap.c: every call on the legacy nodes, with each of its allocations failing in turn. */
#include <linux/cma_mem.h>
#include <string.h>

#include "../pmem/test.h"
#include "fault_test.h"

#define LEN	KiB(256)

FIXTURE(fault) {
	const char *name;
	int master;
	int fd;
	int dmabuf;
	int files;
	void *memory;
	struct pmem_freespace idle;
};

NODE_KINDS(fault);

FIXTURE_SETUP(fault)
{
	FAULTS_SETUP();
	IDLE_SETUP();
	self->name = variant->name;
	self->fd = pmem_open(variant->name);
	ASSERT_LE(0, self->fd);
	self->idle = pmem_free_space(self->fd);
	self->files = open_fds();
}

FIXTURE_TEARDOWN(fault)
{
	peers_end();
}

typedef FIXTURE_DATA(fault) data;

static bool intact(void *context)
{
	data *self = context;
	struct pmem_freespace now = pmem_free_space(self->fd);

	return now.total == self->idle.total && now.largest == self->idle.largest &&
	       open_fds() == self->files;
}

static void undo_close(void *context, int result)
{
	close(result);
}

/* Record the state after the rest of the setup. */
#define REMEMBER()						\
	do {							\
		self->idle = pmem_free_space(self->fd);		\
		self->files = open_fds();			\
	} while (0)

RUN(run_open, pmem_open(self->name))

/* Use a new file each time, because only closing frees an allocation. */
static int in_new_file(void *context, int (*run)(int fd))
{
	data *self = context;
	int fd = pmem_open(self->name);
	int ret, error;

	if (fd < 0)
		return -1;
	ret = run(fd);
	error = errno;
	/* Retry once after an error, like a client. */
	if (ret < 0 && run(fd) < 0)
		abort();
	close(fd);
	errno = error;
	return ret;
}

static int allocate(int fd)
{
	return pmem_allocate(fd, LEN);
}

static int allocate_aligned(int fd)
{
	return pmem_allocate_aligned(fd, LEN, PAGE);
}

static int map_new(int fd)
{
	void *memory = pmem_mmap(fd, LEN);

	if (memory == MAP_FAILED)
		return -1;
	munmap(memory, LEN);
	return 0;
}

RUN(run_allocate, in_new_file(self, allocate))
RUN(run_allocate_aligned, in_new_file(self, allocate_aligned))
RUN(run_map_new, in_new_file(self, map_new))

TEST_F(fault, allocate)
{
	EXPECT_FAULTS(2, run_open, undo_close);
	EXPECT_FAULTS(5, run_allocate, NULL);
	EXPECT_FAULTS(5, run_allocate_aligned, NULL);
	EXPECT_FAULTS(5, run_map_new, NULL);
}

RUN(run_get_phys, ioctl(self->master, PMEM_GET_PHYS, &(struct pmem_region){}))
RUN(run_get_size, ioctl(self->master, PMEM_GET_SIZE, &(struct pmem_region){}))
RUN(run_get_total_size, ioctl(self->master, PMEM_GET_TOTAL_SIZE, &(struct pmem_region){}))
RUN(run_get_free_space, ioctl(self->master, PMEM_GET_FREE_SPACE, &(struct pmem_freespace){}))
RUN(run_flush, pmem_flush(self->master, 0, LEN))
RUN(run_clean_inv, pmem_cache(self->master, PMEM_CLEAN_INV_CACHES, self->memory, 0, LEN))
RUN(run_clean, pmem_cache(self->master, PMEM_CLEAN_CACHES, self->memory, 0, LEN))
RUN(run_inv, pmem_cache(self->master, PMEM_INV_CACHES, self->memory, 0, LEN))
RUN(run_cache_inv,
    ioctl(self->master, PMEM_CACHE_INV, &(struct pmem_region){ (unsigned long)self->memory, LEN }))

TEST_F(fault, figures_and_caches)
{
	self->master = pmem_master(variant->name, LEN, &self->memory);
	ASSERT_LE(0, self->master);
	REMEMBER();
	EXPECT_FAULTS(1, run_get_phys, NULL);
	EXPECT_FAULTS(1, run_get_size, NULL);
	EXPECT_FAULTS(1, run_get_total_size, NULL);
	EXPECT_FAULTS(1, run_get_free_space, NULL);
	EXPECT_FAULTS(0, run_flush, NULL);
	EXPECT_FAULTS(0, run_clean_inv, NULL);
	EXPECT_FAULTS(0, run_clean, NULL);
	EXPECT_FAULTS(0, run_inv, NULL);
	EXPECT_FAULTS(0, run_cache_inv, NULL);
}

static int run_connect(void *context)
{
	data *self = context;
	int fd = pmem_open(self->name);
	int ret;

	if (fd < 0)
		return -1;
	ret = pmem_connect(fd, self->master);
	close_keeping_errno(fd);
	return ret;
}

/* Map a region, for a client that exists. */
RUN(run_map_region, pmem_map(self->dmabuf, PAGE, PAGE))
RUN(run_unmap_region, pmem_unmap(self->dmabuf, PAGE, PAGE))

static void undo_map_region(void *context, int result)
{
	if (run_unmap_region(context))
		abort();
}

static bool unmap_intact(void *context)
{
	data *self = context;

	/* After a failure, the region may be recorded. */
	pmem_unmap(self->dmabuf, PAGE, PAGE);
	return intact(context);
}

static bool map_intact(void *context)
{
	data *self = context;

	while (!pmem_unmap(self->dmabuf, PAGE, PAGE))
		;
	return !pmem_map(self->dmabuf, PAGE, PAGE) && intact(context);
}

/* A connected file can be mapped only once, so each attempt needs its own. */
static int run_map_client(void *context)
{
	data *self = context;
	int fd = pmem_sub(self->name, self->master);
	void *memory;
	int error;

	if (fd < 0)
		return -1;
	memory = pmem_mmap(fd, LEN);
	error = errno;
	/* After an allocation failure, a retry is possible. */
	if (memory == MAP_FAILED && pmem_mmap(fd, LEN) == MAP_FAILED) {
		fprintf(stderr, "# after %s it can never be mapped: %s\n", strerror(error),
			strerror(errno));
		error = ENOTRECOVERABLE;
	}
	close(fd);
	errno = error;
	return memory == MAP_FAILED ? -1 : munmap(memory, LEN);
}

TEST_F(fault, clients)
{
	static const int errnos[] = { ENOMEM, EFAULT, EAGAIN, 0 };
	void *view;

	self->master = pmem_master(variant->name, LEN, &self->memory);
	ASSERT_LE(0, self->master);
	self->dmabuf = pmem_sub(variant->name, self->master);
	ASSERT_LE(0, self->dmabuf);
	REMEMBER();
	EXPECT_FAULTS(3, run_connect, NULL);

	/* Before and after the client maps. */
	EXPECT_FAULTS_OF(1, "map region", run_map_region, undo_map_region, unmap_intact, errnos);
	EXPECT_FAULTS(1, run_map_client, NULL);
	view = pmem_mmap(self->dmabuf, LEN);
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_FAULTS_OF(1, "map visible region", run_map_region, undo_map_region, unmap_intact,
			 errnos);
	ASSERT_EQ(0, pmem_map(self->dmabuf, PAGE, PAGE));
	fill((char *)self->memory + PAGE, PAGE, 3);
	EXPECT_TRUE(filled((char *)view + PAGE, PAGE, 3));
	EXPECT_FAULTS_OF(1, "unmap visible region", run_unmap_region, NULL, map_intact, errnos);
	munmap(view, LEN);
}

RUN(run_export, pmem_export(self->master, O_RDWR | O_CLOEXEC))

static int run_import(void *context)
{
	data *self = context;
	int fd = pmem_open(self->name);
	int ret;

	if (fd < 0)
		return -1;
	ret = pmem_import(fd, self->dmabuf);
	close_keeping_errno(fd);
	return ret;
}

TEST_F(fault, sharing)
{
	self->master = pmem_master(variant->name, LEN, &self->memory);
	ASSERT_LE(0, self->master);
	REMEMBER();
	EXPECT_FAULTS(2, run_export, undo_close);
	self->dmabuf = run_export(self);
	ASSERT_LE(0, self->dmabuf);
	REMEMBER();
	EXPECT_FAULTS(2, run_import, NULL);
}

/* /dev/cma_mem, where each allocation has a mapping. */
FIXTURE(cma_mem) {
	int fd;
	int files;
	struct mem_block block;
	size_t mappings;
};

/* Number of lines in /proc/self/maps for the node or its buffers. */
static size_t mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	char line[512];
	size_t count = 0;

	if (!file)
		abort();
	while (fgets(line, sizeof(line), file))
		count += strstr(line, "dmabuf") || strstr(line, "cma_mem");
	fclose(file);
	return count;
}

FIXTURE_SETUP(cma_mem)
{
	FAULTS_SETUP();
	IDLE_SETUP();
	self->fd = open("/dev/cma_mem", O_RDWR);
	ASSERT_LE(0, self->fd);
	self->files = open_fds();
	self->mappings = mappings();
}

FIXTURE_TEARDOWN(cma_mem)
{
	peers_end();
}

static bool cma_intact(void *context)
{
	FIXTURE_DATA(cma_mem) *self = context;

	return all_free(true) && open_fds() == self->files && mappings() == self->mappings;
}

static int open_cma_mem(void *context)
{
	return open("/dev/cma_mem", O_RDWR);
}

static int cma_allocate(void *context)
{
	FIXTURE_DATA(cma_mem) *self = context;

	memset(&self->block, 0, sizeof(self->block));
	strcpy(self->block.name, "block");
	self->block.len = LEN;
	return ioctl(self->fd, CMEM_ALLOCATE, &self->block);
}

static int cma_unmap(void *context)
{
	FIXTURE_DATA(cma_mem) *self = context;

	return ioctl(self->fd, CMEM_UNMAP, &self->block);
}

static void undo_cma_allocate(void *context, int result)
{
	if (cma_unmap(context))
		abort();
}

TEST_F(cma_mem, open)
{
	EXPECT_FAULTS_OF(2, "open cma_mem", open_cma_mem, undo_close, cma_intact, ANY_ERRNO);
}

TEST_F(cma_mem, allocate)
{
	EXPECT_FAULTS_OF(6, "CMEM_ALLOCATE", cma_allocate, undo_cma_allocate, cma_intact, ANY_ERRNO);
}

/* A failed call does not affect the block: its memory is mapped, its name is known. */
static bool block_is_whole(void *context)
{
	FIXTURE_DATA(cma_mem) *self = context;

	if (mappings() == self->mappings)
		return !cma_allocate(context);
	if (!filled((void *)self->block.mem_base, LEN, 5))
		return false;
	return true;
}

static int cma_unmap_filled(void *context)
{
	FIXTURE_DATA(cma_mem) *self = context;

	fill((void *)self->block.mem_base, LEN, 5);
	return cma_unmap(context);
}

TEST_F(cma_mem, unmap)
{
	ASSERT_EQ(0, cma_allocate(self));
	EXPECT_FAULTS_OF(1, "CMEM_UNMAP", cma_unmap_filled, NULL, block_is_whole, ANY_ERRNO);
	/* After any failure, the rest can be freed. */
	EXPECT_EQ(0, cma_unmap(self));
	EXPECT_TRUE(cma_intact(self));
}

TEST_TOTAL_OF_FAULTS(500)

TEST_HARNESS_MAIN
