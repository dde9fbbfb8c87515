// SPDX-License-Identifier: MIT
/*
 * From a camera to a display without a copy: V4L2 captures into buffers of a heap, and the display
 * scans out the same buffers.
 *
 *	camera-display [--video=NODE] [--card=NODE] [--heap=NAME] [--frames=N]
 *
 * After N frames, the last one stays on the display until standard input has a line.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <drm/drm.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_mode.h>
#include <linux/videodev2.h>

#include <dmaheap.h>

#define BUFFERS		3
#define MAX_OBJECTS	16
#define MAX_MODES	64

/**
 * struct display - the display for the frames
 * @fd: the DRM device
 * @crtc: the CRTC for scanout
 * @connector: its connector
 * @modes: modes of the connector
 * @nr_modes: number of modes
 */
struct display {
	int fd;
	uint32_t crtc, connector;
	struct drm_mode_modeinfo modes[MAX_MODES];
	uint32_t nr_modes;
};

/**
 * struct frame - a buffer, for camera and display
 * @buffer: its memory
 * @fb: its ID as a framebuffer
 */
struct frame {
	struct dmaheap_buffer *buffer;
	uint32_t fb;
};

static void do_ioctl(int fd, unsigned long command, void *arg, const char *what)
{
	while (ioctl(fd, command, arg))
		if (errno != EINTR && errno != EAGAIN)
			err(1, "%s", what);
}

static void check(int error, const char *what)
{
	if (error)
		errx(1, "%s: %s", what, dmaheap_strerror(error));
}

static int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* Get the modes of a connected connector, and a CRTC for it. */
static bool use_connector(struct display *display, uint32_t id, const uint32_t *crtcs,
			  uint32_t nr_crtcs)
{
	uint32_t encoders[MAX_OBJECTS], i;
	struct drm_mode_get_connector connector = {
		.connector_id = id,
		.encoders_ptr = (uintptr_t)encoders,
		.count_encoders = MAX_OBJECTS,
		.modes_ptr = (uintptr_t)display->modes,
		.count_modes = MAX_MODES,
	};
	struct drm_mode_get_encoder encoder = { 0 };

	/* Without room for modes, the kernel probes the connector again. */
	do_ioctl(display->fd, DRM_IOCTL_MODE_GETCONNECTOR,
		 &(struct drm_mode_get_connector) { .connector_id = id }, "connector");
	do_ioctl(display->fd, DRM_IOCTL_MODE_GETCONNECTOR, &connector, "connector");
	if (connector.connection != 1 || !connector.count_modes || !connector.count_encoders)
		return false;
	/* If the arrays are too small, the kernel did not fill them. */
	if (connector.count_modes > MAX_MODES || connector.count_encoders > MAX_OBJECTS)
		errx(1, "the display has too many modes or encoders");
	encoder.encoder_id = encoders[0];
	do_ioctl(display->fd, DRM_IOCTL_MODE_GETENCODER, &encoder, "encoder");
	for (i = 0; i < nr_crtcs; i++)
		if (encoder.possible_crtcs & 1U << i)
			break;
	if (i == nr_crtcs)
		return false;
	display->crtc = crtcs[i];
	display->connector = id;
	display->nr_modes = connector.count_modes;
	return true;
}

static void open_display(struct display *display, const char *path)
{
	uint32_t crtcs[MAX_OBJECTS], connectors[MAX_OBJECTS], i;
	struct drm_mode_card_res resources = {
		.crtc_id_ptr = (uintptr_t)crtcs,
		.count_crtcs = MAX_OBJECTS,
		.connector_id_ptr = (uintptr_t)connectors,
		.count_connectors = MAX_OBJECTS,
	};

	display->fd = open_device(path);
	do_ioctl(display->fd, DRM_IOCTL_MODE_GETRESOURCES, &resources, path);
	if (resources.count_crtcs > MAX_OBJECTS || resources.count_connectors > MAX_OBJECTS)
		errx(1, "%s: too many displays", path);
	for (i = 0; i < resources.count_connectors; i++)
		if (use_connector(display, connectors[i], crtcs, resources.count_crtcs))
			return;
	errx(1, "%s: nothing is connected", path);
}

/* Find a size that the camera supports and the display has a mode for. */
static struct drm_mode_modeinfo agree(int video, struct display *display,
				      struct v4l2_pix_format *format)
{
	uint32_t i;

	for (i = 0; i < display->nr_modes; i++) {
		struct v4l2_format try = {
			.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
			.fmt.pix = {
				.width = display->modes[i].hdisplay,
				.height = display->modes[i].vdisplay,
				/* XRGB8888 in DRM. */
				.pixelformat = V4L2_PIX_FMT_XBGR32,
				.field = V4L2_FIELD_NONE,
			},
		};

		do_ioctl(video, VIDIOC_S_FMT, &try, "format");
		if (try.fmt.pix.pixelformat == V4L2_PIX_FMT_XBGR32 &&
		    try.fmt.pix.width == display->modes[i].hdisplay &&
		    try.fmt.pix.height == display->modes[i].vdisplay) {
			*format = try.fmt.pix;
			return display->modes[i];
		}
	}
	errx(1, "the camera has no size that the display has a mode for");
}

static void make_frame(struct frame *frame, struct dmaheap *heap, struct display *display,
		       const struct v4l2_pix_format *format)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct drm_prime_handle prime = { 0 };
	struct drm_mode_fb_cmd2 fb = {
		.width = format->width,
		.height = format->height,
		.pixel_format = DRM_FORMAT_XRGB8888,
		.pitches = { format->bytesperline },
	};

	options.name = "frame";
	check(dmaheap_alloc(heap, format->sizeimage, &options, &frame->buffer), "allocate");
	prime.fd = dmaheap_buffer_fd(frame->buffer);
	do_ioctl(display->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime, "import by the display");
	fb.handles[0] = prime.handle;
	do_ioctl(display->fd, DRM_IOCTL_MODE_ADDFB2, &fb, "framebuffer");
	frame->fb = fb.fb_id;
	/* The framebuffer holds its own reference. */
	do_ioctl(display->fd, DRM_IOCTL_GEM_CLOSE, &(struct drm_gem_close) { prime.handle, 0 },
		 "handle");
}

static void queue(int video, const struct frame *frame, uint32_t index)
{
	struct v4l2_buffer buffer = {
		.index = index,
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
		.m.fd = dmaheap_buffer_fd(frame->buffer),
		.length = dmaheap_buffer_size(frame->buffer),
	};

	do_ioctl(video, VIDIOC_QBUF, &buffer, "queue");
}

static uint32_t dequeue(int video)
{
	struct v4l2_buffer buffer = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};

	do_ioctl(video, VIDIOC_DQBUF, &buffer, "dequeue");
	if (buffer.flags & V4L2_BUF_FLAG_ERROR || buffer.index >= BUFFERS)
		errx(1, "the camera could not capture");
	return buffer.index;
}

static void show(struct display *display, const struct frame *frame,
		 const struct drm_mode_modeinfo *mode)
{
	struct drm_mode_crtc crtc = {
		.crtc_id = display->crtc,
		.fb_id = frame->fb,
		.set_connectors_ptr = (uintptr_t)&display->connector,
		.count_connectors = 1,
		.mode_valid = 1,
		.mode = *mode,
	};

	do_ioctl(display->fd, DRM_IOCTL_MODE_SETCRTC, &crtc, "show");
}

/* A displayed frame returns to the camera when the next one is displayed. */
static void stream(int video, struct display *display, const struct frame *frames,
		   const struct drm_mode_modeinfo *mode, unsigned long count)
{
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE, shown = -1;
	unsigned long i;

	for (i = 0; i < BUFFERS; i++)
		queue(video, &frames[i], i);
	do_ioctl(video, VIDIOC_STREAMON, &type, "start");
	for (i = 0; i < count; i++) {
		int index = dequeue(video);

		show(display, &frames[index], mode);
		if (shown >= 0)
			queue(video, &frames[shown], shown);
		shown = index;
	}
	do_ioctl(video, VIDIOC_STREAMOFF, &type, "stop");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "video", required_argument, NULL, 'v' },
		{ "card", required_argument, NULL, 'c' },
		{ "heap", required_argument, NULL, 'H' },
		{ "frames", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	const char *video_path = "/dev/video0", *card_path = "/dev/dri/card0";
	const char *names[] = { NULL, NULL };
	struct v4l2_requestbuffers request = {
		.count = BUFFERS,
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};
	struct frame frames[BUFFERS];
	struct drm_mode_modeinfo mode;
	struct v4l2_pix_format format;
	struct display display;
	unsigned long count = 30;
	struct dmaheap *heap;
	int c, video, i;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'v')
			video_path = optarg;
		else if (c == 'c')
			card_path = optarg;
		else if (c == 'H')
			names[0] = optarg;
		else if (c == 'n' && strtoul(optarg, NULL, 10))
			count = strtoul(optarg, NULL, 10);
		else
			errx(2, "usage: camera-display [--video=NODE] [--card=NODE] [--heap=NAME] "
			     "[--frames=N]");
	}
	video = open_device(video_path);
	open_display(&display, card_path);
	check(dmaheap_open_first(names[0] ? names : NULL, &heap), names[0] ? names[0] : "heap");
	mode = agree(video, &display, &format);
	do_ioctl(video, VIDIOC_REQBUFS, &request, "buffers");
	if (request.count != BUFFERS)
		errx(1, "the camera wants %u buffers", request.count);
	for (i = 0; i < BUFFERS; i++)
		make_frame(&frames[i], heap, &display, &format);

	stream(video, &display, frames, &mode, count);
	printf("%lu frames of %ux%u from %s through %s to %s\n", count, format.width,
	       format.height, video_path, dmaheap_name(heap), card_path);
	fflush(stdout);
	while ((c = getchar()) != EOF && c != '\n')
		;

	for (i = 0; i < BUFFERS; i++) {
		do_ioctl(display.fd, DRM_IOCTL_MODE_RMFB, &frames[i].fb, "framebuffer");
		dmaheap_buffer_unref(frames[i].buffer);
	}
	dmaheap_unref(heap);
	close(display.fd);
	close(video);
	return 0;
}
