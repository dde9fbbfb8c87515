// SPDX-License-Identifier: MIT
/* Properties of heaps that any user can see: the library's list, and their nodes. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

/* Read additional properties of a node. Returns 0 or a negative errno. */
static int read_state(const struct dmaheap_entry *entry, struct heap_state *state)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/dev/dma_heap/%s", root(), entry->name);
	if (stat(path, &st))
		return -errno;
	*state = (struct heap_state) {
		.ours = entry->flags & DMAHEAP_ENTRY_KNOWN,
		.openable = entry->flags & DMAHEAP_ENTRY_OPENABLE,
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.size = entry->total,
		.free = entry->free,
		.largest = entry->largest,
		.held = entry->held,
		.dirty = entry->dirty,
		.quantum = entry->quantum,
		/* The values were read at different times. */
		.fragmentation = entry->free > entry->largest ?
				 100 * (entry->free - entry->largest) / entry->free : 0,
		.buffers = entry->buffers,
		.region_buffers = entry->region_buffers,
		.uncached = !!(entry->flags & DMAHEAP_INFO_UNCACHED),
	};
	memcpy(state->name, entry->name, sizeof(state->name));
	memcpy(state->region, entry->region, sizeof(state->region));
	memcpy(state->kind, entry->kind, sizeof(state->kind));
	return 0;
}

/**
 * struct heap_list - states of heaps found so far
 * @name: name of the only wanted heap, or NULL
 * @states: allocated array
 * @count: number of states
 */
struct heap_list {
	const char *name;
	struct heap_state *states;
	size_t count;
};

static int add(const struct dmaheap_entry *entry, void *data)
{
	struct heap_list *list = data;
	struct heap_state *larger;
	int ret;

	if (list->name && strcmp(list->name, entry->name))
		return 0;
	larger = realloc(list->states, (list->count + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	list->states = larger;
	ret = read_state(entry, &larger[list->count]);
	/* It may have been removed meanwhile. */
	if (!ret)
		list->count++;
	return ret == -ENOENT ? 0 : ret;
}

static int read_list(struct heap_list *list)
{
	struct dmaheap_entry entry = DMAHEAP_ENTRY_INIT;
	int ret = dmaheap_list(&entry, add, list);

	if (ret)
		free(list->states);
	return ret;
}

/* Returns 0 or a negative errno. */
int heap_read(const char *name, struct heap_state *state)
{
	struct heap_list list = { .name = name };
	int ret;

	if (!*name || *name == '.' || strchr(name, '/'))
		return -EINVAL;
	if (strlen(name) >= sizeof(state->name))
		return -ENAMETOOLONG;
	ret = read_list(&list);
	if (ret)
		return ret;
	if (list.count)
		*state = *list.states;
	free(list.states);
	return list.count ? 0 : -ENOENT;
}

/* Get all heaps, sorted by name; to be freed. Returns 0 or a negative errno. */
int heaps_read(struct heap_state **states, size_t *count)
{
	struct heap_list list = { NULL, NULL, 0 };
	int ret = read_list(&list);

	if (ret)
		return ret;
	*states = list.states;
	*count = list.count;
	return 0;
}

/* Find a heap by name; NULL if there is none. */
const struct heap_state *heap_find(const struct heap_state *states, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(states[i].name, name))
			return &states[i];
	return NULL;
}

bool same_region(const struct heap_state *a, const struct heap_state *b)
{
	return a == b || (a->ours && b->ours && !strcmp(a->region, b->region));
}

/* Is this the first of the heaps on the same memory? */
bool first_of_region(const struct heap_state *states, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (same_region(&states[i], &states[j]))
			return false;
	return true;
}

/* Does the kernel manage unused memory of it? */
bool is_elastic(const struct heap_state *state)
{
	return !strcmp(state->kind, "cma") || !strcmp(state->kind, "system");
}

/* Free bytes that the kernel manages. */
uint64_t with_kernel(const struct heap_state *state)
{
	/* The values were read at different times. */
	return is_elastic(state) && state->free > state->held ? state->free - state->held : 0;
}

const char *group_name(gid_t gid, char *buf, size_t len)
{
	/*
	 * Read only the file: in a static program, other sources would require the same C library
	 * at run time.
	 */
	FILE *file = fopen("/etc/group", "re");
	struct group *entry;

	snprintf(buf, len, "%u", (unsigned int)gid);
	if (!file)
		return buf;
	while ((entry = fgetgrent(file)))
		if (entry->gr_gid == gid) {
			snprintf(buf, len, "%s", entry->gr_name);
			break;
		}
	fclose(file);
	return buf;
}
