/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_FILE_H
#define PMEM_FILE_H

struct file_operations;

extern const struct file_operations pmem_fops;

#endif /* PMEM_FILE_H */
