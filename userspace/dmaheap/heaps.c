// SPDX-License-Identifier: MIT
/* What anybody may know of heaps: their nodes, and the figures in sysfs. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

/* Ours have a class of their own where the kernel has heaps itself. */
static const char *const classes[] = { "dma_heap", "contig_heap" };

static bool read_word(const char *class, const char *heap, const char *file, char *word, size_t len)
{
	char *text = read_file("/sys/class/%s/%s/%s", class, heap, file);

	if (text)
		snprintf(word, len, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return text;
}

static bool read_figures(const char *class, struct heap_state *state)
{
	const struct {
		const char *file;
		uint64_t *value;
	} figures[] = {
		{ "size", &state->size }, { "free", &state->free },
		{ "largest", &state->largest }, { "dirty", &state->dirty },
		{ "quantum", &state->quantum }, { "fragmentation", &state->fragmentation },
		{ "buffers", &state->buffers }, { "uncached", &state->uncached },
		{ "region_buffers", &state->region_buffers },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(figures); i++)
		if (!read_u64(figures[i].value, "/sys/class/%s/%s/%s", class, state->name,
			      figures[i].file))
			return false;
	return read_word(class, state->name, "region", state->region, sizeof(state->region)) &&
	       read_word(class, state->name, "kind", state->kind, sizeof(state->kind));
}

/* 0 or a negative errno. */
int heap_read(const char *name, struct heap_state *state)
{
	char path[4096];
	struct stat st;
	size_t i;

	if (!*name || *name == '.' || strchr(name, '/'))
		return -EINVAL;
	if (strlen(name) >= sizeof(state->name))
		return -ENAMETOOLONG;
	memset(state, 0, sizeof(*state));
	strcpy(state->name, name);
	snprintf(path, sizeof(path), "%s/dev/dma_heap/%s", root(), name);
	if (stat(path, &st))
		return -errno;
	state->mode = st.st_mode & 07777;
	state->uid = st.st_uid;
	state->gid = st.st_gid;
	state->openable = !access(path, R_OK | W_OK);
	for (i = 0; i < ARRAY_SIZE(classes) && !state->ours; i++)
		state->ours = read_figures(classes[i], state);
	return 0;
}

struct heap_list {
	struct heap_state *states;
	size_t count;
};

static int add(const char *name, void *data)
{
	struct heap_list *list = data;
	struct heap_state *larger = realloc(list->states, (list->count + 1) * sizeof(*larger));
	int ret;

	if (!larger)
		return -ENOMEM;
	list->states = larger;
	ret = heap_read(name, &larger[list->count]);
	/* It may go away meanwhile. */
	if (!ret)
		list->count++;
	return ret == -ENOENT ? 0 : ret;
}

/* All heaps, sorted by name; to be freed. 0 or a negative errno. */
int heaps_read(struct heap_state **states, size_t *count)
{
	struct heap_list list = { NULL, 0 };
	int ret = dmaheap_for_each(add, &list);

	if (ret) {
		free(list.states);
		return ret;
	}
	*states = list.states;
	*count = list.count;
	return 0;
}

/* The one of that name, or NULL. */
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

/* Of the heaps on the same memory, is this the one that comes first? */
bool first_of_region(const struct heap_state *states, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (same_region(&states[i], &states[j]))
			return false;
	return true;
}

const char *group_name(gid_t gid, char *buf, size_t len)
{
	/*
	 * Only the file: in a static program other sources would need the same C library at run
	 * time.
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
