/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_HOOKS_H
#define PMEM_HOOKS_H

#include "pmem.h"

int pmem_hooks_setup(struct pmem_node *node, const struct pmem_hooks *hooks);
void pmem_hooks_cut(struct pmem_node *node);
void pmem_hooks_teardown(struct pmem_node *node);
bool pmem_hooks_pin(struct pmem_node *node, struct module **owner);
bool pmem_hooks_are_of(struct pmem_node *node, const struct module *module);
long pmem_hook_ioctl(struct pmem_node *node, struct file *filp,
		     unsigned int cmd, unsigned long arg);
int pmem_hook_release(struct pmem_node *node, struct inode *inode,
		      struct file *filp);
int pmem_node_use(struct pmem_node *node);
void pmem_node_unuse(struct pmem_node *node);
int pmem_node_retire(struct pmem_node *node);

#endif /* PMEM_HOOKS_H */
