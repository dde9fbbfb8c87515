// SPDX-License-Identifier: GPL-2.0-only
/*
 * As heap.c, where the kernel itself warns when memory runs out: mapping a buffer into the kernel,
 * and fork.
 */
#include "../heap/importer_client.h"
#include "../heap/test.h"
#include "nth.h"

#define LEN	KiB(256)

FIXTURE(fault) {
	int heap;
	int fd;
	int importer;
	int device;
	int attachment;
	int vmap;
	void *memory;
	int next;
	struct contig_heap_query idle;
	const char *name;
};

HEAP_KINDS(fault);

FIXTURE_SETUP(fault)
{
	if (!faults_available())
		SKIP(return, "this kernel has no fault injection");
	faults_prepare();
	self->name = variant->name;
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	self->fd = heap_alloc(self->heap, LEN);
	ASSERT_LE(0, self->fd);
	self->device = importer_any_device(self->importer);
	ASSERT_LE(0, self->device);
	self->next = next_fd();
	self->idle = heap_query(self->heap);
}

FIXTURE_TEARDOWN(fault)
{
	close(self->importer);
	close(self->fd);
	close(self->heap);
}

typedef FIXTURE_DATA(fault) data;

/* As many buffers and files as before. */
static bool intact(void *context)
{
	data *self = context;
	struct contig_heap_query now = heap_query(self->heap);

	return now.free == self->idle.free && now.buffers == self->idle.buffers &&
	       now.region_buffers == self->idle.region_buffers && next_fd() == self->next;
}

static int run_vmap(void *context)
{
	data *self = context;

	return importer_vmap(self->importer, self->fd);
}

static bool vunmap_all(void *context)
{
	data *self = context;
	int id;

	for (id = 0; id < 8; id++)
		importer_vunmap(self->importer, id);
	return intact(context);
}

TEST_F(fault, vmap)
{
	struct operation operation = { run_vmap, NULL, vunmap_all, ANY_ERRNO, self };

	EXPECT_LE(2, faults_inject("run_vmap", &operation));
}

/* A child maps the buffer as the parent does. */
static int run_fork(void *context)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (!pid)
		_exit(0);
	return waitpid(pid, &status, 0) == pid ? 0 : -1;
}

TEST_F(fault, fork)
{
	static const int errnos[] = { ENOMEM, EFAULT, EAGAIN, 0 };
	struct operation operation = { run_fork, NULL, intact, errnos, self };

	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	fill(self->memory, LEN, 1);
	EXPECT_LE(10, faults_inject("run_fork", &operation));
	EXPECT_TRUE(filled(self->memory, LEN, 1));
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
	EXPECT_LT(200, faults_total());
}

TEST_HARNESS_MAIN
