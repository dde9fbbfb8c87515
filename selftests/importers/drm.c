// SPDX-License-Identifier: GPL-2.0-only
/* DRM devices; declared in drm.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <drm/drm_fourcc.h>

#include "drm.h"

#define MAX_DEVICES	8
#define FIRST_RENDER	128
#define MAX_MODES	128

static bool driven_by(int fd, const char *driver)
{
	char name[32] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, driver);
}

static int open_numbered(const char *format, int first, const char *driver)
{
	char path[32];
	int i, fd;

	for (i = first; i < first + MAX_DEVICES; i++) {
		snprintf(path, sizeof(path), format, i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (driven_by(fd, driver))
			return fd;
		close(fd);
	}
	return -1;
}

/* Open the primary node, or the render node, of the first device of @driver. */
int drm_open(const char *driver)
{
	return open_numbered("/dev/dri/card%d", 0, driver);
}

int drm_open_render(const char *driver)
{
	return open_numbered("/dev/dri/renderD%d", FIRST_RENDER, driver);
}

int drm_import(int drm, int dmabuf, __u32 *handle)
{
	struct drm_prime_handle prime = { .fd = dmabuf };

	if (ioctl(drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		return -1;
	*handle = prime.handle;
	return 0;
}

/* Export a GEM handle as a dma-buf. */
int drm_export(int drm, __u32 handle)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };

	return ioctl(drm, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) ? -1 : prime.fd;
}

int drm_release(int drm, __u32 handle)
{
	struct drm_gem_close gem = { .handle = handle };

	return ioctl(drm, DRM_IOCTL_GEM_CLOSE, &gem);
}

/* Find a mode of this size of the first connector. */
static bool find_mode(struct display *display, __u32 width, __u32 height)
{
	struct drm_mode_get_connector connector = { .connector_id = display->connector };
	struct drm_mode_modeinfo *modes = calloc(MAX_MODES, sizeof(*modes));
	bool found = false;
	__u32 i;

	/* If there is no room for modes, the driver probes for them. */
	if (!modes || ioctl(display->fd, DRM_IOCTL_MODE_GETCONNECTOR, &connector))
		goto out;
	connector.count_props = 0;
	connector.count_encoders = 0;
	if (connector.count_modes > MAX_MODES)
		connector.count_modes = MAX_MODES;
	connector.modes_ptr = (uintptr_t)modes;
	if (ioctl(display->fd, DRM_IOCTL_MODE_GETCONNECTOR, &connector))
		goto out;
	for (i = 0; i < connector.count_modes && i < MAX_MODES; i++) {
		if (modes[i].hdisplay != width || modes[i].vdisplay != height)
			continue;
		display->mode = modes[i];
		found = true;
		break;
	}
out:
	free(modes);
	return found;
}

static bool find_pipe(struct display *display)
{
	__u32 crtcs[8], connectors[8];
	struct drm_mode_card_res resources = {
		.crtc_id_ptr = (uintptr_t)crtcs,
		.connector_id_ptr = (uintptr_t)connectors,
		.count_crtcs = 8,
		.count_connectors = 8,
	};

	if (ioctl(display->fd, DRM_IOCTL_MODE_GETRESOURCES, &resources) ||
	    !resources.count_crtcs || !resources.count_connectors)
		return false;
	display->crtc = crtcs[0];
	display->connector = connectors[0];
	return true;
}

/* Open the first device that has a mode of this size. */
bool display_open(struct display *display, __u32 width, __u32 height)
{
	char path[32];
	int i;

	for (i = 0; i < MAX_DEVICES; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		display->fd = open(path, O_RDWR | O_CLOEXEC);
		if (display->fd < 0)
			continue;
		if (find_pipe(display) && find_mode(display, width, height))
			return true;
		close(display->fd);
	}
	return false;
}

/* Create a frame buffer without gaps between lines, from a buffer that is not copied. */
int display_add(struct display *display, int dmabuf, __u32 *fb)
{
	struct drm_mode_fb_cmd2 add = {
		.width = display->mode.hdisplay,
		.height = display->mode.vdisplay,
		.pixel_format = DRM_FORMAT_XRGB8888,
		.pitches = { display->mode.hdisplay * 4 },
	};
	int ret;

	if (drm_import(display->fd, dmabuf, &add.handles[0]))
		return -1;
	ret = ioctl(display->fd, DRM_IOCTL_MODE_ADDFB2, &add);
	/* The frame buffer holds its own reference. */
	drm_release(display->fd, add.handles[0]);
	*fb = add.fb_id;
	return ret;
}

/*
 * Does the driver map buffers for a snooping device? Such devices cannot have memory outside of
 * the linear map, unless the CPU copies for them.
 */
bool display_refuses(struct display *display, int dmabuf)
{
	__u32 fb;

	if (display_add(display, dmabuf, &fb))
		return errno == EOPNOTSUPP;
	display_remove(display, fb);
	return false;
}

int display_remove(struct display *display, __u32 fb)
{
	return ioctl(display->fd, DRM_IOCTL_MODE_RMFB, &fb);
}

/* Start scanout. */
int display_show(struct display *display, __u32 fb)
{
	struct drm_mode_crtc crtc = {
		.crtc_id = display->crtc,
		.fb_id = fb,
		.set_connectors_ptr = (uintptr_t)&display->connector,
		.count_connectors = 1,
		.mode = display->mode,
		.mode_valid = 1,
	};

	return ioctl(display->fd, DRM_IOCTL_MODE_SETCRTC, &crtc);
}

/* Notify drivers that keep a copy of the picture. */
int display_flush(struct display *display, __u32 fb)
{
	struct drm_mode_fb_dirty_cmd dirty = { .fb_id = fb };

	return ioctl(display->fd, DRM_IOCTL_MODE_DIRTYFB, &dirty);
}

int display_off(struct display *display)
{
	struct drm_mode_crtc crtc = { .crtc_id = display->crtc };

	return ioctl(display->fd, DRM_IOCTL_MODE_SETCRTC, &crtc);
}

void display_close(struct display *display)
{
	close(display->fd);
}
