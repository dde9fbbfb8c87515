/* SPDX-License-Identifier: GPL-2.0-only */
/* The protocol of the camera, the legacy client and the display of the demonstration. */
#ifndef DEMO_PICTURE_H
#define DEMO_PICTURE_H

#include <linux/types.h>

#define SCREEN_WIDTH	640
#define SCREEN_HEIGHT	480
#define SCREEN_BYTES	(SCREEN_WIDTH * SCREEN_HEIGHT * 4)

/* The client draws letters below the camera's picture, and a ring over it. */
#define LETTERS		4
#define DOT		14
#define LETTERS_LEFT	150
#define LETTERS_TOP	368
#define RING_X		320
#define RING_Y		180
#define RING_OUTER	120
#define RING_INNER	100

#define LETTER_COLOUR	0x0000c0ff
#define RING_COLOUR	0x00ff2080

static inline int in_ring(int x, int y)
{
	int dx = x - RING_X, dy = y - RING_Y, square = dx * dx + dy * dy;

	return square >= RING_INNER * RING_INNER && square < RING_OUTER * RING_OUTER;
}

/* Five by seven dots; the last row is the lowest, bit 4 the leftmost dot. */
static inline int in_letters(int x, int y)
{
	static const __u8 letter[LETTERS][7] = {
		{ 0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10 },
		{ 0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11 },
		{ 0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f },
		{ 0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11 },
	};
	int column = (x - LETTERS_LEFT) / DOT, row = (y - LETTERS_TOP) / DOT;

	if (x < LETTERS_LEFT || y < LETTERS_TOP || row >= 7 || column >= LETTERS * 6)
		return 0;
	return column % 6 < 5 && letter[column / 6][row] >> (4 - column % 6) & 1;
}

/* Does the client draw this pixel? If so, *colour is its colour. */
static inline int client_draws(int x, int y, __u32 *colour)
{
	if (in_ring(x, y))
		*colour = RING_COLOUR;
	else if (in_letters(x, y))
		*colour = LETTER_COLOUR;
	else
		return 0;
	return 1;
}

#endif /* DEMO_PICTURE_H */
