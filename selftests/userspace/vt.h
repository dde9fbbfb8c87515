/* SPDX-License-Identifier: GPL-2.0-only */
/* A terminal of libvterm, with helpers for tests. */
#ifndef VT_H
#define VT_H

#include <stdbool.h>
#include <stddef.h>

#include <vterm.h>

/* Terminal modes. */
#define VT_WRAP		7
#define VT_CURSOR	25
#define VT_OTHER_SCREEN	1047

/**
 * struct vt - a terminal
 * @term: has one more column than the program knows, which shows overflows
 * @screen: its screen
 * @columns: number of columns that the program knows
 * @lines: number of lines
 * @lost: how often something was drawn in the additional column
 * @coloured: number of characters with attributes
 * @unknown: number of unknown sequences
 * @text: the line that was requested last
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
