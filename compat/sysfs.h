/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_SYSFS_H
#define PMEM_SYSFS_H

struct pmem_node;

int pmem_sysfs_setup(void);
void pmem_sysfs_teardown(void);
int pmem_sysfs_add(struct pmem_node *node);
void pmem_sysfs_del(struct pmem_node *node);

#endif /* PMEM_SYSFS_H */
