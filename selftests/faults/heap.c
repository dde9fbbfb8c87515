// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation on heaps and their buffers with each of its allocations and user copies failing
 * in turn: the errno is a documented one, nothing is left behind, and the same operation then
 * works. What is lost without a trace in the figures the kernel's leak detector finds later.
 */
#include "heap_fault.h"

static void undo_close(void *context, int result)
{
	close(result);
}

#define OPERATION(do, take_back)	\
	((struct operation){ do, take_back, intact, ANY_ERRNO, self })

/* At least that many points of failure are known to be there. */
#define EXPECT_FAULTS(at_least, do, take_back)	\
	EXPECT_LE(at_least, faults_inject(#do, &OPERATION(do, take_back)))

static int run_open(void *context)
{
	data *self = context;

	return heap_open(self->name);
}

TEST_F(fault, open)
{
	EXPECT_FAULTS(2, run_open, undo_close);
}

static int run_alloc(void *context)
{
	data *self = context;

	return heap_alloc(self->heap, LEN);
}

static int run_alloc_aligned(void *context)
{
	data *self = context;

	return heap_alloc_aligned(self->heap, PAGE, KiB(64));
}

static int run_alloc_large_structure(void *context)
{
	data *self = context;
	struct {
		struct dma_heap_allocation_data data;
		char newer[1000];
	} argument = { .data = { .len = PAGE, .fd_flags = O_RDWR } };

	return ioctl(self->heap, _IOWR(DMA_HEAP_IOC_MAGIC, 0, argument), &argument) ?
		-1 : (int)argument.data.fd;
}

TEST_F(fault, allocate)
{
	/* The structure in and out, the buffer, its file, its inode. */
	EXPECT_FAULTS(5, run_alloc, undo_close);
	EXPECT_FAULTS(5, run_alloc_aligned, undo_close);
	EXPECT_FAULTS(6, run_alloc_large_structure, undo_close);
}

static int run_query(void *context)
{
	data *self = context;
	struct contig_heap_query query;

	return ioctl(self->heap, CONTIG_HEAP_IOCTL_QUERY, &query);
}

TEST_F(fault, query)
{
	EXPECT_FAULTS(1, run_query, NULL);
}

static int run_sync_range(void *context)
{
	data *self = context;

	return buffer_sync_range(self->heap, self->fd, PAGE, PAGE, DMA_BUF_SYNC_RW);
}

TEST_F(fault, sync_range)
{
	self->attachment = importer_attach(self->importer, self->device, self->fd);
	ASSERT_LT(0, importer_map(self->importer, self->attachment, HEAP_IMPORTER_BOTH));
	EXPECT_FAULTS(1, run_sync_range, NULL);
}

static int run_sync(void *context)
{
	data *self = context;

	return buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ?:
		buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
}

TEST_F(fault, sync)
{
	self->attachment = importer_attach(self->importer, self->device, self->fd);
	ASSERT_LT(0, importer_map(self->importer, self->attachment, HEAP_IMPORTER_BOTH));
	EXPECT_FAULTS(2, run_sync, NULL);
}

static int run_attach(void *context)
{
	data *self = context;

	return importer_attach(self->importer, self->device, self->fd);
}

/*
 * The result that did not reach us leaves an attachment in the importer, not in the heap. Detach
 * every number there is.
 */
static bool detach_all(void *context)
{
	data *self = context;
	int id;

	for (id = 0; id < 32; id++)
		importer_detach(self->importer, id);
	return intact(context);
}

TEST_F(fault, attach)
{
	struct operation operation = { run_attach, NULL, detach_all, ANY_ERRNO, self };

	/* Once as the device with the fewest segments, once with the most. */
	EXPECT_LE(4, faults_inject("run_attach", &operation));
	self->device = importer_device(self->importer, ANY_ADDRESS, PAGE, ANY_ADDRESS);
	ASSERT_LE(0, self->device);
	EXPECT_LE(4, faults_inject("run_attach, many segments", &operation));
}

static int run_map(void *context)
{
	data *self = context;

	return importer_map(self->importer, self->attachment, HEAP_IMPORTER_BOTH);
}

static bool unmap_intact(void *context)
{
	data *self = context;

	importer_unmap(self->importer, self->attachment);
	return intact(context);
}

TEST_F(fault, map)
{
	static const int errnos[] = { ENOMEM, EFAULT, EIO, 0 };
	struct operation operation = { run_map, NULL, unmap_intact, errnos, self };

	self->attachment = importer_attach(self->importer, self->device, self->fd);
	ASSERT_LE(0, self->attachment);
	EXPECT_LE(2, faults_inject("run_map", &operation));
}

static int run_mmap(void *context)
{
	data *self = context;

	self->memory = buffer_map(self->fd, LEN);
	return self->memory == MAP_FAILED ? -1 : 0;
}

static void undo_mmap(void *context, int result)
{
	data *self = context;

	munmap(self->memory, LEN);
}

TEST_F(fault, mmap)
{
	EXPECT_FAULTS(1, run_mmap, undo_mmap);
}

/* Mappings that are cut in two, and put together again. */
static int run_split(void *context)
{
	data *self = context;
	void *memory = buffer_map(self->fd, LEN);
	int ret, error;

	if (memory == MAP_FAILED)
		return -1;
	ret = mprotect(memory + PAGE, PAGE, PROT_READ);
	error = errno;
	if (!ret && mprotect(memory, LEN, PROT_READ | PROT_WRITE))
		abort();
	fill(memory, LEN, 2);
	if (!filled(memory, LEN, 2))
		abort();
	munmap(memory, LEN);
	errno = error;
	return ret;
}

TEST_F(fault, split_mapping)
{
	EXPECT_FAULTS(3, run_split, NULL);
}

/* Reading what is shown to look at. */
static int read_file(const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;
	int error;

	if (fd < 0)
		return -1;
	do
		got = read(fd, text, sizeof(text));
	while (got > 0);
	error = errno;
	close(fd);
	errno = error;
	return got;
}

static int run_read_map(void *context)
{
	return read_file("/sys/kernel/debug/contig_heaps/adsp/map");
}

static int run_read_buffers(void *context)
{
	return read_file("/sys/kernel/debug/contig_heaps/adsp/buffers");
}

static int run_read_fdinfo(void *context)
{
	data *self = context;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	return read_file(path);
}

TEST_F(fault, files)
{
	EXPECT_FAULTS(3, run_read_map, NULL);
	EXPECT_FAULTS(3, run_read_buffers, NULL);
	EXPECT_FAULTS(3, run_read_fdinfo, NULL);
}

TEST_TOTAL_OF_FAULTS(500)

TEST_HARNESS_MAIN
