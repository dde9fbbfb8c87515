// SPDX-License-Identifier: MIT
/* dmaheap map */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "json.h"
#include "screen.h"
#include "tool.h"

#define WIDTH	64
/* Width of the offset before each line. */
#define PLACE	12

/* Number of cells per line: a multiple of 16 that fits the terminal, if stdout is one. */
static unsigned int width(void)
{
	unsigned int columns, lines, cells;

	screen_size(&columns, &lines);
	if (!columns)
		return WIDTH;
	cells = columns > PLACE ? (columns - PLACE) / 16 * 16 : 0;
	return cells < 16 ? 16 : cells > 2 * WIDTH ? 2 * WIDTH : cells;
}

static int write_svg(const char *path, const struct heap_state *state, const struct region_map *map)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "we") : stdout;
	bool failed;

	if (!file)
		return fail(-errno, "%s", path);
	draw_svg(file, state, map);
	failed = ferror(file);
	if (file != stdout)
		failed |= fclose(file) != 0;
	return failed ? fail(0, "%s: cannot write", path) : OK;
}

static int print_json(const struct heap_state *state, const struct region_map *map)
{
	size_t i;

	json_begin_object(NULL);
	json_text("region", state->region);
	json_number("size", state->size);
	if (map->cell) {
		json_number("cell", map->cell);
		json_text("cells", map->cells);
	}
	json_begin_array("buffers");
	for (i = 0; i < map->nr_buffers; i++) {
		const struct placed *placed = &map->buffers[i];

		json_begin_object(NULL);
		json_number("inode", placed->inode);
		json_number("size", placed->size);
		json_text("heap", placed->heap);
		json_text("name", strcmp(placed->name, "-") ? placed->name : "");
		describe_placed(placed);
		json_end();
	}
	json_end();
	json_end();
	return OK;
}

/**
 * struct choice - how to show the map
 * @svg: write a picture to this file; NULL if not
 * @when: whether to use colours: NULL, or as for use_colour()
 * @json: output for programs
 */
struct choice {
	const char *svg, *when;
	bool json;
};

/* Returns GO_ON or a status. */
static int parse(int argc, char **argv, struct choice *choice)
{
	static const struct option options[] = {
		{ "svg", required_argument, NULL, 's' },
		{ "colour", required_argument, NULL, 'c' },
		{ "color", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *when;
	int c;

	while ((c = getopt_long(argc, argv, "s:c:jh", options, NULL)) != -1) {
		if (c == 'h')
			return show_help();
		if (c == 's')
			choice->svg = optarg;
		else if (c == 'c')
			choice->when = optarg;
		else if (c == 'j')
			choice->json = true;
		else
			return bad_option();
	}
	when = choice->when;
	if (when && strcmp(when, "always") && strcmp(when, "never") && strcmp(when, "auto"))
		return usage("--colour is always, never or auto");
	if (choice->svg && choice->json)
		return usage("--svg and --json exclude each other");
	return optind + 1 == argc ? GO_ON : usage("one heap is expected");
}

static int run(int argc, char **argv)
{
	struct choice choice = { .json = false };
	struct heap_state state;
	struct region_map map;
	int ret = parse(argc, argv, &choice);

	if (ret != GO_ON)
		return ret;
	ret = heap_read(argv[optind], &state);
	if (ret)
		return fail(ret, "%s", argv[optind]);
	if (!state.ours)
		return fail(0, "%s: only the memory of contig_heaps can be drawn", state.name),
		       UNSUPPORTED;
	ret = region_read(state.region, &map);
	if ((ret == -EACCES || ret == -ENOENT) && !choice.svg && !choice.json) {
		/* Any user can see how much is used, but not where. */
		draw_bar(&state, width(), use_colour(choice.when));
		printf("\nThis shows how much is used; %s.\n", region_blind(ret));
		return OK;
	}
	if (ret)
		return fail(ret, "%s: cannot read its map in debugfs", state.name);
	if (choice.json)
		ret = print_json(&state, &map);
	else if (choice.svg)
		ret = write_svg(choice.svg, &state, &map);
	else
		draw_terminal(&state, &map, width(), use_colour(choice.when));
	region_free(&map);
	return ret;
}

const struct command cmd_map = {
	.name = "map",
	.summary = "draw a heap's memory",
	.help =
"Usage: dmaheap map [OPTION]... HEAP\n\n"
"Draw the heap's memory, with offsets in hexadecimal: each buffer as a letter, free memory as .,\n"
"dirty memory (free, but not yet zeroed) as :, other used memory as #; blank memory of a CMA area\n"
"belongs to the kernel. The buffers follow in the order of their offsets. A heap and its uncached\n"
"variant share their memory. Without access to debugfs, a usage bar is shown instead.\n\n"
"  -s, --svg=FILE     write an SVG picture; - is standard output\n"
"  -c, --colour=WHEN  always, never or auto (default)\n"
"  -j, --json         print JSON; sizes and offsets are in bytes\n"
"  -h, --help         this text\n",
	.run = run,
};
