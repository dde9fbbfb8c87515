// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the modules and probing devices with each allocation failing in turn. What cannot be had
 * is either skipped, as documented, or an error; whichever it is, everything can be taken down
 * again and then works.
 */
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "../heap/module.h"
#include "../heap/test.h"
#include "nth.h"

#define HEAP_DRIVER	"/sys/bus/platform/drivers/contig-heap/"
#define PMEM_DRIVER	"/sys/bus/platform/drivers/pmem/"

/* What a device that was not probed may say. */
static const int probe_errnos[] = { ENOMEM, EFAULT, ENODEV, EAGAIN, 0 };

/*
 * The kernel delays the release of every object by seconds, to find who relies on it being at once,
 * so that every attempt takes that long. All are made with "faults.all" on the command line.
 */
static int max_faults(int some)
{
	char *line = read_text("/proc/cmdline");
	bool all = line && strstr(line, "faults.all");

	free(line);
	return all ? MAX_POINTS : some;
}

static bool load(const char *name)
{
	char command[64];

	snprintf(command, sizeof(command), "modprobe %s", name);
	return !system(command);
}

static bool unload(const char *name)
{
	return !syscall(SYS_delete_module, name, O_NONBLOCK) || errno == ENOENT;
}

/* Every heap can be used. */
static bool heaps_work(void)
{
	static const char *const name[] = {
		"adsp", "adsp-uncached", "audio-uncached", "mdp", "video", "video-uncached",
		"default_cma_region",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		int heap = heap_open(name[i]);
		int fd = heap_alloc(heap, PAGE);

		close(fd);
		close(heap);
		if (heap < 0 || fd < 0) {
			fprintf(stderr, "# %s does not work\n", name[i]);
			return false;
		}
	}
	return true;
}

/* Device files are in their folder while they are needed, and nowhere else. */
static bool no_stray_file(void)
{
	static const char *const name[] = {
		"/dev/adsp", "/dev/adsp-uncached", "/dev/video", "/dev/video-uncached",
		"/dev/mdp", "/dev/mdp-uncached", "/dev/audio-uncached",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		if (!access(name[i], F_OK)) {
			fprintf(stderr, "# there is a file %s\n", name[i]);
			return false;
		}
	}
	return true;
}

FIXTURE(probe) {
	const char *driver;
	const char *device;
	const char *file;
};

FIXTURE_VARIANT(probe) {
	const char *driver;
	const char *device;
	const char *file;
};

FIXTURE_VARIANT_ADD(probe, carveout) {
	.driver = HEAP_DRIVER, .device = "heap-adsp", .file = "/dev/dma_heap/adsp",
};

FIXTURE_VARIANT_ADD(probe, nomap) {
	.driver = HEAP_DRIVER, .device = "heap-audio", .file = "/dev/dma_heap/audio-uncached",
};

FIXTURE_VARIANT_ADD(probe, cma) {
	.driver = HEAP_DRIVER, .device = "heap-video", .file = "/dev/dma_heap/video",
};

FIXTURE_SETUP(probe)
{
	if (!faults_available())
		SKIP(return, "this kernel has no fault injection");
	faults_prepare();
	/* Of the memory of heaps, pmem_compat holds some. */
	ASSERT_TRUE(unload("pmem_compat"));
	self->driver = variant->driver;
	self->device = variant->device;
	self->file = variant->file;
	ASSERT_EQ(0, access(self->file, F_OK));
}

FIXTURE_TEARDOWN(probe)
{
	load("pmem_compat");
}

typedef FIXTURE_DATA(probe) probe_data;

static bool command(const probe_data *self, const char *what)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", self->driver, what);
	return write_text(path, self->device);
}

/* What is still being released refuses a successor. */
static int run_bind(void *context)
{
	while (!command(context, "bind")) {
		if (errno != EBUSY)
			return -1;
		usleep(100000);
		faults_again();
	}
	return 0;
}

/* With the device bound or not: both are left for an unbound one. */
static bool unbind_intact(void *context)
{
	probe_data *self = context;

	if (command(self, "unbind") && !access(self->file, F_OK)) {
		fprintf(stderr, "# %s outlived its device\n", self->file);
		return false;
	}
	if (!access(self->file, F_OK) || !no_stray_file()) {
		fprintf(stderr, "# a file is left of %s\n", self->device);
		return false;
	}
	return true;
}

TEST_F(probe, bind)
{
	struct operation operation = { run_bind, NULL, unbind_intact, probe_errnos, self };

	ASSERT_TRUE(command(self, "unbind"));
	EXPECT_LT(0, faults_sample(self->device, &operation, max_faults(4)));
	ASSERT_EQ(0, run_bind(self));
	EXPECT_TRUE(heaps_work());
}

static int run_unbind(void *context)
{
	return command(context, "unbind") ? 0 : -1;
}

static bool bind_intact(void *context)
{
	probe_data *self = context;

	if (access(self->file, F_OK))
		return no_stray_file() && !run_bind(self) && !access(self->file, F_OK);
	return no_stray_file();
}

/* Going away needs memory, too, for the names of device files. */
TEST_F(probe, unbind)
{
	static const int errnos[] = { ENOMEM, EFAULT, ENODEV, 0 };
	struct operation operation = { run_unbind, NULL, bind_intact, errnos, self };

	EXPECT_LT(0, faults_sample(self->device, &operation, max_faults(3)));
	EXPECT_TRUE(heaps_work());
}

FIXTURE(load) {
	const char *name;
	int file;
};

FIXTURE_VARIANT(load) {
	const char *name;
};

FIXTURE_VARIANT_ADD(load, contig_heaps) {
	.name = "contig_heaps",
};

FIXTURE_VARIANT_ADD(load, pmem_compat) {
	.name = "pmem_compat",
};

FIXTURE_SETUP(load)
{
	struct utsname kernel;
	char path[256];

	if (!faults_available())
		SKIP(return, "this kernel has no fault injection");
	faults_prepare();
	uname(&kernel);
	self->name = variant->name;
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/%s.ko", kernel.release, self->name);
	self->file = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->file);
	ASSERT_TRUE(unload("pmem_compat"));
	if (!strcmp(self->name, "contig_heaps"))
		ASSERT_TRUE(unload("contig_heaps"));
}

FIXTURE_TEARDOWN(load)
{
	close(self->file);
	load("contig_heaps");
	load("pmem_compat");
}

static int run_load(void *context)
{
	FIXTURE_DATA(load) *self = context;

	return syscall(SYS_finit_module, self->file, "", 0);
}

static bool unload_intact(void *context)
{
	FIXTURE_DATA(load) *self = context;

	return unload(self->name) && no_stray_file();
}

TEST_F(load, module)
{
	struct operation operation = { run_load, NULL, unload_intact, probe_errnos, self };

	EXPECT_LT(0, faults_sample(self->name, &operation, max_faults(6)));
	ASSERT_EQ(0, run_load(self));
	EXPECT_TRUE(heaps_work());
}

/* Fixtures run in the order of their definition: this one after everything else. */
FIXTURE(all) {
};

FIXTURE_SETUP(all)
{
	if (!faults_available())
		SKIP(return, "this kernel has no fault injection");
}

FIXTURE_TEARDOWN(all)
{
}

TEST_F(all, number_of_faults)
{
	TH_LOG("%d faults injected in all", faults_total());
	EXPECT_LT(20, faults_total());
}

TEST_HARNESS_MAIN
