// SPDX-License-Identifier: MIT
/* List heaps with properties that any user can see. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* If the kernel has its own heaps, ours have a separate class. */
static const char *const classes[] = { "dma_heap", "contig_heap" };

static bool read_text(const char *class, const char *heap, const char *file, char *text, size_t len)
{
	char path[4096];
	FILE *stream;
	bool read;

	if ((size_t)snprintf(path, sizeof(path), "%s/sys/class/%s/%s/%s", dmaheap_root(), class,
			     heap, file) >= sizeof(path))
		return false;
	stream = fopen(path, "re");
	if (!stream)
		return false;
	read = fgets(text, len, stream);
	fclose(stream);
	if (read)
		text[strcspn(text, "\n")] = '\0';
	return read;
}

static bool read_figure(const char *class, const char *heap, const char *file, uint64_t *value)
{
	char text[32], *end;

	if (!read_text(class, heap, file, text, sizeof(text)))
		return false;
	*value = strtoull(text, &end, 10);
	return end != text && !*end;
}

static bool read_figures(const char *class, struct dmaheap_entry *entry)
{
	uint64_t uncached, buffers, region_buffers;
	struct {
		const char *file;
		uint64_t *value;
	} figures[] = {
		{ "size", &entry->total }, { "free", &entry->free }, { "largest", &entry->largest },
		{ "dirty", &entry->dirty }, { "quantum", &entry->quantum },
		{ "buffers", &buffers }, { "region_buffers", &region_buffers },
		{ "uncached", &uncached },
	};
	size_t i;

	for (i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		if (!read_figure(class, entry->name, figures[i].file, figures[i].value))
			return false;
	if (!read_text(class, entry->name, "region", entry->region, sizeof(entry->region)) ||
	    !read_text(class, entry->name, "kind", entry->kind, sizeof(entry->kind)))
		return false;
	/* Older modules lack it. */
	if (!read_figure(class, entry->name, "held", &entry->held))
		entry->held = 0;
	entry->buffers = buffers;
	entry->region_buffers = region_buffers;
	entry->flags = DMAHEAP_ENTRY_KNOWN | (uncached ? DMAHEAP_INFO_UNCACHED : 0);
	if (!strcmp(entry->kind, "cma"))
		entry->flags |= DMAHEAP_INFO_CMA | DMAHEAP_INFO_ESTIMATE;
	if (!strcmp(entry->kind, "system"))
		entry->flags |= DMAHEAP_INFO_ESTIMATE | DMAHEAP_INFO_SCATTERED;
	return true;
}

static void read_entry(const char *name, struct dmaheap_entry *entry)
{
	char path[4096];
	size_t i;

	*entry = (struct dmaheap_entry)DMAHEAP_ENTRY_INIT;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		/* Discard incomplete values. */
		struct dmaheap_entry all = *entry;

		if (read_figures(classes[i], &all)) {
			*entry = all;
			break;
		}
	}
	snprintf(path, sizeof(path), "%s/dev/dma_heap/%s", dmaheap_root(), name);
	if (!access(path, R_OK | W_OK))
		entry->flags |= DMAHEAP_ENTRY_OPENABLE;
}

/**
 * struct listing - a call of dmaheap_list()
 * @entry: the caller's entry
 * @each: the callback
 * @data: its argument
 */
struct listing {
	struct dmaheap_entry *entry;
	int (*each)(const struct dmaheap_entry *entry, void *data);
	void *data;
};

static int list_one(const char *name, void *data)
{
	const struct listing *listing = data;
	struct dmaheap_entry known;
	int ret;

	read_entry(name, &known);
	ret = dmaheap_fill(listing->entry, &known, sizeof(known));
	return ret ? ret : listing->each(listing->entry, listing->data);
}

API int dmaheap_list(struct dmaheap_entry *entry,
		     int (*each)(const struct dmaheap_entry *entry, void *data), void *data)
{
	return dmaheap_for_each(list_one, &(struct listing) { entry, each, data });
}
