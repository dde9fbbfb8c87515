/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of a terminal as shows what a program has drawn. What it does not know is counted, so
 * that a test notices that the program asked for more than this terminal can do.
 */
#ifndef VT_H
#define VT_H

#include <stdbool.h>
#include <stddef.h>

#define VT_LINES	100
#define VT_COLUMNS	220

/**
 * struct vt - the terminal's state
 * @columns: of the screen
 * @lines: of the screen
 * @text: of both screens, the usual one and the other one; blanks where nothing is
 * @line: of the cursor
 * @column: of the cursor, @columns behind the last one
 * @saved_line: @line when the other screen came
 * @saved_column: @column then
 * @other: the other screen is shown
 * @cursor: it can be seen
 * @wrap: what is too long goes on in the next line
 * @lost: characters that had no room, since they must not wrap
 * @wrapped: lines that went on in the next one
 * @coloured: sequences that changed colours
 * @unknown: sequences that are none of ours
 * @sequence: what came of an escape sequence
 * @len: of @sequence
 */
struct vt {
	unsigned int columns, lines;
	char text[2][VT_LINES][VT_COLUMNS + 1];
	unsigned int line, column, saved_line, saved_column;
	bool other, cursor, wrap;
	unsigned int lost, wrapped, coloured, unknown;
	char sequence[32];
	size_t len;
};

void vt_init(struct vt *vt, unsigned int columns, unsigned int lines);
void vt_resize(struct vt *vt, unsigned int columns, unsigned int lines);
void vt_feed(struct vt *vt, const char *bytes, size_t len);
const char *vt_line(const struct vt *vt, const char *start);

#endif /* VT_H */
