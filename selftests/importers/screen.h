/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's screen, as seen by the emulator. */
#ifndef IMPORTERS_SCREEN_H
#define IMPORTERS_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

bool screen_shows(const char *name, __u32 width, __u32 height, const __u32 *pixels);
bool screen_shows_buffer(const char *kind, const char *path, __u32 width, __u32 height,
			 const __u32 *pixels);

void paint(__u32 *pixels, __u32 width, __u32 height, __u32 seed);

#endif /* IMPORTERS_SCREEN_H */
