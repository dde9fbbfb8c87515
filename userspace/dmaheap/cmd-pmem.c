// SPDX-License-Identifier: MIT
/* dmaheap pmem */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/android_pmem.h>

#include "json.h"
#include "node.h"
#include "tool.h"

/* Returns 0 or a negative errno. */
static int read_space(const char *path, struct pmem_freespace *space)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, PMEM_GET_FREE_SPACE, space) ? -errno : 0;
	close(fd);
	return ret;
}

/* How many descriptors of a process have the file open; -1 if that is not readable. */
static int times_open(int pid, const char *path)
{
	char folder[64], target[256];
	struct dirent *file;
	int count = 0;
	ssize_t len;
	DIR *fds;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", pid);
	fds = opendir(folder);
	if (!fds)
		return errno == ENOENT ? 0 : -1;
	while ((file = readdir(fds))) {
		len = readlinkat(dirfd(fds), file->d_name, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		count += !strcmp(target, path);
	}
	closedir(fds);
	return count;
}

static void print_user(int pid, const char *comm, unsigned int times)
{
	printf("%-16s %d(", "open in", pid);
	print_safe(comm);
	printf("), %u times\n", times);
}

static void json_user(int pid, const char *comm, unsigned int times)
{
	json_begin_object(NULL);
	json_number("pid", pid);
	json_text("comm", comm);
	json_number("times", times);
	json_end();
}

/* Call a function for each process that has the node open. */
static void for_each_user(const char *path,
			  void (*user)(int pid, const char *comm, unsigned int times))
{
	unsigned int hidden = 0;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		int pid = atoi(entry->d_name), times = pid > 0 ? times_open(pid, path) : 0;
		char *comm;

		hidden += times < 0;
		if (times <= 0)
			continue;
		comm = read_file("/proc/%d/comm", pid);
		if (comm)
			comm[strcspn(comm, "\n")] = '\0';
		user(pid, comm ? comm : "?", times);
		free(comm);
	}
	if (proc)
		closedir(proc);
	tell_hidden(hidden);
}

static void print_attribute(const char *node, const char *what, const char *attribute)
{
	char value[64];

	if (node_attribute(node, attribute, value, sizeof(value)))
		printf("%-16s %s\n", what, value);
}

static int print_node(const char *node, const char *path, const struct stat *st)
{
	struct pmem_freespace space;
	char group[64], total[32], largest[32];
	int ret;

	if (st)
		printf("%-16s %s, %04o, user %u, group %s\n", "node", path,
		       (unsigned int)st->st_mode & 07777, (unsigned int)st->st_uid,
		       group_name(st->st_gid, group, sizeof(group)));
	else
		printf("%-16s none: for kernel drivers only\n", "node");
	print_attribute(node, "size", "size");
	print_attribute(node, "base", "base");
	print_attribute(node, "allocator", "allocator_type");
	print_attribute(node, "quantum", "quantum_size");
	print_attribute(node, "quanta", "total_entries");
	print_attribute(node, "free quanta", "free_quanta");
	print_attribute(node, "state", "allocated");
	ret = read_space(path, &space);
	if (ret)
		printf("%-16s %s\n", "free", strerror(-ret));
	else
		printf("%-16s %s, largest run %s\n", "free",
		       size_text(space.total, total, sizeof(total)),
		       size_text(space.largest, largest, sizeof(largest)));
	for_each_user(path, print_user);
	node_print_tables(node);
	return OK;
}

/* Print the node's entry of the list, as members of the current object. */
static void json_node(const char *node)
{
	char value[64];

	json_text("node", node);
	json_number("size", node_number(node, "size"));
	if (node_attribute(node, "allocator_type", value, sizeof(value)))
		json_text("allocator", value);
}

static int json_all(const char *node, const char *path)
{
	struct pmem_freespace space;

	json_begin_object(NULL);
	json_node(node);
	json_number("base", node_number(node, "base"));
	if (node_number(node, "quantum_size"))
		json_number("quantum", node_number(node, "quantum_size"));
	if (!read_space(path, &space)) {
		json_number("free", space.total);
		json_number("largest", space.largest);
	}
	json_begin_array("users");
	for_each_user(path, json_user);
	json_end();
	node_describe_tables(node);
	json_end();
	return OK;
}

static int show(const char *node, bool json)
{
	struct stat st, *found = &st;
	char path[256];

	snprintf(path, sizeof(path), "%s" PMEM_REGIONS "/%s", root(), node);
	if (!*node || strchr(node, '/') || stat(path, &st))
		return fail(0, "no PMEM node named \"%s\"", node), MISSING;
	snprintf(path, sizeof(path), "%s/dev/%s", root(), node);
	if (stat(path, &st))
		found = NULL;
	return json ? json_all(node, path) : print_node(node, path, found);
}

static int is_node(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static void list_node(const char *node, bool json)
{
	char text[32], type[64];

	if (json) {
		json_begin_object(NULL);
		json_node(node);
		json_end();
		return;
	}
	if (!node_attribute(node, "allocator_type", type, sizeof(type)))
		*type = '\0';
	printf("%-24s %10s  %s\n", node, size_text(node_number(node, "size"), text, sizeof(text)),
	       type);
}

static int list(bool json)
{
	struct dirent **entries = NULL;
	char path[4096];
	int count, i;

	snprintf(path, sizeof(path), "%s" PMEM_REGIONS, root());
	count = scandir(path, &entries, is_node, alphasort);
	if (json)
		json_begin_array(NULL);
	else if (count >= 0)
		printf("%-24s %10s  %s\n", "NODE", "SIZE", "ALLOCATOR");
	for (i = 0; i < count; i++) {
		list_node(entries[i]->d_name, json);
		free(entries[i]);
	}
	free(entries);
	if (json)
		json_end();
	if (count < 0)
		return fail(0, "there are no PMEM nodes: is pmem_compat loaded?"), MISSING;
	return OK;
}

static int run(int argc, char **argv)
{
	bool json = false;
	int ret = plain_options(argc, argv, &json);

	if (ret != GO_ON)
		return ret;
	if (optind + 1 < argc)
		return usage("at most one node is expected");
	return optind < argc ? show(argv[optind], json) : list(json);
}

const struct command cmd_pmem = {
	.name = "pmem",
	.summary = "show legacy PMEM nodes and their files",
	.help =
"Usage: dmaheap pmem [--json] [NODE]\n\n"
"List the nodes of pmem_compat, or show everything about one: its size, allocator, free memory, the\n"
"processes that have it open, its allocations, and the parts of them that each file shows. Physical\n"
"addresses are 0 unless you have the right to see them.\n\n"
"  -j, --json  print JSON; sizes and addresses are in bytes\n"
"  -h, --help  this text\n",
	.run = run,
};
