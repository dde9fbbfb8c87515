// SPDX-License-Identifier: MIT
/* Find processes that hold dma-bufs: /proc/PID/fd, fdinfo and maps. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/**
 * struct search - dma-bufs found so far
 * @list: the dma-bufs
 * @count: number of dma-bufs
 * @hidden: number of processes that are not readable
 */
struct search {
	struct held *list;
	size_t count;
	unsigned int hidden;
};

/* The rest of the line with this key, or NULL. */
static const char *value_of(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len))
			return line + len + strspn(line + len, " \t");
	}
	return NULL;
}

static void copy_line(char *to, size_t len, const char *from)
{
	snprintf(to, len, "%.*s", (int)strcspn(from, "\n"), from);
}

/* Parse the fdinfo of a dma-buf; false if it is something else. */
bool parse_fdinfo(const char *text, struct held *held)
{
	const char *exporter = value_of(text, "exp_name:");
	const char *size = value_of(text, "size:");
	const char *inode = value_of(text, "ino:");
	const char *name = value_of(text, "name:");

	memset(held, 0, sizeof(*held));
	if (!exporter || !size || !inode)
		return false;
	held->inode = strtoul(inode, NULL, 10);
	held->size = strtoull(size, NULL, 10);
	copy_line(held->exporter, sizeof(held->exporter), exporter);
	if (name)
		copy_line(held->name, sizeof(held->name), name);
	return true;
}

/* Get the inode of a mapped dma-buf; false for other mappings. */
bool parse_maps_line(const char *line, unsigned long *inode)
{
	int path = 0;

	if (sscanf(line, "%*s %*s %*s %*s %lu %n", inode, &path) != 1 || !path)
		return false;
	return !strncmp(line + path, "/dmabuf:", 8);
}

static struct held *find_or_add(struct search *search, const struct held *held)
{
	struct held *larger;
	size_t i;

	for (i = 0; i < search->count; i++) {
		if (search->list[i].inode != held->inode)
			continue;
		if (!search->list[i].size && held->size) {
			search->list[i].size = held->size;
			memcpy(search->list[i].exporter, held->exporter, sizeof(held->exporter));
			memcpy(search->list[i].name, held->name, sizeof(held->name));
		}
		return &search->list[i];
	}
	larger = realloc(search->list, (search->count + 1) * sizeof(*larger));
	if (!larger)
		return NULL;
	search->list = larger;
	larger[search->count] = *held;
	return &larger[search->count++];
}

static int count_holder(struct search *search, const struct held *what, int pid, bool mapping)
{
	struct held *held = find_or_add(search, what);
	struct holder *holder;
	char *comm;

	if (!held)
		return -ENOMEM;
	holder = held->nr_holders ? &held->holders[held->nr_holders - 1] : NULL;
	if (!holder || holder->pid != pid) {
		holder = realloc(held->holders, (held->nr_holders + 1) * sizeof(*holder));
		if (!holder)
			return -ENOMEM;
		held->holders = holder;
		holder += held->nr_holders++;
		memset(holder, 0, sizeof(*holder));
		holder->pid = pid;
		comm = read_file("/proc/%d/comm", pid);
		copy_line(holder->comm, sizeof(holder->comm), comm ? comm : "?");
		free(comm);
	}
	if (mapping)
		holder->maps++;
	else
		holder->fds++;
	return 0;
}

static int search_fds(struct search *search, int pid)
{
	struct dirent *entry;
	bool hidden = false;
	char path[4096];
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc/%d/fdinfo", root(), pid);
	dir = opendir(path);
	if (!dir) {
		search->hidden += errno == EACCES || errno == EPERM;
		return 0;
	}
	while (!ret && (entry = readdir(dir))) {
		struct held held;
		char *text;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		text = read_file("/proc/%d/fdinfo/%s", pid, entry->d_name);
		if (!text) {
			hidden |= errno == EACCES || errno == EPERM;
			continue;
		}
		if (parse_fdinfo(text, &held))
			ret = count_holder(search, &held, pid, false);
		free(text);
	}
	closedir(dir);
	search->hidden += hidden;
	return ret;
}

static int search_maps(struct search *search, int pid)
{
	char *text = read_file("/proc/%d/maps", pid), *rest = text, *line;
	int ret = 0;

	while (!ret && rest && (line = strsep(&rest, "\n"))) {
		struct held held = { 0 };

		if (parse_maps_line(line, &held.inode))
			ret = count_holder(search, &held, pid, true);
	}
	free(text);
	return ret;
}

static int by_inode(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

/*
 * Find all dma-bufs held by processes, sorted by inode. @hidden is the number of processes that
 * this user cannot inspect. Returns 0 or a negative errno.
 */
int held_read(struct held **list, size_t *count, unsigned int *hidden)
{
	struct search search = { NULL, 0, 0 };
	struct dirent *entry;
	char path[4096];
	int ret = 0;
	DIR *proc;

	snprintf(path, sizeof(path), "%s/proc", root());
	proc = opendir(path);
	if (!proc)
		return -errno;
	while (!ret && (entry = readdir(proc))) {
		int pid = atoi(entry->d_name);

		if (pid <= 0)
			continue;
		ret = search_fds(&search, pid);
		if (!ret)
			ret = search_maps(&search, pid);
	}
	closedir(proc);
	if (ret) {
		held_free(search.list, search.count);
		return ret;
	}
	if (search.count)
		qsort(search.list, search.count, sizeof(*search.list), by_inode);
	*list = search.list;
	*count = search.count;
	*hidden = search.hidden;
	return 0;
}

void held_free(struct held *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(list[i].holders);
	free(list);
}

/* Warn that processes may be missing. */
void tell_hidden(unsigned int processes)
{
	if (processes)
		fprintf(stderr, "dmaheap: cannot inspect %u process%s\n", processes,
			processes == 1 ? "" : "es");
}
