// SPDX-License-Identifier: GPL-2.0-only
/* Screenshots from the runner's port "screen"; declared in screen.h. */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "screen.h"
#include "source.h"

#define NAME	"screen\n"

/* Find the port by its attribute "name". */
static FILE *open_port(void)
{
	char line[32], path[64];
	FILE *port = NULL;
	glob_t found;
	size_t i;

	if (glob("/sys/class/virtio-ports/*/name", 0, NULL, &found))
		return NULL;
	for (i = 0; i < found.gl_pathc && !port; i++) {
		FILE *file = fopen(found.gl_pathv[i], "re");

		if (file && fgets(line, sizeof(line), file) && !strcmp(line, NAME) &&
		    sscanf(found.gl_pathv[i], "/sys/class/virtio-ports/%31[^/]", line) == 1) {
			snprintf(path, sizeof(path), "/dev/%s", line);
			port = fopen(path, "r+e");
		}
		if (file)
			fclose(file);
	}
	globfree(&found);
	return port;
}

/*
 * Take a screenshot that the runner stores as @name; returns three bytes per pixel, to be freed.
 */
static __u8 *take(const char *name, __u32 *width, __u32 *height)
{
	char line[256], answer[128];
	FILE *port = open_port();
	__u8 *pixels = NULL;
	size_t size;

	if (!port) {
		printf("# there is no port to the screen\n");
		return NULL;
	}
	fprintf(port, "%s\n", name);
	fflush(port);
	if (!fgets(line, sizeof(line), port) ||
	    sscanf(line, "%127s %u %u", answer, width, height) != 3 || strcmp(answer, name)) {
		printf("# no picture: %s\n", line);
		goto out;
	}
	size = (size_t)*width * *height * 3;
	pixels = malloc(size);
	if (pixels && fread(pixels, 1, size, port) != size) {
		free(pixels);
		pixels = NULL;
	}
out:
	fclose(port);
	return pixels;
}

static __u32 colour(const __u8 *rgb)
{
	return (__u32)rgb[0] << 16 | rgb[1] << 8 | rgb[2];
}

/* Is every pixel as in @pixels (XRGB, 32 bits each)? Reports the first that differs. */
bool screen_shows(const char *name, __u32 width, __u32 height, const __u32 *pixels)
{
	__u32 seen_width, seen_height;
	__u8 *seen = take(name, &seen_width, &seen_height);
	size_t i, count = (size_t)width * height, wrong = 0, first = 0;

	if (!seen)
		return false;
	if (seen_width != width || seen_height != height) {
		printf("# the screen has %ux%u pixels\n", seen_width, seen_height);
		free(seen);
		return false;
	}
	for (i = 0; i < count; i++)
		if (colour(seen + 3 * i) != (pixels[i] & 0xffffff) && !wrong++)
			first = i;
	if (wrong)
		printf("# %zu of %zu pixels differ, the first at %zu,%zu: wanted %06x, saw %06x\n",
		       wrong, count, first % width, first / width, pixels[first] & 0xffffff,
		       colour(seen + 3 * first));
	free(seen);
	return !wrong;
}

/* The same for a buffer from @path; the screenshot is stored as KIND-SOURCE. */
bool screen_shows_buffer(const char *kind, const char *path, __u32 width, __u32 height,
			 const __u32 *pixels)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%s", kind, source_name(path));
	return screen_shows(name, width, height, pixels);
}

/* A gradient, with a different colour for each tile: no two parts are alike. */
void paint(__u32 *pixels, __u32 width, __u32 height, __u32 seed)
{
	__u32 x, y;

	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++) {
			__u32 tile = (x / 32 + y / 32 * 37 + seed * 101) * 0x9e3779b1U >> 8;
			__u32 red = x * 255 / width, green = y * 255 / height;

			*pixels++ = (red << 16 | green << 8 | (x ^ y ^ seed)) % 0x1000000 ^
				    (tile & 0x7f7f7f);
		}
}
