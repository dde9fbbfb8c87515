// SPDX-License-Identifier: MIT
/* Regions, according to debugfs, which only root can read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define DEBUG		"/sys/kernel/debug/contig_heaps"

/* Parse a line "# ... each is N bytes", then lines "OFFSET CELLS". A cell can be blank. */
bool parse_map(const char *text, struct region_map *map)
{
	const char *each = strstr(text, "each is ");
	const char *line = strchr(text, '\n');
	unsigned long long cell;

	if (*text != '#' || !each || !line || each > line ||
	    sscanf(each, "each is %llu bytes", &cell) != 1 || !cell)
		return false;
	map->cells = malloc(strlen(line) + 1);
	if (!map->cells)
		return false;
	map->cell = cell;
	map->count = 0;
	for (; line && line[1]; line = strchr(line + 1, '\n')) {
		const char *pos = line + 1;

		pos += strspn(pos, " ");
		pos += strspn(pos, "0123456789");
		if (!strncmp(pos, "  ", 2))
			pos += 2;
		for (; *pos && *pos != '\n'; pos++)
			map->cells[map->count++] = strchr(" .:", *pos) ? *pos : '#';
	}
	map->cells[map->count] = '\0';
	return true;
}

static void trim(char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		text[--len] = '\0';
}

static bool parse_buffer(const char *line, struct placed *placed)
{
	unsigned long long offset, size;
	int used = 0, rest = 0;

	memset(placed, 0, sizeof(*placed));
	if (sscanf(line, "%llu %llu %lf %lu %d%n", &offset, &size, &placed->age, &placed->inode,
		   &placed->pid, &used) != 5 || line[used] != ' ')
		return false;
	placed->offset = offset;
	placed->size = size;
	/* A process name may contain blanks, so its width is fixed. */
	line += used + 1;
	if (strcspn(line, "\n") < 17)
		return false;
	memcpy(placed->comm, line, 16);
	trim(placed->comm);
	line += 16;
	if (sscanf(line, "%63s %255s%n", placed->heap, placed->importers, &rest) != 2)
		return false;
	line += rest;
	if (*line == ' ')
		line++;
	snprintf(placed->name, sizeof(placed->name), "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

/* Parse a header, then one line per buffer. */
bool parse_buffers(const char *text, struct region_map *map)
{
	const char *line = strchr(text, '\n');
	bool ok = line && strstr(text, "inode") && strstr(text, "inode") < line;

	map->buffers = NULL;
	map->nr_buffers = 0;
	for (; ok && line[1]; line = strchr(line + 1, '\n')) {
		struct placed *larger = realloc(map->buffers,
						(map->nr_buffers + 1) * sizeof(*larger));

		ok = larger;
		if (!ok)
			break;
		map->buffers = larger;
		ok = parse_buffer(line + 1, &larger[map->nr_buffers]);
		if (ok)
			map->nr_buffers++;
		ok = ok && strchr(line + 1, '\n');
	}
	if (!ok) {
		free(map->buffers);
		map->buffers = NULL;
		map->nr_buffers = 0;
	}
	return ok;
}

static int by_offset(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Returns 0 or a negative errno; -EACCES without access to debugfs. */
int region_read(const char *region, struct region_map *map)
{
	char *text = read_file(DEBUG "/%s/buffers", region);
	size_t i;
	bool ok;

	memset(map, 0, sizeof(*map));
	if (!text)
		return -errno;
	ok = parse_buffers(text, map);
	free(text);
	if (!ok)
		return -EINVAL;
	if (map->nr_buffers)
		qsort(map->buffers, map->nr_buffers, sizeof(*map->buffers), by_offset);
	for (i = 0; i < map->nr_buffers; i++)
		snprintf(map->buffers[i].region, sizeof(map->buffers[i].region), "%s", region);
	/* System memory has no map. */
	text = read_file(DEBUG "/%s/map", region);
	if (!text)
		return 0;
	ok = parse_map(text, map);
	free(text);
	if (ok)
		return 0;
	region_free(map);
	return -EINVAL;
}

/* Explain an error of region_read(). */
const char *region_blind(int error)
{
	return error == -EACCES ? "only root can see the offsets" :
	       "debugfs is not mounted: mount -t debugfs debugfs /sys/kernel/debug";
}

void region_free(struct region_map *map)
{
	free(map->cells);
	free(map->buffers);
	memset(map, 0, sizeof(*map));
}
