// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that heaps must not use: it is refused with the right message, and not written, and all
 * other heaps work. For a guest without the module, with the overlay door.dtso or, on amd64,
 * memmap=96M$0x40000000. With retain_initrd on the command line, the kernel keeps the initrd.
 */
#include <dirent.h>
#include <stdlib.h>

#include "module.h"
#include "test.h"

/*
 * A sample of the memory that the kernel has allocated: filled before a test, checked afterwards.
 */
#define WITNESS	MiB(256)
/* The distance of marks. Every page has one, because zeroing affects whole pages. */
#define STEP	(KiB(4) - sizeof(size_t))

FIXTURE(door) {
	char *witness;
};

static void tell(char *witness)
{
	size_t at;

	for (at = 0; at < WITNESS; at += STEP)
		*(size_t *)(witness + at) = ~at;
}

static bool intact(const char *witness)
{
	size_t at;

	for (at = 0; at < WITNESS; at += STEP)
		if (*(const size_t *)(witness + at) != ~at)
			return false;
	return true;
}

FIXTURE_SETUP(door)
{
	ASSERT_TRUE(module_gone());
	log_clear();
	self->witness = mmap(NULL, WITNESS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	ASSERT_NE(MAP_FAILED, self->witness);
	tell(self->witness);
}

FIXTURE_TEARDOWN(door)
{
	EXPECT_TRUE(intact(self->witness));
	munmap(self->witness, WITNESS);
	EXPECT_TRUE(module_gone());
}

/* No node has the name, and the log says why. */
static bool refused(const char *name, const char *why)
{
	char *uncached = format("%s-uncached", name), *said = format("%s: %s", name, why);
	bool gone = !node_exists(name) && !node_exists(uncached), told = log_has(said);

	if (!gone)
		fprintf(stderr, "# %s is there\n", name);
	if (!told)
		fprintf(stderr, "# the log lacks \"%s\"\n", said);
	free(uncached);
	free(said);
	return gone && told;
}

static bool skipped(const char *carveout, const char *errno_name)
{
	char *text = format("carveout=%s: skipped, error %s", carveout, errno_name);
	bool told = log_has(text);

	if (!told)
		fprintf(stderr, "# the log lacks \"%s\"\n", text);
	free(text);
	return told;
}

#ifdef __x86_64__

#define ORDINARY	"0x20000000"
#define ORDINARY_KEPT	"0x40000000"
/* QEMU's q35: PCI configuration, which the firmware calls reserved; flash; an IOAPIC. */
#define CONFIGURATION	"0xb0000000"
#define FLASH		"0xfffc0000"
#define REGISTERS	"0xfec00000"

/* Can all of its memory move elsewhere? */
static bool movable(unsigned int nr)
{
	char *path = format("/sys/devices/system/memory/memory%u/valid_zones", nr);
	char *zones = read_text(path);
	bool found = zones && !strncmp(zones, "Movable", strlen("Movable"));

	free(zones);
	free(path);
	return found;
}

/*
 * Offline a memory block, which is possible with memory that movablecore= sets aside. arm kernels
 * never offline memory that was present at boot.
 */
static bool take_offline(unsigned long long *base, char **state)
{
	char *text = read_text("/sys/devices/system/memory/block_size_bytes");
	unsigned long long size = strtoull(text, NULL, 16);
	DIR *folder = opendir("/sys/devices/system/memory");
	struct dirent *entry;
	bool found = false;
	unsigned int nr;

	while (!found && (entry = readdir(folder))) {
		if (sscanf(entry->d_name, "memory%u", &nr) != 1 || !movable(nr))
			continue;
		*state = format("/sys/devices/system/memory/memory%u/state", nr);
		found = write_text(*state, "offline");
		*base = nr * size;
	}
	closedir(folder);
	return found;
}

TEST_F(door, offline_memory)
{
	unsigned long long base;
	char *state, *parameter;

	ASSERT_TRUE(take_offline(&base, &state));
	parameter = format("carveout=offline:1M@0x%llx", base);
	ASSERT_EQ(0, module_load(parameter));
	EXPECT_TRUE(refused("offline", "the range is not reserved: the kernel may use"));
	EXPECT_TRUE(write_text(state, "online"));
}

#else

#define ORDINARY	"0x60000000"
#define ORDINARY_KEPT	"0x79000000"
/* QEMU's virt: part of the flash, the RTC, PCI memory; and an unused address. */
#define CONFIGURATION	"0x04000000"
#define FLASH		"0x09010000"
#define REGISTERS	"0x10000000"

static unsigned long long initrd_end(void)
{
	const char *path = "/proc/device-tree/chosen/linux,initrd-end";
	unsigned long long end = 0;
	unsigned char byte;
	int fd = open(path, O_RDONLY);

	while (read(fd, &byte, 1) == 1)
		end = end << 8 | byte;
	close(fd);
	return end;
}

/* QEMU's address of the blob, and one after it. */
#if __SIZEOF_LONG__ == 8
#define BLOB_ALIGN	MiB(2)
#else
#define BLOB_ALIGN	KiB(4)
#endif

static unsigned long long blob(void)
{
	return (initrd_end() + BLOB_ALIGN - 1) / BLOB_ALIGN * BLOB_ALIGN;
}

TEST_F(door, nodes_of_the_tree)
{
	char *cmdline = read_text("/proc/cmdline");

	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(refused("image", "the range is not free: it contains Kernel ") ||
		    refused("image", "the range is not reserved: the kernel uses"));
	EXPECT_TRUE(refused("nomap", "the range is no-map, but the kernel maps it"));
	EXPECT_TRUE(refused("boot", strstr(cmdline, "retain_initrd") ?
			    "the range is not free: it contains the device tree's blob" :
			    "the range is not reserved: the kernel uses"));
	EXPECT_TRUE(refused("one", "both "));
	EXPECT_TRUE(refused("two", "both "));
	EXPECT_TRUE(refused("second", "both "));
	EXPECT_TRUE(log_has("heap-nomap: error -EBUSY"));
	EXPECT_TRUE(log_has("heap-boot: error -EBUSY"));
	/* This memory was explicitly given to a heap. */
	EXPECT_TRUE(heap_holds("owned", MiB(1)));
	EXPECT_TRUE(heap_holds("adsp", MiB(48)));
	EXPECT_TRUE(heap_holds("audio-uncached", MiB(48)));
	EXPECT_TRUE(heap_holds("video", MiB(1)));
}

TEST_F(door, legacy_nodes_of_the_tree)
{
	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, system("modprobe pmem_compat"));
	EXPECT_NE(0, access("/dev/pmem_boot", F_OK));
	EXPECT_TRUE(log_has("pmem_boot: the range is not "));
	EXPECT_EQ(0, access("/dev/pmem_adsp", F_OK));
	EXPECT_EQ(0, system("rmmod pmem_compat"));
}

/* The node is valid, except that the boot loader has put the blob there. */
TEST_F(door, blob)
{
	char *parameter = format("carveout=blob:64K@0x%llx,part:4K@0x%llx,around:2M@0x%llx,"
				 "rest:1M@0x%llx", blob(), blob() + KiB(8),
				 blob() - KiB(64), blob() + MiB(4));

	ASSERT_NE(0, initrd_end());
	ASSERT_EQ(0, module_load(parameter));
	EXPECT_TRUE(refused("blob", "the range is not free: it contains the device tree's blob"));
	EXPECT_TRUE(refused("part", "the range is not free: it contains the device tree's blob"));
	EXPECT_TRUE(refused("around", "the range is not "));
	EXPECT_TRUE(heap_holds("rest", MiB(1)));
	/* The device tree is intact. */
	EXPECT_EQ(0, system("grep -q '^example,firmware' "
			    "/proc/device-tree/reserved-memory/owned@58400000/compatible"));
	free(parameter);
}

TEST_F(door, initrd)
{
	bool kept = strstr(read_text("/proc/cmdline"), "retain_initrd");

	ASSERT_EQ(0, module_load("carveout=initrd:1M@0x48200000"));
	EXPECT_TRUE(refused("initrd", kept ? "the range is not free: it contains the initrd" :
			    "the range is not reserved: the kernel uses"));
	EXPECT_TRUE(skipped("initrd:1M@0x48200000", "-EBUSY"));
}

/* The address of a part of the kernel image, from /proc/iomem; 0 if it is not listed. */
static unsigned long long image_part(const char *name)
{
	char *iomem = read_text("/proc/iomem");
	char *line = strstr(iomem, name);
	unsigned long long first = 0;

	while (line && line > iomem && line[-1] != '\n')
		line--;
	if (!line || sscanf(line, " %llx-", &first) != 1)
		first = 0;
	free(iomem);
	return first;
}

TEST_F(door, kernel_image)
{
	static const char * const kinds[] = { "Kernel code", "Kernel data" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		unsigned long long first = image_part(kinds[i]);
		char *parameter;

		ASSERT_NE(0, first);
		first = (first + PAGE - 1) / PAGE * PAGE;
		parameter = format("carveout=page:%zu@0x%llx,mega:1M@0x%llx", PAGE, first, first);
		ASSERT_EQ(0, module_load(parameter));
		EXPECT_TRUE(refused("page", "the range is not free: it contains Kernel "));
		EXPECT_TRUE(refused("mega", "the range is not free: "));
		EXPECT_EQ(0, module_unload());
		log_clear();
		free(parameter);
	}
}

#if __SIZEOF_LONG__ == 4
/* The initial page tables. */
TEST_F(door, before_the_image)
{
	unsigned long long first = image_part("Kernel code");
	char *tables;

	ASSERT_NE(0, first);
	tables = format("tables:16K@0x%llx", first - KiB(16));
	ASSERT_EQ(0, module_load(format("carveout=%s", tables)));
	EXPECT_FALSE(node_exists("tables"));
	EXPECT_TRUE(skipped(tables, "-EBUSY"));
	free(tables);
}
#endif

TEST_F(door, other_reservations)
{
	ASSERT_EQ(0, module_load("carveout=first:512K@0x58000000,both:4K@0x58080000,"
				 "owner:1M@0x58500000,half:1M@0x79b80000,"
				 "across:64K@0x793f8000,lent:1M@0x80000000,"
				 "good:1M@0x58600000"));
	EXPECT_TRUE(refused("both", "both "));
	EXPECT_TRUE(refused("owner", "the memory of "));
	EXPECT_TRUE(refused("across", "both "));
	EXPECT_TRUE(refused("half", "/reserved-memory/camera@79400000 reserves only a part of"));
	EXPECT_TRUE(refused("lent", "the kernel uses the memory of "));
	EXPECT_TRUE(heap_holds("good", MiB(1)));
	EXPECT_TRUE(heap_holds("first", KiB(512)));
}

#endif

TEST_F(door, addresses_without_memory)
{
	ASSERT_EQ(0, module_load("carveout=unset:1M@0,config:64K@" CONFIGURATION
				 ",flash:4K@" FLASH ",registers:4K@" REGISTERS
				 ",kept:1M@" ORDINARY_KEPT));
	EXPECT_TRUE(refused("unset", "no address is set"));
	EXPECT_TRUE(skipped("unset:1M@0", "-EINVAL"));
	/* If the kernel has no firmware memory map, the owner of the range is the obstacle. */
	if (log_has("config: the range is already in use")) {
		EXPECT_TRUE(skipped("config:64K@" CONFIGURATION, "-EBUSY"));
	} else {
		EXPECT_TRUE(refused("config", "the range is not known to be memory"));
		EXPECT_TRUE(skipped("config:64K@" CONFIGURATION, "-EINVAL"));
	}
	EXPECT_TRUE(refused("flash", "the range is not known to be memory"));
	EXPECT_TRUE(refused("registers", "the range is not known to be memory"));
	EXPECT_TRUE(heap_holds("kept-uncached", MiB(1)));
}

TEST_F(door, ordinary_memory)
{
	ASSERT_EQ(0, module_load("carveout=ordinary:1M@" ORDINARY ",kept:1M@" ORDINARY_KEPT));
	EXPECT_TRUE(refused("ordinary", "the range is not reserved: the kernel may use"));
	EXPECT_TRUE(skipped("ordinary:1M@" ORDINARY, "-EBUSY"));
	EXPECT_TRUE(heap_holds("kept-uncached", MiB(1)));
}

TEST_HARNESS_MAIN
