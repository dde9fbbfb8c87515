// SPDX-License-Identifier: GPL-2.0-only
/* Heaps that module parameters define. */
#include <signal.h>

#include "../kernel_module.h"
#include "importer_client.h"
#include "module.h"
#include "test.h"

UNLOADED_FIXTURE(config);

/* Can one buffer use all of the heap? */
static bool whole_heap_works(const char *name, size_t total)
{
	int heap = heap_open(name);
	bool works = heap >= 0 && heap_query(heap).total == total && heap_holds(name, total);

	close(heap);
	return works;
}

static char *sysfs_of(const char *name, const char *file)
{
	char *path = format("/sys/class/dma_heap/%s/%s", name, file), *text = read_text(path);

	free(path);
	return text;
}

/* Does sysfs show that both names share their memory? */
static bool same_memory(const char *name, const char *other)
{
	char *one = sysfs_of(name, "region"), *two = sysfs_of(other, "region");
	bool shares = one && two && !strcmp(one, two);

	free(one);
	free(two);
	return shares;
}

TEST_F(config, carveout_without_a_base)
{
	/* A leak would exhaust the area that it is allocated from. */
	int i, times = rounds(6);

	for (i = 0; i < times; i++) {
		ASSERT_EQ(0, module_load("carveout=any:16M"));
		EXPECT_TRUE(whole_heap_works("any", MiB(16)));
		EXPECT_TRUE(whole_heap_works("any-uncached", MiB(16)));
		ASSERT_EQ(0, module_unload());
	}
}

/* Such a carveout is allocated from the default CMA area. */
TEST_F(config, carveout_leaves_the_area_it_comes_from)
{
	int heap, fd;

	ASSERT_EQ(0, module_load("carveout=any:2M"));
	EXPECT_TRUE(node_exists("any"));
	heap = heap_open("default_cma_region");
	ASSERT_LE(0, heap);
	fd = heap_alloc(heap, MiB(1));
	EXPECT_LE(0, fd);
	EXPECT_TRUE(node_exists("linux,cma"));
}

TEST_F(config, carveout_on_reserved_memory)
{
	int heap, fd;

	ASSERT_EQ(0, module_load("carveout=smi:4M@0x79000000"));
	EXPECT_TRUE(whole_heap_works("smi", MiB(4)));
	heap = heap_open("smi");
	fd = heap_alloc(heap, MiB(4));
	EXPECT_EQ(0x79000000, buffer_address(fd));
	EXPECT_EQ(0, heap_query(heap).flags);
}

TEST_F(config, carveout_on_a_part_of_reserved_memory)
{
	int heap, fd;
	char *map;

	ASSERT_EQ(0, module_load("carveout=one:1M@0x79100000,two:64K@0x79300000"));
	EXPECT_TRUE(whole_heap_works("one", MiB(1)));
	EXPECT_TRUE(whole_heap_works("two", KiB(64)));
	heap = heap_open("two-uncached");
	fd = heap_alloc(heap, KiB(64));
	EXPECT_EQ(0x79300000, buffer_address(fd));
	/* The map has less than one row. */
	map = read_text("/sys/kernel/debug/contig_heaps/two/map");
	EXPECT_NE(NULL, strstr(map, "         0  ################\n"));
	free(map);
}

TEST_F(config, quantum)
{
	struct contig_heap_query query;
	int heap, one, two;

	ASSERT_EQ(0, module_load("carveout=big:4M@0x79000000:quantum=64K"));
	heap = heap_open("big");
	ASSERT_LE(0, heap);
	query = heap_query(heap);
	EXPECT_EQ(KiB(64), query.quantum);
	EXPECT_EQ(MiB(4), query.total);
	one = heap_alloc(heap, 1);
	two = heap_alloc(heap, KiB(64) + 1);
	ASSERT_LE(0, one);
	ASSERT_LE(0, two);
	/* The buffer has the requested size; quanta only affect how much is used. */
	EXPECT_EQ(PAGE, buffer_size(one));
	EXPECT_EQ(KiB(68), buffer_size(two));
	EXPECT_EQ(MiB(4) - 3 * KiB(64), heap_query(heap).free);
	EXPECT_EQ(0, buffer_address(one) % KiB(64));
	EXPECT_EQ(0, buffer_address(two) % KiB(64));
	EXPECT_EQ(MAP_FAILED, buffer_map(one, PAGE * 2));
	close(one);
	close(two);
	EXPECT_EQ(MiB(4), heap_query(heap).free);
}

TEST_F(config, quantum_without_a_base)
{
	int heap, fd;

	ASSERT_EQ(0, module_load("carveout=big:8M:quantum=2M"));
	heap = heap_open("big");
	ASSERT_LE(0, heap);
	fd = heap_alloc(heap, PAGE);
	EXPECT_EQ(0, buffer_address(fd) % MiB(2));
	EXPECT_EQ(MiB(6), heap_query(heap).free);
}

/* The rest of a quantum cannot be used by others, but must be zeroed before the next owner. */
TEST_F(config, all_of_a_quantum_is_zeroed)
{
	int heap, fd;

	ASSERT_EQ(0, module_load("carveout=big:64K@0x79000000:quantum=64K"));
	EXPECT_TRUE(heap_holds("big", KiB(64)));
	heap = heap_open("big");
	fd = heap_alloc(heap, PAGE);
	ASSERT_LE(0, fd);
	close(fd);
	close(heap);
	EXPECT_TRUE(heap_holds("big", KiB(64)));
}

/*
 * On preemptible kernels, the background thread may be preempted while it zeroes a quantum, which
 * is free at that time. It must not continue after the quantum is allocated.
 */
TEST_F(config, cleaning_never_touches_what_has_an_owner)
{
	__u32 state = 0x1234567;
	pid_t busy[4];
	int heap, i, look, times = rounds(36);

	ASSERT_EQ(0, module_load("carveout=big:4M@0x79000000:quantum=4M"));
	heap = heap_open("big");
	ASSERT_LE(0, heap);
	for (i = 0; i < (int)ARRAY_SIZE(busy); i++)
		busy[i] = spawn_busy();
	for (i = 0; i < times; i++) {
		int fd = heap_alloc(heap, MiB(4));
		void *memory = buffer_map(fd, MiB(4));

		ASSERT_NE(MAP_FAILED, memory);
		EXPECT_TRUE(all_bytes(memory, MiB(4), 0));
		fill(memory, MiB(4), i);
		for (look = 0; look < 3; look++) {
			usleep(1000);
			EXPECT_TRUE(filled(memory, MiB(4), i));
		}
		munmap(memory, MiB(4));
		close(fd);
		/* Give the thread time to start. */
		usleep(next_random(&state) % 20000);
	}
	for (i = 0; i < (int)ARRAY_SIZE(busy); i++) {
		kill(busy[i], SIGKILL);
		waitpid(busy[i], NULL, 0);
	}
}

/* An invalid carveout is named in the log, and does not affect any other. */
#define VASTOUT		"vastout"
/* 64-bit guests have at most 3 GiB of memory; others have no addresses above 4 GiB. */
#if __SIZEOF_LONG__ == 8
#define BEHIND_MEMORY	"0x100000000"
#else
#define BEHIND_MEMORY	"0xc0000000"
#endif

/* Load with these carveouts, preceded and followed by valid ones. */
static int load_among_good_ones(const char *const *bad, size_t nr)
{
	char parameters[1024] = "carveout=good:1M@0x79000000";
	size_t i;

	for (i = 0; i < nr; i++) {
		strcat(parameters, ",");
		strcat(parameters, bad[i]);
	}
	strcat(parameters, ",last:64K@0x79300000");
	return module_load(parameters);
}

/* Does the log have this verdict on the carveout? */
static bool log_names(const char *carveout, const char *verdict)
{
	char *text = format("carveout=%s:%s", carveout, verdict);
	bool named = log_has(text);

	if (!named)
		fprintf(stderr, "# the log does not name %s\n", carveout);
	free(text);
	return named;
}

TEST_F(config, bad_carveouts_among_good_ones)
{
	static const char * const bad[] = {
		"zero:0@0x79000000",
		"odd:4097@0x79000000",
		"crooked:1M@0x79000800",
		"over:2M@0x79000000",
		"onadsp:1M@0x70000000",
		"ram:1M@0x50000000",
		"beyond:8M@0x79200000",
		"wrap:128K@0xffffffffffff0000",
		"shared:1M@0x7a000000",
		"half:1M@0x75f80000",
		"uart:4K@0x9000000",
		VASTOUT ":8T@" BEHIND_MEMORY,
		"twelve:1M:quantum=12K",
		"a-name-of-sixty-letters-that-has-no-room-for-what-is-appended:64K@0x79200000",
	};
	size_t i;

	ASSERT_EQ(0, load_among_good_ones(bad, ARRAY_SIZE(bad)));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[128];

		EXPECT_TRUE(log_names(bad[i], ""));
		snprintf(text, sizeof(text), "%.*s",
			 (int)strcspn(bad[i], ":"), bad[i]);
		EXPECT_FALSE(node_exists(text)) {
			TH_LOG("%s is there", text);
		}
		strcat(text, "-uncached");
		EXPECT_FALSE(node_exists(text)) {
			TH_LOG("%s is there", text);
		}
	}
	EXPECT_TRUE(log_has("uart: the range is not known to be memory"));
	EXPECT_TRUE(log_has(VASTOUT ": more than"));
	EXPECT_TRUE(whole_heap_works("good", MiB(1)));
	EXPECT_TRUE(whole_heap_works("last", KiB(64)));
	EXPECT_TRUE(node_exists("adsp"));
	EXPECT_TRUE(node_exists("video"));
	EXPECT_TRUE(node_exists("default_cma_region"));
}

TEST_F(config, bad_syntax_among_good_ones)
{
	static const char * const bad[] = {
		"nosize", "nosize:", ":1M@0x79100000", "base:1M@",
		"rest:1M@0x79100000x", "word:1M@0x79100000:size=1",
		"q0:1M@0x79100000:quantum=0", "q3:1M@0x79100000:quantum=12K",
		"q2:1M@0x79100000:quantum=2K", "q:1M@0x79100000:quantum=",
		"a/b:1M@0x79100000", ".:1M@0x79100000", "..:1M@0x79100000",
		"adsp:1M@0x79100000",
	};
	size_t i;

	ASSERT_EQ(0, load_among_good_ones(bad, ARRAY_SIZE(bad)));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_TRUE(log_names(bad[i], ""));
	EXPECT_FALSE(node_exists("q0"));
	EXPECT_FALSE(node_exists("q3"));
	EXPECT_FALSE(node_exists("q2"));
	EXPECT_FALSE(node_exists("rest"));
	EXPECT_TRUE(whole_heap_works("good", MiB(1)));
	EXPECT_TRUE(whole_heap_works("last", KiB(64)));
	/* This is the heap of the device tree, not that of the parameter. */
	EXPECT_TRUE(whole_heap_works("adsp", MiB(48)));
}

/* Truncated to 32 bits, these numbers would be valid. */
TEST_F(config, numbers_beyond_32_bits)
{
	static const char * const bad[] = {
		"far:1M@0x8000000030000000", "long:0x100000000100000@0x79100000",
		"coarse:1M@0x79100000:quantum=0x100001000",
	};
	size_t i;

	ASSERT_EQ(0, load_among_good_ones(bad, ARRAY_SIZE(bad)));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_TRUE(log_names(bad[i], " skipped"));
	EXPECT_FALSE(node_exists("far-uncached"));
	EXPECT_FALSE(node_exists("long-uncached"));
	EXPECT_FALSE(node_exists("coarse-uncached"));
	EXPECT_TRUE(whole_heap_works("good", MiB(1)));
}

/* Truncated to 64 bits, these numbers would be valid. */
TEST_F(config, numbers_beyond_64_bits)
{
	static const char * const bad[] = {
		"decimal:18446744073709617152@0x79100000", "hex:0x10000000000010000@0x79100000",
		"suffix:16E@0x79100000", "where:64K@0x10000000079100000",
		"much:17179869185G@0x79100000", "step:1M@0x79100000:quantum=18446744073709555712",
	};
	size_t i;

	ASSERT_EQ(0, load_among_good_ones(bad, ARRAY_SIZE(bad)));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_TRUE(log_names(bad[i], " must be"));
	EXPECT_TRUE(whole_heap_works("good", MiB(1)));
	EXPECT_TRUE(whole_heap_works("last", KiB(64)));
}

TEST_F(config, store_that_is_no_size)
{
	static const char * const bad[] = { "", "much", "4M4", "16E", "-1" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *parameter = format("store=%s", bad[i]);
		char *text = format("%s: must be a size, ignored", parameter);

		log_clear();
		ASSERT_EQ(0, module_load(parameter));
		EXPECT_TRUE(log_has(text)) {
			TH_LOG("the log does not name %s", parameter);
		}
		ASSERT_EQ(0, module_unload());
		free(text);
		free(parameter);
	}
}

TEST_F(config, carveout_over_the_kernel)
{
	char *iomem = read_text("/proc/iomem"), *code, parameters[128], text[160];
	unsigned long long base;

	code = strstr(iomem, " : Kernel code");
	ASSERT_NE(NULL, code);
	while (code > iomem && code[-1] != '\n')
		code--;
	ASSERT_EQ(1, sscanf(code, " %llx-", &base));
	snprintf(parameters, sizeof(parameters), "carveout=kernel:1M@0x%llx",
		 base / MiB(1) * MiB(1));
	ASSERT_EQ(0, module_load(parameters));
	snprintf(text, sizeof(text), "%s:", parameters);
	EXPECT_TRUE(log_has(text));
	EXPECT_FALSE(node_exists("kernel"));
}

/* Memory that was collected in vain is freed. */
TEST_F(config, carveout_of_all_memory)
{
	char parameter[64];
	long before;

	if (kernel_debugs())
		SKIP(return, "to ask for all memory takes minutes on this kernel");
	snprintf(parameter, sizeof(parameter), "carveout=all:%ldK,good:1M", meminfo("MemTotal:"));
	before = meminfo("MemFree:");
	ASSERT_EQ(0, module_load(parameter));
	EXPECT_FALSE(node_exists("all"));
	EXPECT_TRUE(log_has("all: cannot allocate"));
	EXPECT_TRUE(whole_heap_works("good", MiB(1)));
	EXPECT_LT(before - before / 4, meminfo("MemFree:"));
}

/* Total memory that the kernel has allocated since boot, in KiB. */
static unsigned long long handed_out(void)
{
	char *text = read_text("/proc/vmstat"), *line, *save;
	unsigned long long pages, sum = 0;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "pgalloc_%*s %llu", &pages) == 1)
			sum += pages;
	free(text);
	return sum * PAGE / 1024;
}

/* If a carveout cannot succeed, no memory is reclaimed for it, such as the page cache. */
TEST_F(config, carveout_larger_than_all_memory)
{
	unsigned long long before = handed_out();

	/* In blocks of 4 MiB, this number is 2^32 + 1. */
	ASSERT_EQ(0, module_load("carveout=huge:64G,odd:0x40000000400000,vast:8E,good:1M"));
	EXPECT_GT(meminfo("MemTotal:") / 4, handed_out() - before);
	EXPECT_TRUE(log_has("carveout=huge:64G:"));
	EXPECT_TRUE(log_has("carveout=odd:0x40000000400000:"));
	EXPECT_TRUE(log_has("carveout=vast:8E:"));
	EXPECT_FALSE(node_exists("huge"));
	EXPECT_FALSE(node_exists("odd"));
	EXPECT_FALSE(node_exists("vast"));
	EXPECT_TRUE(whole_heap_works("good", MiB(1)));
}

/* Can the user nobody read a match of @pattern in any file below the folder? */
static bool readable_by_nobody(const char *folder, const char *pattern)
{
	char *command = format("grep -rqi '%s' %s 2>/dev/null", pattern, folder);
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(2);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(2);
	}
	waitpid(pid, &status, 0);
	free(command);
	/* 1 means no match; higher values mean unreadable files. */
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

TEST_F(config, parameters_show_no_addresses)
{
	static const char address[] = "79000000\\|79100000\\|2030043136\\|2031091712";

	ASSERT_EQ(0, module_load("carveout=smi:1M@0x79000000,hidden:64K@2031091712"));
	ASSERT_EQ(0, insert_module("pmem_compat", "node=pmem_smi:smi:phys"));
	EXPECT_TRUE(node_exists("hidden"));
	EXPECT_FALSE(readable_by_nobody("/sys/module/contig_heaps", address));
	EXPECT_FALSE(readable_by_nobody("/sys/module/pmem_compat", address));
	/* Cross-check: it does find readable data, and root can read the parameters. */
	EXPECT_TRUE(readable_by_nobody("/sys/module/contig_heaps", "^Y$"));
	EXPECT_TRUE(strstr(read_text("/sys/module/contig_heaps/parameters/carveout"), "79000000"));
}

TEST_F(config, alias)
{
	int heap, other, fd;

	ASSERT_EQ(0, module_load("alias=vidbuf_cached=adsp,second=adsp"));
	heap = heap_open("adsp");
	other = heap_open("vidbuf_cached");
	ASSERT_LE(0, heap);
	ASSERT_LE(0, other);
	fd = heap_alloc(other, MiB(1));
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, heap_query(heap).buffers);
	EXPECT_EQ(heap_query(heap).free, heap_query(other).free);
	EXPECT_TRUE(node_exists("second"));
	EXPECT_TRUE(node_exists("vidbuf_cached-uncached"));
	EXPECT_EQ(CONTIG_HEAP_F_UNCACHED,
		  heap_query(heap_open("second-uncached")).flags);
}

TEST_F(config, sysfs_tells_memory_and_kind)
{
	static const struct {
		const char *heap, *region, *kind, *uncached;
	} expected[] = {
		{ "adsp", "adsp\n", "carveout\n", "0\n" },
		{ "second-uncached", "adsp\n", "carveout\n", "1\n" },
		{ "audio-uncached", "audio\n", "carveout\n", "1\n" },
		{ "video", "video\n", "cma\n", "0\n" },
		{ "linux,cma", "default_cma_region\n", "cma\n", "0\n" },
		{ "any", "any\n", "carveout\n", "0\n" },
	};
	int heap, twin;
	size_t i;

	ASSERT_EQ(0, module_load("alias=second=adsp carveout=any:1M"));
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		EXPECT_STREQ(expected[i].region, sysfs_of(expected[i].heap, "region"));
		EXPECT_STREQ(expected[i].kind, sysfs_of(expected[i].heap, "kind"));
		EXPECT_STREQ(expected[i].uncached, sysfs_of(expected[i].heap, "uncached"));
	}
	heap = heap_open("adsp");
	twin = heap_open("second-uncached");
	ASSERT_LE(0, heap_alloc(heap, PAGE));
	ASSERT_LE(0, heap_alloc(twin, PAGE));
	EXPECT_STREQ("1\n", sysfs_of("second", "buffers"));
	EXPECT_STREQ("2\n", sysfs_of("second", "region_buffers"));
}

TEST_F(config, alias_that_is_taken)
{
	ASSERT_EQ(0, module_load("alias=mdp=adsp,a/b=adsp,good=adsp"));
	EXPECT_TRUE(node_exists("good"));
	EXPECT_TRUE(node_exists("mdp"));
	EXPECT_TRUE(node_exists("adsp"));
	EXPECT_TRUE(log_has("a/b"));
}

/* A name, and the heap that it should open. */
struct name {
	const char *name;
	__u32 flags;
};

static bool names_are(const struct name *names, size_t count)
{
	bool right = true;
	size_t i;

	for (i = 0; i < count; i++) {
		int heap = heap_open(names[i].name);

		if (heap < 0 || heap_query(heap).flags != names[i].flags) {
			fprintf(stderr, "# %s is %s\n", names[i].name,
				heap < 0 ? "missing" : "another heap");
			right = false;
		}
		close(heap);
	}
	return right;
}

/* Names that programs use, such as those of Rockchip and Qualcomm. */
TEST_F(config, alias_of_any_name)
{
	const __u32 cma = CONTIG_HEAP_F_CMA | CONTIG_HEAP_F_ESTIMATE;
	const struct name expected[] = {
		{ "dma32_uncached", cma | CONTIG_HEAP_F_UNCACHED },
		{ "vidbuf_cached", cma },
		{ "vidbuf_cached-uncached", cma | CONTIG_HEAP_F_UNCACHED },
		{ "chain", cma },
		{ "exact", CONTIG_HEAP_F_NO_MAP | CONTIG_HEAP_F_UNCACHED },
		{ "nomap", CONTIG_HEAP_F_NO_MAP | CONTIG_HEAP_F_UNCACHED },
		{ "nomap-uncached", CONTIG_HEAP_F_NO_MAP | CONTIG_HEAP_F_UNCACHED },
		{ "qcom,adsp", 0 },
		{ "qcom,adsp-uncached", CONTIG_HEAP_F_UNCACHED },
		{ "comma", cma },
	};

	ASSERT_EQ(0, module_load("alias=chain=vidbuf_cached,vidbuf_cached=reserved,"
				 "dma32_uncached=default_cma_region-uncached,exact=audio-uncached,"
				 "nomap=audio,qcom,,adsp=adsp,comma=linux,,cma"));
	EXPECT_TRUE(names_are(expected, ARRAY_SIZE(expected)));
	EXPECT_FALSE(node_exists("dma32_uncached-uncached"));
	EXPECT_FALSE(node_exists("exact-uncached"));
	EXPECT_FALSE(log_has("already in use"));
	EXPECT_FALSE(log_has("there is no heap"));
}

TEST_F(config, many_aliases)
{
	char parameters[1024] = "alias=a0=adsp", name[16];
	int i;

	for (i = 1; i < 48; i++)
		sprintf(parameters + strlen(parameters), ",a%d=adsp", i);
	ASSERT_EQ(0, module_load(parameters));
	for (i = 0; i < 48; i++) {
		sprintf(name, "a%d", i);
		EXPECT_TRUE(node_exists(name));
	}
	EXPECT_TRUE(node_exists("a47-uncached"));
}

TEST_F(config, aliases_without_sense_among_good_ones)
{
	static const char * const bad[] = { "adsp", "new=", "=adsp", "a/b=adsp", "name" };
	char parameters[256] = "alias=good=adsp", text[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		sprintf(parameters + strlen(parameters), ",%s", bad[i]);
	strcat(parameters, ",last=adsp");
	ASSERT_EQ(0, module_load(parameters));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "alias=%s: must be NEW=NAME", bad[i]);
		EXPECT_EQ(1, log_count(text)) {
			TH_LOG("%s", bad[i]);
		}
	}
	EXPECT_TRUE(node_exists("good"));
	EXPECT_TRUE(node_exists("last"));
	EXPECT_FALSE(node_exists("new"));
}

/* Names that the programs of a vendor use, and whether they sync buffers. */
TEST_F(config, names_of_vendors)
{
	const __u32 area = CONTIG_HEAP_F_CMA | CONTIG_HEAP_F_ESTIMATE;
	const __u32 pages = CONTIG_HEAP_F_SCATTERED | CONTIG_HEAP_F_ESTIMATE;
	const struct name expected[] = {
		{ "vidbuf_cached", area },
		{ "heap-codecmm", area | CONTIG_HEAP_F_UNCACHED },
		{ "heap-gfx", area | CONTIG_HEAP_F_UNCACHED },
		{ "heap-cached-codecmm", area },
		{ "mtk_mm", pages },
		{ "mtk_mm-uncached", pages | CONTIG_HEAP_F_UNCACHED },
		{ "dma32", pages },
		{ "dma32_heap", pages },
		{ "dma32_uncached", pages | CONTIG_HEAP_F_UNCACHED },
	};

	ASSERT_EQ(0, module_load("names=raspberrypi,amlogic,mediatek,rockchip"));
	EXPECT_TRUE(names_are(expected, ARRAY_SIZE(expected)));
	EXPECT_FALSE(log_has("skipped"));
}

TEST_F(config, names_of_a_vendor_given_away)
{
	ASSERT_EQ(0, module_load("names=frob,amlogic alias=heap-gfx=adsp"));
	EXPECT_EQ(1, log_count("names=frob: unknown vendor"));
	EXPECT_TRUE(same_memory("heap-gfx", "adsp"));
	EXPECT_TRUE(same_memory("heap-cached-codecmm", "default_cma_region"));
	EXPECT_FALSE(node_exists("vidbuf_cached"));
	EXPECT_FALSE(node_exists("mtk_mm"));
}

TEST_F(config, alias_given_twice)
{
	ASSERT_EQ(0, module_load("alias=one=adsp,one=mdp"));
	EXPECT_EQ(1, log_count("alias=one=mdp: another entry has this name"));
	EXPECT_TRUE(same_memory("one", "adsp"));
}

/* An alias of a missing heap is logged once; if the heap appears later, it gets the name. */
TEST_F(config, alias_of_what_is_not_there)
{
	static const char driver[] = "/sys/bus/platform/drivers/contig-heap/";
	char path[64];

	ASSERT_EQ(0, module_load("alias=system-x=nosuchheap,good=adsp,loop=pool,pool=loop"));
	EXPECT_EQ(1, log_count("alias=system-x=nosuchheap: there is no heap nosuchheap"));
	EXPECT_EQ(1, log_count("there is no heap loop"));
	EXPECT_FALSE(log_has("alias=good"));
	snprintf(path, sizeof(path), "%sunbind", driver);
	ASSERT_TRUE(write_text(path, "heap-adsp"));
	EXPECT_FALSE(node_exists("good"));
	snprintf(path, sizeof(path), "%sbind", driver);
	ASSERT_TRUE(write_text(path, "heap-adsp"));
	EXPECT_TRUE(node_exists("good"));
	EXPECT_TRUE(node_exists("good-uncached"));
	EXPECT_EQ(1, log_count("there is no heap nosuchheap"));
}

TEST_F(config, names_programs_look_for)
{
	ASSERT_EQ(0, module_load(""));
	EXPECT_TRUE(node_exists("default_cma_region"));
	EXPECT_TRUE(node_exists("linux,cma"));
	EXPECT_TRUE(node_exists("reserved"));
	EXPECT_TRUE(node_exists("system"));
	EXPECT_TRUE(same_memory("cma", "default_cma_region"));
	EXPECT_TRUE(same_memory("cma-uncached", "default_cma_region"));
}

/* The administrator's aliases have priority, even for a heap that is created after the area. */
TEST_F(config, names_programs_look_for_given_away)
{
	ASSERT_EQ(0, module_load("alias=cma=adsp,reserved=spare@80000000"));
	EXPECT_TRUE(same_memory("cma", "adsp"));
	EXPECT_TRUE(same_memory("cma-uncached", "adsp"));
	EXPECT_TRUE(same_memory("linux,cma", "default_cma_region"));
	EXPECT_FALSE(same_memory("reserved", "default_cma_region"));
}

TEST_F(config, without_system_memory)
{
	/* The kernel's own, if it has any. */
	bool system = node_exists("system");

	ASSERT_EQ(0, module_load("system=N"));
	EXPECT_EQ(system, node_exists("system"));
	EXPECT_FALSE(node_exists("system-uncached"));
	EXPECT_FALSE(node_exists("system-dma32"));
	EXPECT_FALSE(node_exists("system-uncached-dma32"));
	EXPECT_TRUE(node_exists("adsp"));
}

TEST_F(config, further_name_of_system_memory)
{
	ASSERT_EQ(0, module_load("alias=camera=system-dma32"));
	EXPECT_TRUE(node_exists("camera"));
	EXPECT_TRUE(node_exists("camera-uncached"));
	EXPECT_TRUE(node_exists("system-uncached-dma32"));
}

TEST_F(config, without_cma)
{
	/* The kernel's own heap has this name. */
	bool reserved = node_exists("reserved");

	ASSERT_EQ(0, module_load("cma=N"));
	EXPECT_FALSE(node_exists("default_cma_region"));
	EXPECT_FALSE(node_exists("linux,cma"));
	EXPECT_EQ(reserved, node_exists("reserved"));
	/* These names come from the device tree. */
	EXPECT_TRUE(node_exists("video"));
	EXPECT_TRUE(node_exists("adsp"));
}

TEST_HARNESS_MAIN
