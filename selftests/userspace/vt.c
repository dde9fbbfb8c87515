// SPDX-License-Identifier: GPL-2.0-only
/* A terminal of libvterm; declared in vt.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vt.h"

/* A character was drawn; ignore areas, which are erased. */
static int on_damage(VTermRect rect, void *user)
{
	VTermPos pos = { rect.start_row, rect.start_col };
	struct vt *vt = user;
	VTermScreenCell cell;

	if (rect.end_col > rect.start_col + 1 || !vterm_screen_get_cell(vt->screen, pos, &cell))
		return 1;
	vt->lost += pos.col == (int)vt->columns && cell.chars[0];
	vt->coloured += !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) ||
			!VTERM_COLOR_IS_DEFAULT_BG(&cell.bg) ||
			cell.attrs.bold || cell.attrs.reverse;
	return 1;
}

static const VTermScreenCallbacks callbacks = { .damage = on_damage };

static int count(void *user)
{
	struct vt *vt = user;

	vt->unknown++;
	return 1;
}

static int on_control(unsigned char control, void *user)
{
	return count(user);
}

static int on_escape(const char *bytes, size_t len, void *user)
{
	return count(user);
}

static int on_csi(const char *leader, const long *args, int nr, const char *intermed,
		  char command, void *user)
{
	return count(user);
}

static const VTermParserCallbacks fallbacks = {
	.control = on_control,
	.escape = on_escape,
	.csi = on_csi,
};

void vt_init(struct vt *vt, unsigned int columns, unsigned int lines)
{
	if (vt->term)
		vterm_free(vt->term);
	*vt = (struct vt){ .term = vterm_new(lines, columns + 1), .columns = columns, .lines = lines };
	vterm_set_utf8(vt->term, 1);
	vt->screen = vterm_obtain_screen(vt->term);
	vterm_screen_enable_altscreen(vt->screen, 1);
	vterm_screen_reset(vt->screen, 1);
	vterm_screen_set_callbacks(vt->screen, &callbacks, vt);
	vterm_screen_set_unrecognised_fallbacks(vt->screen, &fallbacks, vt);
}

void vt_resize(struct vt *vt, unsigned int columns, unsigned int lines)
{
	vt->columns = columns;
	vt->lines = lines;
	vterm_set_size(vt->term, lines, columns + 1);
}

void vt_feed(struct vt *vt, const char *bytes, size_t len)
{
	vterm_input_write(vt->term, bytes, len);
}

/* Is the mode on? Queries the terminal like a program. */
bool vt_mode(struct vt *vt, int mode)
{
	char question[16], answer[32] = "";
	int value = 0;

	vt_feed(vt, question, snprintf(question, sizeof(question), "\033[?%d$p", mode));
	vterm_output_read(vt->term, answer, sizeof(answer) - 1);
	return sscanf(answer, "\033[?%*d;%d$y", &value) == 1 && value == 1;
}

/* A line of the screen, up to its last character. */
const char *vt_text(struct vt *vt, unsigned int line)
{
	VTermRect rect = { line, line + 1, 0, vt->columns };

	vt->text[vterm_screen_get_text(vt->screen, vt->text, sizeof(vt->text) - 1, rect)] = '\0';
	return vt->text;
}

/* The first line of the screen with this prefix, or NULL. */
const char *vt_line(struct vt *vt, const char *start)
{
	unsigned int line;

	for (line = 0; line < vt->lines; line++)
		if (!strncmp(vt_text(vt, line), start, strlen(start)))
			return vt->text;
	return NULL;
}
