/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of heaps under /dev/dma_heap: node.c. */
#ifndef CONTIG_NODE_H
#define CONTIG_NODE_H

struct heap;

int node_add(struct heap *heap, const char *name);
int node_check_free(const char *name);
void nodes_remove(struct heap *heap);
int nodes_setup(void);
void nodes_teardown(void);

#endif /* CONTIG_NODE_H */
