// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load the modules, bind and unbind devices, with each allocation by the modules, or on their
 * behalf, failing in turn. What cannot be allocated is either skipped, as documented, or an error;
 * in both cases, everything can be removed again and then works.
 *
 * The debug kernel delays the release of every object by seconds, to find code that relies on an
 * immediate release. If the guest's clock counts instructions, it jumps while idle, so thousands
 * of such delays cost no real time. On the board of the other tests, this still takes long: it has
 * more and larger regions.
 */
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <linux/android_pmem.h>

#include "../heap/module.h"
#include "../heap/test.h"
#include "../kernel_module.h"
#include "fault_test.h"

#define HEAP_DRIVER	"/sys/bus/platform/drivers/contig-heap/"
#define PMEM_DRIVER	"/sys/bus/platform/drivers/pmem-compat/"

/* Possible errors when memory runs out. */
static const int errnos[] = { ENOMEM, 0 };

/* The kernel returns EINVAL if it cannot create the directory for a module's drivers. */
static const int load_errnos[] = { ENOMEM, EINVAL, 0 };

/* With this clock, the leak detector would scan all memory constantly. */
static void prepare(void)
{
	faults_of_modules_only();
	if (!write_text("/sys/kernel/debug/kmemleak", "scan=off"))
		abort();
}

static bool load(const char *name)
{
	char command[64];

	wait_for_driver_to_go(name);
	snprintf(command, sizeof(command), "modprobe %s", name);
	return !system(command);
}

static bool unload(const char *name)
{
	return !syscall(SYS_delete_module, name, O_NONBLOCK) || errno == ENOENT;
}

static bool heap_works(const char *name)
{
	return heap_holds(name, PAGE);
}

static bool node_works(const char *name)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ret = ioctl(fd, PMEM_ALLOCATE, PAGE);
	close(fd);
	return fd >= 0 && !ret;
}

static bool all_work(bool (*works)(const char *name), const char *const *name)
{
	bool all = true;

	for (; *name; name++) {
		if (!works(*name)) {
			fprintf(stderr, "# %s does not work\n", *name);
			all = false;
		}
	}
	return all;
}

static const char *const heaps[] = {
	"adsp", "adsp-uncached", "audio-uncached", "video", "video-uncached", "default_cma_region",
	"system-dma32", "system-uncached", NULL
};

static const char *const nodes[] = {
	"pmem_adsp", "pmem_smipool", "pmem_camera", "pmem_cma", "pmem_sys", NULL
};

/* Files of heaps exist only while they are needed, and only in their directory. */
static bool no_stray_file(void)
{
	const char *const *name;
	char path[64];

	for (name = heaps; *name; name++) {
		snprintf(path, sizeof(path), "/dev/%s", *name);
		if (!access(path, F_OK)) {
			fprintf(stderr, "# there is a file %s\n", path);
			return false;
		}
	}
	return true;
}

FIXTURE(probe) {
};

FIXTURE_VARIANT(probe) {
	const char *driver;
	const char *device;
	const char *file;
};

#define PROBE(name, at, what, node)				\
	FIXTURE_VARIANT_ADD(probe, name) {			\
		.driver = at, .device = what, .file = node,	\
	}

PROBE(carveout, HEAP_DRIVER, "heap-adsp", "/dev/dma_heap/adsp");
PROBE(nomap, HEAP_DRIVER, "heap-audio", "/dev/dma_heap/audio-uncached");
PROBE(cma, HEAP_DRIVER, "heap-video", "/dev/dma_heap/video");
PROBE(bitmap, PMEM_DRIVER, "pmem-adsp", "/dev/pmem_adsp");
PROBE(buddy, PMEM_DRIVER, "pmem-smipool", "/dev/pmem_smipool");
PROBE(all_or_nothing, PMEM_DRIVER, "pmem-camera", "/dev/pmem_camera");
PROBE(lent, PMEM_DRIVER, "pmem-cma", "/dev/pmem_cma");
PROBE(system, PMEM_DRIVER, "pmem-sys", "/dev/pmem_sys");

FIXTURE_SETUP(probe)
{
	FAULTS_SETUP();
	prepare();
	/* pmem_compat uses memory of some heaps. */
	if (!strcmp(variant->driver, HEAP_DRIVER))
		ASSERT_TRUE(unload("pmem_compat"));
	ASSERT_EQ(0, access(variant->file, F_OK));
}

FIXTURE_TEARDOWN(probe)
{
	load("pmem_compat");
}

typedef const FIXTURE_VARIANT(probe) probed;

static bool command(probed *probed, const char *what)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", probed->driver, what);
	return write_text(path, probed->device);
}

/* A device that is still being released prevents binding. */
static int run_bind(void *context)
{
	while (!command(context, "bind")) {
		if (errno != EBUSY)
			return -1;
		sleep(2);
		faults_again();
	}
	return 0;
}

/* The device may be bound or not; an unbound device has both. */
static bool unbind_intact(void *context)
{
	probed *probed = context;

	command(probed, "unbind");
	if (!access(probed->file, F_OK) || !no_stray_file()) {
		fprintf(stderr, "# a file is left of %s\n", probed->device);
		return false;
	}
	return true;
}

TEST_F(probe, bind)
{
	struct operation bind = { run_bind, NULL, unbind_intact, errnos, (void *)variant };

	ASSERT_TRUE(command(variant, "unbind"));
	EXPECT_LE(10, faults_inject(variant->device, &bind));
	ASSERT_EQ(0, run_bind((void *)variant));
	EXPECT_TRUE(all_work(heap_works, heaps));
	if (!strcmp(variant->driver, PMEM_DRIVER))
		EXPECT_TRUE(all_work(node_works, nodes));
}

static int run_unbind(void *context)
{
	return command(context, "unbind") ? 0 : -1;
}

static bool bind_intact(void *context)
{
	probed *probed = context;

	if (access(probed->file, F_OK))
		return no_stray_file() && !run_bind(context) && !access(probed->file, F_OK);
	return no_stray_file();
}

/* Removal needs memory, too, for the names of device files. */
TEST_F(probe, unbind)
{
	struct operation unbind = { run_unbind, NULL, bind_intact, errnos, (void *)variant };

	EXPECT_LE(1, faults_inject(variant->device, &unbind));
	EXPECT_TRUE(all_work(heap_works, heaps));
}

/*
 * One device is enough to check that a driver that fails to register releases devices that it has
 * probed. The others are hidden from the drivers meanwhile.
 */
FIXTURE(load) {
	const char *name;
	const char *parameters;
	const char *const *hidden;
	int file;
};

FIXTURE_VARIANT(load) {
	const char *name;
	const char *parameters;
	const char *hidden[5];
	bool (*works)(const char *name);
	const char *made[7];
};

FIXTURE_VARIANT_ADD(load, contig_heaps) {
	.name = "contig_heaps",
	.parameters = "carveout=taken:256K",
	.hidden = { "heap-adsp", "heap-audio" },
	.works = heap_works,
	.made = { "video-uncached", "taken", "default_cma_region", "linux,cma", "system-dma32",
		  "system-uncached" },
};

FIXTURE_VARIANT_ADD(load, pmem_compat) {
	.name = "pmem_compat",
	.parameters = "node=twin:adsp:phys,lender:video:lent:size=64K",
	.hidden = { "pmem-adsp", "pmem-camera", "pmem-cma", "pmem-sys" },
	.works = node_works,
	.made = { "pmem_smipool", "twin", "lender" },
};

/* Permit no driver for them, or any. */
static bool hide(const char *const *device, bool hidden)
{
	char path[128];

	for (; *device; device++) {
		snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/driver_override",
			 *device);
		if (!write_text(path, hidden ? "none\n" : "\n"))
			return false;
	}
	return true;
}

FIXTURE_SETUP(load)
{
	struct utsname kernel;
	char path[256];

	FAULTS_SETUP();
	prepare();
	uname(&kernel);
	self->name = variant->name;
	self->parameters = variant->parameters;
	self->hidden = variant->hidden;
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/%s.ko", kernel.release, self->name);
	self->file = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->file);
	ASSERT_TRUE(unload("pmem_compat"));
	if (!strcmp(self->name, "contig_heaps"))
		ASSERT_TRUE(unload("contig_heaps"));
	ASSERT_TRUE(hide(self->hidden, true));
}

FIXTURE_TEARDOWN(load)
{
	close(self->file);
	unload("pmem_compat");
	unload(self->name);
	EXPECT_TRUE(hide(self->hidden, false));
	load("contig_heaps");
	load("pmem_compat");
}

typedef FIXTURE_DATA(load) data;

RUN(run_load, syscall(SYS_finit_module, self->file, self->parameters, 0))

static bool unload_intact(void *context)
{
	data *self = context;

	return unload(self->name) && no_stray_file();
}

TEST_F(load, module)
{
	EXPECT_FAULTS_OF(100, self->name, run_load, NULL, unload_intact, load_errnos);
	ASSERT_EQ(0, run_load(self));
	EXPECT_TRUE(all_work(variant->works, variant->made));
}

TEST_TOTAL_OF_FAULTS(500)

TEST_HARNESS_MAIN
