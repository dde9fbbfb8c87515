// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that only use the kernel's own interfaces of heaps and dma-bufs, such as camera stacks,
 * media frameworks and codec libraries: how they open and allocate, bracket accesses, pass buffers
 * to other processes, and what happens while they wait for a device.
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <drm/drm.h>
#include <linux/sync_file.h>

#include "../pass_fd.h"
#include "test.h"

#define LEN	(640 * 480 * 3 / 2)

FIXTURE(strangers) {
	int fd;
	__u32 *memory;
	size_t len;
};

HEAP_KINDS(strangers);

/* Allocate a buffer and close the heap, as such programs do. */
static int allocate(const char *name, int open_flags, __u64 len)
{
	char *path = format("/dev/dma_heap/%s", name);
	int heap = open(path, open_flags), fd = heap_alloc(heap, len);

	free(path);
	close(heap);
	return fd;
}

#define START_READ	(DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ)
#define START_WRITE	(DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE)
#define START_BOTH	(DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW)
#define END_READ	(DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ)
#define END_WRITE	(DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE)
#define END_BOTH	(DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW)

/* Map the fd, and check the contents. */
static bool shows(int fd, __u32 seed)
{
	off_t len = lseek(fd, 0, SEEK_END);
	void *memory = buffer_map(fd, len);
	bool same;

	if (len < LEN || memory == MAP_FAILED || buffer_sync(fd, START_READ))
		return false;
	same = filled(memory, len, seed);
	return !buffer_sync(fd, END_READ) && !munmap(memory, len) && same;
}

static bool draw(int fd, void *memory, size_t len, __u32 seed)
{
	if (buffer_sync(fd, START_WRITE))
		return false;
	fill(memory, len, seed);
	return !buffer_sync(fd, END_WRITE);
}

FIXTURE_SETUP(strangers)
{
	self->fd = allocate(variant->name, O_RDWR | O_CLOEXEC, LEN);
	ASSERT_LE(0, self->fd);
	self->len = lseek(self->fd, 0, SEEK_END);
	ASSERT_LE(LEN, self->len);
	self->memory = buffer_map(self->fd, self->len);
	ASSERT_NE(MAP_FAILED, self->memory);
}

FIXTURE_TEARDOWN(strangers)
{
	munmap(self->memory, self->len);
	close(self->fd);
}

/* A camera stack: names its buffers, and gets their size from the file. */
TEST_F(strangers, named_frames)
{
	EXPECT_EQ(0, ioctl(self->fd, DMA_BUF_SET_NAME_B, (__u64)(unsigned long)"frame-0"));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(self->fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(0, self->len % PAGE);
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_TRUE(all_bytes(self->memory, self->len, 0));
	EXPECT_TRUE(draw(self->fd, self->memory, self->len, 1));
	EXPECT_TRUE(shows(self->fd, 1));
}

/* A codec library opens the heap read-only; a framework keeps a pool of frames. */
TEST_F(strangers, pool_from_a_heap_opened_for_reading)
{
	int fds[4], i;

	for (i = 0; i < 4; i++) {
		void *memory;

		fds[i] = allocate(variant->name, O_RDONLY | O_CLOEXEC, LEN);
		ASSERT_LE(0, fds[i]);
		memory = buffer_map(fds[i], self->len);
		ASSERT_NE(MAP_FAILED, memory);
		EXPECT_TRUE(draw(fds[i], memory, self->len, i));
		ASSERT_EQ(0, munmap(memory, self->len));
	}
	for (i = 0; i < 4; i++) {
		EXPECT_TRUE(shows(fds[i], i));
		ASSERT_EQ(0, close(fds[i]));
	}
}

/* Independent layers, each with its own brackets, some of them unpaired. */
TEST_F(strangers, brackets_in_brackets)
{
	EXPECT_EQ(0, buffer_sync(self->fd, START_BOTH));
	EXPECT_EQ(0, buffer_sync(self->fd, START_READ));
	EXPECT_EQ(0, buffer_sync(self->fd, START_WRITE));
	fill(self->memory, self->len, 2);
	EXPECT_EQ(0, buffer_sync(self->fd, END_READ));
	EXPECT_TRUE(filled(self->memory, self->len, 2));
	EXPECT_EQ(0, buffer_sync(self->fd, END_WRITE));
	EXPECT_TRUE(filled(self->memory, self->len, 2));
	EXPECT_EQ(0, buffer_sync(self->fd, END_BOTH));
	EXPECT_EQ(0, buffer_sync(self->fd, END_BOTH));
	EXPECT_EQ(0, buffer_sync(self->fd, END_READ));
	EXPECT_EQ(0, buffer_sync(self->fd, START_READ));
	EXPECT_TRUE(filled(self->memory, self->len, 2));
	ASSERT_ERRNO(EINVAL, buffer_sync(self->fd, DMA_BUF_SYNC_START));
	ASSERT_ERRNO(EINVAL, buffer_sync(self->fd, DMA_BUF_SYNC_END));
	ASSERT_ERRNO(EINVAL, buffer_sync(self->fd, START_READ | 8));
	ASSERT_ERRNO(EINVAL, buffer_sync(self->fd, START_READ | 1ULL << 32));
	EXPECT_TRUE(shows(self->fd, 2));
}

static int status_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* A child has the mapping and the file; each process sees what the other writes. */
TEST_F(strangers, child_of_a_fork)
{
	pid_t pid;

	EXPECT_TRUE(draw(self->fd, self->memory, self->len, 3));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(!(shows(self->fd, 3) && filled(self->memory, self->len, 3) &&
			draw(self->fd, self->memory, self->len, 4)));
	EXPECT_EQ(0, status_of(pid));
	EXPECT_TRUE(shows(self->fd, 4));
	EXPECT_TRUE(filled(self->memory, self->len, 4));
}

/* A parent that has left a bracket open, and a child that dies within one. */
TEST_F(strangers, brackets_of_a_child_that_dies)
{
	pid_t pid;

	EXPECT_EQ(0, buffer_sync(self->fd, START_BOTH));
	fill(self->memory, self->len, 5);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		buffer_sync(self->fd, START_BOTH);
		raise(SIGKILL);
	}
	EXPECT_EQ(SIGKILL, status_of(pid));
	EXPECT_TRUE(filled(self->memory, self->len, 5));
	EXPECT_EQ(0, buffer_sync(self->fd, END_BOTH));
	EXPECT_TRUE(shows(self->fd, 5));
}

/* A service without privileges gets a buffer, and the sender then closes its own. */
TEST_F(strangers, service_that_has_only_the_file)
{
	int sockets[2], fd;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* Drop what was inherited by fork(). */
		munmap(self->memory, self->len);
		close(self->fd);
		close(sockets[0]);
		if (setgid(65534) || setuid(65534))
			_exit(2);
		fd = receive_fd(sockets[1]);
		if (!shows(fd, 6))
			_exit(3);
		self->memory = buffer_map(fd, self->len);
		if (self->memory == MAP_FAILED || !draw(fd, self->memory, self->len, 7))
			_exit(4);
		_exit(!send_fd(sockets[1], fd));
	}
	close(sockets[1]);
	EXPECT_TRUE(draw(self->fd, self->memory, self->len, 6));
	ASSERT_TRUE(send_fd(sockets[0], self->fd));
	ASSERT_EQ(0, munmap(self->memory, self->len));
	ASSERT_EQ(0, close(self->fd));
	fd = receive_fd(sockets[0]);
	EXPECT_EQ(0, status_of(pid));
	ASSERT_LE(0, fd);
	EXPECT_TRUE(shows(fd, 7));
	close(fd);
	close(sockets[0]);
}

static int ready(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, 0) == 1 ? poll_fd.revents : 0;
}

static int interrupted_pipe = -1;

static void on_signal(int number)
{
	char byte = number;

	if (write(interrupted_pipe, &byte, 1) != 1)
		_exit(9);
}

/* Start a child that waits in a bracket, with a signal handler with these flags. */
static pid_t start_waiting(int fd, int flags, int *pipe_end)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -1;
	pid = fork();
	if (!pid) {
		int ret;

		close(ends[0]);
		interrupted_pipe = ends[1];
		sigaction(SIGUSR1, &action, NULL);
		if (write(ends[1], "r", 1) != 1)
			_exit(9);
		ret = buffer_sync(fd, START_BOTH);
		signal(SIGUSR1, SIG_IGN);
		if (!ret && buffer_sync(fd, END_BOTH))
			_exit(8);
		_exit(ret ? errno : 0);
	}
	close(ends[1]);
	*pipe_end = ends[0];
	return pid;
}

static char next_byte(int pipe_end)
{
	struct pollfd poll_fd = { .fd = pipe_end, .events = POLLIN };
	char byte = 0;

	poll(&poll_fd, 1, -1);
	return read(pipe_end, &byte, 1) == 1 ? byte : 0;
}

/* Send signals until a bracket without SA_RESTART ends, and return its result. */
static int interrupted(int fd)
{
	int pipe_end;
	pid_t pid = start_waiting(fd, 0, &pipe_end);

	if (pid < 0 || next_byte(pipe_end) != 'r')
		return -1;
	do {
		kill(pid, SIGUSR1);
	} while (next_byte(pipe_end) == SIGUSR1);
	close(pipe_end);
	return WEXITSTATUS(status_of(pid));
}

/*
 * The fence is for a write, so nobody may access the buffer before it is signaled. A signal may
 * arrive before the call; then, the next one interrupts it.
 */
TEST_F(strangers, signal_while_a_device_writes)
{
	struct vgem_work device;

	EXPECT_TRUE(draw(self->fd, self->memory, self->len, 8));
	ASSERT_TRUE(vgem_starts(&device, self->fd, true));
	EXPECT_EQ(0, ready(self->fd, POLLIN));
	EXPECT_EQ(EINTR, interrupted(self->fd));
	/* The failed bracket has no effect on others. */
	EXPECT_EQ(0, buffer_sync(self->fd, END_BOTH));
	EXPECT_EQ(0, ready(self->fd, POLLIN));
	ASSERT_TRUE(vgem_ends(&device));
	EXPECT_EQ(POLLIN, ready(self->fd, POLLIN));
	EXPECT_EQ(0, buffer_sync(self->fd, START_BOTH));
	EXPECT_TRUE(filled(self->memory, self->len, 8));
	EXPECT_EQ(0, buffer_sync(self->fd, END_BOTH));
	EXPECT_TRUE(shows(self->fd, 8));
}

/* With SA_RESTART, the program does not notice signals. */
TEST_F(strangers, restarted_while_a_device_writes)
{
	struct vgem_work device;
	int pipe_end, i;
	pid_t pid;

	EXPECT_TRUE(draw(self->fd, self->memory, self->len, 9));
	ASSERT_TRUE(vgem_starts(&device, self->fd, true));
	pid = start_waiting(self->fd, SA_RESTART, &pipe_end);
	ASSERT_LT(0, pid);
	ASSERT_EQ('r', next_byte(pipe_end));
	for (i = 0; i < 20; i++) {
		kill(pid, SIGUSR1);
		EXPECT_EQ(SIGUSR1, next_byte(pipe_end));
	}
	ASSERT_TRUE(vgem_ends(&device));
	EXPECT_EQ(0, status_of(pid));
	close(pipe_end);
	EXPECT_TRUE(shows(self->fd, 9));
}

TEST_F(strangers, killed_while_a_device_writes)
{
	struct vgem_work device;
	int pipe_end;
	pid_t pid;

	EXPECT_TRUE(draw(self->fd, self->memory, self->len, 10));
	ASSERT_TRUE(vgem_starts(&device, self->fd, true));
	pid = start_waiting(self->fd, 0, &pipe_end);
	ASSERT_LT(0, pid);
	ASSERT_EQ('r', next_byte(pipe_end));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(SIGKILL, status_of(pid));
	close(pipe_end);
	ASSERT_TRUE(vgem_ends(&device));
	EXPECT_TRUE(shows(self->fd, 10));
}

/* While a device reads, others may read; only writers wait. */
TEST_F(strangers, brackets_while_a_device_reads)
{
	struct vgem_work device;

	EXPECT_TRUE(draw(self->fd, self->memory, self->len, 11));
	ASSERT_TRUE(vgem_starts(&device, self->fd, false));
	EXPECT_EQ(POLLIN, ready(self->fd, POLLIN));
	EXPECT_EQ(0, ready(self->fd, POLLOUT));
	EXPECT_TRUE(shows(self->fd, 11));
	EXPECT_EQ(EINTR, interrupted(self->fd));
	ASSERT_TRUE(vgem_ends(&device));
	EXPECT_TRUE(draw(self->fd, self->memory, self->len, 12));
	EXPECT_TRUE(shows(self->fd, 12));
}

/* Explicit fences: export the fence of one buffer as a file, and import it into another one. */
TEST_F(strangers, fence_of_one_buffer_for_another)
{
	struct dma_buf_export_sync_file out = { .flags = DMA_BUF_SYNC_RW, .fd = -1 };
	struct dma_buf_import_sync_file in = { .flags = DMA_BUF_SYNC_WRITE };
	int other = allocate(variant->name, O_RDWR | O_CLOEXEC, LEN);
	struct vgem_work device;

	ASSERT_LE(0, other);
	ASSERT_TRUE(vgem_starts(&device, self->fd, true));
	ASSERT_EQ(0, ioctl(self->fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &out));
	ASSERT_LE(0, out.fd);
	EXPECT_EQ(0, ready(out.fd, POLLIN));
	EXPECT_EQ(POLLIN, ready(other, POLLIN));
	in.fd = out.fd;
	ASSERT_EQ(0, ioctl(other, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in));
	EXPECT_EQ(0, ready(other, POLLIN));
	ASSERT_TRUE(vgem_ends(&device));
	EXPECT_EQ(POLLIN, ready(out.fd, POLLIN));
	EXPECT_EQ(0, buffer_sync(other, START_READ));
	EXPECT_EQ(0, buffer_sync(other, END_READ));
	close(out.fd);
	close(other);
}

TEST_HARNESS_MAIN
