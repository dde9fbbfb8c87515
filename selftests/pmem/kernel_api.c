// SPDX-License-Identifier: GPL-2.0-only
/* The kernel interface of old drivers, through a module that uses it as they did. */
#include <stdlib.h>
#include <unistd.h>

#include <drm/drm.h>

#include "../legacy_driver/legacy_driver.h"
#include "test.h"

/* The module's devices share memory with pmem_smipool and pmem_camera, and use system memory. */
#define LOAD								\
	"modprobe legacy_driver hw3d_start=0x79000000 hw3d_size=0x400000 " \
	"ebi1_start=0x79400000 ebi1_size=0x800000 sys_size=0x400000"
/* The board's PL031: its first register has the seconds since 1970, here after 2020. */
#define CLOCK			0x09010000UL
#define LONG_AGO		1600000000U
#define LOAD_REGISTERS							\
	"modprobe legacy_driver hw3d_start=0x09010000 hw3d_size=0x10000 hw3d_registers=Y"
#define UNLOAD			"rmmod legacy_driver"

#define ALIGN_4K	0x8
#define ALIGN_1M	0x10
#define EBI1		1
#define SMI		2

static struct legacy_call done;

/* The result of one call; its other results are in done. */
static long call(int driver, unsigned int nr, struct legacy_call args)
{
	done = args;
	if (ioctl(driver, nr, &done))
		return -errno;
	return done.ret;
}

/* With a separate argument. */
#define CALL(nr, ...)	call(self->driver, nr, (struct legacy_call){ __VA_ARGS__ })

static struct legacy_counts counts(int driver)
{
	struct legacy_counts counts = {};

	ioctl(driver, LEGACY_COUNTS, &counts);
	return counts;
}

FIXTURE(driver) {
	int driver;
};

FIXTURE_SETUP(driver)
{
	IDLE_SETUP();
	ASSERT_EQ(0, system(LOAD));
	self->driver = open("/dev/legacy_driver", O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->driver, 0);
}

FIXTURE_TEARDOWN(driver)
{
	close(self->driver);
	EXPECT_EQ(0, system(UNLOAD));
	peers_end();
}

TEST_F(driver, tells_pmem_files_from_others)
{
	int pmem = pmem_open("pmem");

	EXPECT_EQ(1, CALL(LEGACY_IS_PMEM, .fd = pmem));
	EXPECT_EQ(0, CALL(LEGACY_IS_PMEM, .fd = self->driver));
	EXPECT_EQ(0, CALL(LEGACY_IS_PMEM, .fd = -1));
	close(pmem);
}

TEST_F(driver, gets_at_memory_by_fd)
{
	struct legacy_call get = { };
	__u64 *memory;
	int pmem;

	pmem = pmem_open("pmem");
	get.fd = pmem;
	EXPECT_GT(0, call(self->driver, LEGACY_GET, get));
	memory = pmem_mmap(pmem, KiB(64));
	ASSERT_NE(MAP_FAILED, memory);
	memory[0] = 0x1122334455667788;
	ASSERT_EQ(0, call(self->driver, LEGACY_GET, get));
	EXPECT_EQ(KiB(64), done.len);
	EXPECT_EQ(pmem_phys(pmem).offset, done.start);
	EXPECT_EQ(0x1122334455667788, done.word);
	ASSERT_EQ(0, CALL(LEGACY_POKE, .word = 42));
	EXPECT_EQ(42, memory[0]);
	EXPECT_EQ(0, call(self->driver, LEGACY_PUT, get));
	munmap(memory, KiB(64));
	close(pmem);

	get.fd = -1;
	EXPECT_EQ(-EBADF, call(self->driver, LEGACY_GET, get));
	get.fd = self->driver;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_GET, get));
}

/* If clients have memory mapped uncached, so does the kernel. */
TEST_F(driver, sees_uncached_memory_uncached)
{
	static const struct {
		const char *name;
		bool linear;
	} device[] = {
		{ "pmem", true }, { "pmem_camera", true }, { "pmem_smipool", false },
		{ "pmem_audio", false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(device); i++) {
		int fd = pmem_open(device[i].name);
		struct legacy_call get = { .fd = fd };
		__u64 *memory = pmem_mmap(fd, KiB(64));

		ASSERT_NE(MAP_FAILED, memory);
		memory[0] = 0x1122334455667788;
		ASSERT_EQ(0, call(self->driver, LEGACY_GET, get));
		EXPECT_EQ(0x1122334455667788, done.word);
		/* High memory has no linear address anyway. */
		EXPECT_GE(device[i].linear, done.b) {
			TH_LOG("%s", device[i].name);
		}
		/* Other users share the mapping; the last put removes it. */
		ASSERT_EQ(0, call(self->driver, LEGACY_GET_FD, get));
		ASSERT_EQ(0, call(self->driver, LEGACY_PUT_FD, get));
		ASSERT_EQ(0, CALL(LEGACY_POKE, .word = 42));
		EXPECT_EQ(42, memory[0]);
		EXPECT_EQ(0, call(self->driver, LEGACY_PUT, get));
		munmap(memory, KiB(64));
		close(fd);
	}
	EXPECT_TRUE(all_free(true));
}

/* Also for memory of a heap whose buffers are cached elsewhere. */
TEST_F(driver, sees_imported_memory_as_its_device_is_mapped)
{
	int dmabuf = heap_alloc("adsp", KiB(64), O_RDWR | O_CLOEXEC);
	int fds[2] = { pmem_open("pmem_smipool") };
	__u64 *memory = pmem_mmap(dmabuf, KiB(64));
	int i;

	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, pmem_import(fds[0], dmabuf));
	fds[1] = pmem_sub("pmem_smipool", fds[0]);
	for (i = 1; i >= 0; i--) {
		struct legacy_call get = { .fd = fds[i] };

		memory[0] = 0x1122334455667788 + i;
		ASSERT_EQ(0, call(self->driver, LEGACY_GET, get));
		EXPECT_EQ(0x1122334455667788 + i, done.word);
		EXPECT_EQ(KiB(64), done.len);
		EXPECT_EQ(0, done.b);
		ASSERT_EQ(0, call(self->driver, LEGACY_POKE, (struct legacy_call){ .word = 42 }));
		EXPECT_EQ(42, memory[0]);
		/* The driver keeps the mapping until it puts the file. */
		close(fds[i]);
		EXPECT_EQ(42, call(self->driver, LEGACY_PEEK, get) ?: (long)done.word);
		EXPECT_EQ(0, call(self->driver, LEGACY_PUT, get));
	}
	munmap(memory, KiB(64));
	close(dmabuf);
	EXPECT_TRUE(all_free(true));
}

/* As documented, a connected file gives a driver all of the master, whatever regions it shows. */
TEST_F(driver, gets_the_whole_of_a_connected_file)
{
	int master = pmem_open("pmem"), sub;
	__u64 *memory = pmem_mmap(master, MiB(1));

	ASSERT_NE(MAP_FAILED, memory);
	memory[0] = 4711;
	sub = pmem_sub("pmem", master);
	ASSERT_EQ(0, pmem_map(sub, KiB(64), KiB(64)));
	ASSERT_EQ(0, CALL(LEGACY_GET, .fd = sub));
	EXPECT_EQ(MiB(1), done.len);
	EXPECT_EQ(pmem_phys(master).offset, done.start);
	EXPECT_EQ(4711, done.word);
	EXPECT_EQ(0, CALL(LEGACY_PUT));
	munmap(memory, MiB(1));
	close(sub);
	close(master);
}

TEST_F(driver, holds_memory_when_the_client_is_gone)
{
	int pmem = pmem_open("pmem");
	struct legacy_call get = { .fd = pmem };

	ASSERT_EQ(0, pmem_allocate(pmem, MiB(1)));
	ASSERT_EQ(0, call(self->driver, LEGACY_GET, get));
	close(pmem);
	EXPECT_FALSE(all_free(false));
	ASSERT_EQ(0, CALL(LEGACY_POKE, .word = 7));
	EXPECT_EQ(0, call(self->driver, LEGACY_PUT, get));
	EXPECT_TRUE(all_free(true));
}

/* The driver's reference to a connected file's memory outlives the master. */
TEST_F(driver, holds_memory_when_the_master_is_gone)
{
	int master = pmem_open("pmem"), sub, other;
	struct legacy_call get;

	ASSERT_EQ(0, pmem_allocate(master, MiB(1)));
	sub = pmem_sub("pmem", master);
	get = (struct legacy_call){ .fd = sub };
	ASSERT_EQ(0, call(self->driver, LEGACY_GET, get));
	close(master);

	/* Revoked: no new reference, and the memory is not reused. */
	EXPECT_GT(0, call(self->driver, LEGACY_GET_FD, get));
	other = pmem_open("pmem");
	EXPECT_EQ(-1, pmem_allocate(other, MiB(48)));
	ASSERT_EQ(0, CALL(LEGACY_POKE, .word = 7));
	EXPECT_EQ(0, call(self->driver, LEGACY_PUT, get));
	EXPECT_EQ(0, pmem_allocate(other, MiB(48)));
	close(other);
	close(sub);
}

TEST_F(driver, gets_and_puts_by_number)
{
	int pmem = pmem_open("pmem_adsp");
	struct legacy_call get = { .fd = pmem };

	EXPECT_GT(0, call(self->driver, LEGACY_GET_FD, get));
	ASSERT_EQ(0, pmem_allocate(pmem, PAGE + 904));
	ASSERT_EQ(0, call(self->driver, LEGACY_GET_FD, get));
	EXPECT_EQ(2 * PAGE, done.len);
	ASSERT_EQ(0, call(self->driver, LEGACY_GET_FD, get));
	EXPECT_EQ(0, call(self->driver, LEGACY_PUT_FD, get));
	EXPECT_EQ(0, call(self->driver, LEGACY_PUT_FD, get));
	/* One put too many: refused, and the file remains valid. */
	EXPECT_EQ(0, call(self->driver, LEGACY_PUT_FD, get));
	EXPECT_EQ(2 * PAGE, pmem_size(pmem).len);
	close(pmem);
	EXPECT_TRUE(all_free(true));
}

TEST_F(driver, knows_where_a_submap_is)
{
	int master = pmem_open("pmem"), sub;
	void *memory, *view;

	memory = pmem_mmap(master, KiB(64));
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, CALL(LEGACY_USER_ADDR, .fd = master));
	EXPECT_EQ(0, done.start);
	EXPECT_EQ(0, done.len);

	sub = pmem_sub("pmem", master);
	view = pmem_mmap(sub, KiB(16));
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_EQ(0, CALL(LEGACY_USER_ADDR, .fd = sub));
	EXPECT_EQ((unsigned long)view, done.start);
	EXPECT_EQ(KiB(16), done.len);
	munmap(view, KiB(16));
	EXPECT_EQ(0, CALL(LEGACY_USER_ADDR, .fd = sub));
	EXPECT_EQ(0, done.start);

	EXPECT_EQ(-EINVAL, CALL(LEGACY_USER_ADDR, .fd = -1));
	close(sub);
	munmap(memory, KiB(64));
	close(master);
}

TEST_F(driver, maintains_caches_of_ranges_in_the_allocation_only)
{
	int pmem = pmem_open("pmem");
	struct legacy_call maint = { .fd = pmem, .cmd = PMEM_CLEAN_INV_CACHES };
	int uncached = pmem_open("pmem_smipool");

	maint.b = PAGE;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_MAINT, maint));
	/* Checked in the order of the commands: the address, the device, then the rest. */
	maint.word = 1;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_MAINT, maint));
	maint.fd = uncached;
	EXPECT_EQ(0, call(self->driver, LEGACY_MAINT, maint));
	maint.word = 0;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_MAINT, maint));
	close(uncached);
	maint.fd = pmem;
	maint.word = 1;
	ASSERT_EQ(0, pmem_allocate(pmem, KiB(64)));
	EXPECT_EQ(0, call(self->driver, LEGACY_MAINT, maint));
	maint.cmd = PMEM_CLEAN_CACHES;
	EXPECT_EQ(0, call(self->driver, LEGACY_MAINT, maint));
	maint.cmd = PMEM_INV_CACHES;
	EXPECT_EQ(0, call(self->driver, LEGACY_MAINT, maint));
	maint.cmd = PMEM_GET_PHYS;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_MAINT, maint));
	maint.cmd = PMEM_CLEAN_CACHES;
	maint.a = KiB(64);
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_MAINT, maint));
	maint.a = ~0UL - PAGE + 1;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_MAINT, maint));
	maint.fd = -1;
	EXPECT_EQ(-EBADF, call(self->driver, LEGACY_MAINT, maint));
	maint.fd = self->driver;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_MAINT, maint));

	EXPECT_EQ(0, CALL(LEGACY_FLUSH, .fd = pmem, .b = KiB(64)));
	EXPECT_EQ(0, CALL(LEGACY_FLUSH, .fd = self->driver));
	close(pmem);
}

TEST_F(driver, remaps_for_the_owner)
{
	int master = pmem_open("pmem"), sub;
	struct legacy_call remap = { .cmd = PMEM_MAP, .b = PAGE };
	unsigned char *memory, *view;

	memory = pmem_mmap(master, KiB(64));
	ASSERT_NE(MAP_FAILED, memory);
	memory[0] = 0x5a;
	sub = pmem_sub("pmem", master);
	view = pmem_mmap(sub, KiB(64));
	ASSERT_NE(MAP_FAILED, view);
	EXPECT_EQ(0, view[0]);

	remap.fd = sub;
	EXPECT_EQ(0, call(self->driver, LEGACY_REMAP, remap));
	EXPECT_EQ(0x5a, view[0]);
	remap.cmd = PMEM_UNMAP;
	EXPECT_EQ(0, call(self->driver, LEGACY_REMAP, remap));
	EXPECT_EQ(0, view[0]);
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_REMAP, remap));
	remap.cmd = PMEM_CONNECT;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_REMAP, remap));
	remap.fd = self->driver;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_REMAP, remap));
	munmap(view, KiB(64));
	close(sub);
	munmap(memory, KiB(64));
	close(master);
}

TEST_F(driver, has_a_device_with_hooks)
{
	struct legacy_counts before = counts(self->driver), after;
	int hw3d = open("/dev/hw3d", O_RDWR | O_CLOEXEC);

	ASSERT_GE(hw3d, 0);
	EXPECT_EQ(1, before.setups);
	EXPECT_EQ(LEGACY_HOOK_RESULT, ioctl(hw3d, HW3D_REVOKE_GPU, 0));
	EXPECT_EQ(LEGACY_HOOK_RESULT, ioctl(hw3d, HW3D_GRANT_GPU, 0));
	EXPECT_EQ(LEGACY_HOOK_RESULT, ioctl(hw3d, HW3D_WAIT_FOR_INTERRUPT, 0));
	EXPECT_EQ(-1, ioctl(hw3d, _IOW('p', 99, unsigned int), 0));
	EXPECT_EQ(EINVAL, errno);

	ASSERT_EQ(0, pmem_allocate(hw3d, MiB(1)));
	after = counts(self->driver);
	EXPECT_EQ(before.requests + 1, after.requests);
	EXPECT_EQ(before.releases, after.releases);
	EXPECT_EQ(before.ioctls + 3, after.ioctls);

	/* In use: it can neither be removed nor its driver unloaded. */
	EXPECT_EQ(-EBUSY, CALL(LEGACY_REMOVE));
	close(hw3d);
	after = counts(self->driver);
	EXPECT_EQ(before.releases + 1, after.releases);
	EXPECT_EQ(before.closes + 1, after.closes);
	EXPECT_EQ(0, after.wrong_cookies);
}

/* If the driver refuses its memory, allocation fails; the next one requests it again. */
TEST_F(driver, may_refuse_its_memory)
{
	int hw3d = open("/dev/hw3d", O_RDWR | O_CLOEXEC);
	struct legacy_counts before = counts(self->driver), after;

	ASSERT_GE(hw3d, 0);
	ASSERT_EQ(0, CALL(LEGACY_REFUSE, .a = 1));
	EXPECT_ERRNO(ENOMEM, pmem_allocate(hw3d, MiB(1)));
	EXPECT_EQ(0, pmem_size(hw3d).len);
	after = counts(self->driver);
	EXPECT_EQ(before.requests + 1, after.requests);
	EXPECT_EQ(before.releases, after.releases);
	ASSERT_EQ(0, CALL(LEGACY_REFUSE, .a = 0));
	EXPECT_EQ(0, pmem_allocate(hw3d, MiB(1)));
	close(hw3d);
	after = counts(self->driver);
	EXPECT_EQ(before.requests + 2, after.requests);
	EXPECT_EQ(before.releases + 1, after.releases);
}

TEST_F(driver, cannot_register_a_name_twice_and_can_remove_it)
{
	struct legacy_call none = { };

	EXPECT_EQ(-EEXIST, call(self->driver, LEGACY_SETUP_AGAIN, none));
	EXPECT_EQ(0, call(self->driver, LEGACY_REMOVE, none));
	EXPECT_EQ(-1, access("/dev/hw3d", F_OK));
	EXPECT_EQ(-ENODEV, call(self->driver, LEGACY_REMOVE, none));
	EXPECT_EQ(0, call(self->driver, LEGACY_SETUP_AGAIN, none));
	EXPECT_EQ(0, access("/dev/hw3d", F_OK));
}

TEST_F(driver, cannot_be_unloaded_while_its_device_is_open)
{
	int hw3d = open("/dev/hw3d", O_RDWR | O_CLOEXEC);

	ASSERT_GE(hw3d, 0);
	close(self->driver);
	EXPECT_NE(0, system(UNLOAD " 2>/dev/null"));
	close(hw3d);
	self->driver = open("/dev/legacy_driver", O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->driver, 0);
}

TEST_F(driver, allocates_from_kernel_only_regions)
{
	struct legacy_call alloc = { .a = KiB(100), .cmd = EBI1 | ALIGN_4K };
	long first, second;

	EXPECT_EQ(-1, access("/dev/pmem_kernel_ebi1", F_OK));
	EXPECT_EQ(0, access("/sys/kernel/pmem_regions/pmem_kernel_ebi1", F_OK));

	first = call(self->driver, LEGACY_KALLOC, alloc);
	ASSERT_GT(first, 0);
	/* There is no SMI here, so EBI1 is used instead. */
	alloc.cmd = SMI | ALIGN_1M;
	second = call(self->driver, LEGACY_KALLOC, alloc);
	ASSERT_GT(second, 0);
	EXPECT_NE(first, second);
	EXPECT_EQ(0, second % MiB(1));
	EXPECT_GE(first, 0x79400000);
	EXPECT_LE(first + (long)KiB(100), 0x79c00000);

	alloc.cmd = ALIGN_4K;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_KALLOC, alloc));
	alloc.cmd = EBI1;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_KALLOC, alloc));
	alloc.cmd = EBI1 | ALIGN_4K;
	alloc.a = 0;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_KALLOC, alloc));
	alloc.a = MiB(9);
	EXPECT_EQ(-ENOMEM, call(self->driver, LEGACY_KALLOC, alloc));

	EXPECT_EQ(-EINVAL, CALL(LEGACY_KFREE, .a = first + 1));
	EXPECT_EQ(0, CALL(LEGACY_KFREE, .a = first));
	EXPECT_EQ(-EINVAL, CALL(LEGACY_KFREE, .a = first));
	EXPECT_EQ(0, CALL(LEGACY_KFREE, .a = second));
	EXPECT_TRUE(all_free(true));
}

/* A quota of system memory. Lengths include an additional page. */
TEST_F(driver, has_a_device_of_the_systems_memory)
{
	int first = open("/dev/legacy_sys", O_RDWR | O_CLOEXEC), second;
	char *memory;

	ASSERT_GE(first, 0);
	EXPECT_EQ(MiB(4), pmem_total(first));
	memory = pmem_mmap(first, MiB(1));
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_TRUE(all_bytes(memory, MiB(1), 0));
	fill(memory, MiB(1), 5);
	EXPECT_TRUE(filled(memory, MiB(1), 5));
	second = open("/dev/legacy_sys", O_RDWR | O_CLOEXEC);
	ASSERT_GE(second, 0);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(second, MiB(3)));
	EXPECT_EQ(0, pmem_allocate(second, MiB(3) - PAGE));
	munmap(memory, MiB(1));
	close(first);
	close(second);
	second = open("/dev/legacy_sys", O_RDWR | O_CLOEXEC);
	EXPECT_EQ(0, pmem_allocate(second, MiB(4)));
	close(second);
}

/* Nodes with hooks disappear with their driver; buffers that have outlived their file do not. */
TEST_F(driver, may_leave_its_devices)
{
	struct legacy_call all = { .a = MiB(8), .cmd = EBI1 | ALIGN_4K };
	int hw3d = open("/dev/hw3d", O_RDWR | O_CLOEXEC), sys, dmabuf;
	char *view;

	ASSERT_EQ(0, pmem_allocate(hw3d, MiB(1)));
	dmabuf = pmem_export(hw3d, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	view = pmem_mmap(dmabuf, MiB(1));
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, close(hw3d));
	ASSERT_GT(call(self->driver, LEGACY_KALLOC, all), 0);
	ASSERT_TRUE(write_text("/sys/module/legacy_driver/parameters/leave", "Y"));
	close(self->driver);
	ASSERT_EQ(0, system(UNLOAD));
	EXPECT_ERRNO(ENOENT, open("/dev/hw3d", O_RDWR | O_CLOEXEC));
	EXPECT_NE(0, access("/sys/kernel/pmem_regions/hw3d", F_OK));
	/* A call of release_region would fail now. */
	EXPECT_TRUE(can_write(view));
	ASSERT_EQ(0, munmap(view, MiB(1)));
	ASSERT_EQ(0, close(dmabuf));

	/* Nodes without hooks remain. */
	EXPECT_EQ(0, access("/sys/kernel/pmem_regions/pmem_kernel_ebi1", F_OK));
	sys = open("/dev/legacy_sys", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, sys);
	EXPECT_EQ(0, pmem_allocate(sys, MiB(1)));
	EXPECT_ERRNO(EINVAL, ioctl(sys, HW3D_GRANT_GPU, 0));
	close(sys);

	ASSERT_EQ(0, system("rmmod pmem_compat"));
	EXPECT_NE(0, access("/dev/legacy_sys", F_OK));
	ASSERT_EQ(0, system(LOAD));
	EXPECT_TRUE(all_free(true));
	self->driver = open("/dev/legacy_driver", O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->driver, 0);
	EXPECT_GT(call(self->driver, LEGACY_KALLOC, all), 0);
	EXPECT_EQ(0, CALL(LEGACY_KFREE, .a = done.ret));
}

/* The board may then turn the memory off, so it is in use until the last reference is dropped. */
TEST_F(driver, has_its_memory_back_when_no_buffer_is_left)
{
	int hw3d = open("/dev/hw3d", O_RDWR | O_CLOEXEC), dmabuf;
	struct legacy_counts before = counts(self->driver);
	struct legacy_call none = { };
	char *view;

	ASSERT_EQ(0, pmem_allocate(hw3d, MiB(1)));
	dmabuf = pmem_export(hw3d, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	view = pmem_mmap(dmabuf, MiB(1));
	ASSERT_NE(MAP_FAILED, view);
	close(dmabuf);
	close(hw3d);
	EXPECT_EQ(before.closes + 1, counts(self->driver).closes);
	EXPECT_EQ(before.releases, counts(self->driver).releases);
	EXPECT_EQ(-EBUSY, call(self->driver, LEGACY_REMOVE, none));
	/* Refused removal has no effect: the memory stays in use, and is not requested again. */
	hw3d = open("/dev/hw3d", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, hw3d);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(hw3d, MiB(1)));
	EXPECT_EQ(before.requests + 1, counts(self->driver).requests);
	EXPECT_EQ(-EBUSY, call(self->driver, LEGACY_REMOVE, none));
	close(hw3d);
	EXPECT_EQ(before.releases, counts(self->driver).releases);

	ASSERT_EQ(0, munmap(view, MiB(1)));
	EXPECT_EQ(before.releases + 1, counts(self->driver).releases);
	EXPECT_EQ(0, counts(self->driver).wrong_cookies);
	EXPECT_EQ(0, call(self->driver, LEGACY_REMOVE, none));
	EXPECT_EQ(before.releases + 1, counts(self->driver).releases);
}

/* The kernel opens one misc device at a time: if one open blocked, all others would wait. */
TEST_F(driver, is_waited_for_by_nobody_who_opens_a_file)
{
	static const char *const files[] = { "/dev/hw3d", "/dev/pmem", "/dev/legacy_driver",
					     "/sys/kernel/pmem_regions/hw3d/mapped_regions" };
	int hw3d = open("/dev/hw3d", O_RDWR | O_CLOEXEC), fd;
	struct peer peer = peer_start();
	char text[256];
	size_t i;

	ASSERT_EQ(0, CALL(LEGACY_HOLD, .a = 1));
	begin_on(peer, do_allocate, peer_give(peer, hw3d), MiB(1));
	ASSERT_EQ(0, CALL(LEGACY_WAIT_HELD));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fd = open(files[i], O_RDONLY | O_CLOEXEC);
		EXPECT_LE(0, fd);
		if (i == ARRAY_SIZE(files) - 1)
			EXPECT_LT(0, read(fd, text, sizeof(text)));
		close(fd);
	}
	ASSERT_EQ(0, CALL(LEGACY_HOLD, .a = 0));
	EXPECT_EQ(0, peer_call_end(peer));
	peer_end(peer);
	close(hw3d);
}

/* Run with lockdep on a debug kernel. */
TEST_F(driver, may_allocate_in_its_hooks)
{
	struct legacy_call kalloc = { .cmd = EBI1 | ALIGN_4K };
	struct legacy_counts before = counts(self->driver);
	int hw3d = open("/dev/hw3d", O_RDWR | O_CLOEXEC);

	ASSERT_EQ(0, call(self->driver, LEGACY_HOOK_KALLOC, kalloc));
	ASSERT_EQ(0, pmem_allocate(hw3d, MiB(1)));
	close(hw3d);
	EXPECT_EQ(before.kfrees + 1, counts(self->driver).kfrees);
}

TEST_F(driver, cannot_have_memory_without_an_address)
{
	struct legacy_call nowhere = { .b = MiB(1) };

	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_SETUP_AT, nowhere));
}

/* Memory of the kernel, and of a clock. */
TEST_F(driver, cannot_have_memory_that_is_not_free)
{
	struct legacy_call kernels = { .a = 0x44000000, .b = MiB(1) };
	struct legacy_call registers = { .a = CLOCK, .b = PAGE };

	EXPECT_EQ(-EBUSY, call(self->driver, LEGACY_SETUP_AT, kernels));
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_SETUP_AT, registers));
}

TEST_F(driver, is_told_an_address_without_a_hold)
{
	int pmem = pmem_open("pmem");
	struct legacy_call get = { .fd = pmem };
	__u64 *memory;

	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_GET_ADDR, get));
	memory = pmem_mmap(pmem, KiB(64));
	ASSERT_NE(MAP_FAILED, memory);
	memory[0] = 0x5566;
	EXPECT_EQ(0, call(self->driver, LEGACY_GET_ADDR, get));
	EXPECT_EQ(KiB(64), done.len);
	EXPECT_EQ(pmem_phys(pmem).offset, done.start);
	EXPECT_EQ(0x5566, done.word);
	get.fd = self->driver;
	EXPECT_EQ(-EINVAL, call(self->driver, LEGACY_GET_ADDR, get));
	munmap(memory, KiB(64));
	close(pmem);
	EXPECT_TRUE(all_free(true));
}

/* A kernel-only region with a quota of system memory. */
FIXTURE(quota) {
	int driver;
};

FIXTURE_SETUP(quota)
{
	IDLE_SETUP();
	ASSERT_EQ(0, system("modprobe legacy_driver ebi1_size=0x200000"));
	self->driver = open("/dev/legacy_driver", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->driver);
}

FIXTURE_TEARDOWN(quota)
{
	close(self->driver);
	EXPECT_EQ(0, system(UNLOAD));
}

/* Addresses from 2 GiB on look negative, but are not errors. */
static bool kalloc(int driver, unsigned long size, __u64 *address)
{
	long ret = call(driver, LEGACY_KALLOC,
			(struct legacy_call){ .a = size, .cmd = EBI1 | ALIGN_4K });

	*address = ret;
	return ret > 0 || ret < -4095;
}

static long kfree(int driver, __u64 address)
{
	return call(driver, LEGACY_KFREE, (struct legacy_call){ .a = address });
}

TEST_F(quota, is_all_that_drivers_get)
{
	__u64 first, second;

	EXPECT_FALSE(kalloc(self->driver, MiB(2) + 1, &first));
	EXPECT_EQ(-ENOMEM, (long)first);
	ASSERT_TRUE(kalloc(self->driver, MiB(1) + 1, &first));
	EXPECT_FALSE(kalloc(self->driver, MiB(1), &second));
	EXPECT_EQ(-ENOMEM, (long)second);
	ASSERT_TRUE(kalloc(self->driver, MiB(1) - PAGE, &second));
	EXPECT_EQ(0, kfree(self->driver, first));
	ASSERT_TRUE(kalloc(self->driver, MiB(1) + PAGE, &first));
	EXPECT_EQ(0, kfree(self->driver, first));
	EXPECT_EQ(0, kfree(self->driver, second));
	ASSERT_TRUE(kalloc(self->driver, MiB(2), &first));
	EXPECT_EQ(0, kfree(self->driver, first));
}

FIXTURE(registers) {
	int master;
	volatile __u32 *clock;
};

FIXTURE_SETUP(registers)
{
	IDLE_SETUP();
	ASSERT_EQ(0, system(LOAD_REGISTERS));
	self->master = pmem_open("hw3d");
	ASSERT_LE(0, self->master);
	self->clock = pmem_mmap(self->master, PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->clock);
}

FIXTURE_TEARDOWN(registers)
{
	munmap((void *)self->clock, PAGE);
	close(self->master);
	EXPECT_EQ(0, system(UNLOAD));
	peers_end();
}

/* Writing 0 to the register that sets the clock would set it to 1970. */
TEST_F(registers, are_shown_as_they_are)
{
	EXPECT_LT(LONG_AGO, self->clock[0]);
	EXPECT_EQ(CLOCK, pmem_phys(self->master).offset);
	EXPECT_EQ(PAGE, pmem_size(self->master).len);
}

TEST_F(registers, are_shown_to_who_is_connected)
{
	int sub = pmem_sub("hw3d", self->master);
	volatile __u32 *clock = pmem_mmap(sub, PAGE);

	ASSERT_NE(MAP_FAILED, (void *)clock);
	EXPECT_EQ(0, clock[0]);
	ASSERT_EQ(0, pmem_map(sub, 0, PAGE));
	EXPECT_LT(LONG_AGO, clock[0]);
	EXPECT_LE(self->clock[0], clock[0]);
	munmap((void *)clock, PAGE);
	close(sub);
}

TEST_F(registers, are_no_memory_for_a_device)
{
	int dmabuf = pmem_export(self->master, O_RDWR | O_CLOEXEC), vgem = open_vgem();
	struct drm_prime_handle prime = { .fd = dmabuf };

	ASSERT_LE(0, dmabuf);
	ASSERT_LE(0, vgem);
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime));
	close(vgem);
	close(dmabuf);
	EXPECT_LT(LONG_AGO, self->clock[0]);
}

/* The registers are not written after their last user, either. */
TEST_F(registers, are_left_alone)
{
	munmap((void *)self->clock, PAGE);
	close(self->master);
	self->master = pmem_open("hw3d");
	self->clock = pmem_mmap(self->master, PAGE);
	ASSERT_NE(MAP_FAILED, (void *)self->clock);
	EXPECT_LT(LONG_AGO, self->clock[0]);
}

TEST_HARNESS_MAIN
