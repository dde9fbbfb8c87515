// SPDX-License-Identifier: GPL-2.0-only
/* A gigabyte, like model weights: allocated, loaded with progress, passed on, and interrupted. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <kselftest_harness.h>

#include "../util.h"
#include "dmaheap.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	(-1)

#define GIB	((uint64_t)1 << 30)
/* Offset of non-zero data in the file; no multiple of a step or slice. */
#define MARK	(GIB / 61)

FIXTURE(gigabyte) {
	struct dmaheap *heap;
	int file;
};

/* The file is sparse except for its marks, so that only the buffer needs memory. */
FIXTURE_SETUP(gigabyte)
{
	uint64_t at;

	ASSERT_EQ(0, dmaheap_open("system", &self->heap));
	self->file = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	ASSERT_EQ(0, ftruncate(self->file, GIB));
	for (at = 0; at + sizeof(at) <= GIB; at += MARK)
		ASSERT_EQ(sizeof(at), pwrite(self->file, &(uint64_t){ at + 1 }, sizeof(at), at));
}

/* All memory is free again. */
FIXTURE_TEARDOWN(gigabyte)
{
	struct dmaheap_info info = DMAHEAP_INFO_INIT;

	EXPECT_EQ(0, dmaheap_query(self->heap, &info));
	EXPECT_EQ(0, info.buffers);
	dmaheap_unref(self->heap);
	close(self->file);
}

static bool marked(struct dmaheap_buffer *buffer)
{
	uint64_t at, mark;
	void *data;

	if (dmaheap_buffer_size(buffer) != GIB ||
	    dmaheap_buffer_map_part(buffer, 0, GIB, DMAHEAP_READ, &data))
		return false;
	for (at = 0; at + sizeof(at) <= GIB; at += MARK) {
		memcpy(&mark, (char *)data + at, sizeof(mark));
		if (mark != at + 1)
			return false;
	}
	return !dmaheap_buffer_unmap_part(data, GIB);
}

/**
 * struct told - calls of the progress callback
 * @calls: number of calls
 * @done: last value
 * @backwards: it decreased, or the length changed
 * @stop_at: the call in which a signal is sent
 */
struct told {
	unsigned int calls;
	uint64_t done;
	bool backwards;
	unsigned int stop_at;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static int on_progress(uint64_t done, uint64_t len, void *data)
{
	struct told *told = data;

	told->backwards |= done <= told->done || len != GIB;
	told->done = done;
	if (++told->calls == told->stop_at)
		raise(SIGINT);
	return interrupted;
}

TEST_F(gigabyte, loaded_with_progress_and_handed_over)
{
	struct dmaheap_transfer transfer = DMAHEAP_TRANSFER_INIT;
	struct dmaheap_buffer *buffer, *received;
	struct told told = { 0 };
	int sockets[2], status;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	pid = fork();
	if (!pid)
		_exit(setgid(65534) || setuid(65534) ||
		      dmaheap_buffer_receive(sockets[1], &received) || !marked(received));
	ASSERT_EQ(0, dmaheap_alloc(self->heap, GIB, NULL, &buffer));
	transfer.progress = on_progress;
	transfer.data = &told;
	EXPECT_EQ(0, dmaheap_buffer_load_all(buffer, self->file, &transfer));
	EXPECT_EQ(GIB, transfer.done);
	EXPECT_EQ(GIB, told.done);
	EXPECT_EQ(GIB / MiB(16), told.calls);
	EXPECT_FALSE(told.backwards);
	ASSERT_EQ(0, dmaheap_buffer_send(buffer, sockets[0]));
	dmaheap_buffer_unref(buffer);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(sockets[0]);
	close(sockets[1]);
}

TEST_F(gigabyte, interrupted_by_the_user)
{
	const struct sigaction action = { .sa_handler = on_interrupt };
	const struct itimerval soon = { .it_value.tv_usec = 50000, .it_interval.tv_usec = 50000 };
	const struct itimerval never = {};
	struct dmaheap_transfer transfer = DMAHEAP_TRANSFER_INIT;
	struct told told = { .stop_at = 3 };
	struct dmaheap_buffer *buffer;
	uint64_t done = 0;
	int ret, status;
	pid_t pid;

	/* Both with a step in progress, and with a single call. */
	ASSERT_EQ(0, dmaheap_alloc(self->heap, GIB, NULL, &buffer));
	sigaction(SIGINT, &action, NULL);
	transfer.progress = on_progress;
	transfer.data = &told;
	EXPECT_EQ(1, dmaheap_buffer_load_all(buffer, self->file, &transfer));
	EXPECT_EQ(3, told.calls);
	EXPECT_EQ(3 * MiB(16), transfer.done);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	ret = dmaheap_buffer_load(buffer, 0, GIB, self->file, 0, &done);
	setitimer(ITIMER_REAL, &never, NULL);
	if (ret)
		EXPECT_EQ(-EINTR, ret);
	EXPECT_GT(GIB, done);
	EXPECT_EQ(0, done % PAGE);

	/* A process without a signal handler dies, and releases everything. */
	pid = fork();
	if (!pid) {
		signal(SIGALRM, SIG_DFL);
		setitimer(ITIMER_REAL, &soon, NULL);
		dmaheap_buffer_load(buffer, 0, GIB, self->file, 0, &done);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGALRM, WTERMSIG(status));
	dmaheap_buffer_unref(buffer);
}

TEST_HARNESS_MAIN
