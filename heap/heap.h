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
 * @ref: held by each of its nodes and by each live buffer
 * @region: where the memory comes from; a reference is held
 * @name: name of its first node
 * @uncached: its buffers are write-combined for the CPU
 * @gone: no node shows it any more; open files get -ENODEV. Only ever set
 * @buffers: live buffers; protected by region->lock
 * @bytes: bytes of them; protected by region->lock
 * @nodes: its nodes under /dev/dma_heap, by their @entry; protected by
 *	nodes_lock in node.c
 * @watch_lock: protects the two below, and is held while @released runs
 * @released: called with @watch_data after a buffer has been released, or NULL
 * @watch_data: for whoever watches
 */
struct heap {
	struct kref ref;
	struct region *region;
	char name[HEAP_NAME_MAX];
	bool uncached;
	bool gone;
	unsigned int buffers;
	u64 bytes;
	struct list_head nodes;
	struct mutex watch_lock;
	void (*released)(void *data);
	void *watch_data;
};

/**
 * struct twins - the heaps on one region
 * @region: the region; one reference is held
 * @cached: the heap of that name, or NULL where the CPU must not cache
 * @uncached: the heap of that name with "-uncached" behind, or NULL where the
 *	architecture cannot have both views of the memory
 * @entry: for whoever made the twins
 */
struct twins {
	struct list_head entry;
	struct region *region;
	struct heap *cached;
	struct heap *uncached;
};

struct heap *heap_new(struct region *region, const char *name, bool uncached);
struct heap *heap_create(struct region *region, const char *name,
			 bool uncached);
void heap_remove(struct heap *heap);
struct heap *heap_get(struct heap *heap);
void heap_put(struct heap *heap);
void heap_buffer_released(struct heap *heap);

struct twins *twins_create(struct region *region, const char *name);
void twins_remove(struct twins *twins);

int driver_setup(void);
void driver_teardown(void);
void carveout_params_add(struct list_head *twins);
void cma_heaps_add(struct list_head *twins);

int node_add(struct heap *heap, const char *name);
void nodes_remove(struct heap *heap);
int nodes_setup(void);
void nodes_teardown(void);

#endif /* CONTIG_HEAP_H */
