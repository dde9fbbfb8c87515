// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory that its driver hands out: the real-time clock of QEMU's "virt" board, whose
 * registers show whether they are reached, and whether they were written.
 */
#include <stdlib.h>

#include "../device_memory/device_memory.h"
#include "../kernel_module.h"
#include "importer_client.h"
#include "module.h"
#include "test.h"

#define RTC	"0x9010000"
/* Registers of a PL031, as word indices: seconds since 1970, match register, ID. */
#define DATA	0
#define MATCH	1
#define PERIPHERAL_ID	(0xfe0 / 4)

/* In the year 2020. */
#define LONG_AGO	1600000000

/* Load the driver with its dependencies. */
static int load_device(const char *parameters)
{
	if (!module_is_loaded() && module_load(""))
		return -1;
	return insert_module("device_memory", parameters);
}

static int unload_device(void)
{
	return syscall(SYS_delete_module, "device_memory", O_NONBLOCK);
}

FIXTURE(device_memory) {
	int device;
	int fd;
	volatile __u32 *registers;
};

FIXTURE_SETUP(device_memory)
{
	ASSERT_EQ(0, load_device("base=" RTC));
	self->device = open(DEVICE_MEMORY_PATH, O_RDWR);
	self->fd = ioctl(self->device, DEVICE_MEMORY_ALLOC);
	ASSERT_LE(0, self->fd);
	self->registers = buffer_map(self->fd, PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->registers);
}

FIXTURE_TEARDOWN(device_memory)
{
	munmap((void *)self->registers, PAGE);
	close(self->fd);
	close(self->device);
	EXPECT_EQ(0, unload_device());
}

/* Writing 0 to the load register would set the time: so the registers were not zeroed. */
TEST_F(device_memory, registers_are_reached_and_were_not_zeroed)
{
	__u32 before = self->registers[DATA];

	EXPECT_EQ(0x31, self->registers[PERIPHERAL_ID]);
	EXPECT_LT(LONG_AGO, before);
	while (self->registers[DATA] == before)
		usleep(10000);
	EXPECT_LT(before, self->registers[DATA]);
}

TEST_F(device_memory, what_is_written_arrives)
{
	self->registers[MATCH] = 0x12345678;
	EXPECT_EQ(0x12345678, self->registers[MATCH]);
}

/* After free and allocation, it still has the contents from the device. */
TEST_F(device_memory, next_owner_finds_it_unchanged)
{
	self->registers[MATCH] = 0x12345678;
	munmap((void *)self->registers, PAGE);
	close(self->fd);
	self->fd = ioctl(self->device, DEVICE_MEMORY_ALLOC);
	ASSERT_LE(0, self->fd);
	self->registers = buffer_map(self->fd, PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->registers);
	EXPECT_EQ(0x12345678, self->registers[MATCH]);
	EXPECT_LT(LONG_AGO, self->registers[DATA]);
}

TEST_F(device_memory, kernel_has_no_mapping)
{
	int importer = importer_open();

	EXPECT_EQ(0, ioctl(self->device, DEVICE_MEMORY_VADDR, self->fd));
	EXPECT_ERRNO(EINVAL, importer_vmap(importer, self->fd));
	close(importer);
}

TEST_F(device_memory, no_device_imports_it)
{
	int importer = importer_open();

	EXPECT_ERRNO(EOPNOTSUPP, importer_attach(importer, importer_any_device(importer),
						 self->fd));
	close(importer);
}

TEST_F(device_memory, sync_does_nothing)
{
	self->registers[MATCH] = 1;
	EXPECT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
	EXPECT_EQ(0, buffer_sync(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
	EXPECT_EQ(1, self->registers[MATCH]);
}

TEST_F(device_memory, all_of_it_is_taken)
{
	EXPECT_ERRNO(ENOMEM, ioctl(self->device, DEVICE_MEMORY_ALLOC));
}

/*
 * A region that the driver has claimed itself, and one without owner, between the board's
 * registers.
 */
TEST(claim_of_its_own)
{
	EXPECT_EQ(0, load_device("base=0x9050000 owned=Y"));
	EXPECT_EQ(0, unload_device());
	EXPECT_EQ(0, load_device("base=0x9050000"));
	EXPECT_EQ(0, unload_device());
}

TEST(memory_is_no_device)
{
	static const char * const memory[] = {
		"base=0x60000000", "base=0x79000000", "base=0", "base=0x9010800",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		EXPECT_ERRNO(EINVAL, load_device(memory[i]));
	}
	EXPECT_TRUE(log_has("device_memory: the range is memory, not device registers"));
	/*
	 * Memory of existing heaps: one that the kernel does not map, and one that is lent to it.
	 */
	EXPECT_ERRNO(EBUSY, load_device("base=0x76000000"));
	EXPECT_ERRNO(EBUSY, load_device("base=0x7a000000"));
}

/* A driver that mistakes registers for memory. */
TEST(device_is_no_memory)
{
	EXPECT_ERRNO(EINVAL, load_device("as_memory=Y base=" RTC));
	EXPECT_TRUE(log_has("device_memory: the range is not known to be memory"));
	EXPECT_ERRNO(EINVAL, load_device("as_memory=Y"));
	EXPECT_TRUE(log_has("device_memory: no address is set"));
	EXPECT_ERRNO(EBUSY, load_device("as_memory=Y base=0x60000000"));
	EXPECT_TRUE(log_has("device_memory: the range is not reserved: the kernel may use"));
}

TEST_HARNESS_MAIN
