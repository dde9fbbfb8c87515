// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CMA area that cannot be emptied: pages in it are being read, and their device does not
 * respond. A task that requests the area from the kernel waits for the device, and no signal
 * interrupts it. Tasks that wait for that one can be killed, and requests that need no more memory
 * of the area do not wait.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/android_pmem.h>

#include "keep.h"
#include "mapped_device.h"
#include "test.h"

#define FOLDER		"/tmp/stuck"
#define DEVICE		"/tmp/stuck-device"
#define IMAGE		"/tmp/stuck-image"
#define FILE_LEN	MiB(20)
/* The maximum readahead of the kernel. */
#define STEP		KiB(128)
/* Each waits for a page. */
#define READERS		64
/* The area of the heap "video". */
#define AREA		0x7a000000
#define AREA_LEN	MiB(64)

/* Count locked pages of the area, by bit 0 of their flags. */
static size_t locked_pages(void)
{
	size_t i, locked = 0, len = AREA_LEN / PAGE * sizeof(__u64);
	int flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	__u64 *pages = malloc(len);

	if (pread(flags, pages, len, AREA / PAGE * sizeof(*pages)) != (ssize_t)len)
		die("kpageflags");
	for (i = 0; i < AREA_LEN / PAGE; i++)
		locked += pages[i] & 1;
	free(pages);
	close(flags);
	return locked;
}

static int mount_image(void)
{
	int image, loop;

	if (system("gunzip -c /mnt/share/ext4.gz >" IMAGE "; modprobe crc32c_generic; modprobe ext4"))
		die("ext4");
	image = open(IMAGE, O_RDWR | O_CLOEXEC);
	unlink(IMAGE);
	loop = loop_attach(image, 0);
	close(image);
	mapped_device_create(DEVICE, loop, MiB(32), 0);
	mkdir(FOLDER, 0700);
	if (mount(DEVICE, FOLDER, "ext4", 0, NULL))
		die("mount");
	return loop;
}

/* A file that is not cached, but whose block mapping is. */
static int cold_file(void)
{
	int file = open(FOLDER "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *memory = malloc(FILE_LEN);

	fill(memory, FILE_LEN, 1);
	if (write(file, memory, FILE_LEN) != FILE_LEN || fsync(file))
		die("write to a file");
	free(memory);
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	return file;
}

/*
 * The kernel allocates movable pages from CMA areas when these have as much free memory as the
 * rest, or when the rest is needed for other pages: so fill memory until it does. The caller keeps
 * the memory until it exits.
 */
static void fill_memory(void)
{
	long in_areas = cma_free(), elsewhere = (meminfo("MemFree:") << 10) - in_areas;
	size_t len = elsewhere - in_areas - MiB(32);

	while (cma_free() > in_areas - (long)MiB(1)) {
		void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (memory == MAP_FAILED || madvise(memory, len, MADV_DONTFORK))
			die("fill memory");
		len = MiB(2);
	}
}

/**
 * struct reader - a thread that reads a byte
 * @thread: the thread
 * @file: the file
 * @start: the offset
 * @got: result of read()
 */
struct reader {
	pthread_t thread;
	int file;
	off_t start;
	ssize_t got;
};

static void *read_byte(void *data)
{
	struct reader *reader = data;
	char byte;

	reader->got = pread(reader->file, &byte, 1, reader->start);
	return NULL;
}

/*
 * Readahead allocates pages, but does not wait, because the suspended device refuses it at once.
 * So read the last pages.
 */
static void start_readers(struct reader *readers, int file)
{
	int i;

	for (i = 0; i < (int)FILE_LEN; i += STEP)
		posix_fadvise(file, i, STEP, POSIX_FADV_WILLNEED);
	for (i = 0; i < READERS; i++) {
		readers[i].file = file;
		readers[i].start = FILE_LEN - (i + 1) * PAGE;
		if (pthread_create(&readers[i].thread, NULL, read_byte, &readers[i]))
			die("pthread_create");
	}
}

static bool all_have_read(struct reader *readers)
{
	bool all = true;
	int i;

	for (i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		all &= readers[i].got == 1;
	}
	return all;
}

/* The state of a process, as shown by ps; 'Z' if it has exited. */
static char state_of(pid_t pid)
{
	char *path = format("/proc/%d/stat", pid), *stat = read_text(path), state;

	state = stat ? strrchr(stat, ')')[2] : 'Z';
	free(stat);
	free(path);
	return state;
}

/* Fork a process that calls @what, and wait until it blocks or exits. */
static pid_t begin(bool (*what)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(!what());
	while (!strchr("DZ", state_of(pid)))
		usleep(1000);
	return pid;
}

static bool waits(pid_t pid)
{
	return !waitpid(pid, NULL, WNOHANG);
}

static bool dies(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

/* Does it exit by itself? *done tells whether it succeeded. */
static bool ends(pid_t pid, bool *done)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return false;
	*done = !WEXITSTATUS(status);
	return true;
}

static bool reserve_all(void)
{
	return set("video", "reserve", "64M");
}

static bool allocate(void)
{
	return heap_alloc(heap_open("video"), MiB(1)) >= 0;
}

/* A legacy file that was open before fork(). */
static int shared_file;

static int legacy_open(void)
{
	return open("/dev/pmem_cma", O_RDWR | O_CLOEXEC);
}

static bool legacy_allocate(void)
{
	return !ioctl(legacy_open(), PMEM_ALLOCATE, MiB(1));
}

static bool legacy_map(void)
{
	return mmap(NULL, MiB(1), PROT_READ, MAP_SHARED, legacy_open(), 0) != MAP_FAILED;
}

static bool legacy_free_space(void)
{
	struct pmem_freespace space;

	return !ioctl(legacy_open(), PMEM_GET_FREE_SPACE, &space);
}

static bool legacy_sysfs(void)
{
	return read_text("/sys/kernel/pmem_regions/pmem_cma/free_quanta");
}

static bool legacy_sysfs_bits(void)
{
	return read_text("/sys/kernel/pmem_regions/pmem_cma/bits_allocated");
}

static bool shared_allocate(void)
{
	return !ioctl(shared_file, PMEM_ALLOCATE, MiB(1));
}

static bool shared_size(void)
{
	struct pmem_region region;

	return !ioctl(shared_file, PMEM_GET_SIZE, &region);
}

static bool shared_map(void)
{
	return mmap(NULL, MiB(1), PROT_READ, MAP_SHARED, shared_file, 0) != MAP_FAILED;
}

FIXTURE(stuck) {
	int loop;
	int file;
	struct reader readers[READERS];
	pid_t holder;
};

FIXTURE_SETUP(stuck)
{
	ASSERT_TRUE(set("video", "held", "0"));
	self->loop = mount_image();
	self->file = cold_file();
	/* What is read shall be in our area. */
	take_area("default_cma_region");
	fill_memory();
	mapped_device_answers(false);
	start_readers(self->readers, self->file);
	while (!locked_pages())
		usleep(1000);
	self->holder = begin(reserve_all);
	ASSERT_TRUE(waits(self->holder));
}

FIXTURE_TEARDOWN(stuck)
{
	bool done = false;

	mapped_device_answers(true);
	EXPECT_TRUE(all_have_read(self->readers));
	/* Some pages may only become movable later. */
	EXPECT_TRUE(ends(self->holder, &done));
	EXPECT_EQ(done ? AREA_LEN : 0, figure("video", "reserve"));
	EXPECT_TRUE(set("video", "reserve", "0"));
	EXPECT_TRUE(set("video", "held", "0"));
	close(self->file);
	EXPECT_EQ(0, umount(FOLDER));
	mapped_device_remove();
	loop_close(self->loop);
	unlink(DEVICE);
	rmdir(FOLDER);
}

TEST_F(stuck, waiters_can_be_killed)
{
	pid_t other = begin(reserve_all), client = begin(allocate);

	EXPECT_TRUE(waits(other));
	EXPECT_TRUE(waits(client));
	EXPECT_TRUE(dies(other));
	EXPECT_TRUE(dies(client));
	EXPECT_TRUE(waits(self->holder));
}

TEST_F(stuck, legacy_clients_behind_another_one_can_be_killed)
{
	static bool (*const clients[])(void) = {
		legacy_allocate, legacy_map, legacy_free_space, legacy_sysfs, legacy_sysfs_bits,
		shared_allocate, shared_size, shared_map,
	};
	pid_t first, pid[ARRAY_SIZE(clients)];
	size_t i;

	shared_file = legacy_open();
	ASSERT_LE(0, shared_file);
	first = begin(shared_allocate);
	EXPECT_TRUE(waits(first));
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		pid[i] = begin(clients[i]);
		EXPECT_TRUE(waits(pid[i])) {
			TH_LOG("client %zu", i);
		}
	}
	for (i = 0; i < ARRAY_SIZE(clients); i++)
		EXPECT_TRUE(dies(pid[i]));
	EXPECT_TRUE(waits(self->holder));
	/* It exits as soon as the kernel returns. */
	kill(first, SIGKILL);
	mapped_device_answers(true);
	EXPECT_TRUE(dies(first));
	close(shared_file);
}

TEST_F(stuck, others_do_not_wait)
{
	static const char *const names[] = { "video", "default_cma_region" };
	int heap = heap_open("adsp"), video = heap_open("video");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *max = format("%llu", figure(names[i], "held_max"));

		EXPECT_TRUE(set(names[i], "held_max", max));
		EXPECT_TRUE(set(names[i], "held", "0"));
		free(max);
	}
	EXPECT_EQ(0, heap_query(video).region_buffers);
	EXPECT_LE(0, heap_alloc(heap, MiB(1)));
	EXPECT_TRUE(waits(self->holder));
	close(video);
	close(heap);
}

TEST_HARNESS_MAIN
