// SPDX-License-Identifier: GPL-2.0-only
/*
 * CONTIG_HEAP_IOCTL_LOAD and _STORE on file systems of the distribution's kernel, and with files
 * that shrink, fill up, fail, or are slow.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "mapped_device.h"
#include "test.h"

/* More than one slice of 4 MiB, in whole O_DIRECT blocks. */
#define LEN	(MiB(4) + KiB(12))
#define FOLDER	"/tmp/files"

/* One of each kind of memory. */
static const char *const heaps[] = {
	"adsp", "adsp-uncached", "audio-uncached", "video", "system",
};

/**
 * struct target - a buffer to load files into
 * @heap: its heap
 * @fd: the dma-buf
 * @map: mapping of LEN bytes
 */
struct target {
	int heap;
	int fd;
	unsigned char *map;
};

static bool target_open(struct target *target, const char *heap)
{
	target->heap = heap_open(heap);
	target->fd = heap_alloc(target->heap, LEN);
	target->map = buffer_map(target->fd, LEN);
	return target->map != MAP_FAILED;
}

static void target_close(struct target *target)
{
	munmap(target->map, LEN);
	close(target->fd);
	close(target->heap);
}

FIXTURE(on) {
	int image;
	int device;
};

FIXTURE_VARIANT(on) {
	const char *type;
	int flags;
};

FIXTURE_VARIANT_ADD(on, ext4) { .type = "ext4" };
FIXTURE_VARIANT_ADD(on, ext4_direct) { .type = "ext4", .flags = O_DIRECT };
FIXTURE_VARIANT_ADD(on, xfs) { .type = "xfs" };
FIXTURE_VARIANT_ADD(on, xfs_direct) { .type = "xfs", .flags = O_DIRECT };
FIXTURE_VARIANT_ADD(on, tmpfs) { .type = "tmpfs" };

/* The share has the images. */
FIXTURE_SETUP(on)
{
	char *path = format("/tmp/%s", variant->type), *device = NULL, *command;

	self->image = -1;
	self->device = -1;
	mkdir(FOLDER, 0700);
	if (strcmp(variant->type, "tmpfs")) {
		/*
		 * Kernels before 7 have the checksum in a module that is not listed as a
		 * dependency.
		 */
		command = format("gunzip -c /mnt/share/%s.gz >%s; modprobe crc32c_generic; modprobe %s",
				 variant->type, path, variant->type);
		ASSERT_EQ(0, system(command));
		free(command);
		self->image = open(path, O_RDWR | O_CLOEXEC);
		unlink(path);
		self->device = loop_attach(self->image, 0);
		ASSERT_LE(0, self->device);
		command = format("/proc/self/fd/%d", self->device);
		device = realpath(command, NULL);
		free(command);
	}
	ASSERT_EQ(0, mount(device ? device : "none", FOLDER, variant->type, 0, NULL));
	free(device);
	free(path);
}

FIXTURE_TEARDOWN(on)
{
	EXPECT_EQ(0, umount(FOLDER));
	rmdir(FOLDER);
	if (self->device >= 0)
		loop_close(self->device);
	close(self->image);
}

/* Create a file with the contents of fill() that is not cached; opens it with @flags. */
static int written(size_t len, __u32 seed, int flags)
{
	int file = open(FOLDER "/file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *memory = malloc(len);

	fill(memory, len, seed);
	if (write(file, memory, len) != (ssize_t)len || fsync(file))
		die("write to a file");
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	close(file);
	free(memory);
	return open(FOLDER "/file", O_RDWR | O_CLOEXEC | flags);
}

/* KiB of a file in the page cache. */
static size_t cached(int file, size_t len)
{
	unsigned char page[LEN / 4096 + 1];
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, file, 0);
	size_t i, pages = 0;

	if (map == MAP_FAILED || mincore(map, len, page))
		die("mincore");
	for (i = 0; i < (len + PAGE - 1) / PAGE; i++)
		pages += page[i] & 1;
	munmap(map, len);
	return pages * PAGE / 1024;
}

TEST_F(on, every_byte_comes_and_goes)
{
	unsigned char *copy = malloc(LEN);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		int file = written(LEN, 2 * i + 1, variant->flags);
		int again = open(FOLDER "/file", O_RDONLY | O_CLOEXEC);
		struct target target;

		ASSERT_LE(0, file);
		ASSERT_TRUE(target_open(&target, heaps[i]));
		EXPECT_EQ(LEN, buffer_load(target.heap, target.fd, 0, file, 0, LEN));
		EXPECT_TRUE(filled(target.map, LEN, 2 * i + 1));
		if (variant->flags)
			EXPECT_EQ(0, cached(file, LEN));

		/* Store to another offset of the file. */
		fill(target.map, LEN, 2 * i + 2);
		EXPECT_EQ(LEN - 8192, buffer_store(target.heap, target.fd, 4096, file, 8192,
						   LEN - 8192));
		if (variant->flags)
			EXPECT_EQ(0, cached(file, LEN));
		ASSERT_EQ(LEN - 8192, pread(again, copy, LEN - 8192, 8192));
		EXPECT_EQ(0, memcmp(copy, target.map + 4096, LEN - 8192));
		EXPECT_TRUE(filled(target.map, LEN, 2 * i + 2));
		target_close(&target);
		close(again);
		close(file);
	}
	free(copy);
}

/* Whole blocks are requested; the result is the number of bytes before the end of the file. */
TEST_F(on, ends_with_the_file)
{
	int file = written(MiB(4) + 5000, 20, variant->flags);
	struct target target;
	size_t others = 0, i;

	ASSERT_TRUE(target_open(&target, "adsp"));
	memset(target.map, 0x33, LEN);
	EXPECT_EQ(MiB(4) + 5000, buffer_load(target.heap, target.fd, 0, file, 0, LEN));
	EXPECT_TRUE(filled(target.map, MiB(4) + 5000, 20));
	/* With O_DIRECT, file systems write zeros after it, never old data of the disk. */
	for (i = MiB(4) + 5000; i < LEN; i++)
		others += target.map[i] != 0x33 && (!variant->flags || target.map[i]);
	EXPECT_EQ(0, others);
	target_close(&target);
	close(file);
}

/* Truncate and extend the file until told to stop. */
static void *truncate_it(void *data)
{
	volatile bool *stop = data;
	int file = open(FOLDER "/file", O_RDWR | O_CLOEXEC);

	while (!*stop)
		if (ftruncate(file, MiB(1)) || ftruncate(file, LEN))
			die("ftruncate");
	close(file);
	return NULL;
}

/* Count bytes that are neither the written ones nor zeros of a hole. */
static size_t strange_bytes(const unsigned char *memory, const unsigned char *wanted, size_t len)
{
	size_t strange = 0, i;

	for (i = 0; i < len; i++)
		strange += memory[i] && memory[i] != wanted[i];
	return strange;
}

TEST_F(on, a_file_that_is_truncated_meanwhile)
{
	int file = written(LEN, 21, variant->flags), i;
	unsigned char *wanted = malloc(LEN);
	volatile bool stop = false;
	struct target target;
	pthread_t thread;

	fill(wanted, LEN, 21);
	ASSERT_TRUE(target_open(&target, "video"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, truncate_it, (void *)&stop));
	for (i = 0; i < 5; i++) {
		long long done;

		memset(target.map, 0x44, LEN);
		done = buffer_load(target.heap, target.fd, 0, file, 0, LEN);
		EXPECT_LE((long long)MiB(1), done);
		EXPECT_GE((long long)LEN, done);
		EXPECT_EQ(0, memcmp(target.map, wanted, MiB(1)));
		if (done > 0)
			EXPECT_EQ(0, strange_bytes(target.map, wanted, done));
	}
	stop = true;
	pthread_join(thread, NULL);
	target_close(&target);
	free(wanted);
	close(file);
}

/* --- devices that fail */

#define GOOD	MiB(3)	/* beyond it, reads and writes fail */

FIXTURE(failing) {
	int file;
	int loop;
	int device;
};

FIXTURE_VARIANT(failing) {
	int flags;
};

FIXTURE_VARIANT_ADD(failing, cached) { .flags = 0 };
FIXTURE_VARIANT_ADD(failing, direct) { .flags = O_DIRECT };

FIXTURE_SETUP(failing)
{
	self->file = new_file(GOOD, 30);
	self->loop = loop_attach(self->file, 0);
	ASSERT_LE(0, self->loop);
	mapped_device_create("/tmp/fails", self->loop, GOOD, GOOD);
	self->device = open("/tmp/fails", O_RDWR | O_CLOEXEC | variant->flags);
	ASSERT_LE(0, self->device);
	unlink("/tmp/fails");
}

FIXTURE_TEARDOWN(failing)
{
	close(self->device);
	mapped_device_remove();
	loop_close(self->loop);
	close(self->file);
}

/* First returns what was loaded; loading the rest returns the error. */
TEST_F(failing, a_load_ends_where_the_device_fails)
{
	unsigned char *wanted = malloc(GOOD);
	size_t i;

	fill(wanted, GOOD, 30);
	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		size_t start = MiB(1) - 4096 * i, done = MiB(1);
		struct target target;
		long long got;

		ASSERT_TRUE(target_open(&target, heaps[i]));
		memset(target.map, 0x55, LEN);
		ASSERT_EQ(MiB(1), buffer_load(target.heap, target.fd, 0, self->device, start,
					      MiB(1)));
		do {
			got = buffer_load(target.heap, target.fd, done, self->device, start + done,
					  LEN - done);
			if (got > 0)
				done += got;
		} while (got > 0);
		EXPECT_ERRNO(EIO, got);
		EXPECT_GE(GOOD - start, done);
		EXPECT_EQ(0, memcmp(target.map, wanted + start, done));
		target_close(&target);
	}
	free(wanted);
}

TEST_F(failing, a_store_too)
{
	struct target target;

	ASSERT_TRUE(target_open(&target, "adsp-uncached"));
	fill(target.map, LEN, 31);
	if (!variant->flags) {
		/* The page cache accepts it; the error comes later. */
		EXPECT_EQ(MiB(1), buffer_store(target.heap, target.fd, 0, self->device, GOOD,
					       MiB(1)));
		EXPECT_ERRNO(EIO, fsync(self->device));
		target_close(&target);
		return;
	}
	EXPECT_EQ(MiB(1), buffer_store(target.heap, target.fd, 0, self->device, GOOD - MiB(1),
				       MiB(1)));
	EXPECT_ERRNO(EIO, buffer_store(target.heap, target.fd, 0, self->device, GOOD, MiB(1)));
	/* A slice that fails does not count. */
	EXPECT_ERRNO(EIO, buffer_store(target.heap, target.fd, 0, self->device, GOOD - 4096,
				       MiB(4)));
	EXPECT_TRUE(filled(target.map, LEN, 31));
	target_close(&target);
}

/* --- other files */

static void on_alarm(int signal)
{
	(void)signal;
}

/* Repeated signals interrupt it eventually; it has loaded exactly as much as it returns. */
TEST(interrupted_in_the_middle)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval often = { .it_value.tv_usec = 300, .it_interval.tv_usec = 300 };
	const struct itimerval never = {};
	int heap = heap_open("video"), fd = heap_alloc(heap, MiB(24));
	int file = new_file(MiB(24), 40);
	unsigned char *map = buffer_map(fd, MiB(24)), *wanted = malloc(MiB(24));
	long long done;

	ASSERT_NE(MAP_FAILED, map);
	fill(wanted, MiB(24), 40);
	sigaction(SIGALRM, &action, NULL);
	/* A signal may arrive before or after the call. */
	do {
		memset(map, 0x66, MiB(24));
		setitimer(ITIMER_REAL, &often, NULL);
		done = buffer_load(heap, fd, 0, file, 0, MiB(24));
		if (done < 0)
			EXPECT_EQ(EINTR, errno);
		setitimer(ITIMER_REAL, &never, NULL);
	} while (done <= 0 || done == (long long)MiB(24));
	EXPECT_EQ(0, done % (long long)PAGE);
	EXPECT_EQ(0, memcmp(map, wanted, done));
	EXPECT_TRUE(all_bytes(map + done, MiB(24) - done, 0x66));
	munmap(map, MiB(24));
	free(wanted);
	close(file);
	close(fd);
	close(heap);
}

struct racer {
	const struct target *target;
	int file;
	long long done;
};

static void *load_all(void *data)
{
	struct racer *racer = data;

	racer->done = buffer_load(racer->target->heap, racer->target->fd, 0, racer->file, 0, LEN);
	return NULL;
}

/* Into the same range: each byte comes from one of them. */
TEST(two_loads_into_one_place)
{
	unsigned char *wanted[2];
	struct target target;
	struct racer racer[2];
	pthread_t thread[2];
	size_t i, heap, strange;

	for (heap = 0; heap < ARRAY_SIZE(heaps); heap++) {
		ASSERT_TRUE(target_open(&target, heaps[heap]));
		for (i = 0; i < 2; i++) {
			wanted[i] = malloc(LEN);
			fill(wanted[i], LEN, 50 + i);
			racer[i] = (struct racer) { &target, new_file(LEN, 50 + i), 0 };
			ASSERT_EQ(0, pthread_create(&thread[i], NULL, load_all, &racer[i]));
		}
		for (i = 0; i < 2; i++) {
			pthread_join(thread[i], NULL);
			EXPECT_EQ(LEN, racer[i].done);
			close(racer[i].file);
		}
		for (strange = 0, i = 0; i < LEN; i++)
			strange += target.map[i] != wanted[0][i] && target.map[i] != wanted[1][i];
		EXPECT_EQ(0, strange);
		free(wanted[0]);
		free(wanted[1]);
		target_close(&target);
	}
}

TEST(files_that_are_special)
{
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int memory = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	struct rlimit before, limit;
	struct target target;
	int file = new_file(0, 0);

	ASSERT_TRUE(target_open(&target, "adsp"));
	memset(target.map, 0x77, LEN);
	EXPECT_EQ(LEN - 1, buffer_load(target.heap, target.fd, 1, zero, 0, LEN - 1));
	EXPECT_TRUE(all_bytes(target.map + 1, LEN - 1, 0));
	EXPECT_EQ(0x77, target.map[0]);
	EXPECT_EQ(LEN, buffer_store(target.heap, target.fd, 0, zero, 0, LEN));

	ASSERT_EQ(0, ftruncate(memory, PAGE));
	ASSERT_EQ(0, fcntl(memory, F_ADD_SEALS, F_SEAL_GROW));
	EXPECT_EQ(PAGE, buffer_store(target.heap, target.fd, 0, memory, 0, PAGE));
	EXPECT_ERRNO(EPERM, buffer_store(target.heap, target.fd, 0, memory, PAGE, PAGE));
	ASSERT_EQ(0, fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(EPERM, buffer_store(target.heap, target.fd, 0, memory, 0, PAGE));

	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &before));
	limit = (struct rlimit) { MiB(1) + 10, before.rlim_max };
	EXPECT_NE(SIG_ERR, signal(SIGXFSZ, SIG_IGN));
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_EQ(MiB(1) + 10, buffer_store(target.heap, target.fd, 0, file, 0, LEN));
	EXPECT_ERRNO(EFBIG, buffer_store(target.heap, target.fd, 0, file, MiB(1) + 10, 1));
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &before));
	target_close(&target);
	close(file);
	close(memory);
	close(zero);
}

TEST_HARNESS_MAIN
