// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much a node holds, and where: boards gave each device exactly as much as its clients need.
 * An empty node has room for as many buffers as fit, whatever was allocated before, at the
 * addresses that its policy determines.
 */
#include "test.h"

#define MAX_BUFFERS	256
#define MAX_QUANTA	12288

struct buffer {
	int fd;
	char *memory;
	unsigned long size;
};

/* Touches every page. If there is no memory, the file is -1, and errno is set. */
static struct buffer buffer_take(const char *name, int flags, unsigned long size)
{
	struct buffer buffer = { pmem_open_flags(name, O_RDWR | flags), NULL, size };
	unsigned long i;
	int error;

	if (buffer.fd < 0)
		die(name);
	buffer.memory = pmem_mmap(buffer.fd, size);
	if (buffer.memory == MAP_FAILED) {
		error = errno;
		close(buffer.fd);
		buffer.fd = -1;
		errno = error;
		return buffer;
	}
	for (i = 0; i < size; i += PAGE)
		buffer.memory[i] = 1;
	return buffer;
}

static void buffer_free(const struct buffer *buffer)
{
	close(buffer->fd);
	munmap(buffer->memory, buffer->size);
}

static unsigned long buffer_place(const struct buffer *buffer)
{
	return pmem_phys(buffer->fd).offset;
}

FIXTURE(bitmap) {
	const struct node *node;
	int probe;
};

FIXTURE_VARIANT(bitmap) {
	const char *name;
	int flags;
};

FIXTURE_VARIANT_ADD(bitmap, mdp) {
	.name = "pmem",
};

FIXTURE_VARIANT_ADD(bitmap, adsp) {
	.name = "pmem_adsp",
};

FIXTURE_VARIANT_ADD(bitmap, adsp_uncached) {
	.name = "pmem_adsp",
	.flags = OLD_O_SYNC,
};

FIXTURE_VARIANT_ADD(bitmap, nomap) {
	.name = "pmem_audio",
};

FIXTURE_VARIANT_ADD(bitmap, cma) {
	.name = "pmem_cma",
};

FIXTURE_SETUP(bitmap)
{
	IDLE_SETUP();
	self->node = node_of(variant->name);
	self->probe = pmem_open(variant->name);
	ASSERT_LE(0, self->probe);
}

FIXTURE_TEARDOWN(bitmap)
{
	close(self->probe);
	EXPECT_TRUE(all_free(true));
}

/* Fill an empty node: each buffer follows the previous one. */
static void fill_up(struct __test_metadata *_metadata, struct _test_data_bitmap *self,
		    int flags, unsigned long size, struct buffer *buffers)
{
	const unsigned long count = self->node->size / size;
	unsigned long i, base = 0;
	struct buffer more;

	ASSERT_GE(MAX_BUFFERS, count);
	EXPECT_FREE(self->node->size, self->node->size, self->probe);
	for (i = 0; i < count; i++) {
		unsigned long left = self->node->size - (i + 1) * size;

		buffers[i] = buffer_take(self->node->name, flags, size);
		ASSERT_LE(0, buffers[i].fd) {
			struct pmem_freespace space = pmem_free_space(self->probe);

			TH_LOG("buffer %lu of %lu, %lu bytes each: %s, free %lu, largest %lu",
			       i + 1, count, size, strerror(errno), space.total, space.largest);
		}
		if (!i)
			base = pmem_base(self->node->name);
		ASSERT_EQ(base + i * size, buffer_place(&buffers[i])) {
			TH_LOG("buffer %lu of %lu, %lu bytes each", i + 1, count, size);
		}
		EXPECT_FREE(left, left, self->probe);
	}
	more = buffer_take(self->node->name, flags, size);
	EXPECT_EQ(-1, more.fd);
	EXPECT_EQ(ENOMEM, errno);
}

/* Afterwards, as much is free, but some of it was used before. */
static void small_ones_come_and_go(const char *name, int flags)
{
	struct buffer small[10];
	int i;

	for (i = 0; i < 10; i++) {
		small[i] = buffer_take(name, flags, (i + 1) * PAGE);
		if (small[i].fd < 0)
			die(name);
	}
	for (i = 0; i < 10; i++)
		buffer_free(&small[i]);
}

/*
 * In odd rounds, the upper half is zeroed before the lower half is freed: the policy chooses the
 * memory, not the cost of zeroing.
 */
static void give_back(struct _test_data_bitmap *self, struct buffer *buffers, unsigned long count,
		      int round)
{
	unsigned long i;

	for (i = count; i > 0; i--) {
		if (round % 2 && i == count / 2)
			pmem_wait_clean(self->node);
		buffer_free(&buffers[i - 1]);
	}
}

static void equal_buffers(struct __test_metadata *_metadata, struct _test_data_bitmap *self,
			  int flags, unsigned long size)
{
	const unsigned long count = self->node->size / size;
	struct buffer buffers[MAX_BUFFERS];
	int round;

	for (round = 0; round < rounds(3); round++) {
		fill_up(_metadata, self, flags, size, buffers);
		give_back(self, buffers, count, round);
		small_ones_come_and_go(self->node->name, flags);
	}
	fill_up(_metadata, self, flags, size, buffers);
	give_back(self, buffers, count, 0);
}

TEST_F(bitmap, equal_buffers_of_an_odd_number_of_pages)
{
	equal_buffers(_metadata, self, variant->flags, 63 * PAGE);
}

TEST_F(bitmap, equal_buffers_of_1_mib)
{
	equal_buffers(_metadata, self, variant->flags, MiB(1));
}

TEST_F(bitmap, equal_buffers_of_3_mib)
{
	equal_buffers(_metadata, self, variant->flags, MiB(3));
}

/* Some buffers of a full node are freed and allocated again: at the same offsets, lowest first. */
TEST_F(bitmap, gaps_of_a_full_node)
{
	const unsigned long size = KiB(256), count = self->node->size / size;
	struct buffer buffers[MAX_BUFFERS], more;
	unsigned long places[MAX_BUFFERS], i, gaps;
	int round;

	fill_up(_metadata, self, variant->flags, size, buffers);
	for (i = 0; i < count; i++)
		places[i] = buffer_place(&buffers[i]);
	for (round = 2; round < 7; round++) {
		gaps = 0;
		for (i = 1; i < count; i += round, gaps++)
			buffer_free(&buffers[i]);
		EXPECT_FREE(gaps * size, size, self->probe);
		for (i = 1; i < count; i += round) {
			buffers[i] = buffer_take(self->node->name, variant->flags, size);
			ASSERT_LE(0, buffers[i].fd) {
				TH_LOG("gap at buffer %lu, every %dth: %s", i, round,
				       strerror(errno));
			}
			EXPECT_EQ(places[i], buffer_place(&buffers[i]));
		}
		EXPECT_FREE(0, 0, self->probe);
		more = buffer_take(self->node->name, variant->flags, PAGE);
		EXPECT_EQ(-1, more.fd);
		EXPECT_EQ(ENOMEM, errno);
	}
	for (i = 0; i < count; i++)
		buffer_free(&buffers[i]);
}

/*
 * The rule: try the first aligned quantum. If a quantum is busy, continue at the next aligned one
 * after the last busy quantum.
 */
struct model {
	unsigned char busy[MAX_QUANTA];
	unsigned long quanta;
	unsigned long base;
};

static unsigned long next_aligned(const struct model *model, unsigned long quantum,
				  unsigned long align)
{
	unsigned long address = model->base + quantum * PAGE;

	return ((address + align - 1) / align * align - model->base) / PAGE;
}

/* The first quantum, or the number of quanta if there is no room. */
static unsigned long model_place(const struct model *model, unsigned long quanta,
				 unsigned long align)
{
	unsigned long at = next_aligned(model, 0, align), i;

	while (at + quanta <= model->quanta) {
		for (i = at + quanta; i > at && !model->busy[i - 1]; i--)
			;
		if (i == at)
			return at;
		at = next_aligned(model, i, align);
	}
	return model->quanta;
}

static struct pmem_freespace model_space(const struct model *model)
{
	struct pmem_freespace space = {};
	unsigned long i, run = 0;

	for (i = 0; i < model->quanta; i++) {
		run = model->busy[i] ? 0 : run + PAGE;
		space.total += model->busy[i] ? 0 : PAGE;
		if (run > space.largest)
			space.largest = run;
	}
	return space;
}

TEST_F(bitmap, first_fit)
{
	struct { int fd; unsigned long at, quanta; } live[64];
	struct model *model = calloc(1, sizeof(*model));
	int count = 0, round, first = pmem_open(variant->name);
	struct pmem_freespace space;
	__u32 random = 2011;

	ASSERT_NE(NULL, model);
	/* The base of some nodes is only known while something is allocated. */
	ASSERT_EQ(0, pmem_allocate(first, PAGE));
	model->base = pmem_base(variant->name);
	model->quanta = self->node->size / PAGE;
	model->busy[0] = 1;
	EXPECT_EQ(model->base, pmem_phys(first).offset);
	for (round = 0; round < rounds(200); round++) {
		__u32 number = next_random(&random);

		if (count < 64 && number % 8 < 5) {
			/* Some are so large that they may not fit. */
			unsigned long len = (number >> 8) % (number % 16 ? KiB(500) : MiB(12)) + 1;
			unsigned long align = number & 64 ? PAGE << (number >> 5) % 7 : PAGE;
			unsigned long quanta = (len + PAGE - 1) / PAGE, at;
			int fd = pmem_open_flags(variant->name, O_RDWR | variant->flags);

			if (align > MiB(1))
				align = MiB(1);
			at = model_place(model, quanta, align);
			if (at == model->quanta) {
				EXPECT_ERRNO(ENOMEM, pmem_allocate_aligned(fd, len, align));
				EXPECT_REGION(0, 0, pmem_phys(fd));
				close(fd);
			} else {
				ASSERT_EQ(0, align == PAGE ? pmem_allocate(fd, len) :
					  pmem_allocate_aligned(fd, len, align)) {
					TH_LOG("%lu bytes, aligned to %lu: %s", len, align,
					       strerror(errno));
				}
				ASSERT_EQ(model->base + at * PAGE, pmem_phys(fd).offset) {
					TH_LOG("%lu bytes, aligned to %lu", len, align);
				}
				EXPECT_EQ(quanta * PAGE, pmem_phys(fd).len);
				memset(model->busy + at, 1, quanta);
				live[count].fd = fd;
				live[count].at = at;
				live[count++].quanta = quanta;
			}
		} else if (count) {
			int i = (number >> 8) % count;

			close(live[i].fd);
			memset(model->busy + live[i].at, 0, live[i].quanta);
			live[i] = live[--count];
		}
		space = model_space(model);
		EXPECT_FREE(space.total, space.largest, self->probe);
	}
	while (count)
		close(live[--count].fd);
	close(first);
	free(model);
}

IDLE_FIXTURE(buddy);

/* The largest free block: the rest of the node consists of blocks of increasing size. */
static unsigned long largest_block(unsigned long left)
{
	unsigned long block = 1;

	if (!left)
		return 0;
	while (block <= left / 2)
		block *= 2;
	return block;
}

/* Each buffer gets the lowest block, with a power of two of pages. */
TEST_F(buddy, equal_buffers)
{
	const unsigned long pages[] = { 1, 3, 24, 64, 65 }, blocks[] = { 1, 4, 32, 64, 128 };
	const unsigned long all = MiB(4), base = node_of("pmem_smipool")->base;
	int fds[1024], probe = pmem_open("pmem_smipool"), round;
	unsigned long i, k;

	for (k = 0; k < ARRAY_SIZE(pages); k++) {
		const unsigned long block = blocks[k] * PAGE;
		unsigned long count = all / block;

		/* With one page each, there would be more files than a process may open. */
		if (count > 512)
			continue;
		for (round = 0; round < 3; round++) {
			for (i = 0; i < count; i++) {
				unsigned long left = all - (i + 1) * block;

				fds[i] = pmem_open("pmem_smipool");
				ASSERT_EQ(0, pmem_allocate(fds[i], pages[k] * PAGE - round)) {
					TH_LOG("%lu of %lu, %lu pages: %s", i + 1, count, pages[k],
					       strerror(errno));
				}
				EXPECT_REGION(base + i * block, block, pmem_phys(fds[i]));
				EXPECT_FREE(left, largest_block(left), probe);
			}
			fds[count] = pmem_open("pmem_smipool");
			EXPECT_ERRNO(ENOMEM, pmem_allocate(fds[count], 1));
			close(fds[count]);
			/* Every second one: no two of them form a larger block. */
			for (i = 0; i < count; i += 2)
				close(fds[i]);
			EXPECT_FREE((count + 1) / 2 * block, block, probe);
			for (i = 0; i < count; i += 2) {
				fds[i] = pmem_open("pmem_smipool");
				ASSERT_EQ(0, pmem_allocate(fds[i], pages[k] * PAGE));
				EXPECT_REGION(base + i * block, block, pmem_phys(fds[i]));
			}
			while (count)
				close(fds[--count]);
			count = all / block;
			EXPECT_FREE(all, all, probe);
		}
	}
	close(probe);
}

IDLE_FIXTURE(all_or_nothing);

/* One buffer of any length; nothing is left for others. */
TEST_F(all_or_nothing, one_buffer_each_time)
{
	const struct node *node = node_of("pmem_camera");
	const unsigned long lengths[] = { 5000, 1, PAGE, MiB(3), MiB(8), MiB(8) - 1 };
	int probe = pmem_open("pmem_camera"), fd, round;
	size_t i;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			EXPECT_FREE(node->size, node->size, probe);
			fd = pmem_open("pmem_camera");
			ASSERT_EQ(0, pmem_allocate(fd, lengths[i]));
			EXPECT_REGION(node->base, lengths[i], pmem_phys(fd));
			EXPECT_REGION(node->base, lengths[i], pmem_size(fd));
			EXPECT_FREE(0, 0, probe);
			EXPECT_ERRNO(ENOMEM, pmem_allocate(probe, 1));
			EXPECT_MAP_FAILED(ENOMEM, pmem_mmap(probe, PAGE));
			close(fd);
		}
	}
	close(probe);
}

TEST_HARNESS_MAIN
