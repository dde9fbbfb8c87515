// SPDX-License-Identifier: MIT
/* Draw regions on the terminal. */
#include <string.h>

#include "draw.h"

const struct paint *paint_of(size_t buffer)
{
	static const struct paint paints[] = {
		{ 33, "#0087ff" }, { 208, "#ff8700" }, { 70, "#5faf00" }, { 161, "#d7005f" },
		{ 98, "#875fd7" }, { 37, "#00afaf" }, { 178, "#d7af00" }, { 130, "#af5f00" },
	};

	return &paints[buffer % ARRAY_SIZE(paints)];
}

char sign_of(size_t buffer)
{
	return 'a' + buffer % 26;
}

#define CLEAN	"\033[38;5;240m"
#define DIRTY	"\033[38;5;94m"
#define USED	"\033[38;5;250m"
#define RESET	"\033[0m"

static void repeat(const char *text, uint64_t count)
{
	while (count--)
		fputs(text, stdout);
}

/* Number of cells for @bytes: at least one if it is not 0, limited by @room. */
static uint64_t take_cells(uint64_t *room, uint64_t bytes, uint64_t size, unsigned int width)
{
	uint64_t cells = bytes * width / size;

	cells += !cells && bytes;
	if (cells > *room)
		cells = *room;
	*room -= cells;
	return cells;
}

/* Used, dirty, clean and the kernel's memory in proportion, for users who cannot see offsets. */
void draw_bar(const struct heap_state *state, unsigned int width, bool colour)
{
	uint64_t kernels = with_kernel(state), room = width, used, dirty, clean;

	if (!state->size || state->free > state->size || state->dirty > state->free - kernels) {
		/* Keep the following columns aligned. */
		printf("[%*s]", (int)width, "");
		return;
	}
	used = take_cells(&room, state->size - state->free, state->size, width);
	dirty = take_cells(&room, state->dirty, state->size, width);
	/* Rounding must not leave a gap. */
	clean = kernels ? take_cells(&room, state->free - kernels - state->dirty, state->size,
				     width) : room;
	putchar('[');
	fputs(colour ? USED : "", stdout);
	repeat("#", used);
	fputs(colour ? DIRTY : "", stdout);
	repeat(":", dirty);
	fputs(colour ? CLEAN : "", stdout);
	repeat(".", clean);
	fputs(colour ? RESET : "", stdout);
	repeat(" ", width - used - dirty - clean);
	putchar(']');
}

/* The buffer that covers most of [start, start + len), or -1. */
int buffer_at(const struct region_map *map, uint64_t start, uint64_t len)
{
	uint64_t most = 0;
	int best = -1;
	size_t i;

	for (i = 0; i < map->nr_buffers; i++) {
		const struct placed *placed = &map->buffers[i];
		uint64_t from = placed->offset > start ? placed->offset : start;
		uint64_t to = placed->offset + placed->size;

		if (to > start + len)
			to = start + len;
		if (from < to && to - from > most) {
			most = to - from;
			best = i;
		}
	}
	return best;
}

/*
 * The sign for a place outside of buffers: of the signs of its cells, the last one in this list.
 */
static char cell_at(const struct region_map *map, uint64_t start, uint64_t len)
{
	static const char order[] = " .:#";
	uint64_t cell, last;
	size_t worst = 0;

	if (!map->cell)
		return '.';
	last = (start + len - 1) / map->cell;
	for (cell = start / map->cell; cell <= last && cell < map->count; cell++) {
		size_t sign = strchr(order, map->cells[cell]) - order;

		worst = sign > worst ? sign : worst;
	}
	return order[worst];
}

static bool has_blank(const struct region_map *map)
{
	return map->count && memchr(map->cells, ' ', map->count);
}

static void draw_sign(size_t buffer, bool colour)
{
	if (colour)
		printf("\033[48;5;%um\033[38;5;16m%c" RESET, paint_of(buffer)->terminal,
		       sign_of(buffer));
	else
		putchar(sign_of(buffer));
}

static void draw_cell(const struct region_map *map, uint64_t start, uint64_t len, bool colour)
{
	int buffer = buffer_at(map, start, len);
	char sign;

	if (buffer >= 0) {
		draw_sign(buffer, colour);
		return;
	}
	sign = cell_at(map, start, len);
	if (colour)
		fputs(sign == '#' ? USED : sign == ':' ? DIRTY : CLEAN, stdout);
	putchar(sign);
	if (colour)
		fputs(RESET, stdout);
}

/* Print the region's figures in one line. */
void print_totals(FILE *file, const struct heap_state *state)
{
	uint64_t used = state->free < state->size ? state->size - state->free : 0;
	char size[32], used_text[32], free_[32], largest[32];

	fprintf(file, "%s: %s, %s used by %llu buffer%s, %s free, %s of it in one piece",
		state->region, size_text(state->size, size, sizeof(size)),
		size_text(used, used_text, sizeof(used_text)),
		(unsigned long long)state->region_buffers, state->region_buffers == 1 ? "" : "s",
		size_text(state->free, free_, sizeof(free_)),
		size_text(state->largest, largest, sizeof(largest)));
}

static void draw_legend(const struct region_map *map, uint64_t step, bool colour)
{
	char size[32], place[32];
	size_t i;

	printf("%10s  each is %s; %s\n", "", size_text(step, size, sizeof(size)),
	       !map->cell ? ". free, or used by the kernel" :
	       has_blank(map) ? "# used, . free, : to be zeroed, blank: the kernel's" :
	       "# used, . free, : free, to be zeroed");
	for (i = 0; i < map->nr_buffers; i++) {
		const struct placed *placed = &map->buffers[i];

		printf("%10s  ", place_text(placed->offset, place, sizeof(place)));
		draw_sign(i, colour);
		printf(" %s, %s, ", size_text(placed->size, size, sizeof(size)), placed->heap);
		print_safe(placed->name);
		printf(", by %d (", placed->pid);
		print_safe(placed->comm);
		puts(")");
	}
}

void draw_terminal(const struct heap_state *state, const struct region_map *map,
		   unsigned int width, bool colour)
{
	uint64_t size = state->size, step = map->cell, start;
	unsigned int column = 0;
	char place[32];

	/* Regions without a map have 16 lines. */
	if (!step)
		step = (size + width * 16ULL - 1) / (width * 16ULL);
	if (!step)
		return;
	print_totals(stdout, state);
	putchar('\n');
	for (start = 0; start < size; start += step) {
		if (!column)
			printf("%10s  ", place_text(start, place, sizeof(place)));
		draw_cell(map, start, size - start < step ? size - start : step, colour);
		column = (column + 1) % width;
		if (!column)
			putchar('\n');
	}
	if (column)
		putchar('\n');
	draw_legend(map, step, colour);
}
