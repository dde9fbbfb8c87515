// SPDX-License-Identifier: MIT
/* Regions as pictures. */
#include <string.h>

#include "tool.h"

/* Colours of buffers, for terminals of 256 and as SVG has them. */
static const struct {
	unsigned int terminal;
	const char *svg;
} colours[] = {
	{ 33, "#0087ff" }, { 208, "#ff8700" }, { 70, "#5faf00" }, { 161, "#d7005f" },
	{ 98, "#875fd7" }, { 37, "#00afaf" }, { 178, "#d7af00" }, { 130, "#af5f00" },
};

static const char signs[] = "abcdefghijklmnopqrstuvwxyz";

#define CLEAN	"\033[38;5;240m"
#define DIRTY	"\033[38;5;94m"
#define USED	"\033[38;5;250m"
#define RESET	"\033[0m"

static void repeat(const char *text, uint64_t count)
{
	while (count--)
		fputs(text, stdout);
}

/* Cells for so many bytes, at least one for what is not nothing, as far as there is room. */
static uint64_t take_cells(uint64_t *room, uint64_t bytes, uint64_t size, unsigned int width)
{
	uint64_t cells = bytes * width / size;

	cells += !cells && bytes;
	if (cells > *room)
		cells = *room;
	*room -= cells;
	return cells;
}

/* Used, dirty, clean and the kernel's in proportion, for who may not see where. */
void draw_bar(const struct heap_state *state, unsigned int width, bool colour)
{
	uint64_t kernels = with_kernel(state), room = width, used, dirty, clean;

	if (!state->size || state->free > state->size || state->dirty > state->free - kernels) {
		/* What follows stands below its title all the same. */
		printf("[%*s]", (int)width, "");
		return;
	}
	used = take_cells(&room, state->size - state->free, state->size, width);
	dirty = take_cells(&room, state->dirty, state->size, width);
	/* Rounding is no reason for a gap. */
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
static int buffer_at(const struct region_map *map, uint64_t start, uint64_t len)
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

/* What stands at a place that is in no buffer: of its cells, the sign that comes last here. */
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

static void draw_cell(const struct region_map *map, uint64_t start, uint64_t len, bool colour)
{
	int buffer = buffer_at(map, start, len);
	char sign;

	if (buffer >= 0) {
		sign = signs[buffer % (sizeof(signs) - 1)];
		if (colour)
			printf("\033[48;5;%um\033[38;5;16m%c" RESET,
			       colours[buffer % ARRAY_SIZE(colours)].terminal, sign);
		else
			putchar(sign);
		return;
	}
	sign = cell_at(map, start, len);
	if (colour)
		fputs(sign == '#' ? USED : sign == ':' ? DIRTY : CLEAN, stdout);
	putchar(sign);
	if (colour)
		fputs(RESET, stdout);
}

void draw_terminal(const struct region_map *map, uint64_t size, unsigned int width, bool colour)
{
	uint64_t step = map->cell, start;
	unsigned int column = 0;
	char text[32];
	size_t i;

	/* What has no drawing of its own gets 16 lines. */
	if (!step)
		step = (size + width * 16ULL - 1) / (width * 16ULL);
	if (!step)
		return;
	for (start = 0; start < size; start += step) {
		if (!column)
			printf("%12llu  ", (unsigned long long)start);
		draw_cell(map, start, size - start < step ? size - start : step, colour);
		column = (column + 1) % width;
		if (!column)
			putchar('\n');
	}
	if (column)
		putchar('\n');
	printf("%12s  each is %s; ", "", size_text(step, text, sizeof(text)));
	puts(!map->cell ? ". free, or used by the kernel" : has_blank(map) ?
	     "# used, . free, : to be zeroed, blank: the kernel's" :
	     "# used, . free, : free, to be zeroed");
	for (i = 0; i < map->nr_buffers; i++) {
		const struct placed *placed = &map->buffers[i];

		printf("%12llu  ", (unsigned long long)placed->offset);
		if (colour)
			printf("\033[48;5;%um\033[38;5;16m%c" RESET,
			       colours[i % ARRAY_SIZE(colours)].terminal,
			       signs[i % (sizeof(signs) - 1)]);
		else
			putchar(signs[i % (sizeof(signs) - 1)]);
		printf(" %s, %s, ", size_text(placed->size, text, sizeof(text)), placed->heap);
		print_safe(placed->name);
		printf(", by %d (", placed->pid);
		print_safe(placed->comm);
		puts(")");
	}
}

static void svg_text(FILE *file, const char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '<')
			fputs("&lt;", file);
		else if (c == '&')
			fputs("&amp;", file);
		else if (c == '>')
			fputs("&gt;", file);
		else
			/* Whatever is not ASCII might not be UTF-8. */
			fputc(c < 0x20 || c > 0x7e ? '?' : c, file);
	}
}

#define SVG_WIDTH	1024
#define SVG_ROWS	16
#define SVG_ROW		24
/* Where the drawing begins: beside the places, below the title. */
#define SVG_LEFT	96
#define SVG_TOP		40
#define SVG_LEGEND	(SVG_TOP + SVG_ROWS * SVG_ROW + 12)

#define SVG_CLEAN	"#eeeeee"
#define SVG_DIRTY	"#d7c4a0"
#define SVG_USED	"#808080"
#define SVG_KERNELS	"white"

static void svg_title(FILE *file, const struct placed *placed)
{
	fprintf(file, "<title>%llu bytes at %llu, ", (unsigned long long)placed->size,
		(unsigned long long)placed->offset);
	svg_text(file, placed->heap);
	fputs(", ", file);
	svg_text(file, placed->name);
	fprintf(file, ", by %d ", placed->pid);
	svg_text(file, placed->comm);
	fputs("</title>", file);
}

static void svg_rect(FILE *file, uint64_t size, uint64_t start, uint64_t len, const char *colour,
		     const struct placed *placed)
{
	uint64_t row_size = (size + SVG_ROWS - 1) / SVG_ROWS;

	while (len) {
		uint64_t row = start / row_size, in_row = start % row_size;
		uint64_t part = row_size - in_row < len ? row_size - in_row : len;

		fprintf(file, "<rect x=\"%.3f\" y=\"%u\" width=\"%.3f\" height=\"%u\" fill=\"%s\">",
			SVG_LEFT + (double)in_row * SVG_WIDTH / row_size,
			(unsigned int)row * SVG_ROW + SVG_TOP,
			(double)part * SVG_WIDTH / row_size, SVG_ROW - 2, colour);
		if (placed)
			svg_title(file, placed);
		fputs("</rect>\n", file);
		start += part;
		len -= part;
	}
}

/* The sign that the terminal has for it, at the buffer's beginning if there is room. */
static void svg_sign(FILE *file, uint64_t size, const struct placed *placed, char sign)
{
	uint64_t row_size = (size + SVG_ROWS - 1) / SVG_ROWS;
	uint64_t in_row = placed->offset % row_size;
	uint64_t part = row_size - in_row < placed->size ? row_size - in_row : placed->size;

	if ((double)part * SVG_WIDTH / row_size < 14)
		return;
	fprintf(file, "<text x=\"%.3f\" y=\"%u\">%c</text>\n",
		SVG_LEFT + (double)in_row * SVG_WIDTH / row_size + 3,
		(unsigned int)(placed->offset / row_size) * SVG_ROW + SVG_TOP + 16, sign);
}

/* The place of each row's first byte. */
static void svg_places(FILE *file, uint64_t size)
{
	uint64_t row_size = (size + SVG_ROWS - 1) / SVG_ROWS, row;

	for (row = 0; row < SVG_ROWS && row * row_size < size; row++)
		fprintf(file, "<text x=\"%u\" y=\"%u\" text-anchor=\"end\">%llu</text>\n",
			SVG_LEFT - 8, (unsigned int)row * SVG_ROW + SVG_TOP + 16,
			(unsigned long long)(row * row_size));
}

static void svg_legend(FILE *file)
{
	const struct {
		const char *colour, *text;
	} kinds[] = {
		{ SVG_CLEAN, "free" }, { SVG_DIRTY, "free, to be zeroed" },
		{ SVG_USED, "used" }, { colours[0].svg, "a buffer" },
		{ SVG_KERNELS, "the kernel's" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		fprintf(file, "<rect x=\"%zu\" y=\"%u\" width=\"16\" height=\"16\" fill=\"%s\" "
			"stroke=\"" SVG_USED "\"/><text x=\"%zu\" y=\"%u\">%s</text>\n", SVG_LEFT + i * 180, SVG_LEGEND,
			kinds[i].colour, SVG_LEFT + i * 180 + 22, SVG_LEGEND + 13, kinds[i].text);
}

/* Neighbours of a kind are one, so that no seam shows. */
static void svg_cells(FILE *file, const struct region_map *map, uint64_t size)
{
	size_t i, end;

	for (i = 0; i < map->count && i * map->cell < size; i = end) {
		uint64_t start = i * map->cell, len;

		for (end = i + 1; end < map->count && map->cells[end] == map->cells[i];)
			end++;
		len = (end - i) * map->cell;
		if (len > size - start)
			len = size - start;
		if (map->cells[i] != '.')
			svg_rect(file, size, start, len,
				 map->cells[i] == '#' ? SVG_USED :
				 map->cells[i] == ':' ? SVG_DIRTY : SVG_KERNELS, NULL);
	}
}

void draw_svg(FILE *file, const char *title, const struct region_map *map, uint64_t size)
{
	size_t i;

	fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"font-family=\"sans-serif\" font-size=\"13\" shape-rendering=\"crispEdges\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
		"<text x=\"%u\" y=\"24\" font-size=\"16\">", SVG_LEFT + SVG_WIDTH + 16,
		SVG_LEGEND + 28, SVG_LEFT);
	svg_text(file, title);
	fputs("</text>\n", file);
	svg_places(file, size);
	svg_rect(file, size, 0, size, SVG_CLEAN, NULL);
	svg_cells(file, map, size);
	for (i = 0; i < map->nr_buffers; i++) {
		const struct placed *placed = &map->buffers[i];

		if (placed->offset >= size || placed->size > size - placed->offset)
			continue;
		svg_rect(file, size, placed->offset, placed->size,
			 colours[i % ARRAY_SIZE(colours)].svg, placed);
		svg_sign(file, size, placed, signs[i % (sizeof(signs) - 1)]);
	}
	svg_legend(file);
	fputs("</svg>\n", file);
}
