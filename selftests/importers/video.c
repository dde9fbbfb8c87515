// SPDX-License-Identifier: GPL-2.0-only
/* Video devices of the vivid driver; declared in video.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/v4l2-dv-timings.h>

#include "video.h"

#define MAX_NODES	16
/* Menu items of vivid's control: everything, only counters, nothing. */
#define OSD_NOTHING	2

static bool is_node(int fd, int instance, __u32 capability)
{
	struct v4l2_capability caps;
	char bus[32];

	snprintf(bus, sizeof(bus), "platform:vivid-%03d", instance);
	return !ioctl(fd, VIDIOC_QUERYCAP, &caps) && !strcmp((char *)caps.bus_info, bus) &&
	       caps.device_caps & capability;
}

static int open_node(int instance, __u32 capability)
{
	char path[32];
	int i, fd;

	for (i = 0; i < MAX_NODES; i++) {
		snprintf(path, sizeof(path), "/dev/video%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (is_node(fd, instance, capability))
			return fd;
		close(fd);
	}
	return -1;
}

static bool set_format(struct video *video, __u32 width, __u32 height, __u32 pixels)
{
	struct v4l2_format format = { .type = video->type };

	format.fmt.pix.width = width;
	format.fmt.pix.height = height;
	format.fmt.pix.pixelformat = pixels;
	format.fmt.pix.field = V4L2_FIELD_NONE;
	if (ioctl(video->fd, VIDIOC_S_FMT, &format))
		return false;
	video->format = format.fmt.pix;
	return format.fmt.pix.width == width && format.fmt.pix.height == height &&
	       format.fmt.pix.pixelformat == pixels;
}

static bool next_control(struct video *video, struct v4l2_queryctrl *control)
{
	control->id |= V4L2_CTRL_FLAG_NEXT_CTRL;
	return !ioctl(video->fd, VIDIOC_QUERYCTRL, control);
}

/* Find the control by name, because the driver assigns the numbers. */
bool video_set(struct video *video, const char *name, int value)
{
	struct v4l2_queryctrl control = {};
	struct v4l2_control set = { .value = value };

	while (next_control(video, &control))
		if (!strcmp((char *)control.name, name)) {
			set.id = control.id;
			return !ioctl(video->fd, VIDIOC_S_CTRL, &set);
		}
	return false;
}

/*
 * Open a camera of vivid whose pictures are all the same: no clock, no counters. Uses the first
 * input; selecting another input than before resets cropping and scaling.
 */
bool camera_open(struct video *video, int instance)
{
	int input = 0;

	video->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	video->fd = open_node(instance, V4L2_CAP_VIDEO_CAPTURE);
	return video->fd >= 0 && !ioctl(video->fd, VIDIOC_S_INPUT, &input) &&
	       video_set(video, "OSD Text Mode", OSD_NOTHING) &&
	       set_format(video, CAMERA_WIDTH, CAMERA_HEIGHT, V4L2_PIX_FMT_XBGR32);
}

static bool select_hdmi_input(int fd)
{
	struct v4l2_input input = {};

	for (; !ioctl(fd, VIDIOC_ENUMINPUT, &input); input.index++)
		if (!strncmp((char *)input.name, "HDMI", 4))
			return !ioctl(fd, VIDIOC_S_INPUT, &input.index);
	return false;
}

static bool select_hdmi_output(int fd)
{
	struct v4l2_output output = {};

	for (; !ioctl(fd, VIDIOC_ENUMOUTPUT, &output); output.index++)
		if (!strncmp((char *)output.name, "HDMI", 4))
			return !ioctl(fd, VIDIOC_S_OUTPUT, &output.index);
	return false;
}

/* Select the menu item for the device's own output. */
static bool select_own_output(struct video *in, __u32 control, int instance)
{
	struct v4l2_querymenu item = { .id = control };
	struct v4l2_control set = { .id = control };
	char own[16];

	snprintf(own, sizeof(own), "HDMI %03d-", instance);
	for (item.index = 0; item.index < 32; item.index++) {
		if (ioctl(in->fd, VIDIOC_QUERYMENU, &item) || !strstr((char *)item.name, own))
			continue;
		set.value = item.index;
		return !ioctl(in->fd, VIDIOC_S_CTRL, &set);
	}
	return false;
}

/*
 * Connect a device's output to its input. The control was renamed in 6.11. vivid removes an output
 * in use from the menus of other inputs in the background, and if it checks our input too early,
 * it also removes it there. Then it reappears after a moment.
 */
bool loop_connect(struct video *in, int instance)
{
	struct v4l2_queryctrl control = {};

	if (video_set(in, "Loop Video", 1))
		return true;
	while (next_control(in, &control))
		if (!strncmp((char *)control.name, "HDMI", 4) &&
		    strstr((char *)control.name, "Is Connected To"))
			return select_own_output(in, control.id, instance);
	return false;
}

/* Open an output of vivid, and an input that receives its pictures. */
bool loop_open(struct video *in, struct video *out, int instance)
{
	struct v4l2_dv_timings timings = V4L2_DV_BT_CEA_640X480P59_94;

	in->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	out->type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
	in->fd = open_node(instance, V4L2_CAP_VIDEO_CAPTURE);
	out->fd = open_node(instance, V4L2_CAP_VIDEO_OUTPUT);
	return in->fd >= 0 && out->fd >= 0 && select_hdmi_input(in->fd) &&
	       select_hdmi_output(out->fd) && !ioctl(out->fd, VIDIOC_S_DV_TIMINGS, &timings) &&
	       !ioctl(in->fd, VIDIOC_S_DV_TIMINGS, &timings) && loop_connect(in, instance) &&
	       video_set(in, "OSD Text Mode", OSD_NOTHING) &&
	       set_format(out, 640, 480, V4L2_PIX_FMT_YUYV) &&
	       set_format(in, 640, 480, V4L2_PIX_FMT_YUYV);
}

/* Returns 0 only if the driver permits exactly this number. */
int video_request(struct video *video, enum v4l2_memory memory, unsigned int count)
{
	struct v4l2_requestbuffers request = {
		.count = count,
		.type = video->type,
		.memory = memory,
	};

	if (ioctl(video->fd, VIDIOC_REQBUFS, &request))
		return -1;
	video->memory = memory;
	return request.count == count ? 0 : -1;
}

/* @dmabuf matters only with V4L2_MEMORY_DMABUF. */
int video_queue(struct video *video, unsigned int index, int dmabuf)
{
	struct v4l2_buffer buffer = {
		.index = index,
		.type = video->type,
		.memory = video->memory,
		.field = V4L2_FIELD_NONE,
	};

	if (video->memory == V4L2_MEMORY_DMABUF)
		buffer.m.fd = dmabuf;
	if (video->type == V4L2_BUF_TYPE_VIDEO_OUTPUT)
		buffer.bytesused = video->format.sizeimage;
	return ioctl(video->fd, VIDIOC_QBUF, &buffer);
}

/* The number of a buffer that the driver has processed without error. */
int video_dequeue(struct video *video)
{
	struct v4l2_buffer buffer = {
		.type = video->type,
		.memory = video->memory,
	};

	if (ioctl(video->fd, VIDIOC_DQBUF, &buffer) || buffer.flags & V4L2_BUF_FLAG_ERROR ||
	    buffer.bytesused != video->format.sizeimage)
		return -1;
	return buffer.index;
}

int video_start(struct video *video)
{
	int type = video->type;

	return ioctl(video->fd, VIDIOC_STREAMON, &type);
}

int video_stop(struct video *video)
{
	int type = video->type;

	return ioctl(video->fd, VIDIOC_STREAMOFF, &type) ? -1 :
	       video_request(video, video->memory, 0);
}

/* A copy of a picture in the driver's own memory; to be freed. */
void *video_reference(struct video *video)
{
	size_t size = video->format.sizeimage;
	struct v4l2_buffer buffer = { .type = video->type, .memory = V4L2_MEMORY_MMAP };
	void *copy = malloc(size), *memory;
	int i, index = -1;

	if (!copy || video_request(video, V4L2_MEMORY_MMAP, 2))
		goto fail;
	for (i = 0; i < 2; i++)
		if (video_queue(video, i, -1))
			goto fail;
	if (video_start(video))
		goto fail;
	index = video_dequeue(video);
	if (index < 0)
		goto fail;
	buffer.index = index;
	if (ioctl(video->fd, VIDIOC_QUERYBUF, &buffer))
		goto fail;
	memory = mmap(NULL, size, PROT_READ, MAP_SHARED, video->fd, buffer.m.offset);
	if (memory == MAP_FAILED)
		goto fail;
	memcpy(copy, memory, size);
	munmap(memory, size);
	if (!video_stop(video))
		return copy;
fail:
	free(copy);
	return NULL;
}

void video_close(struct video *video)
{
	close(video->fd);
}
