// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's ramfb scans out memory by its physical address, without a driver. The descriptors that
 * control it are fetched by DMA from the same buffer. Screenshots are stored as ramfb-SOURCE.png
 * and ramfb-update-SOURCE.png.
 */
#include <endian.h>

#include "../heap/importer_client.h"
#include "../heap/test.h"

#include "screen.h"
#include "source.h"

#define WIDTH		640
#define HEIGHT		480
#define PICTURE		(WIDTH * HEIGHT * sizeof(__u32))
/* After the picture: a page for descriptors, and room for the file directory. */
#define LEN		(PICTURE + 5 * PAGE)
#define DIRECTORY	(4 * PAGE)

/* The board's fw_cfg device, of which only the DMA register is used. */
#define FW_CFG		0x09020000
#define FW_CFG_DMA	16
#define FW_CFG_FILES	0x19
#define FW_CFG_READ	0x02
#define FW_CFG_SELECT	0x08
#define FW_CFG_WRITE	0x10
#define FORMAT_XRGB	0x34325258

/* All fields are big endian. */
struct access {
	__u32 control;
	__u32 length;
	__u64 address;
};

struct file {
	__u32 size;
	__u16 key;
	__u16 reserved;
	char name[56];
};

struct files {
	__u32 count;
	struct file file[];
};

struct config {
	__u64 address;
	__u32 format;
	__u32 flags;
	__u32 width;
	__u32 height;
	__u32 stride;
} __attribute__((packed));

FIXTURE(ramfb) {
	int fd;
	void *memory;
	__u64 physical;
	void *registers;
	__u32 *drawn;
};

/* The display gets one address, so it needs contiguous memory. */
SOURCE_KINDS_SOLID(ramfb);
SOURCE_KINDS_NOMAP(ramfb);

FIXTURE_SETUP(ramfb)
{
	int mem = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);

	ASSERT_LE(0, mem);
	self->registers = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, FW_CFG);
	ASSERT_NE(MAP_FAILED, self->registers);
	close(mem);
	self->fd = source_alloc(variant->path, LEN);
	ASSERT_LE(0, self->fd);
	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	self->physical = buffer_address(self->fd);
	self->drawn = malloc(PICTURE);
	ASSERT_NE(NULL, self->drawn);
}

FIXTURE_TEARDOWN(ramfb)
{
	free(self->drawn);
}

/* Make the device read or write @len bytes of the buffer at @offset. */
static bool access_file(void *registers, void *memory, __u64 physical, __u16 key, __u32 command,
			__u64 offset, __u32 len)
{
	volatile struct access *access = memory + PICTURE;

	access->length = htobe32(len);
	access->address = htobe64(physical + offset);
	access->control = htobe32((__u32)key << 16 | FW_CFG_SELECT | command);
	__sync_synchronize();
	*(volatile __u64 *)(registers + FW_CFG_DMA) = htobe64(physical + PICTURE);
	__sync_synchronize();
	/* The device has finished before the store returns, and clears this. */
	return !access->control;
}

/* The key of the display's configuration file, or 0. */
static __u16 find_key(void *registers, void *memory, __u64 physical)
{
	struct files *files = memory + PICTURE + PAGE;
	__u32 i;

	if (!access_file(registers, memory, physical, FW_CFG_FILES, FW_CFG_READ, PICTURE + PAGE,
			 DIRECTORY))
		return 0;
	for (i = 0; i < be32toh(files->count) && i < DIRECTORY / sizeof(struct file) - 1; i++)
		if (!strcmp(files->file[i].name, "etc/ramfb"))
			return be16toh(files->file[i].key);
	return 0;
}

static bool scan_out(void *registers, void *memory, __u64 physical)
{
	struct config *config = memory + PICTURE + sizeof(struct access);
	__u16 key = find_key(registers, memory, physical);

	*config = (struct config){
		.address = htobe64(physical),
		.format = htobe32(FORMAT_XRGB),
		.width = htobe32(WIDTH),
		.height = htobe32(HEIGHT),
		.stride = htobe32(WIDTH * sizeof(__u32)),
	};
	return key && access_file(registers, memory, physical, key, FW_CFG_WRITE,
				  PICTURE + sizeof(struct access), sizeof(*config));
}

TEST_F(ramfb, scans_out_of_the_buffer)
{
	__u32 seed = variant->path[strlen(variant->path) - 1];

	paint(self->drawn, WIDTH, HEIGHT, seed);
	memcpy(self->memory, self->drawn, PICTURE);
	ASSERT_TRUE(scan_out(self->registers, self->memory, self->physical));
	EXPECT_TRUE(screen_shows_buffer("ramfb", variant->path, WIDTH, HEIGHT, self->drawn));
	/* From now on, everything written is on the screen. */
	paint(self->drawn, WIDTH, HEIGHT, seed + 1);
	memcpy(self->memory, self->drawn, PICTURE);
	EXPECT_TRUE(screen_shows_buffer("ramfb-update", variant->path, WIDTH, HEIGHT, self->drawn));
}

TEST_HARNESS_MAIN
