// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation on heaps and their buffers, with each of its allocations and user copies failing
 * in turn: the errno is documented, nothing leaks, and the operation then works. Leaks that the
 * figures do not show are found later by the kernel's leak detector.
 */
#include "heap_fault.h"

static void undo_close(void *context, int result)
{
	close(result);
}

RUN(run_open, heap_open(self->name))

TEST_F(fault, open)
{
	EXPECT_FAULTS(2, run_open, undo_close);
}

RUN(run_alloc, heap_alloc(self->heap, LEN))
RUN(run_alloc_in_blocks, heap_alloc(self->heap, LEN + 7 * PAGE))
RUN(run_alloc_aligned, heap_alloc_aligned(self->heap, PAGE, self->scattered ? PAGE : KiB(64)))

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

/* Kept system memory would avoid allocations of the next buffer. */
static bool forgotten_intact(void *context)
{
	data *self = context;
	char *path;

	if (self->scattered) {
		heap_wait_clean(self->heap);
		path = format("%s/%s/held", heap_class(), self->name);
		if (!write_text("/proc/sys/vm/drop_caches", "2") || number_of(read_text(path)))
			die("drop_caches");
		free(path);
	}
	return intact(context);
}

#define EXPECT_ALLOC_FAULTS(at_least, run)				\
	EXPECT_FAULTS_OF(at_least, #run, run, undo_close, forgotten_intact, ANY_ERRNO)

TEST_F(fault, allocate)
{
	/* The structure in and out, the buffer, its file, its inode. */
	EXPECT_ALLOC_FAULTS(5, run_alloc);
	/* For scattered memory, also four blocks and a list of them. */
	EXPECT_ALLOC_FAULTS(self->scattered ? 15 : 5, run_alloc_in_blocks);
	EXPECT_ALLOC_FAULTS(5, run_alloc_aligned);
	EXPECT_ALLOC_FAULTS(6, run_alloc_large_structure);
}

RUN(run_query, ioctl(self->heap, CONTIG_HEAP_IOCTL_QUERY, &(struct contig_heap_query){}))

TEST_F(fault, query)
{
	EXPECT_FAULTS(1, run_query, NULL);
}

RUN(run_sync_range, buffer_sync_range(self->heap, self->fd, PAGE, PAGE, DMA_BUF_SYNC_RW))

TEST_F(fault, sync_range)
{
	self->attachment = importer_attach(self->importer, self->device, self->fd);
	ASSERT_LT(0, importer_map(self->importer, self->attachment, HEAP_IMPORTER_BOTH));
	EXPECT_FAULTS(1, run_sync_range, NULL);
}

RUN(run_sync, buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ?:
	      buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW))

TEST_F(fault, sync)
{
	self->attachment = importer_attach(self->importer, self->device, self->fd);
	ASSERT_LT(0, importer_map(self->importer, self->attachment, HEAP_IMPORTER_BOTH));
	EXPECT_FAULTS(2, run_sync, NULL);
}

RUN(run_load, buffer_load(self->heap, self->fd, 0, self->file, 0, LEN) == LEN ? 0 : -1)
RUN(run_store, buffer_store(self->heap, self->fd, 0, self->file, 0, LEN) == LEN ? 0 : -1)

/* Buffer and file have their memory, so the transfer itself cannot fail. */
TEST_F(fault, load_and_store)
{
	self->file = new_file(LEN, 1);
	ASSERT_LE(0, self->file);
	self->next = next_fd();
	/* The structure in and out. */
	EXPECT_FAULTS(2, run_load, NULL);
	EXPECT_FAULTS(2, run_store, NULL);
	self->memory = buffer_map(self->fd, LEN);
	EXPECT_TRUE(filled(self->memory, LEN, 1));
	munmap(self->memory, LEN);
	close(self->file);
}

RUN(run_buffer, ioctl(self->heap, CONTIG_HEAP_IOCTL_BUFFER,
		      &(struct contig_heap_buffer){ .fd = self->fd }))
RUN(run_version, ioctl(self->heap, CONTIG_HEAP_IOCTL_VERSION, &(struct contig_heap_version){}))

TEST_F(fault, describe)
{
	EXPECT_FAULTS(2, run_buffer, NULL);
	EXPECT_FAULTS(1, run_version, NULL);
}

RUN(run_attach, importer_attach(self->importer, self->device, self->fd))

/*
 * If copying the result fails, the importer has an attachment that we do not know. Detach all
 * numbers.
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
	/* Once as the device with the fewest segments, once with the most. */
	EXPECT_FAULTS_OF(4, "run_attach", run_attach, NULL, detach_all, ANY_ERRNO);
	self->device = importer_device(self->importer, ANY_ADDRESS, PAGE, ANY_ADDRESS);
	ASSERT_LE(0, self->device);
	EXPECT_FAULTS_OF(4, "run_attach, many segments", run_attach, NULL, detach_all, ANY_ERRNO);
}

RUN(run_map, importer_map(self->importer, self->attachment, HEAP_IMPORTER_BOTH))

static bool unmap_intact(void *context)
{
	data *self = context;

	importer_unmap(self->importer, self->attachment);
	return intact(context);
}

TEST_F(fault, map)
{
	static const int errnos[] = { ENOMEM, EFAULT, EIO, 0 };

	self->attachment = importer_attach(self->importer, self->device, self->fd);
	ASSERT_LE(0, self->attachment);
	EXPECT_FAULTS_OF(2, "run_map", run_map, NULL, unmap_intact, errnos);
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

/* Split mappings and merge them again. */
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

/* Read a debugfs file. */
static int read_file(const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	do
		got = read(fd, text, sizeof(text));
	while (got > 0);
	close_keeping_errno(fd);
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
