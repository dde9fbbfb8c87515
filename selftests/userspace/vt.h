/* SPDX-License-Identifier: GPL-2.0-only */
/* A terminal of libvterm, and what a test wants to know of it. */
#ifndef VT_H
#define VT_H

#include <stdbool.h>
#include <stddef.h>

#include <vterm.h>

/* Modes of the terminal. */
#define VT_WRAP		7
#define VT_CURSOR	25
#define VT_OTHER_SCREEN	1047

/**
 * struct vt - a terminal
 * @term: has a column more than the program is told, which shows what had no room
 * @screen: of @term
 * @columns: that the program knows of
 * @lines: of the screen
 * @lost: how often something was in the column behind the last
 * @coloured: characters that were not plain
 * @unknown: sequences that are none of a terminal's
 * @text: of the line that was asked for last
 */
struct vt {
	VTerm *term;
	VTermScreen *screen;
	unsigned int columns, lines;
	unsigned int lost, coloured, unknown;
	char text[1024];
};

void vt_init(struct vt *vt, unsigned int columns, unsigned int lines);
void vt_resize(struct vt *vt, unsigned int columns, unsigned int lines);
void vt_feed(struct vt *vt, const char *bytes, size_t len);
bool vt_mode(struct vt *vt, int mode);
const char *vt_text(struct vt *vt, unsigned int line);
const char *vt_line(struct vt *vt, const char *start);

#endif /* VT_H */
