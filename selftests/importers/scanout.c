// SPDX-License-Identifier: GPL-2.0-only
/*
 * Show a buffer on the display while a command runs:
 *
 *	scanout SOURCE FILE COMMAND [ARGUMENT]...
 *
 * The buffer comes from the heap or legacy node SOURCE. Its contents are also written to FILE, as
 * 640 by 480 pixels of four bytes. The status is that of COMMAND.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drm.h"
#include "screen.h"
#include "source.h"

#define WIDTH	640
#define HEIGHT	480
#define LEN	(WIDTH * HEIGHT * sizeof(__u32))

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

static void keep(const char *path, const void *pixels)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, pixels, LEN) != LEN)
		fail(path);
	close(fd);
}

static int run(char **command)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		fail("fork");
	if (!pid) {
		execvp(command[0], command);
		fail(command[0]);
	}
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

int main(int argc, char **argv)
{
	struct display display;
	__u32 *pixels;
	__u32 fb;
	int fd;

	if (argc < 4) {
		fprintf(stderr, "usage: scanout SOURCE FILE COMMAND [ARGUMENT]...\n");
		return 125;
	}
	fd = source_alloc(argv[1], LEN);
	if (fd < 0)
		fail(argv[1]);
	pixels = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pixels == MAP_FAILED)
		fail("mmap");
	paint(pixels, WIDTH, HEIGHT, 9);
	keep(argv[2], pixels);
	if (!display_open(&display, WIDTH, HEIGHT) || display_add(&display, fd, &fb) ||
	    display_show(&display, fb))
		fail("display");
	/* Only the display has a reference now. */
	munmap(pixels, LEN);
	close(fd);
	return run(argv + 3);
}
