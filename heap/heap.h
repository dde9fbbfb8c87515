/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONTIG_HEAP_H
#define CONTIG_HEAP_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct region;

/* Longest name of a heap, with the terminating NUL. */
#define HEAP_NAME_MAX	64

/**
 * struct heap - one way to allocate from a region: cached, or write-combined
 * @ref: held by its creator, its nodes, open files and live buffers
 * @region: where the memory comes from; a reference is held
 * @name: name of its first node
 * @uncached: its buffers are write-combined for the CPU
 * @physical: callers get physical addresses, and may pass them to a device
 * @bytes: bytes of all live buffers; protected by region->lock
 * @buffers: number of live buffers; protected by region->lock
 * @gone: its nodes have been removed; open files get -ENODEV. Never cleared
 * @nodes: its names under /dev/dma_heap; protected by nodes_lock
 * @watch_lock: protects @released and @watch_data, and is held while @released runs
 * @released: called with @watch_data after a buffer has been released, or NULL
 * @watch_data: argument of @released
 */
struct heap {
	struct kref ref;
	struct region *region;
	char name[HEAP_NAME_MAX];
	bool uncached;
	bool physical;
	u64 bytes;
	unsigned int buffers;
	bool gone;
	struct list_head nodes;
	struct mutex watch_lock;
	void (*released)(void *data);
	void *watch_data;
};

struct heap *heap_new(struct region *region, const char *name, bool uncached);
struct heap *heap_get(struct heap *heap);
void heap_put(struct heap *heap);
u32 heap_flags(const struct heap *heap);
void heap_buffer_released(struct heap *heap);

#endif /* CONTIG_HEAP_H */
