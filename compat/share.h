/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_SHARE_H
#define PMEM_SHARE_H

struct pmem_file;

int pmem_export(struct pmem_file *file, void __user *arg);
int pmem_import(struct pmem_file *file, void __user *arg);

#endif /* PMEM_SHARE_H */
