// SPDX-License-Identifier: GPL-2.0-only
/*
 * Like heap.c, for operations that cause warnings of the kernel when memory runs out: mapping a
 * buffer into the kernel, and fork.
 */
#include "heap_fault.h"

RUN(run_vmap, importer_vmap(self->importer, self->fd))

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
	EXPECT_FAULTS_OF(2, "run_vmap", run_vmap, NULL, vunmap_all, ANY_ERRNO);
}

/* A child maps the buffer like its parent. */
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

	self->memory = buffer_map(self->fd, LEN);
	ASSERT_NE(MAP_FAILED, self->memory);
	fill(self->memory, LEN, 1);
	EXPECT_FAULTS_OF(10, "run_fork", run_fork, NULL, intact, errnos);
	EXPECT_TRUE(filled(self->memory, LEN, 1));
}

TEST_TOTAL_OF_FAULTS(200)

TEST_HARNESS_MAIN
