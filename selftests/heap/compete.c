// SPDX-License-Identifier: GPL-2.0-only
/*
 * A heap keeps memory of CMA areas that have other users: drivers, processes with pages in the
 * area, tasks that change the settings, and tasks that are killed.
 *
 * For a guest without the module, with "cma=SIZE@BASE" on its command line. "video" has its own
 * area of 64 MiB at 0x7a000000.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "importer_client.h"
#include "keep.h"
#include "module.h"
#include "test.h"

#define OWN		"video"
#define OWN_AREA	MiB(64)
#define OWN_BASE	0x7a000000ULL
#define SHARED		"default_cma_region"

/* Free memory of an area that other users may have at any time. */
#define NOISE		((long)MiB(1))

/* For workers: exit on failure. */
#define REQUIRE(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "# %s:%d: %s: %m\n", __func__,	\
				__LINE__, #condition);			\
			_exit(1);					\
		}							\
	} while (0)

static pid_t spawn(void (*work)(__u32 seed), __u32 seed)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work(seed);
		_exit(0);
	}
	return pid;
}

static bool ends_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

/* Kill a worker. It must not have exited before. */
static bool killed(pid_t pid)
{
	int status;

	return !kill(pid, SIGKILL) && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static bool all_is_back(const char *name)
{
	return figure(name, "free") == figure(name, "size") && !figure(name, "region_buffers");
}

/* The default area is at the base of the last cma= on the command line. */
static __u64 shared_base(void)
{
	char *line = read_text("/proc/cmdline"), *pos = line, *at = NULL;
	__u64 base;

	while ((pos = strstr(pos, "cma=")))
		at = strchr(pos++, '@');
	if (!at)
		die("cma=SIZE@BASE");
	base = strtoull(at + 1, NULL, 0);
	free(line);
	return base;
}

struct range {
	__u64 start;
	__u64 len;
};

static bool is_shared(struct range range)
{
	__u64 base = shared_base();

	return range.start >= base && range.start + range.len <= base + figure(SHARED, "size");
}

static bool overlap(struct range one, struct range other)
{
	return one.start < other.start + other.len && other.start < one.start + one.len;
}

/* The address and the size that a device sees. */
static struct range place_of(int fd)
{
	return (struct range) { buffer_address(fd), buffer_size(fd) };
}

#define MOST_BUFFERS	256

/* Allocate buffers until there is no memory; returns their number. */
static int take_all(int heap, size_t len, int *fds, int count)
{
	while (count < MOST_BUFFERS && (fds[count] = heap_alloc(heap, len)) >= 0)
		count++;
	return count;
}

static void give_all(int *fds, int count)
{
	while (count--)
		close(fds[count]);
}

/* Make the heap keep as much of its area as it can get. */
static void keep_all(const char *name, int heap)
{
	int fds[MOST_BUFFERS], count;

	if (!set(name, "held_max", "64M"))
		die("held_max");
	count = take_all(heap, MiB(1), fds, 0);
	count = take_all(heap, KiB(256), fds, count);
	give_all(fds, count);
}

FIXTURE(driver) {
	int heap;
	int importer;
	int device;
	long free;
	size_t area;
};

FIXTURE_VARIANT(driver) {
	bool some;
	bool all;
};

FIXTURE_VARIANT_ADD(driver, nothing_kept) {
};

FIXTURE_VARIANT_ADD(driver, part_kept) {
	.some = true,
};

FIXTURE_VARIANT_ADD(driver, all_kept) {
	.all = true,
};

FIXTURE_SETUP(driver)
{
	ASSERT_TRUE(module_gone());
	self->free = cma_free();
	ASSERT_EQ(0, module_load(FOR_EVER));
	self->heap = heap_open(SHARED);
	ASSERT_LE(0, self->heap);
	self->area = figure(SHARED, "size");
	if (variant->some) {
		ASSERT_TRUE(soil(self->heap, self->area / 2));
		wait_until_no_more_held(SHARED, figure(SHARED, "held_max"));
		ASSERT_LE(self->area / 4, held(SHARED));
	}
	if (variant->all) {
		keep_all(SHARED, self->heap);
		ASSERT_LE(self->area - MiB(4), held(SHARED));
	}
	self->importer = importer_open();
	self->device = importer_any_device(self->importer);
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(driver)
{
	close(self->importer);
	close(self->heap);
	module_gone();
}

/* A driver gets 3/8 of the area. If all of it is kept, that needs a trim first. */
TEST_F(driver, gets_its_share)
{
	struct range taken = { .len = self->area / 8 * 3 & ~(PAGE - 1) };
	int fds[MOST_BUFFERS], count, i;

	if (variant->all) {
		struct range elsewhere = { .len = MiB(2) };

		ASSERT_EQ(0, importer_take(self->importer, self->device, elsewhere.len,
					   &elsewhere.start));
		EXPECT_FALSE(is_shared(elsewhere));
		EXPECT_ERRNO(ENOMEM, importer_take(self->importer, self->device, taken.len,
						   &taken.start));
		ASSERT_TRUE(set(SHARED, "held", "0"));
	}
	ASSERT_EQ(0, importer_take(self->importer, self->device, taken.len, &taken.start));
	EXPECT_TRUE(is_shared(taken));

	/* The heap can allocate the rest, but nothing of the driver's memory. */
	count = take_all(self->heap, MiB(1), fds, 0);
	EXPECT_LE((self->area - taken.len) / MiB(1) - 6, (size_t)count);
	EXPECT_GE((self->area - taken.len) / MiB(1), (size_t)count);
	for (i = 0; i < count; i++) {
		struct range ours = place_of(fds[i]);

		EXPECT_TRUE(is_shared(ours));
		EXPECT_FALSE(overlap(ours, taken));
		EXPECT_TRUE(buffer_soil(fds[i], MiB(1)));
	}
	give_all(fds, count);
	close(self->importer);
	EXPECT_TRUE(all_is_back(SHARED));
	ASSERT_TRUE(set(SHARED, "held", "0"));
	EXPECT_EQ(0, held(SHARED));
	EXPECT_TRUE(cma_has(self->free - NOISE)) {
		TH_LOG("%ld KiB are free, of %ld before", cma_free() >> 10, self->free >> 10);
	}
}

/* The heap can allocate what a driver frees, adjacent to what it kept. */
TEST_F(driver, and_gives_it_back)
{
	size_t len = self->area / 8 & ~(PAGE - 1);
	__u64 address;
	int fd;

	ASSERT_TRUE(set(SHARED, "held", variant->all ? "0" : "8M"));
	ASSERT_EQ(0, importer_take(self->importer, self->device, len, &address));
	ASSERT_EQ(0, importer_take(self->importer, self->device, len, &address));
	close(self->importer);
	fd = heap_alloc(self->heap, self->area / 2);
	EXPECT_LE(0, fd);
	EXPECT_TRUE(buffer_is_zero(fd, self->area / 2));
	close(fd);
}

#define ROUNDS	20

/* A driver that repeatedly allocates and frees. */
static void drive(__u32 seed)
{
	int round, in_area = 0;

	for (round = 0; round < rounds(ROUNDS); round++) {
		int importer = importer_open(), device = importer_any_device(importer), i;

		for (i = 0; i < 3; i++) {
			size_t len = (2 + next_random(&seed) % 700) * PAGE;
			struct range taken = { .len = len };

			if (!importer_take(importer, device, len, &taken.start))
				in_area += is_shared(taken);
		}
		usleep(next_random(&seed) % 5000);
		REQUIRE(!close(importer));
	}
	/* The driver does not starve. */
	REQUIRE(in_area);
}

struct owned {
	char *memory;
	size_t len;
	__u32 tag;
};

static void check_and_free(struct owned *own)
{
	if (!own->memory)
		return;
	REQUIRE(filled(own->memory, own->len, own->tag));
	munmap(own->memory, own->len);
	own->memory = NULL;
}

/* Buffers of any size; checks their contents after allocation and before release. */
static void use(int heap, int last, __u32 seed)
{
	struct owned own[3] = {};
	int round;

	for (round = 0; round < last; round++) {
		struct owned *one = &own[next_random(&seed) % ARRAY_SIZE(own)];
		int fd;

		check_and_free(one);
		one->len = (1 + next_random(&seed) % (MiB(5) / PAGE)) * PAGE;
		one->tag = next_random(&seed);
		fd = heap_alloc(heap, one->len);
		if (fd < 0) {
			REQUIRE(errno == ENOMEM);
			continue;
		}
		one->memory = buffer_map(fd, one->len);
		REQUIRE(one->memory != MAP_FAILED);
		REQUIRE(all_bytes(one->memory, one->len, 0));
		fill(one->memory, one->len, one->tag);
		close(fd);
	}
	for (round = 0; round < (int)ARRAY_SIZE(own); round++)
		check_and_free(&own[round]);
}

static void use_shared(__u32 seed)
{
	use(heap_open(SHARED), rounds(ROUNDS), seed);
}

static void use_own_for_ever(__u32 seed)
{
	int heap = heap_open(OWN);

	for (;;)
		use(heap, ROUNDS, seed++);
}

/* Randomly change all settings except the reserve. */
static void change(const char *name, __u32 *seed)
{
	static const char * const sizes[] = { "0", "1M", "5000000", "12M", "64M" };

	switch (next_random(seed) % 4) {
	case 0:
		REQUIRE(set(name, "held", sizes[next_random(seed) % ARRAY_SIZE(sizes)]));
		break;
	case 1:
		REQUIRE(set(name, "held_max", sizes[next_random(seed) % ARRAY_SIZE(sizes)]));
		break;
	case 2:
		REQUIRE(set(name, "keep", next_random(seed) % 2 ? "1" : "0"));
		break;
	default:
		REQUIRE(write_text("/proc/sys/vm/drop_caches", "2"));
	}
	usleep(next_random(seed) % 3000);
}

static void change_shared_for_ever(__u32 seed)
{
	for (;;)
		change(SHARED, &seed);
}

static void change_own_for_ever(__u32 seed)
{
	for (;;)
		change(OWN, &seed);
}

static void change_reserve_for_ever(__u32 seed)
{
	static const char * const sizes[] = { "0", "3M", "20M", "9M" };

	for (;;) {
		/* The reserve may exceed what is available at the moment. */
		REQUIRE(set(OWN, "reserve", sizes[next_random(&seed) % ARRAY_SIZE(sizes)]) ||
			errno == ENOMEM);
		change(OWN, &seed);
	}
}

FIXTURE(many) {
	long free;
	int own;
};

FIXTURE_SETUP(many)
{
	ASSERT_TRUE(module_gone());
	self->free = cma_free();
	ASSERT_EQ(0, module_load(FOR_EVER));
	self->own = heap_open(OWN);
	ASSERT_LE(0, self->own);
}

FIXTURE_TEARDOWN(many)
{
	close(self->own);
	EXPECT_TRUE(all_is_back(OWN));
	EXPECT_TRUE(all_is_back(SHARED));
	EXPECT_EQ(0, module_unload());
	EXPECT_TRUE(cma_has(self->free - NOISE)) {
		TH_LOG("%ld KiB are free, of %ld before", cma_free() >> 10, self->free >> 10);
	}
}

TEST_F(many, drivers_and_heap_at_once)
{
	pid_t changes = spawn(change_shared_for_ever, 11), works[4];
	int i;

	for (i = 0; i < 4; i++)
		works[i] = spawn(i % 2 ? drive : use_shared, 21 + i);
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(ends_well(works[i]));
	EXPECT_TRUE(killed(changes));
}

static __u64 present(int heap)
{
	struct contig_heap_query query = heap_query(heap);

	return query.total - query.free + query.held;
}

TEST_F(many, reserve_is_never_undercut)
{
	pid_t pids[4];
	int i;

	ASSERT_TRUE(set(OWN, "reserve", "8M"));
	for (i = 0; i < 4; i++)
		pids[i] = spawn(i % 2 ? use_own_for_ever : change_own_for_ever, 31 + i);
	for (i = 0; i < rounds(400); i++) {
		ASSERT_LE(MiB(8), present(self->own));
		usleep(1000);
	}
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(killed(pids[i]));
	ASSERT_TRUE(set(OWN, "held", "0"));
	EXPECT_EQ(MiB(8), held(OWN));
	EXPECT_EQ(MiB(8), figure(OWN, "reserve"));
}

TEST_F(many, reserve_changes_all_the_time)
{
	pid_t pids[4];
	int i;

	for (i = 0; i < 4; i++)
		pids[i] = spawn(i % 2 ? use_own_for_ever : change_reserve_for_ever, 41 + i);
	for (i = 0; i < rounds(20); i++) {
		char *size = format("%dM", i % 7);

		ASSERT_TRUE(set(OWN, "reserve", size));
		free(size);
		usleep(5000);
	}
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(killed(pids[i]));
	ASSERT_TRUE(set(OWN, "reserve", "6M"));
	EXPECT_LE(MiB(6), present(self->own));
	ASSERT_TRUE(set(OWN, "held", "0"));
	EXPECT_EQ(MiB(6), held(OWN));
}

/* Memory that is being returned to the kernel counts as free. */
static void trim_for_ever(__u32 seed)
{
	(void)seed;
	for (;;)
		REQUIRE(set(OWN, "held", "0"));
}

TEST_F(many, what_goes_back_can_be_had)
{
	pid_t trims = spawn(trim_for_ever, 0);
	int round;

	for (round = 0; round < rounds(20); round++) {
		int fds[8], large, i;

		for (i = 0; i < 8; i++)
			ASSERT_LE(0, fds[i] = heap_alloc(self->own, MiB(4)));
		give_all(fds, 8);
		large = heap_alloc(self->own, OWN_AREA);
		EXPECT_LE(0, large) {
			TH_LOG("round %d: %s", round, strerror(errno));
		}
		if (large < 0)
			break;
		close(large);
	}
	EXPECT_TRUE(killed(trims));
}

static void take_large_for_ever(__u32 seed)
{
	int heap = heap_open(OWN);

	for (;;) {
		size_t len = MiB(8) + next_random(&seed) % 32 * MiB(1);
		int fd = heap_alloc(heap, len);

		REQUIRE(fd >= 0 || errno == ENOMEM);
		if (fd >= 0)
			REQUIRE(buffer_soil(fd, MiB(1)) && !close(fd));
	}
}

/* At any point, whether or not the heap already keeps the requested memory. */
TEST_F(many, killed_while_they_allocate)
{
	__u32 seed = 0xc0de;
	int i;

	for (i = 0; i < rounds(30); i++) {
		pid_t pids[2] = { spawn(take_large_for_ever, i), spawn(take_large_for_ever, ~i) };

		usleep(next_random(&seed) % 20000);
		if (i % 3 == 0)
			ASSERT_TRUE(set(OWN, "held", "0"));
		ASSERT_TRUE(killed(pids[0]));
		ASSERT_TRUE(killed(pids[1]));
		while (!all_is_back(OWN))
			usleep(1000);
		if (i % 10 == 0) {
			int fd = heap_alloc(self->own, OWN_AREA);

			ASSERT_LE(0, fd);
			EXPECT_TRUE(buffer_is_zero(fd, OWN_AREA));
			close(fd);
		}
	}
}

/* Allocate all that is left, and check that no other process writes to it. */
static void exhaust(__u32 seed)
{
	int heap = heap_open(OWN), fds[MOST_BUFFERS], count, i;

	count = take_all(heap, KiB(512), fds, 0);
	REQUIRE(errno == ENOMEM);
	for (i = 0; i < count; i++) {
		char *memory = buffer_map(fds[i], KiB(512));

		REQUIRE(memory != MAP_FAILED && all_bytes(memory, KiB(512), 0));
		fill(memory, KiB(512), seed + i);
		munmap(memory, KiB(512));
	}
	sched_yield();
	for (i = 0; i < count; i++) {
		char *memory = buffer_map(fds[i], KiB(512));

		REQUIRE(filled(memory, KiB(512), seed + i));
		munmap(memory, KiB(512));
	}
	give_all(fds, count);
}

TEST_F(many, exhausted_by_four)
{
	int i, round, fd;

	for (round = 0; round < 3; round++) {
		pid_t pids[4];

		for (i = 0; i < 4; i++)
			pids[i] = spawn(exhaust, (i + 1) << 16);
		for (i = 0; i < 4; i++)
			EXPECT_TRUE(ends_well(pids[i]));
	}
	fd = heap_alloc(self->own, OWN_AREA);
	EXPECT_LE(0, fd);
	close(fd);
}

/* Large requests can use the memory of the reserve. */
TEST_F(many, reserve_serves_a_large_request)
{
	int fd;

	ASSERT_TRUE(set(OWN, "reserve", "16M"));
	fd = heap_alloc(self->own, OWN_AREA);
	EXPECT_LE(0, fd) {
		TH_LOG("%s", strerror(errno));
	}
	close(fd);
	ASSERT_TRUE(set(OWN, "held", "0"));
	EXPECT_EQ(MiB(16), held(OWN));
}

/* A shorter time takes effect at once. */
TEST_F(many, keep_is_made_shorter)
{
	ASSERT_TRUE(set(OWN, "keep", "3600000"));
	ASSERT_TRUE(soil(self->own, MiB(8)));
	wait_until_held(OWN, MiB(8));
	ASSERT_TRUE(set(OWN, "keep", "200"));
	wait_until_no_more_held(OWN, 0);
}

#define PAGES_OF(len)	((len) / PAGE)

static bool has_place(int fd, __u64 start)
{
	return buffer_address(fd) == start;
}

TEST_F(many, first_and_last_page)
{
	int fd, rest, page;

	/* All but one page, then that page. */
	fd = heap_alloc(self->own, OWN_AREA - PAGE);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(buffer_is_zero(fd, OWN_AREA - PAGE));
	page = heap_alloc(self->own, PAGE);
	EXPECT_LE(0, page);
	EXPECT_TRUE(has_place(fd, OWN_BASE) ? has_place(page, OWN_BASE + OWN_AREA - PAGE) :
					      has_place(page, OWN_BASE));
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->own, PAGE));
	EXPECT_EQ(0, figure(OWN, "free"));
	EXPECT_TRUE(buffer_soil(fd, OWN_AREA - PAGE));
	EXPECT_TRUE(buffer_is_zero(page, PAGE));
	EXPECT_TRUE(buffer_soil(page, PAGE));
	close(fd);
	/* The page prevents this. */
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->own, OWN_AREA));
	rest = heap_alloc(self->own, OWN_AREA - PAGE);
	EXPECT_LE(0, rest);
	EXPECT_TRUE(buffer_is_zero(rest, OWN_AREA - PAGE));
	close(rest);
	close(page);
	fd = heap_alloc(self->own, OWN_AREA);
	EXPECT_TRUE(has_place(fd, OWN_BASE));
	EXPECT_TRUE(buffer_is_zero(fd, OWN_AREA));
	close(fd);
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->own, OWN_AREA + PAGE));
}

TEST_F(many, more_alignment_than_the_area_gives)
{
	static const size_t lens[] = { 4096 * 16, MiB(1), MiB(3), MiB(4), MiB(9) };
	int fds[2][ARRAY_SIZE(lens)], round;
	size_t i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			fds[round][i] = heap_alloc_aligned(self->own, lens[i], MiB(4));
			ASSERT_LE(0, fds[round][i]) {
				TH_LOG("%zu KiB: %s", lens[i] >> 10, strerror(errno));
			}
			EXPECT_EQ(0, buffer_address(fds[round][i]) % MiB(4));
			EXPECT_TRUE(buffer_is_zero(fds[round][i], lens[i]));
			EXPECT_TRUE(buffer_soil(fds[round][i], lens[i]));
		}
		for (i = 0; !round && i < ARRAY_SIZE(lens); i += 2)
			close(fds[round][i]);
	}
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		if (i % 2)
			close(fds[0][i]);
		close(fds[1][i]);
	}
}

/* The size is no power of two, and may differ from that on the command line. */
TEST_F(many, odd_size)
{
	size_t area = figure(SHARED, "size");
	int heap = heap_open(SHARED), fds[MOST_BUFFERS], count, i;

	EXPECT_NE(0, area & (area - 1));
	EXPECT_EQ(area, figure(SHARED, "largest"));
	EXPECT_ERRNO(ENOMEM, heap_alloc(heap, area + PAGE));
	count = take_all(heap, MiB(3), fds, 0);
	count = take_all(heap, KiB(64), fds, count);
	EXPECT_ERRNO(ENOMEM, heap_alloc(heap, MiB(3)));
	/* Little of it was unused since boot. */
	EXPECT_GE(MiB(4), figure(SHARED, "free"));
	for (i = 0; i < count; i++) {
		EXPECT_TRUE(is_shared(place_of(fds[i])));
		EXPECT_TRUE(buffer_is_zero(fds[i], PAGE));
	}
	give_all(fds, count);
	EXPECT_EQ(area, figure(SHARED, "free"));
	close(heap);
}

#define DRIVER	"/sys/bus/platform/drivers/contig-heap/"

static void write_for_ever(__u32 seed)
{
	for (;;) {
		set(OWN, "held", "0");
		set(OWN, "reserve", next_random(&seed) % 2 ? "4M" : "0");
	}
}

/* What is kept lives as long as the last user of the memory. */
TEST_F(many, unbound_and_bound_while_memory_is_kept)
{
	pid_t writes;
	int fd, i;

	ASSERT_TRUE(set(OWN, "reserve", "8M"));
	fd = heap_alloc(self->own, MiB(4));
	ASSERT_TRUE(soil(self->own, MiB(16)));
	ASSERT_TRUE(write_text(DRIVER "unbind", "heap-video"));
	EXPECT_ERRNO(ENODEV, heap_alloc(self->own, PAGE));
	ASSERT_TRUE(write_text(DRIVER "bind", "heap-video"));
	close(self->own);
	self->own = heap_open(OWN);
	ASSERT_LE(0, self->own);
	EXPECT_EQ(OWN_AREA - MiB(4), figure(OWN, "free"));
	EXPECT_LE(MiB(8), present(self->own));
	close(fd);
	EXPECT_LE(MiB(8), present(self->own));
	close(self->own);

	writes = spawn(write_for_ever, 5);
	for (i = 0; i < rounds(15); i++) {
		int heap = heap_open(OWN);

		ASSERT_TRUE(soil(heap, MiB(2)));
		close(heap);
		ASSERT_TRUE(write_text(DRIVER "unbind", "heap-video"));
		ASSERT_TRUE(write_text(DRIVER "bind", "heap-video"));
	}
	EXPECT_TRUE(killed(writes));
	self->own = heap_open(OWN);
}

TEST(unloaded_whatever_is_kept)
{
	static const char * const parameters[] = {
		"keep=0", "keep=1", "keep=40", "keep=0 reserve=video:16M,4M", "reserve=video:64M",
	};
	long free, misc;
	size_t i;

	ASSERT_TRUE(module_gone());
	free = cma_free();
	misc = vm_count("nr_kernel_misc_reclaimable");
	for (i = 0; i < 2 * ARRAY_SIZE(parameters); i++) {
		int heap;

		ASSERT_EQ(0, module_load(parameters[i % ARRAY_SIZE(parameters)]));
		heap = heap_open(OWN);
		ASSERT_TRUE(soil(heap, MiB(24)));
		/* More than the limit; the excess is released soon. */
		if (i % 2)
			ASSERT_TRUE(set(OWN, "held_max", "4M"));
		usleep(i * 5000);
		close(heap);
		ASSERT_EQ(0, module_unload());
	}
	EXPECT_TRUE(cma_has(free - NOISE));
	EXPECT_EQ(misc, vm_count("nr_kernel_misc_reclaimable"));
}

/* Find a page of the caller in the area. */
static char *page_in_area(char *memory, size_t len, __u64 start, __u64 end)
{
	int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t i;
	__u64 entry;

	for (i = 0; i < PAGES_OF(len); i++) {
		char *page = memory + i * PAGE;
		__u64 place;

		if (pread(map, &entry, sizeof(entry), (uintptr_t)page / PAGE * sizeof(entry)) !=
		    sizeof(entry))
			die("pagemap");
		place = (entry & ((1ULL << 55) - 1)) * PAGE;
		if (entry >> 63 && place >= start && place < end) {
			close(map);
			return page;
		}
	}
	close(map);
	return NULL;
}

/* Memory of a process that extends into the middle of the area, to *page. */
static char *hog(size_t *len, char **page)
{
	char *memory;

	*len = (meminfo("MemFree:") << 10) - MiB(70);
	memory = mmap(NULL, *len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		die("hog");
	fill(memory, PAGE, 1);
	*page = page_in_area(memory, *len, OWN_BASE + OWN_AREA / 4,
			     OWN_BASE + OWN_AREA / 4 * 3);
	return memory;
}

/* A page that cannot move, because a pipe refers to it. */
TEST_F(many, beside_a_pinned_page)
{
	char *memory, *page, *copy;
	int pipes[2], fd, small;
	struct iovec piece;
	size_t len;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	memory = hog(&len, &page);
	ASSERT_NE(NULL, page);
	fill(page, PAGE, 77);
	piece = (struct iovec) { page, PAGE };
	ASSERT_EQ((ssize_t)PAGE, vmsplice(pipes[1], &piece, 1, 0));
	/* Now, everything else in the area can move elsewhere. */
	munmap(memory, page - memory);
	munmap(page + PAGE, memory + len - page - PAGE);

	EXPECT_ERRNO(ENOMEM, heap_alloc(self->own, OWN_AREA));
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->own, OWN_AREA - MiB(1)));
	/* Twice: first from the kernel, then from what is kept. */
	for (int i = 0; i < 2; i++) {
		small = heap_alloc(self->own, MiB(12));
		EXPECT_LE(0, small);
		fd = heap_alloc(self->own, MiB(16));
		EXPECT_LE(0, fd);
		EXPECT_TRUE(buffer_is_zero(fd, MiB(16)));
		EXPECT_TRUE(buffer_soil(fd, MiB(16)) && buffer_soil(small, MiB(12)));
		EXPECT_TRUE(filled(page, PAGE, 77));
		close(fd);
		close(small);
	}
	/* The kept memory is on both sides of the page. */
	EXPECT_ERRNO(ENOMEM, heap_alloc(self->own, OWN_AREA - MiB(2)));
	EXPECT_FALSE(set(OWN, "reserve", "64M"));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(0, figure(OWN, "reserve"));
	copy = malloc(PAGE);
	ASSERT_EQ((ssize_t)PAGE, read(pipes[0], copy, PAGE));
	EXPECT_TRUE(filled(copy, PAGE, 77));
	free(copy);
	close(pipes[0]);
	close(pipes[1]);
	fd = heap_alloc(self->own, OWN_AREA);
	EXPECT_LE(0, fd) {
		TH_LOG("after the pin: %s", strerror(errno));
	}
	EXPECT_TRUE(filled(page, PAGE, 77));
	close(fd);
	munmap(page, PAGE);
}

/* Pages of processes and files that are allocated, freed and migrated. */
static void dirty_memory(__u32 seed)
{
	size_t len = (meminfo("MemFree:") << 10) / 2 - MiB(45), i;
	int round, file = memfd_create("dirty", 0);

	for (round = 0; round < rounds(6); round++) {
		bool anonymous = (round + seed) % 2;
		char *memory;

		REQUIRE(anonymous || !ftruncate(file, len));
		memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
			      anonymous ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED,
			      anonymous ? -1 : file, 0);
		REQUIRE(memory != MAP_FAILED);
		for (i = 0; i < len; i += PAGE)
			*(size_t *)(memory + i) = i ^ seed;
		for (i = 0; i < len; i += PAGE)
			REQUIRE(*(size_t *)(memory + i) == (i ^ seed));
		munmap(memory, len);
		REQUIRE(!ftruncate(file, 0));
	}
}

TEST_F(many, grows_while_others_fill_the_area)
{
	pid_t pids[2] = { spawn(dirty_memory, 1), spawn(dirty_memory, 2) };
	int had = 0, status, round;
	pid_t ended = 0;

	for (round = 0; !ended; round++) {
		int fd = heap_alloc(self->own, MiB(20) + round % 3 * MiB(6));

		if (fd >= 0) {
			EXPECT_TRUE(buffer_is_zero(fd, MiB(20)));
			EXPECT_TRUE(buffer_soil(fd, MiB(20)));
			close(fd);
			had++;
		} else {
			EXPECT_EQ(ENOMEM, errno);
		}
		ASSERT_TRUE(set(OWN, "held", round % 2 ? "0" : "10M"));
		ended = waitpid(pids[0], &status, WNOHANG);
	}
	EXPECT_EQ(0, status);
	EXPECT_TRUE(ends_well(pids[1]));
	EXPECT_LT(0, had);
	TH_LOG("%d of %d requests were met", had, round);
}

TEST_HARNESS_MAIN
