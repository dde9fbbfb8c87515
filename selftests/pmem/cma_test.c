// SPDX-License-Identifier: GPL-2.0-only
/* /dev/cma_test: "echo 0 >" allocates from the default CMA area, "cat" frees. */
#include "../kernel_log.h"
#include "test.h"

#define SLOTS	10

static long taken(void)
{
	char *size = heap_attribute("default_cma_region", "size");
	char *left = heap_attribute("default_cma_region", "free");
	long bytes = atol(size) - atol(left);

	free(size);
	free(left);
	return bytes;
}

FIXTURE(cma_test) {
	int fd;
};

FIXTURE_SETUP(cma_test)
{
	IDLE_SETUP();
	self->fd = open("/dev/cma_test", O_RDWR);
	ASSERT_LE(0, self->fd);
}

/* Slots do not belong to a file: empty them for the next test. */
FIXTURE_TEARDOWN(cma_test)
{
	char byte;
	int i;

	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, read(self->fd, &byte, 1));
	EXPECT_EQ(0, taken());
}

TEST_F(cma_test, write_takes_and_read_gives)
{
	char byte = 'x';

	EXPECT_EQ(2, write(self->fd, "0\n", 2));
	EXPECT_EQ(MiB(1), (size_t)taken());
	EXPECT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(MiB(1 + 2), (size_t)taken());
	EXPECT_EQ(1, write(self->fd, "0", 1));
	EXPECT_EQ(MiB(1 + 2 + 3), (size_t)taken());
	/* Frees the first slot in use, and returns no data. */
	EXPECT_EQ(0, read(self->fd, &byte, 1));
	EXPECT_EQ('x', byte);
	EXPECT_EQ(MiB(2 + 3), (size_t)taken());
	EXPECT_EQ(0, read(self->fd, &byte, 1));
	EXPECT_EQ(MiB(3), (size_t)taken());
	/* Uses the first free slot. */
	EXPECT_EQ(1, write(self->fd, "0", 1));
	EXPECT_EQ(MiB(1 + 3), (size_t)taken());
}

TEST_F(cma_test, read_with_nothing_taken)
{
	char byte;

	EXPECT_EQ(0, read(self->fd, &byte, 1));
	EXPECT_EQ(0, taken());
}

TEST_F(cma_test, slots_outlive_the_file)
{
	int other;
	char byte;

	ASSERT_EQ(1, write(self->fd, "0", 1));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(MiB(1), (size_t)taken());
	other = open("/dev/cma_test", O_RDONLY);
	ASSERT_EQ(self->fd, other);
	EXPECT_EQ(0, read(other, &byte, 1));
	EXPECT_EQ(0, taken());
}

TEST_F(cma_test, ten_slots)
{
	long before = 0;
	int i, count = 0;

	for (i = 0; i < SLOTS; i++) {
		if (write(self->fd, "0", 1) != 1) {
			/* Others use part of the area; then this must be the error. */
			EXPECT_EQ(ENOMEM, errno);
			break;
		}
		count++;
		EXPECT_EQ(MiB(count), (size_t)(taken() - before));
		before = taken();
	}
	EXPECT_LE(5, count);
	/* If all slots are in use, nothing happens, which is not an error. */
	EXPECT_EQ(count == SLOTS ? 0 : ENOMEM, failure(write(self->fd, "0", 1)));
	EXPECT_EQ(before, taken());
}

/* The log lists slots and sizes, but no addresses. */
TEST_F(cma_test, log)
{
	char byte;

	log_clear();
	ASSERT_EQ(1, write(self->fd, "0", 1));
	EXPECT_TRUE(log_has("slot 0: allocated 1024 KiB at offset 0x"));
	EXPECT_EQ(0, read(self->fd, &byte, 1));
	EXPECT_TRUE(log_has("slot 0: freed 1024 KiB at offset 0x"));
}

/* Its purpose: migrating movable pages. */
TEST_F(cma_test, movable_pages_move)
{
	const size_t len = MiB(600);
	char *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i, count = 0;

	ASSERT_NE(MAP_FAILED, memory);
	fill(memory, len, 1);
	for (i = 0; i < 5; i++)
		count += write(self->fd, "0", 1) == 1;
	EXPECT_EQ(5, count);
	EXPECT_EQ(MiB(1 + 2 + 3 + 4 + 5), (size_t)taken());
	EXPECT_TRUE(filled(memory, len, 1));
}

TEST_HARNESS_MAIN
