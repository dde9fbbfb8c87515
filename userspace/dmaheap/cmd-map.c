// SPDX-License-Identifier: MIT
/* dmaheap map */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "screen.h"
#include "tool.h"

#define WIDTH	64
/* Of the place before each line. */
#define PLACE	14

/* Cells of a line: a multiple of 16 that fits the terminal, if it is one. */
static unsigned int width(void)
{
	unsigned int columns, lines, cells;

	screen_size(&columns, &lines);
	if (!columns)
		return WIDTH;
	cells = columns > PLACE ? (columns - PLACE) / 16 * 16 : 0;
	return cells < 16 ? 16 : cells > 2 * WIDTH ? 2 * WIDTH : cells;
}

static int write_svg(const char *path, const char *heap, const struct region_map *map,
		     uint64_t size)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "we") : stdout;
	char title[320], text[32];
	bool failed;

	if (!file)
		return fail(-errno, "%s", path);
	snprintf(title, sizeof(title), "%s, %s, %zu buffers", heap,
		 size_text(size, text, sizeof(text)), map->nr_buffers);
	draw_svg(file, title, map, size);
	failed = ferror(file);
	if (file != stdout)
		failed |= fclose(file) != 0;
	return failed ? fail(0, "%s: cannot write", path) : OK;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "svg", required_argument, NULL, 's' },
		{ "colour", required_argument, NULL, 'c' },
		{ "color", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *svg = NULL, *when = NULL;
	struct heap_state state;
	struct region_map map;
	int c, ret;

	while ((c = getopt_long(argc, argv, "s:c:h", options, NULL)) != -1) {
		if (c == 'h')
			return show_help();
		if (c == 's')
			svg = optarg;
		else if (c == 'c')
			when = optarg;
		else
			return usage("bad option");
	}
	if (when && strcmp(when, "always") && strcmp(when, "never") && strcmp(when, "auto"))
		return usage("--colour is always, never or auto");
	if (optind + 1 != argc)
		return usage("one heap is expected");
	ret = heap_read(argv[optind], &state);
	if (ret)
		return fail(ret, "%s", argv[optind]);
	if (!state.ours)
		return fail(-EOPNOTSUPP, "%s", state.name);
	ret = region_read(state.region, &map);
	/* Without debugfs, nobody can. */
	if ((ret == -EACCES || ret == -ENOENT) && !svg) {
		/* Anyone may know how much, but not where. */
		draw_bar(&state, width(), use_colour(when));
		puts("\nThis shows how much is used. Only root can see where, with debugfs mounted.");
		return OK;
	}
	if (ret)
		return fail(ret, "%s: cannot read its map in debugfs", state.name);
	if (svg)
		ret = write_svg(svg, state.name, &map, state.size);
	else
		draw_terminal(&map, state.size, width(), use_colour(when));
	region_free(&map);
	return ret;
}

const struct command cmd_map = {
	.name = "map",
	.summary = "draw a heap's memory",
	.help =
"Usage: dmaheap map [--svg=FILE] [--colour=WHEN] HEAP\n\n"
"Draw the heap's memory: each buffer as a letter, free memory as ., dirty memory (free, but not yet\n"
"zeroed) as :, other used memory as #; blank is what the kernel has of a CMA area. A heap and its\n"
"uncached variant share their memory. Without access to debugfs, a usage bar is shown instead.\n\n"
"  -s, --svg=FILE     write an SVG picture; - is standard output\n"
"  -c, --colour=WHEN  always, never or auto (default)\n"
"  -h, --help         this text\n",
	.run = run,
};
