// SPDX-License-Identifier: MIT
/* dmaheap pmem */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/android_pmem.h>

#include "tool.h"

#define REGIONS	"/sys/kernel/pmem_regions"

/* The first line of an attribute of a node. */
static void print_attribute(const char *node, const char *what, const char *attribute)
{
	char *text = read_file(REGIONS "/%s/%s", node, attribute);

	if (!text)
		return;
	text[strcspn(text, "\n")] = '\0';
	printf("%-16s %s\n", what, text);
	free(text);
}

/* A table of an attribute, indented. */
static void print_table(const char *node, const char *what, const char *attribute)
{
	char *text = read_file(REGIONS "/%s/%s", node, attribute), *rest = text, *line;

	if (!text)
		return;
	printf("%s:\n", what);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			printf("    %s\n", line);
	free(text);
}

static void print_space(const char *path)
{
	struct pmem_freespace space;
	char total[32], largest[32];
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		printf("%-16s %s\n", "free", strerror(errno));
		return;
	}
	if (ioctl(fd, PMEM_GET_FREE_SPACE, &space))
		printf("%-16s %s\n", "free", strerror(errno));
	else
		printf("%-16s %s, largest run %s\n", "free",
		       size_text(space.total, total, sizeof(total)),
		       size_text(space.largest, largest, sizeof(largest)));
	close(fd);
}

/* The processes that have the node open; returns false if some could not be looked at. */
static bool print_users(const char *path)
{
	struct dirent *entry, *file;
	bool complete = true;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		char folder[300], target[256];
		unsigned int count = 0;
		ssize_t len;
		DIR *fds;

		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		snprintf(folder, sizeof(folder), "/proc/%s/fd", entry->d_name);
		fds = opendir(folder);
		complete &= fds || errno == ENOENT;
		while (fds && (file = readdir(fds))) {
			len = readlinkat(dirfd(fds), file->d_name, target, sizeof(target) - 1);
			if (len < 0)
				continue;
			target[len] = '\0';
			count += !strcmp(target, path);
		}
		if (count) {
			char *comm = read_file("/proc/%s/comm", entry->d_name);

			printf("%-16s %s(", "open in", entry->d_name);
			if (comm)
				comm[strcspn(comm, "\n")] = '\0';
			print_safe(comm ? comm : "?");
			printf("), %u times\n", count);
			free(comm);
		}
		if (fds)
			closedir(fds);
	}
	if (proc)
		closedir(proc);
	return complete;
}

static int show(const char *node)
{
	char path[256], group[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s" REGIONS "/%s", root(), node);
	if (!*node || strchr(node, '/') || stat(path, &st))
		return fail(0, "no PMEM node named \"%s\"", node), MISSING;
	snprintf(path, sizeof(path), "%s/dev/%s", root(), node);
	if (stat(path, &st))
		printf("%-16s none: for kernel drivers only\n", "node");
	else
		printf("%-16s %s, %04o, user %u, group %s\n", "node", path,
		       (unsigned int)st.st_mode & 07777, (unsigned int)st.st_uid,
		       group_name(st.st_gid, group, sizeof(group)));
	print_attribute(node, "size", "size");
	print_attribute(node, "base", "base");
	print_attribute(node, "allocator", "allocator_type");
	print_attribute(node, "quantum", "quantum_size");
	print_attribute(node, "quanta", "total_entries");
	print_attribute(node, "free quanta", "free_quanta");
	print_attribute(node, "state", "allocated");
	print_space(path);
	if (!print_users(path))
		fputs("dmaheap: cannot see all processes\n", stderr);
	print_table(node, "allocations", "bits_allocated");
	print_table(node, "blocks", "buddy_bitmap_dump");
	print_table(node, "files and the parts they show", "mapped_regions");
	return OK;
}

static int is_node(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static int list(void)
{
	struct dirent **entries;
	char path[4096];
	int count, i;

	snprintf(path, sizeof(path), "%s" REGIONS, root());
	count = scandir(path, &entries, is_node, alphasort);
	if (count < 0)
		return fail(0, "there are no PMEM nodes: is pmem_compat loaded?"), MISSING;
	for (i = 0; i < count; i++) {
		char *size = read_file(REGIONS "/%s/size", entries[i]->d_name);
		char *type = read_file(REGIONS "/%s/allocator_type", entries[i]->d_name);
		char text[32];

		printf("%-24s %10s  %s", entries[i]->d_name,
		       size_text(size ? strtoull(size, NULL, 10) : 0, text, sizeof(text)),
		       type ? type : "\n");
		free(size);
		free(type);
		free(entries[i]);
	}
	free(entries);
	return OK;
}

static int run(int argc, char **argv)
{
	int ret = plain_options(argc, argv, NULL);

	if (ret != GO_ON)
		return ret;
	if (optind + 1 < argc)
		return usage("at most one node is expected");
	return optind < argc ? show(argv[optind]) : list();
}

const struct command cmd_pmem = {
	.name = "pmem",
	.summary = "show legacy PMEM nodes and their files",
	.help =
"Usage: dmaheap pmem [NODE]\n\n"
"List the nodes of pmem_compat, or show everything about one: size, allocator, free memory, who has\n"
"it open, its allocations, and which parts of them each file shows. Physical addresses are 0 unless\n"
"you may see them.\n\n"
"  -h, --help  this text\n",
	.run = run,
};
