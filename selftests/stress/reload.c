// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unbind and bind devices, and unload and load modules, while programs use them. The only effect
 * on programs is that a heap is missing or dead; buffers are not affected.
 */
#include <signal.h>
#include <sys/syscall.h>

#include <linux/android_pmem.h>

#include "../heap/importer_client.h"
#include "../heap/module.h"
#include "../heap/test.h"
#include "../kernel_module.h"

#define DRIVER	"/sys/bus/platform/drivers/contig-heap/"
#define USERS	4
#define ROUNDS	24

/* Errors of devices that come and go. */
static bool may_happen(int error)
{
	return error == ENOENT || error == ENODEV || error == ENXIO || error == ENOMEM;
}

/* Returns what is wrong, or NULL. */
static const char *use(const char *name, __u32 *state)
{
	size_t len = (1 + next_random(state) % 32) * PAGE;
	const char *wrong = NULL;
	int heap = heap_open(name), fd;
	void *memory;

	if (heap < 0)
		return may_happen(errno) ? NULL : "open";
	fd = heap_alloc(heap, len);
	if (fd < 0) {
		wrong = may_happen(errno) ? NULL : "allocation";
		close(heap);
		return wrong;
	}
	memory = buffer_map(fd, len);
	if (memory == MAP_FAILED)
		wrong = "mmap";
	else if (!all_bytes(memory, len, 0))
		wrong = "memory that is not zero";
	else
		fill(memory, len, *state);
	/* Hold it during actions of others. */
	usleep(next_random(state) % 2000);
	if (!wrong && buffer_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW))
		wrong = "sync";
	if (!wrong && next_random(state) % 4 == 0) {
		int importer = importer_open();
		int attachment = importer_attach(importer, importer_any_device(importer), fd);

		if (attachment < 0 ||
		    importer_map(importer, attachment, HEAP_IMPORTER_BOTH) < 0)
			wrong = "import";
		close(importer);
	}
	munmap(memory, len);
	close(fd);
	close(heap);
	return wrong;
}

static const char *use_node(const char *path, __u32 *state)
{
	size_t len = (1 + next_random(state) % 32) * PAGE;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	const char *wrong = NULL;
	void *memory;

	if (fd < 0)
		return may_happen(errno) ? NULL : "open of a node";
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		wrong = may_happen(errno) ? NULL : "mmap of a node";
	else if (!all_bytes(memory, len, 0))
		wrong = "memory of a node that is not zero";
	else
		memset(memory, 0xa5, len);
	if (memory != MAP_FAILED)
		munmap(memory, len);
	close(fd);
	return wrong;
}

static void user(__u32 seed)
{
	static const char *const heap[] = { "adsp", "adsp-uncached", "video", "audio-uncached" };
	static const char *const node[] = { "/dev/pmem_adsp", "/dev/pmem_cma" };
	__u32 state = seed | 1;
	const char *wrong = NULL;

	while (!wrong) {
		if (next_random(&state) % 3)
			wrong = use(heap[next_random(&state) % ARRAY_SIZE(heap)], &state);
		else
			wrong = use_node(node[next_random(&state) % ARRAY_SIZE(node)], &state);
		/* Modules can only be unloaded while they are unused. */
		usleep(next_random(&state) % 60000);
	}
	fprintf(stderr, "# %s: %s\n", wrong, strerror(errno));
	_exit(1);
}

FIXTURE(reload) {
	pid_t pid[USERS];
};

FIXTURE_SETUP(reload)
{
	int i;

	for (i = 0; i < USERS; i++) {
		self->pid[i] = fork();
		ASSERT_LE(0, self->pid[i]);
		if (!self->pid[i])
			user(0xfade01 + i);
	}
}

static bool load(const char *name)
{
	char command[64];

	wait_for_driver_to_go(name);
	snprintf(command, sizeof(command), "modprobe %s", name);
	return !system(command);
}

FIXTURE_TEARDOWN(reload)
{
	int i, status;

	for (i = 0; i < USERS; i++) {
		kill(self->pid[i], SIGKILL);
		waitpid(self->pid[i], &status, 0);
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	/* Restore what was loaded before the tests. */
	load("contig_heaps");
	load("pmem_compat");
}

/* Retry until it succeeds: references to a device or a module are temporary. */
#define INSIST(call)				\
	do {					\
		while (!(call))			\
			usleep(500);		\
	} while (0)

static bool unload(const char *name)
{
	return !syscall(SYS_delete_module, name, O_NONBLOCK);
}

/* A node with the same memory keeps a reference, so there must be none. */
TEST_F(reload, devices)
{
	static const char *const device[] = { "heap-adsp", "heap-video", "heap-audio" };
	int times = rounds(ROUNDS), i;

	INSIST(unload("pmem_compat"));
	for (i = 0; i < times; i++) {
		const char *name = device[i % ARRAY_SIZE(device)];

		ASSERT_TRUE(write_text(DRIVER "unbind", name));
		usleep(1000);
		INSIST(write_text(DRIVER "bind", name));
	}
	TH_LOG("%d times unbound and bound under %d users", times, USERS);
}

TEST_F(reload, modules)
{
	int times = rounds(ROUNDS), i, refused = 0;

	for (i = 0; i < times; i++) {
		while (!unload("pmem_compat")) {
			ASSERT_EQ(EAGAIN, errno == EWOULDBLOCK || errno == EBUSY ? EAGAIN : errno);
			refused++;
			usleep(200);
		}
		while (!unload("contig_heaps")) {
			ASSERT_EQ(EAGAIN, errno == EWOULDBLOCK || errno == EBUSY ? EAGAIN : errno);
			refused++;
			usleep(200);
		}
		ASSERT_TRUE(load("contig_heaps"));
		ASSERT_TRUE(load("pmem_compat"));
		usleep(3000);
	}
	TH_LOG("%d times unloaded and loaded under %d users, %d times refused", times, USERS,
	       refused);
}

TEST_HARNESS_MAIN
