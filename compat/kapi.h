/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the interface for drivers share, and nobody else sees:
 * kapi_file.c has the files of clients, kapi_node.c the devices that drivers make,
 * kapi_alloc.c memory for drivers themselves.
 */
#ifndef PMEM_KAPI_H
#define PMEM_KAPI_H

#include <linux/list.h>
#include <linux/mutex.h>

struct pmem_node;

/* Protects pmem_setup_nodes; outside of all locks of nodes. */
extern struct mutex pmem_setup_lock;

/* All struct setup_node, in the order in which they were made. */
extern struct list_head pmem_setup_nodes;

/**
 * struct setup_node - a node that a driver made
 * @entry: in pmem_setup_nodes; protected by pmem_setup_lock
 * @node: the node
 */
struct setup_node {
	struct list_head entry;
	struct pmem_node *node;
};

void pmem_kernel_allocs_free(struct pmem_node *node);

#endif /* PMEM_KAPI_H */
