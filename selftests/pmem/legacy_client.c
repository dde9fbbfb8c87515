// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of the PMEM interface that works with a modern program (modern_peer): it draws into
 * memory of /dev/pmem that the peer gets as a dma-buf, and displays what the peer drew into a
 * dma-buf that becomes memory of /dev/pmem_adsp.
 *
 * It starts its peer itself: legacy_client PROGRAM.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <linux/android_pmem.h>

#include "peers.h"

static int open_node(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		die(path);
	return fd;
}

static uint32_t *map(int fd)
{
	void *memory = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

/* The old commands to end and to begin a CPU access. */
static void maintain(int fd, unsigned int cmd, const void *memory)
{
	struct pmem_addr addr = { (unsigned long)memory, 0, PICTURE };

	if (ioctl(fd, cmd, &addr))
		die("cache maintenance");
}

static void give(int socket)
{
	struct pmem_dmabuf export = { .fd_flags = O_RDWR | O_CLOEXEC };
	int fd = open_node("/dev/pmem");
	struct pmem_region size;
	uint32_t *picture;

	if (ioctl(fd, PMEM_ALLOCATE, BUFFER) < 0)
		die("PMEM_ALLOCATE");
	picture = map(fd);
	if (ioctl(fd, PMEM_GET_SIZE, &size) || size.len != BUFFER)
		die("PMEM_GET_SIZE");
	printf("client: /dev/pmem gave %lu bytes to a %zu-bit program\n", size.len,
	       sizeof(long) * 8);
	draw(picture, 0);
	maintain(fd, PMEM_CLEAN_CACHES, picture);
	if (ioctl(fd, PMEM_EXPORT_DMABUF, &export))
		die("PMEM_EXPORT_DMABUF");
	printf("client: drew a disc and sends it as a dma-buf\n");
	fflush(stdout);
	send_buffer(socket, export.fd);
	close(export.fd);
	wait_for_other(socket);
	maintain(fd, PMEM_INV_CACHES, picture);
	if (!drawn(picture, 1)) {
		fprintf(stderr, "client: the peer's changes are not in /dev/pmem\n");
		exit(1);
	}
	printf("client: sees in /dev/pmem what the peer has drawn over it\n");
	fflush(stdout);
	tell(socket);
	munmap(picture, BUFFER);
	close(fd);
}

static void take(int socket)
{
	struct pmem_dmabuf import = { .fd = receive_buffer(socket) };
	int fd = open_node("/dev/pmem_adsp"), sub = open_node("/dev/pmem_adsp");
	struct pmem_region all = { 0, BUFFER };
	uint32_t *picture, *view;

	if (ioctl(fd, PMEM_IMPORT_DMABUF, &import))
		die("PMEM_IMPORT_DMABUF");
	close(import.fd);
	picture = map(fd);
	maintain(fd, PMEM_INV_CACHES, picture);
	printf("client: imported a dma-buf of the peer's as memory of /dev/pmem_adsp\n");
	show("client", picture);
	if (!drawn(picture, 0)) {
		fprintf(stderr, "client: that is not what the peer has drawn\n");
		exit(1);
	}
	/* The memory behaves like any other PMEM memory. */
	if (ioctl(sub, PMEM_CONNECT, fd) || ioctl(sub, PMEM_MAP, &all))
		die("PMEM_CONNECT, PMEM_MAP");
	view = map(sub);
	draw(view, 1);
	maintain(fd, PMEM_CLEAN_INV_CACHES, picture);
	printf("client: drew into it through a connected file\n");
	fflush(stdout);
	tell(socket);
	wait_for_other(socket);
	munmap(view, BUFFER);
	munmap(picture, BUFFER);
	close(sub);
	close(fd);
}

static pid_t start_peer(char **arguments, int socket)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		dup2(socket, STDIN_FILENO);
		execv(arguments[0], arguments);
		die(arguments[0]);
	}
	close(socket);
	return pid;
}

int main(int argc, char **argv)
{
	int sockets[2], status = -1;
	pid_t peer;

	if (argc < 2) {
		fprintf(stderr, "usage: legacy_client MODERN_PEER\n");
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		die("socketpair");
	peer = start_peer(argv + 1, sockets[1]);
	give(sockets[0]);
	take(sockets[0]);
	if (waitpid(peer, &status, 0) != peer || status) {
		fprintf(stderr, "client: the peer failed\n");
		return 1;
	}
	printf("client: done\n");
	return 0;
}
