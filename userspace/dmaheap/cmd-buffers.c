// SPDX-License-Identifier: MIT
/* dmaheap buffers */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "tool.h"

#define DEBUG	"/sys/kernel/debug/contig_heaps"

/**
 * struct known - buffers of all regions, from debugfs
 * @list: the buffers
 * @count: number of buffers
 */
struct known {
	struct placed *list;
	size_t count;
};

/* Read what only root can see. Skips regions that disappear. Returns 0 or a negative errno. */
static int read_placed(struct known *known)
{
	struct dirent *entry;
	char path[4096];
	DIR *dir;

	snprintf(path, sizeof(path), "%s" DEBUG, root());
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
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
	closedir(dir);
	return 0;
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

/* Returns "" if it has no name. */
static const char *name_of(const struct held *held, const struct placed *placed)
{
	if (held)
		return held->name;
	return placed && strcmp(placed->name, "-") ? placed->name : "";
}

static void describe_buffer(const struct held *held, const struct placed *placed)
{
	size_t i;

	json_begin_object(NULL);
	json_number("inode", placed ? placed->inode : held->inode);
	json_number("size", placed ? placed->size : held->size);
	json_text("heap", placed ? placed->heap : held->exporter);
	json_text("name", name_of(held, placed));
	if (placed) {
		json_text("region", placed->region);
		describe_placed(placed);
	}
	json_begin_array("holders");
	for (i = 0; held && i < held->nr_holders; i++) {
		json_begin_object(NULL);
		json_number("pid", held->holders[i].pid);
		json_text("comm", held->holders[i].comm);
		json_number("fds", held->holders[i].fds);
		json_number("maps", held->holders[i].maps);
		json_end();
	}
	json_end();
	json_end();
}

static void print_buffer(const struct held *held, const struct placed *placed)
{
	const char *name = name_of(held, placed);
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
		fputs("held by no process: a driver holds it, or it is in a socket",
		      stdout);
	}
	putchar('\n');
}

/**
 * struct wanted - buffers to show
 * @name: name of a heap or of another exporter; NULL for all
 * @heaps: all heaps
 * @count: their number
 * @heap: the one with @name, or NULL
 */
struct wanted {
	const char *name;
	struct heap_state *heaps;
	size_t count;
	const struct heap_state *heap;
};

/* A buffer belongs to its region, whichever heap of the region is named. */
static bool is_wanted(const struct wanted *wanted, const struct held *held,
		      const struct placed *placed)
{
	const char *exporter = placed ? placed->heap : held->exporter;
	const struct heap_state *heap;

	if (!wanted->name || !strcmp(wanted->name, exporter))
		return true;
	if (!wanted->heap || !wanted->heap->ours)
		return false;
	if (placed)
		return !strcmp(placed->region, wanted->heap->region);
	heap = heap_find(wanted->heaps, wanted->count, exporter);
	return heap && same_region(heap, wanted->heap);
}

/* Print all matching buffers; returns their number. */
static size_t print_all(const struct wanted *wanted, bool json, const struct held *list,
			size_t count, const struct known *known)
{
	size_t printed = 0, i;

	for (i = 0; i < count + known->count; i++) {
		const struct held *held = i < count ? &list[i] : NULL;
		const struct placed *placed = held ? find_placed(known, held->inode) :
						     &known->list[i - count];

		if (!held && is_held(list, count, placed->inode))
			continue;
		if (!is_wanted(wanted, held, placed))
			continue;
		if (json)
			describe_buffer(held, placed);
		else
			print_buffer(held, placed);
		printed++;
	}
	return printed;
}

/* Is there a heap that debugfs should list? */
static bool has_ours(const struct wanted *wanted)
{
	size_t i;

	for (i = 0; i < wanted->count; i++)
		if (wanted->heaps[i].ours)
			return true;
	return false;
}

static int print(const struct wanted *wanted, bool json)
{
	struct known known = { NULL, 0 };
	size_t count, printed;
	unsigned int hidden;
	struct held *list;
	int ret = held_read(&list, &count, &hidden);

	if (ret)
		return fail(ret, "cannot list processes");
	ret = read_placed(&known);
	if (json)
		json_begin_array(NULL);
	printed = print_all(wanted, json, list, count, &known);
	if (json)
		json_end();
	else if (!printed)
		puts("No buffers.");
	tell_hidden(hidden);
	/* If debugfs is mounted, users other than root see less, as the help says. */
	if (ret == -ENOENT && has_ours(wanted))
		fprintf(stderr, "dmaheap: %s\n", region_blind(ret));
	free(known.list);
	held_free(list, count);
	return !printed && wanted->name && !wanted->heap ?
	       fail(-ENOENT, "%s", wanted->name) : OK;
}

static int run(int argc, char **argv)
{
	struct wanted wanted = { .name = NULL };
	bool json = false;
	int ret;

	ret = plain_options(argc, argv, &json);
	if (ret != GO_ON)
		return ret;
	if (optind + 1 < argc)
		return usage("at most one heap is expected");
	ret = heaps_read(&wanted.heaps, &wanted.count);
	if (ret && ret != -ENOENT)
		return fail(ret, "cannot list heaps");
	wanted.name = argv[optind];
	if (wanted.name)
		wanted.heap = heap_find(wanted.heaps, wanted.count, wanted.name);
	ret = print(&wanted, json);
	free(wanted.heaps);
	return ret;
}

const struct command cmd_buffers = {
	.name = "buffers",
	.summary = "list dma-bufs and the processes that hold them",
	.help =
"Usage: dmaheap buffers [--json] [HEAP]\n\n"
"List the dma-bufs of all exporters, or of the memory of one heap, and the processes that hold them\n"
"by file descriptors or mappings. Other users see only buffers that their own processes hold. Root\n"
"also sees which process allocated a buffer, which devices have imported it, and buffers that no\n"
"process holds. A buffer is shown with the first name of the heap that allocated it.\n\n"
"  -j, --json  print JSON; sizes are in bytes\n"
"  -h, --help  this text\n",
	.run = run,
};
