/* SPDX-License-Identifier: GPL-2.0-only */
/* Video devices of the vivid driver. Calls return -1 with errno set, unless noted otherwise. */
#ifndef IMPORTERS_VIDEO_H
#define IMPORTERS_VIDEO_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/videodev2.h>

/**
 * struct video - one end of a vivid device, with one format
 * @fd: the node
 * @type: type of its buffers
 * @memory: source of the buffers
 * @format: format of the buffers
 */
struct video {
	int fd;
	enum v4l2_buf_type type;
	enum v4l2_memory memory;
	struct v4l2_pix_format format;
};

#define CAMERA_WIDTH	640
#define CAMERA_HEIGHT	360

bool camera_open(struct video *video, int instance);
bool loop_open(struct video *in, struct video *out, int instance);
bool loop_connect(struct video *in, int instance);
bool video_set(struct video *video, const char *control, int value);
int video_request(struct video *video, enum v4l2_memory memory, unsigned int count);
int video_queue(struct video *video, unsigned int index, int dmabuf);
int video_dequeue(struct video *video);
int video_start(struct video *video);
int video_stop(struct video *video);
void *video_reference(struct video *video);
void video_close(struct video *video);

#endif /* IMPORTERS_VIDEO_H */
