/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DRM devices: import and display buffers. Calls return -1 with errno set, unless noted otherwise.
 */
#ifndef IMPORTERS_DRM_H
#define IMPORTERS_DRM_H

#include <stdbool.h>
#include <stddef.h>

#include <drm/drm.h>
#include <drm/drm_mode.h>

/**
 * struct display - a DRM device with a connected display
 * @fd: the device
 * @crtc: the CRTC for scanout
 * @connector: its connector
 * @mode: the mode that is set
 */
struct display {
	int fd;
	__u32 crtc;
	__u32 connector;
	struct drm_mode_modeinfo mode;
};

int drm_open(const char *driver);
int drm_open_render(const char *driver);
int drm_import(int drm, int dmabuf, __u32 *handle);
int drm_export(int drm, __u32 handle);
int drm_release(int drm, __u32 handle);

bool display_open(struct display *display, __u32 width, __u32 height);
int display_add(struct display *display, int dmabuf, __u32 *fb);
bool display_refuses(struct display *display, int dmabuf);
int display_remove(struct display *display, __u32 fb);
int display_show(struct display *display, __u32 fb);
int display_flush(struct display *display, __u32 fb);
int display_off(struct display *display);
void display_close(struct display *display);

#endif /* IMPORTERS_DRM_H */
