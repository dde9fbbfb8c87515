// SPDX-License-Identifier: GPL-2.0-only
/* Nodes that module parameters define. */
#include "../kernel_log.h"
#include "test.h"

#define LEN		MiB(1)

static bool node_exists(const char *name)
{
	char *path = format("/dev/%s", name);
	bool exists = !access(path, F_OK);

	free(path);
	return exists;
}

static bool attribute_is(const char *name, const char *file, const char *expected)
{
	char *text = node_attribute(name, file);
	bool same = text && !strcmp(text, expected);

	free(text);
	return same;
}

/* Does the node have this size, and zeroed memory that keeps its contents? */
static bool node_works(const char *name, size_t size)
{
	void *memory = MAP_FAILED;
	int fd = pmem_master(name, LEN, &memory);
	bool works = fd >= 0 && pmem_total(fd) == size && all_bytes(memory, LEN, 0);

	if (works) {
		fill(memory, LEN, 1);
		works = filled(memory, LEN, 1) && device_sees(fd, memory, LEN);
	}
	munmap(memory, LEN);
	close(fd);
	return works;
}

UNLOADED_FIXTURE(config);

TEST_F(config, every_kind_of_node)
{
	static const struct {
		const char *name;
		size_t size;
		const char *type;
	} made[] = {
		{ "plain", MiB(48), "Bitmap\n" },
		{ "bits", MiB(2), "Bitmap\n" },
		{ "pair", MiB(4), "Buddy Bestfit\n" },
		{ "whole", MiB(3), "All or Nothing\n" },
		{ "quota", MiB(2), "System heap\n" },
		{ "loan", MiB(16), "Bitmap\n" },
		{ "loan_pair", MiB(4), "Buddy Bestfit\n" },
		{ "loan_whole", MiB(2), "All or Nothing\n" },
	};
	size_t i;

	log_clear();
	ASSERT_EQ(0, pmem_load("node=plain:adsp,bits:mdp:bitmap:cached:quantum=64K:size=2M,"
			  "pair:mdp:buddy:size=4M,whole:adsp:all-or-nothing:size=3M,"
			  "quota:default_cma_region:system:size=2M,loan:video:lent:size=16M,"
			  "loan_pair:video:lent:buddy:size=4M,"
			  "loan_whole:video:lent:all-or-nothing:size=2M"));
	for (i = 0; i < ARRAY_SIZE(made); i++) {
		EXPECT_TRUE(attribute_is(made[i].name, "allocator_type", made[i].type)) {
			TH_LOG("%s", made[i].name);
		}
		EXPECT_TRUE(node_works(made[i].name, made[i].size)) {
			TH_LOG("%s", made[i].name);
		}
	}
	EXPECT_TRUE(attribute_is("bits", "quantum_size", "65536 (0x10000)\n"));
	/* In addition to those of the tree. */
	EXPECT_TRUE(node_works("pmem", MiB(48)));
	EXPECT_FALSE(log_has("skipped"));
	ASSERT_TRUE(pmem_unload());
	for (i = 0; i < ARRAY_SIZE(made); i++)
		EXPECT_FALSE(node_exists(made[i].name));
}

/* When the last file is closed, the region gets back what it has lent. */
TEST_F(config, a_loan_is_given_back)
{
	char *before = heap_attribute("video", "free"), *now;
	void *memory;
	int fd, other;

	ASSERT_NE(NULL, before);
	ASSERT_EQ(0, pmem_load("node=loan:video:lent:size=16M,most:video:lent:size=64M,"
			  "all:video:lent:all-or-nothing:size=64M,pair:video:lent:buddy:size=4M"));
	fd = pmem_master("loan", LEN, &memory);
	ASSERT_LE(0, fd);
	other = pmem_open("pair");
	ASSERT_EQ(0, pmem_allocate(other, LEN));
	EXPECT_FREE(MiB(3), MiB(2), other);
	close(other);
	/* The region has no more than that. */
	other = pmem_open("most");
	EXPECT_ERRNO(ENOMEM, pmem_allocate(other, LEN));
	close(other);
	other = pmem_open("all");
	EXPECT_ERRNO(ENOMEM, pmem_allocate(other, LEN));
	close(other);
	now = heap_attribute("video", "free");
	EXPECT_EQ(strtoul(before, NULL, 10) - MiB(16), strtoul(now, NULL, 10));
	free(now);
	munmap(memory, LEN);
	close(fd);
	now = heap_attribute("video", "free");
	EXPECT_STREQ(before, now);
	free(before);
	free(now);
}

/* The buddy policy considers each free piece. */
TEST_F(config, gaps_of_a_loan)
{
	int fds[3], i, gap;
	unsigned long place;

	ASSERT_EQ(0, pmem_load("node=pair:video:lent:buddy:size=4M"));
	for (i = 0; i < 3; i++) {
		fds[i] = pmem_open("pair");
		ASSERT_EQ(0, pmem_allocate(fds[i], LEN));
	}
	place = pmem_phys(fds[0]).offset;
	EXPECT_EQ(place + LEN, pmem_phys(fds[1]).offset);
	close(fds[0]);
	EXPECT_FREE(2 * LEN, LEN, fds[1]);
	gap = pmem_open("pair");
	EXPECT_ERRNO(ENOMEM, pmem_allocate(gap, 2 * LEN));
	ASSERT_EQ(0, pmem_allocate(gap, LEN));
	EXPECT_EQ(place, pmem_phys(gap).offset);
	close(gap);
	close(fds[1]);
	EXPECT_FREE(3 * LEN, 2 * LEN, fds[2]);
	close(fds[2]);
}

TEST_F(config, addresses_are_shown_where_that_was_asked_for)
{
	struct peer peer;
	int open_one, shy;

	ASSERT_EQ(0, pmem_load("node=open:adsp:phys,shy:mdp"));
	open_one = pmem_open("open");
	shy = pmem_open("shy");
	ASSERT_EQ(0, pmem_allocate(open_one, LEN));
	ASSERT_EQ(0, pmem_allocate(shy, LEN));
	peer = peer_start();
	ASSERT_EQ(0, on(peer, do_drop_privileges));
	EXPECT_EQ(address_of(open_one),
		  (unsigned long)on(peer, do_phys, peer_give(peer, open_one)));
	EXPECT_NE(address_of(shy), (unsigned long)on(peer, do_phys, peer_give(peer, shy)));
	close(open_one);
	close(shy);
}

/* A node that reveals its own addresses does not reveal those of other memory. */
TEST_F(config, addresses_of_imported_memory)
{
	int own = heap_alloc("adsp", LEN, O_RDWR), other = heap_alloc("mdp", LEN, O_RDWR);
	int first, second, there, root;
	struct peer peer;

	ASSERT_EQ(0, pmem_load("node=open:adsp:phys"));
	first = pmem_open("open");
	second = pmem_open("open");
	ASSERT_EQ(0, pmem_import(first, own));
	ASSERT_EQ(0, pmem_import(second, other));
	root = pmem_open("open");
	ASSERT_EQ(0, pmem_connect(root, second));
	peer = peer_start();
	ASSERT_EQ(0, on(peer, do_drop_privileges));
	EXPECT_EQ(address_of(first), (unsigned long)on(peer, do_phys, peer_give(peer, first)));
	there = peer_give(peer, second);
	EXPECT_NE(0, on(peer, do_phys, there));
	EXPECT_NE(address_of(second), (unsigned long)on(peer, do_phys, there));
	EXPECT_EQ(on(peer, do_phys, there), on(peer, do_phys, peer_give(peer, root)));
	/* A caller with the privilege to see all addresses sees this one, too. */
	EXPECT_EQ(address_of(second), pmem_phys(second).offset);
	close(first);
	close(second);
	close(root);
	close(own);
	close(other);
}

static int allocate_all(const char *name, size_t len, int *fds)
{
	int count = 0;

	for (;;) {
		fds[count] = pmem_open(name);
		if (pmem_allocate(fds[count], len))
			break;
		count++;
	}
	close(fds[count]);
	return count;
}

static char *quanta_of(int fd)
{
	return format("%lu\n", pmem_free_space(fd).total / (unsigned long)PAGE);
}

/* A node never has more than its size, and can allocate all that it reports as free. */
TEST_F(config, nodes_smaller_than_their_region)
{
	int fds[64], count, probe, pair;
	char *text;

	ASSERT_EQ(0, pmem_load("node=pair:mdp:buddy:size=4M,bits:mdp:size=2M:cached,"
			  "whole:adsp:all-or-nothing:size=3M,coarse:adsp:quantum=1M:size=8M"));
	pair = pmem_open("pair");
	EXPECT_FREE(MiB(4), MiB(4), pair);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(pair, MiB(8)));
	count = allocate_all("pair", MiB(1), fds);
	EXPECT_EQ(4, count);
	EXPECT_FREE(0, 0, pair);
	text = format("%zu\n", MiB(4) / PAGE);
	EXPECT_TRUE(attribute_is("pair", "total_entries", text));
	free(text);
	/* The region has enough for the others. */
	probe = pmem_open("bits");
	EXPECT_FREE(MiB(2), MiB(2), probe);
	EXPECT_TRUE(node_works("pmem", MiB(48)));
	while (count)
		close(fds[--count]);
	EXPECT_FREE(MiB(4), MiB(4), pair);
	close(pair);

	EXPECT_ERRNO(ENOMEM, pmem_allocate(probe, MiB(2) + PAGE));
	count = allocate_all("bits", MiB(1), fds);
	EXPECT_EQ(2, count);
	EXPECT_FREE(0, 0, probe);
	EXPECT_TRUE(attribute_is("bits", "free_quanta", "0\n"));
	close(fds[0]);
	EXPECT_FREE(MiB(1), MiB(1), probe);
	text = quanta_of(probe);
	EXPECT_TRUE(attribute_is("bits", "free_quanta", text));
	free(text);
	close(fds[1]);
	close(probe);

	/* The start of its region is in use, by one page. */
	probe = pmem_open("pmem_adsp");
	ASSERT_EQ(0, pmem_allocate(probe, PAGE));
	pair = pmem_open("coarse");
	EXPECT_FREE(MiB(8), MiB(8), pair);
	EXPECT_EQ(0, pmem_allocate(pair, MiB(8)));
	EXPECT_EQ(0, pmem_phys(pair).offset % MiB(1));
	close(pair);
	pair = pmem_open("whole");
	EXPECT_FREE(0, 0, pair);
	EXPECT_TRUE(attribute_is("whole", "allocated", "is allocated\n"));
	EXPECT_ERRNO(ENOMEM, pmem_allocate(pair, PAGE));
	close(probe);
	EXPECT_FREE(MiB(3), MiB(3), pair);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(pair, MiB(3) + PAGE));
	EXPECT_EQ(0, pmem_allocate(pair, MiB(3)));
	close(pair);
}

/* With any policy, memory of a heap on the same region is not free. */
TEST_F(config, free_space_beside_a_heap)
{
	struct pmem_freespace space;
	int buffer, fd, other;

	ASSERT_EQ(0, pmem_load("node=all:mdp:all-or-nothing,coarse:mdp:quantum=1M,two:mdp:buddy"));
	buffer = heap_alloc("mdp", PAGE, O_RDWR);
	fd = pmem_open("coarse");
	space = pmem_free_space(fd);
	EXPECT_EQ(MiB(47), space.total);
	EXPECT_EQ(0, pmem_allocate(fd, space.largest));
	EXPECT_EQ(space.total - space.largest, pmem_free_space(fd).total);
	close(fd);
	fd = pmem_open("all");
	space = pmem_free_space(fd);
	EXPECT_GT(MiB(48), space.total);
	EXPECT_EQ(space.total, space.largest);
	EXPECT_ERRNO(ENOMEM, pmem_allocate(fd, space.largest + PAGE));
	EXPECT_EQ(space.largest ? 0 : ENOMEM, failure(pmem_allocate(fd, space.largest ?: PAGE)));
	close(fd);
	other = pmem_open("two");
	space = pmem_free_space(other);
	EXPECT_EQ(MiB(48) - PAGE, space.total);
	EXPECT_EQ(0, pmem_allocate(other, space.largest));
	close(other);
	close(buffer);
}

/* Truncated to 64 bits, these numbers would be valid. */
TEST_F(config, numbers_beyond_64_bits)
{
	static const char *const bad[] = {
		"step:adsp:quantum=18446744073709555712", "hex:adsp:size=0x10000000000100000",
		"much:adsp:size=16E",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *parameter = format("node=%s", bad[i]);

		log_clear();
		ASSERT_EQ(0, pmem_load(parameter));
		EXPECT_TRUE(log_has("skipped, error -ERANGE")) {
			TH_LOG("the log does not name %s", bad[i]);
		}
		ASSERT_TRUE(pmem_unload());
		free(parameter);
	}
}

TEST_F(config, bad_nodes_among_good_ones)
{
	static const char *const bad[] = {
		"alone", "nowhere:nothing", "word:adsp:uncached", "q:adsp:quantum=",
		"qx:adsp:quantum=4Kx", "q12:adsp:quantum=12K", "odd:adsp:size=4097",
		"big:adsp:size=49M", "pmem:adsp", "a/b:adsp", ":adsp",
		"loan0:video:lent", "loan65:video:lent:size=65M",
		"a_name_that_has_more_than_31_characters:adsp",
	};
	char parameters[1024] = "node=good:adsp:cached";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		strcat(parameters, ",");
		strcat(parameters, bad[i]);
	}
	strcat(parameters, ",last:mdp:size=1M");
	log_clear();
	ASSERT_EQ(0, pmem_load(parameters));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *text = format("node=%s: skipped", bad[i]);
		char *name = strndup(bad[i], strcspn(bad[i], ":"));

		EXPECT_TRUE(log_has(text)) {
			TH_LOG("the log does not name %s", bad[i]);
		}
		/* Skip the node of the tree, and an empty name. */
		if (*name && strcmp(name, "pmem")) {
			EXPECT_FALSE(node_exists(name)) {
				TH_LOG("%s is there", name);
			}
		}
		free(text);
		free(name);
	}
	EXPECT_TRUE(node_works("good", MiB(48)));
	EXPECT_TRUE(node_works("last", MiB(1)));
	EXPECT_TRUE(node_works("pmem", MiB(48)));
}

/* These policies choose the address, which is impossible where the kernel chooses it. */
TEST_F(config, nodes_that_could_never_allocate)
{
	ASSERT_EQ(0, pmem_load("node=pair:video:buddy:size=4M,whole:video:all-or-nothing:size=4M,"
			  "bits:video:size=4M"));
	EXPECT_TRUE(log_has("node=pair:video:buddy:size=4M: skipped"));
	EXPECT_TRUE(log_has("node=whole:video:all-or-nothing:size=4M: skipped"));
	EXPECT_FALSE(node_exists("pair"));
	EXPECT_FALSE(node_exists("whole"));
	EXPECT_TRUE(node_works("bits", MiB(4)));
}

#define DRIVER		"/sys/bus/platform/drivers/pmem-compat/"
#define BOARD		"/sys/module/legacy_board/parameters/"

/* Make room for a board without a device tree that uses the names of the test board. */
FIXTURE(board) {
	int unused;
};

static const char *const replaced[] = { "pmem", "pmem-adsp", "pmem-audio", "pmem-camera" };

static bool make_room(const char *parameters)
{
	bool done = !pmem_load(parameters);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(replaced); i++)
		done = write_text(DRIVER "unbind", replaced[i]) && done;
	return done;
}

FIXTURE_SETUP(board)
{
	IDLE_SETUP();
	ASSERT_TRUE(pmem_unload());
	log_clear();
}

FIXTURE_TEARDOWN(board)
{
	if (!access(BOARD, F_OK))
		EXPECT_EQ(0, system("rmmod legacy_board"));
	EXPECT_TRUE(pmem_unload());
	EXPECT_EQ(0, pmem_load(""));
	EXPECT_TRUE(all_free(true));
}

static unsigned int counted(const char *parameter)
{
	char *path = format(BOARD "%s", parameter), *text = read_text(path);
	unsigned int count = strtoul(text, NULL, 10);

	free(text);
	free(path);
	return count;
}

/* Nexus One: specific addresses, and a flag for the policy. */
TEST_F(board, of_the_first_drivers)
{
	int fd;

	ASSERT_TRUE(make_room(""));
	ASSERT_EQ(0, system("modprobe legacy_board board=qsd8k"));
	EXPECT_TRUE(attribute_is("pmem", "allocator_type", "Buddy Bestfit\n"));
	EXPECT_TRUE(attribute_is("pmem_adsp", "allocator_type", "Buddy Bestfit\n"));
	EXPECT_TRUE(attribute_is("pmem_camera", "allocator_type", "All or Nothing\n"));
	EXPECT_TRUE(attribute_is("pmem", "base", "1929379840(0x73000000)\n"));
	EXPECT_TRUE(attribute_is("pmem_adsp", "base", "1879048192(0x70000000)\n"));
	EXPECT_TRUE(attribute_is("pmem_camera", "base", "2034237440(0x79400000)\n"));
	EXPECT_TRUE(node_works("pmem", MiB(48)));
	EXPECT_TRUE(node_works("pmem_adsp", MiB(48)));
	EXPECT_TRUE(node_works("pmem_camera", MiB(8)));
	/* Powers of two. */
	fd = pmem_open("pmem");
	ASSERT_EQ(0, pmem_allocate(fd, 3 * LEN));
	EXPECT_EQ(4 * LEN, pmem_size(fd).len);
	close(fd);
}

/* Memory is selected by type; each device can use its full size at any time. */
TEST_F(board, of_the_last_drivers)
{
	static const struct {
		const char *name;
		size_t size;
	} made[] = { { "pmem", MiB(16) }, { "pmem_adsp", MiB(24) }, { "pmem_audio", MiB(4) } };
	int fds[ARRAY_SIZE(made)];
	size_t i;

	ASSERT_TRUE(make_room("memory=smi:adsp,ebi1:mdp"));
	ASSERT_EQ(0, system("modprobe legacy_board board=msm7x27a"));
	for (i = 0; i < ARRAY_SIZE(made); i++) {
		EXPECT_TRUE(attribute_is(made[i].name, "allocator_type", "Bitmap\n"));
		EXPECT_TRUE(node_works(made[i].name, made[i].size)) {
			TH_LOG("%s", made[i].name);
		}
	}
	for (i = 0; i < ARRAY_SIZE(made); i++) {
		fds[i] = pmem_open(made[i].name);
		EXPECT_EQ(0, pmem_allocate(fds[i], made[i].size));
		/* 48 MiB from 0x73000000 on. */
		EXPECT_LE(0x73000000, pmem_phys(fds[i]).offset);
		EXPECT_GE(0x76000000, pmem_phys(fds[i]).offset + made[i].size);
	}
	for (i = 0; i < ARRAY_SIZE(made); i++)
		close(fds[i]);
}

TEST_F(board, without_a_place_for_its_memory)
{
	ASSERT_TRUE(make_room("memory=smi:mdp,ebi0:adsp,ebi:mdp"));
	ASSERT_EQ(0, system("modprobe legacy_board board=msm7x27a"));
	EXPECT_TRUE(log_has("pmem_adsp: no start, and memory= has no region for its type"));
	EXPECT_FALSE(node_exists("pmem"));
	EXPECT_FALSE(node_exists("pmem_adsp"));
	EXPECT_FALSE(node_exists("pmem_audio"));
}

/* Open files keep working, but hooks of a removed device are not called. */
TEST_F(board, goes_while_it_is_used)
{
	void *memory;
	int used, idle, dmabuf;

	ASSERT_TRUE(make_room(""));
	ASSERT_EQ(0, system("modprobe legacy_board board=qsd8k hooks=1"));
	idle = pmem_open("pmem_adsp");
	used = pmem_master("pmem_adsp", LEN, &memory);
	ASSERT_LE(0, used);
	dmabuf = pmem_export(used, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dmabuf);
	EXPECT_EQ(1, counted("requests"));
	ASSERT_TRUE(write_text(DRIVER "unbind", "android_pmem.1"));
	EXPECT_FALSE(node_exists("pmem_adsp"));
	EXPECT_TRUE(can_write(memory));
	EXPECT_ERRNO(ENOMEM, pmem_allocate(idle, LEN));
	EXPECT_EQ(1, counted("requests"));

	/* A new device on the same memory. */
	ASSERT_TRUE(write_text(DRIVER "bind", "android_pmem.1"));
	EXPECT_TRUE(node_works("pmem_adsp", MiB(48)));
	EXPECT_EQ(2, counted("requests"));
	EXPECT_EQ(1, counted("releases"));

	ASSERT_EQ(0, system("rmmod legacy_board"));
	EXPECT_FALSE(node_exists("pmem_adsp"));
	EXPECT_FALSE(node_exists("pmem_camera"));
	EXPECT_TRUE(can_write(memory));
	EXPECT_EQ(LEN, pmem_size(used).len);
	munmap(memory, LEN);
	close(used);
	close(idle);
	close(dmabuf);
}

TEST_HARNESS_MAIN
