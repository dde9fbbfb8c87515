// SPDX-License-Identifier: MIT
/* Draw regions as SVG. */
#include <string.h>

#include "draw.h"

#define WIDTH	1024
#define ROWS	16
#define ROW	24
/* Start of the drawing: right of the offsets, below the title. */
#define LEFT	104
#define TOP	40
#define LEGEND	(TOP + ROWS * ROW + 12)
/* Position of the list of buffers. */
#define BUFFERS	(LEGEND + 32)
#define LINE	20

/* Light or dark, according to the viewer's preference. */
static const char style[] =
	"<style>\n"
	"text { fill: #202020 } .letter { fill: black }\n"
	".back, .kernels { fill: white } .free { fill: #eeeeee }\n"
	".dirty { fill: #d7c4a0 } .used { fill: #808080 } .key { stroke: #808080 }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"text { fill: #e0e0e0 } .letter { fill: black }\n"
	".back, .kernels { fill: #181818 } .free { fill: #303030 } .dirty { fill: #6b5a34 }\n"
	"}\n"
	"</style>\n";

static void print_text(FILE *file, const char *text)
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
			/* Characters outside of ASCII might be invalid UTF-8. */
			fputc(c < 0x20 || c > 0x7e ? '?' : c, file);
	}
}

/* How many bytes of [start, start + len) are in the first row? */
static uint64_t in_row(uint64_t row_size, uint64_t start, uint64_t len)
{
	uint64_t room = row_size - start % row_size;

	return len < room ? len : room;
}

/* Return the horizontal position of an offset, and set @y to that of its row. */
static double place_of(uint64_t row_size, uint64_t start, unsigned int *y)
{
	*y = TOP + (unsigned int)(start / row_size) * ROW;
	return LEFT + (double)(start % row_size) * WIDTH / row_size;
}

/* @fill is an attribute. */
static void draw_part(FILE *file, uint64_t size, uint64_t start, uint64_t len, const char *fill)
{
	uint64_t row_size = (size + ROWS - 1) / ROWS, part;
	unsigned int y;
	double x;

	for (; len; start += part, len -= part) {
		part = in_row(row_size, start, len);
		x = place_of(row_size, start, &y);
		fprintf(file, "<rect x=\"%.3f\" y=\"%u\" width=\"%.3f\" height=\"%u\" %s/>\n",
			x, y, (double)part * WIDTH / row_size, ROW - 2, fill);
	}
}

static void print_buffer(FILE *file, const struct placed *placed)
{
	char size[32], place[32];

	fprintf(file, "%s at %s, %s, ", size_text(placed->size, size, sizeof(size)),
		place_text(placed->offset, place, sizeof(place)), placed->heap);
	print_text(file, placed->name);
	fprintf(file, ", by %d (", placed->pid);
	print_text(file, placed->comm);
	fputs(")", file);
}

/* Its letter is at the start, if there is room. */
static void draw_buffer(FILE *file, uint64_t size, const struct region_map *map, size_t i)
{
	const struct placed *placed = &map->buffers[i];
	uint64_t row_size = (size + ROWS - 1) / ROWS;
	char fill[32];
	unsigned int y;
	double x;

	if (placed->offset >= size || placed->size > size - placed->offset)
		return;
	snprintf(fill, sizeof(fill), "fill=\"%s\"", paint_of(i)->svg);
	fputs("<g><title>", file);
	print_buffer(file, placed);
	fputs("</title>\n", file);
	draw_part(file, size, placed->offset, placed->size, fill);
	x = place_of(row_size, placed->offset, &y);
	if ((double)in_row(row_size, placed->offset, placed->size) * WIDTH / row_size >= 14)
		fprintf(file, "<text x=\"%.3f\" y=\"%u\" class=\"letter\">%c</text>\n", x + 3,
			y + 16, sign_of(i));
	fputs("</g>\n", file);
}

/* Draw the offset of each row. */
static void draw_offsets(FILE *file, uint64_t size)
{
	uint64_t row_size = (size + ROWS - 1) / ROWS, row;
	char place[32];

	for (row = 0; row < ROWS && row * row_size < size; row++)
		fprintf(file, "<text x=\"%u\" y=\"%u\" text-anchor=\"end\" "
			"font-family=\"monospace\">%s</text>\n", LEFT - 8,
			(unsigned int)row * ROW + TOP + 16,
			place_text(row * row_size, place, sizeof(place)));
}

static void draw_kinds(FILE *file)
{
	static const char *const kinds[][2] = {
		{ "free", "free" }, { "dirty", "free, to be zeroed" }, { "used", "used" },
		{ "kernels", "the kernel's" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		fprintf(file, "<rect x=\"%zu\" y=\"%u\" width=\"16\" height=\"16\" "
			"class=\"key %s\"/><text x=\"%zu\" y=\"%u\">%s</text>\n",
			LEFT + i * 180, LEGEND, kinds[i][0], LEFT + i * 180 + 22, LEGEND + 13,
			kinds[i][1]);
}

static void draw_names(FILE *file, const struct region_map *map)
{
	size_t i;

	for (i = 0; i < map->nr_buffers; i++) {
		fprintf(file, "<rect x=\"%u\" y=\"%zu\" width=\"16\" height=\"16\" "
			"fill=\"%s\"/><text x=\"%u\" y=\"%zu\" class=\"letter\">%c</text>\n"
			"<text x=\"%u\" y=\"%zu\">", LEFT, BUFFERS + i * LINE, paint_of(i)->svg,
			LEFT + 4, BUFFERS + i * LINE + 12, sign_of(i), LEFT + 22,
			BUFFERS + i * LINE + 13);
		print_buffer(file, &map->buffers[i]);
		fputs("</text>\n", file);
	}
}

/* Draw a cell that a buffer uses as the buffer; the rest of the cell counts as free. */
static char kind_of(const struct region_map *map, size_t cell)
{
	if (map->cells[cell] == '#' && buffer_at(map, cell * map->cell, map->cell) >= 0)
		return '.';
	return map->cells[cell];
}

/* Merge adjacent cells of a kind, so that no seams are visible. */
static void draw_cells(FILE *file, const struct region_map *map, uint64_t size)
{
	size_t i, end;

	for (i = 0; i < map->count && i * map->cell < size; i = end) {
		uint64_t start = i * map->cell, len;
		char kind = kind_of(map, i);

		for (end = i + 1; end < map->count && kind_of(map, end) == kind;)
			end++;
		len = (end - i) * map->cell;
		if (len > size - start)
			len = size - start;
		if (kind != '.')
			draw_part(file, size, start, len, kind == '#' ? "class=\"used\"" :
				  kind == ':' ? "class=\"dirty\"" : "class=\"kernels\"");
	}
}

void draw_svg(FILE *file, const struct heap_state *state, const struct region_map *map)
{
	size_t i;

	fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%zu\" "
		"font-family=\"sans-serif\" font-size=\"13\" shape-rendering=\"crispEdges\">\n"
		"%s<rect width=\"100%%\" height=\"100%%\" class=\"back\"/>\n"
		"<text x=\"%u\" y=\"24\" font-size=\"16\">", LEFT + WIDTH + 16,
		BUFFERS + map->nr_buffers * LINE + 8, style, LEFT);
	print_totals(file, state);
	fputs("</text>\n", file);
	draw_offsets(file, state->size);
	draw_part(file, state->size, 0, state->size, "class=\"free\"");
	draw_cells(file, map, state->size);
	for (i = 0; i < map->nr_buffers; i++)
		draw_buffer(file, state->size, map, i);
	draw_kinds(file);
	draw_names(file, map);
	fputs("</svg>\n", file);
}
