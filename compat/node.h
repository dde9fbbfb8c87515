/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_NODE_H
#define PMEM_NODE_H

#include "pmem.h"

/**
 * struct pmem_node_config - the description of a node
 * @name: its name
 * @allocator: allocation policy
 * @heap: where its memory comes from; the node takes it over
 * @size: bytes, or 0 for all memory of @heap
 * @quantum: bytes
 * @cached: memory may be mapped cached
 * @show_phys: all callers may see physical addresses
 * @kernel_only: create no node under /dev
 * @memory_type: MEMTYPE_* if @kernel_only
 * @hooks: functions of its driver
 */
struct pmem_node_config {
	const char *name;
	enum pmem_allocator_type allocator;
	struct heap *heap;
	u64 size;
	u64 quantum;
	bool cached;
	bool show_phys;
	bool kernel_only;
	int memory_type;
	struct pmem_hooks hooks;
};

struct pmem_node *pmem_node_new(const struct pmem_node_config *config);
void pmem_node_end(struct pmem_node *node);
struct pmem_node *pmem_node_get(struct pmem_node *node);
void pmem_node_put(struct pmem_node *node);
struct pmem_node *pmem_node_shown(const struct kobject *kobj);
struct pmem_node *pmem_node_for_kernel(int memory_type, unsigned int skip);
struct pmem_node *pmem_node_hooked(const struct module *module);

#endif /* PMEM_NODE_H */
