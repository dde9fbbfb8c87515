/* SPDX-License-Identifier: MIT */
/* Common to drawings of a region on the terminal and as SVG. */
#ifndef DRAW_H
#define DRAW_H

#include "tool.h"

/**
 * struct paint - colour of a buffer
 * @terminal: one of 256 colours
 * @svg: the same colour
 */
struct paint {
	unsigned int terminal;
	const char *svg;
};

const struct paint *paint_of(size_t buffer);
char sign_of(size_t buffer);
int buffer_at(const struct region_map *map, uint64_t start, uint64_t len);
void print_totals(FILE *file, const struct heap_state *state);

#endif /* DRAW_H */
