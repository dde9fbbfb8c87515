// SPDX-License-Identifier: MIT
/* dmaheap buffers */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define DEBUG	"/sys/kernel/debug/contig_heaps"

/**
 * struct known - buffers of all regions, from debugfs
 * @list: them
 * @count: how many
 */
struct known {
	struct placed *list;
	size_t count;
};

/* What root can see besides. Regions that cannot be read are passed over. */
static void read_placed(struct known *known)
{
	struct dirent *entry;
	char path[4096];
	DIR *dir;

	snprintf(path, sizeof(path), "%s" DEBUG, root());
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		struct region_map map;
		struct placed *larger;

		if (*entry->d_name == '.' || region_read(entry->d_name, &map))
			continue;
		larger = realloc(known->list,
				 (known->count + map.nr_buffers + 1) * sizeof(*larger));
		if (larger) {
			known->list = larger;
			if (map.nr_buffers)
				memcpy(larger + known->count, map.buffers,
				       map.nr_buffers * sizeof(*larger));
			known->count += map.nr_buffers;
		}
		region_free(&map);
	}
	if (dir)
		closedir(dir);
}

static const struct placed *find_placed(const struct known *known, unsigned long inode)
{
	size_t i;

	for (i = 0; i < known->count; i++)
		if (known->list[i].inode == inode)
			return &known->list[i];
	return NULL;
}

static bool is_held(const struct held *list, size_t count, unsigned long inode)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].inode == inode)
			return true;
	return false;
}

static void print_holders(const struct held *held)
{
	size_t i;

	for (i = 0; i < held->nr_holders; i++) {
		const struct holder *holder = &held->holders[i];

		printf("%s%d(", i ? ", " : "", holder->pid);
		print_safe(holder->comm);
		printf(") %u fds %u maps", holder->fds, holder->maps);
	}
}

static void print_json_buffer(const struct held *held, const struct placed *placed, bool first)
{
	size_t i;

	printf("%s  {\"inode\": %lu, \"size\": %llu, \"heap\": ", first ? "" : ",\n",
	       placed ? placed->inode : held->inode,
	       (unsigned long long)(placed ? placed->size : held->size));
	print_json_string(placed ? placed->heap : held->exporter);
	fputs(", \"name\": ", stdout);
	print_json_string(held && *held->name ? held->name :
			  placed && strcmp(placed->name, "-") ? placed->name : "");
	if (placed) {
		printf(", \"offset\": %llu, \"age\": %.3f, \"allocated_by\": %d, \"comm\": ",
		       (unsigned long long)placed->offset, placed->age, placed->pid);
		print_json_string(placed->comm);
		fputs(", \"importers\": ", stdout);
		print_json_string(strcmp(placed->importers, "-") ? placed->importers : "");
	}
	fputs(", \"holders\": [", stdout);
	for (i = 0; held && i < held->nr_holders; i++) {
		printf("%s{\"pid\": %d, \"comm\": ", i ? ", " : "", held->holders[i].pid);
		print_json_string(held->holders[i].comm);
		printf(", \"fds\": %u, \"maps\": %u}", held->holders[i].fds, held->holders[i].maps);
	}
	fputs("]}", stdout);
}

static void print_buffer(const struct held *held, const struct placed *placed)
{
	const char *name = held ? held->name : strcmp(placed->name, "-") ? placed->name : "";
	char size[32];

	printf("%8lu %10s %-24s ", placed ? placed->inode : held->inode,
	       size_text(placed ? placed->size : held->size, size, sizeof(size)),
	       placed ? placed->heap : *held->exporter ? held->exporter : "?");
	print_safe(*name ? name : "-");
	fputs("\n         ", stdout);
	if (placed) {
		printf("allocated by %d(", placed->pid);
		print_safe(placed->comm);
		printf(") %.1f s ago", placed->age);
		if (strcmp(placed->importers, "-"))
			printf("; imported by %s", placed->importers);
		fputs("; ", stdout);
	}
	if (held) {
		fputs("held by ", stdout);
		print_holders(held);
	} else {
		fputs("held by no process: a driver has it, or it is in a socket",
		      stdout);
	}
	putchar('\n');
}

/* All that matches; returns how many. */
static size_t print_all(const char *heap, bool json, const struct held *list, size_t count,
			const struct known *known)
{
	size_t printed = 0, i;

	for (i = 0; i < count + known->count; i++) {
		const struct held *held = i < count ? &list[i] : NULL;
		const struct placed *placed = held ? find_placed(known, held->inode) :
						     &known->list[i - count];

		if (!held && is_held(list, count, placed->inode))
			continue;
		if (heap && strcmp(heap, placed ? placed->heap : held->exporter))
			continue;
		if (json)
			print_json_buffer(held, placed, !printed);
		else
			print_buffer(held, placed);
		printed++;
	}
	return printed;
}

static int run(int argc, char **argv)
{
	struct known known = { NULL, 0 };
	bool json = false, partial;
	struct held *list;
	size_t count, printed;
	int ret;

	ret = plain_options(argc, argv, &json);
	if (ret != GO_ON)
		return ret;
	if (optind + 1 < argc)
		return usage("at most one heap is expected");
	ret = held_read(&list, &count, &partial);
	if (ret)
		return fail(ret, "cannot list processes");
	read_placed(&known);
	if (json)
		puts("[");
	printed = print_all(argv[optind], json, list, count, &known);
	if (json)
		puts(printed ? "\n]" : "]");
	else if (!printed)
		puts("No buffers.");
	if (partial)
		fputs("dmaheap: cannot see all processes\n", stderr);
	free(known.list);
	held_free(list, count);
	return OK;
}

const struct command cmd_buffers = {
	.name = "buffers",
	.summary = "list dma-bufs and who holds them",
	.help =
"Usage: dmaheap buffers [--json] [HEAP]\n\n"
"List dma-bufs, of all exporters or of one heap, and the processes that hold them by file\n"
"descriptors or mappings. Root also sees who allocated a buffer, which devices have imported it, and\n"
"buffers that no process holds. Others see what their own processes hold. A buffer belongs to the\n"
"heap that made it, under the heap's first name.\n\n"
"  -j, --json  print JSON; sizes are in bytes\n"
"  -h, --help  this text\n",
	.run = run,
};
