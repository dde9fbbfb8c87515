// SPDX-License-Identifier: GPL-2.0-only
/* As much of a terminal as shows what a program has drawn; vt.h has its state. */
#include <stdlib.h>
#include <string.h>

#include "vt.h"

static void clear(struct vt *vt, unsigned int line, unsigned int from)
{
	memset(vt->text[vt->other][line] + from, ' ', VT_COLUMNS - from);
	vt->text[vt->other][line][VT_COLUMNS] = '\0';
}

static void clear_below(struct vt *vt, unsigned int line)
{
	for (; line < VT_LINES; line++)
		clear(vt, line, 0);
}

void vt_init(struct vt *vt, unsigned int columns, unsigned int lines)
{
	memset(vt, 0, sizeof(*vt));
	vt->cursor = true;
	vt->wrap = true;
	clear_below(vt, 0);
	vt->other = true;
	clear_below(vt, 0);
	vt->other = false;
	vt_resize(vt, columns, lines);
}

/* What does not fit any more is gone, as in most terminals. */
void vt_resize(struct vt *vt, unsigned int columns, unsigned int lines)
{
	unsigned int line;

	vt->columns = columns;
	vt->lines = lines;
	for (line = 0; line < VT_LINES; line++)
		clear(vt, line, line < lines ? columns : 0);
	if (vt->line >= lines)
		vt->line = lines - 1;
	if (vt->column > columns)
		vt->column = columns;
}

static void next_line(struct vt *vt)
{
	char (*text)[VT_COLUMNS + 1] = vt->text[vt->other];

	if (vt->line + 1 < vt->lines) {
		vt->line++;
		return;
	}
	memmove(text[0], text[1], (vt->lines - 1) * sizeof(text[0]));
	clear(vt, vt->lines - 1, 0);
}

static void put(struct vt *vt, char c)
{
	if (vt->column >= vt->columns) {
		if (vt->wrap) {
			vt->wrapped++;
			vt->column = 0;
			next_line(vt);
		} else {
			vt->lost++;
			vt->column = vt->columns - 1;
		}
	}
	vt->text[vt->other][vt->line][vt->column++] = c;
}

/* "?25h" and its like. */
static bool set_mode(struct vt *vt, const char *sequence)
{
	bool on = sequence[strlen(sequence) - 1] == 'h';

	switch (atoi(sequence + 1)) {
	case 7:
		vt->wrap = on;
		return true;
	case 25:
		vt->cursor = on;
		return true;
	case 1049:
		if (on == vt->other)
			return true;
		vt->other = on;
		if (on) {
			vt->saved_line = vt->line;
			vt->saved_column = vt->column;
			clear_below(vt, 0);
		} else {
			vt->line = vt->saved_line < vt->lines ? vt->saved_line : vt->lines - 1;
			vt->column = vt->saved_column;
		}
		return true;
	}
	return false;
}

/* The last column may be both full and behind the cursor: erasing takes it, too. */
static bool control(struct vt *vt, const char *sequence)
{
	unsigned int column = vt->column < vt->columns ? vt->column : vt->columns - 1;

	switch (sequence[strlen(sequence) - 1]) {
	case 'H':
		vt->line = 0;
		vt->column = 0;
		return sequence[0] == 'H';
	case 'J':
		clear(vt, vt->line, column);
		clear_below(vt, vt->line + 1);
		return sequence[0] == 'J';
	case 'K':
		clear(vt, vt->line, column);
		return sequence[0] == 'K';
	case 'm':
		vt->coloured++;
		return true;
	case 'h':
	case 'l':
		return sequence[0] == '?' && set_mode(vt, sequence);
	}
	return false;
}

static void feed(struct vt *vt, char c)
{
	if (vt->len) {
		/* ESC, [, parameters, and a letter that ends it. */
		vt->sequence[vt->len++] = c;
		if (vt->len == 2 && c == '[')
			return;
		if (vt->len > 2 && c < '@' && vt->len < sizeof(vt->sequence) - 1)
			return;
		vt->sequence[vt->len] = '\0';
		if (vt->len < 3 || !control(vt, vt->sequence + 2))
			vt->unknown++;
		vt->len = 0;
	} else if (c == '\033') {
		vt->sequence[vt->len++] = c;
	} else if (c == '\r') {
		vt->column = 0;
	} else if (c == '\n') {
		next_line(vt);
	} else if ((unsigned char)c < ' ') {
		vt->unknown++;
	} else {
		put(vt, c);
	}
}

void vt_feed(struct vt *vt, const char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		feed(vt, bytes[i]);
}

/* The first line of the screen that starts so, or NULL. */
const char *vt_line(const struct vt *vt, const char *start)
{
	unsigned int line;

	for (line = 0; line < vt->lines; line++)
		if (!strncmp(vt->text[vt->other][line], start, strlen(start)))
			return vt->text[vt->other][line];
	return NULL;
}
