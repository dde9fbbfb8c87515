// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last part of `make run`: a camera driver fills a buffer of a carveout, a legacy client draws
 * over it, and the display scans it out. It is always the same buffer, without any copy. Then the
 * screen is compared with the expected picture:
 *
 *	picture NAME CLIENT
 *
 * where NAME is the name of the screenshot and CLIENT the program of the legacy client.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "../importers/drm.h"
#include "../importers/screen.h"
#include "../importers/source.h"
#include "../importers/video.h"
#include "../pmem/peers.h"
#include "picture.h"

#define HEAP		"/dev/dma_heap/adsp"
/* The camera that needs memory that is contiguous for DMA. */
#define CAMERA		1

static void fail(const char *what)
{
	fprintf(stderr, "picture: %s\n", what);
	exit(1);
}

/* Make the camera fill the buffer, and return a copy of its contents. */
static __u32 *capture(int fd)
{
	int second = source_alloc(HEAP, SCREEN_BYTES);
	__u32 *expected = calloc(1, SCREEN_BYTES);
	struct video camera;
	void *reference;

	if (!expected || second < 0)
		fail("no memory");
	if (!camera_open(&camera, CAMERA))
		fail("there is no camera");
	reference = video_reference(&camera);
	if (!reference)
		fail("the camera has no picture");
	if (video_request(&camera, V4L2_MEMORY_DMABUF, 2) || video_queue(&camera, 0, fd) ||
	    video_queue(&camera, 1, second) || video_start(&camera) ||
	    video_dequeue(&camera) != 0 || video_stop(&camera))
		fail("the camera does not take the buffer");
	printf("camera: %ux%u pixels in a buffer of " HEAP "\n", camera.format.width,
	       camera.format.height);
	memcpy(expected, reference, camera.format.sizeimage);
	free(reference);
	close(second);
	video_close(&camera);
	return expected;
}

static void have_client_draw(const char *client, int fd)
{
	int sockets[2], status;
	pid_t pid;

	fflush(stdout);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		die("socketpair");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		dup2(sockets[1], STDIN_FILENO);
		execl(client, client, NULL);
		die(client);
	}
	close(sockets[1]);
	send_buffer(sockets[0], fd);
	wait_for_other(sockets[0]);
	if (waitpid(pid, &status, 0) != pid || status)
		fail("the client failed");
	close(sockets[0]);
}

static void scan_out(int fd, const char *name, const __u32 *expected)
{
	struct display display;
	__u32 fb;

	if (!display_open(&display, SCREEN_WIDTH, SCREEN_HEIGHT))
		fail("there is no display");
	if (display_add(&display, fd, &fb) || display_show(&display, fb))
		fail("the display does not take the buffer");
	if (!screen_shows(name, SCREEN_WIDTH, SCREEN_HEIGHT, expected))
		fail("the screen does not show what it should");
	printf("display: %dx%d pixels on the screen, each as it should be\n", SCREEN_WIDTH,
	       SCREEN_HEIGHT);
	display_close(&display);
}

int main(int argc, char **argv)
{
	__u32 *expected;
	int x, y, fd;

	if (argc != 3) {
		fprintf(stderr, "usage: picture NAME CLIENT\n");
		return 2;
	}
	fd = source_alloc(HEAP, SCREEN_BYTES);
	if (fd < 0)
		die(HEAP);
	expected = capture(fd);
	have_client_draw(argv[2], fd);
	for (y = 0; y < SCREEN_HEIGHT; y++)
		for (x = 0; x < SCREEN_WIDTH; x++)
			client_draws(x, y, &expected[y * SCREEN_WIDTH + x]);
	scan_out(fd, argv[1], expected);
	close(fd);
	free(expected);
	return 0;
}
