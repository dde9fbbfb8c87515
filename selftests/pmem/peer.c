// SPDX-License-Identifier: GPL-2.0-only
/* Processes that execute functions for a test; see pmem.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../pass_fd.h"
#include "pmem.h"

struct request {
	peer_fn *fn;
	long arg[5];
};

struct answer {
	long value;
	int error;
};

/* Peers of this process, to be killed with the test. */
static struct peer running[64];
static size_t nr_running;

static void give(int socket, int fd)
{
	if (!send_fd(socket, fd))
		die("sendmsg");
}

static int take(int socket)
{
	int fd = receive_fd(socket);

	if (fd < 0)
		die("recvmsg");
	return fd;
}

static int own_socket;

static void serve(int socket)
{
	struct request request;

	own_socket = socket;
	while (recv(socket, &request, sizeof(request), MSG_WAITALL) == sizeof(request)) {
		struct answer answer = {};

		errno = 0;
		answer.value = request.fn(request.arg);
		answer.error = errno;
		if (send(socket, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer))
			break;
	}
	_exit(0);
}

/* Remove mappings inherited by fork(), because they keep their files open. */
static void drop_mappings(void)
{
	char *maps = read_text("/proc/self/maps"), *line, *next;
	unsigned long start, end;

	for (line = maps; line && *line; line = next) {
		char *stop = strchr(line, '\n');

		next = stop + 1;
		*stop = '\0';
		if (strstr(line, "/dev/pmem") &&
		    sscanf(line, "%lx-%lx", &start, &end) == 2)
			munmap((void *)start, end - start);
	}
	free(maps);
}

static long do_nothing(const long *arg)
{
	(void)arg;
	return 0;
}

static struct peer start(bool with_files)
{
	struct peer peer;
	int sockets[2];

	if (nr_running == sizeof(running) / sizeof(running[0]) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		die("socketpair");
	fflush(NULL);
	peer.pid = fork();
	if (peer.pid < 0)
		die("fork");
	if (!peer.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		nr_running = 0;
		if (with_files) {
			close(sockets[0]);
		} else {
			sockets[1] = dup2(sockets[1], 3);
			syscall(SYS_close_range, 4, ~0U, 0);
			drop_mappings();
		}
		serve(sockets[1]);
	}
	close(sockets[1]);
	peer.socket = sockets[0];
	running[nr_running++] = peer;
	/* After this call, it has dropped everything it must not have. */
	peer_call(peer, do_nothing, (long[5]){});
	return peer;
}

struct peer peer_start(void)
{
	return start(false);
}

/* A peer with copies of all files, with the same numbers, and all mappings. */
struct peer peer_start_with_files(void)
{
	return start(true);
}

void peer_call_begin(struct peer peer, peer_fn *fn, const long *arg)
{
	struct request request = { .fn = fn };

	memcpy(request.arg, arg, sizeof(request.arg));
	if (send(peer.socket, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		die("peer is gone");
}

long peer_call_end(struct peer peer)
{
	struct answer answer;

	if (recv(peer.socket, &answer, sizeof(answer), MSG_WAITALL) != sizeof(answer))
		die("peer is gone");
	errno = answer.error;
	return answer.value;
}

long peer_call(struct peer peer, peer_fn *fn, const long *arg)
{
	peer_call_begin(peer, fn, arg);
	return peer_call_end(peer);
}

static long do_receive_fd(const long *arg)
{
	(void)arg;
	return take(own_socket);
}

static long do_send_fd(const long *arg)
{
	give(own_socket, arg[0]);
	return 0;
}

/* Returns its number in the peer. */
int peer_give(struct peer peer, int fd)
{
	begin_on(peer, do_receive_fd);
	give(peer.socket, fd);
	return peer_call_end(peer);
}

/* Returns its number here. */
int peer_take(struct peer peer, int fd)
{
	int received;

	begin_on(peer, do_send_fd, fd);
	received = take(peer.socket);
	peer_call_end(peer);
	return received;
}

static void reap(struct peer peer)
{
	size_t i;

	close(peer.socket);
	while (waitpid(peer.pid, NULL, 0) < 0 && errno == EINTR)
		;
	for (i = 0; i < nr_running; i++)
		if (running[i].pid == peer.pid)
			running[i] = running[--nr_running];
}

/* Let it exit, and wait until all of its resources are released. */
void peer_end(struct peer peer)
{
	shutdown(peer.socket, SHUT_RDWR);
	reap(peer);
}

void peer_kill(struct peer peer)
{
	kill(peer.pid, SIGKILL);
	reap(peer);
}

void peers_end(void)
{
	while (nr_running)
		peer_kill(running[nr_running - 1]);
}

/* Call fn in a child of this process, and return its result. */
long in_fork(peer_fn *fn, const long *arg)
{
	struct answer answer = { .value = -1, .error = ECHILD };
	int pipes[2];
	pid_t pid;

	if (pipe(pipes))
		die("pipe");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		errno = 0;
		answer.value = fn(arg);
		answer.error = errno;
		_exit(write(pipes[1], &answer, sizeof(answer)) != sizeof(answer));
	}
	close(pipes[1]);
	if (read(pipes[0], &answer, sizeof(answer)) != sizeof(answer))
		answer.value = -1;
	close(pipes[0]);
	waitpid(pid, NULL, 0);
	errno = answer.error;
	return answer.value;
}

long do_open(const long *arg)
{
	return pmem_open_flags((const char *)arg[0], arg[1]);
}

long do_close(const long *arg)
{
	return close(arg[0]);
}

long do_dup2(const long *arg)
{
	return dup2(arg[0], arg[1]);
}

long do_mmap(const long *arg)
{
	return (long)pmem_mmap(arg[0], arg[1]);
}

long do_mmap_prot(const long *arg)
{
	return (long)mmap(NULL, arg[1], arg[2], MAP_SHARED, arg[0], 0);
}

long do_munmap(const long *arg)
{
	return munmap((void *)arg[0], arg[1]);
}

long do_mremap(const long *arg)
{
	return (long)mremap((void *)arg[0], arg[1], arg[2], arg[3], (void *)arg[4]);
}

long do_mprotect(const long *arg)
{
	return mprotect((void *)arg[0], arg[1], arg[2]);
}

long do_allocate(const long *arg)
{
	return pmem_allocate(arg[0], arg[1]);
}

long do_connect(const long *arg)
{
	return pmem_connect(arg[0], arg[1]);
}

long do_map(const long *arg)
{
	return pmem_map(arg[0], arg[1], arg[2]);
}

long do_unmap(const long *arg)
{
	return pmem_unmap(arg[0], arg[1], arg[2]);
}

long do_size(const long *arg)
{
	return pmem_size(arg[0]).len;
}

long do_phys(const long *arg)
{
	return pmem_phys(arg[0]).offset;
}

long do_cache(const long *arg)
{
	return pmem_cache(arg[0], arg[1], (void *)arg[2], arg[3], arg[4]);
}

/* Does not return the address of the mapping, which is not needed with a sub file. */
long do_master(const long *arg)
{
	void *memory;

	return pmem_master((const char *)arg[0], arg[1], &memory);
}

long do_sub(const long *arg)
{
	return pmem_sub((const char *)arg[0], arg[1]);
}

long do_fill(const long *arg)
{
	fill((void *)arg[0], arg[1], arg[2]);
	return 0;
}

long do_filled(const long *arg)
{
	return filled((void *)arg[0], arg[1], arg[2]);
}

long do_all_bytes(const long *arg)
{
	return all_bytes((void *)arg[0], arg[1], arg[2]);
}

long do_can_read(const long *arg)
{
	return can_read((void *)arg[0]);
}

long do_can_write(const long *arg)
{
	return can_write((void *)arg[0]);
}

/* The first argument is the function, the others are passed to it. */
long do_in_fork(const long *arg)
{
	long own[5] = { arg[1], arg[2], arg[3], arg[4] };

	return in_fork((peer_fn *)arg[0], own);
}

long do_drop_privileges(const long *arg)
{
	(void)arg;
	if (setgid(65534) || setuid(65534))
		return -1;
	return 0;
}

long do_all_free(const long *arg)
{
	(void)arg;
	return all_free(true);
}

long do_anonymous(const long *arg)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (arg[0])
		flags |= MAP_FIXED;
	return (long)mmap((void *)arg[0], arg[1], PROT_READ | PROT_WRITE, flags, -1, 0);
}
