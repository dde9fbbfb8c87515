/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_INODE_H
#define PMEM_INODE_H

struct file;
struct inode;
struct pmem_file;

int pmem_inode_setup(void);
void pmem_inode_teardown(void);
struct inode *pmem_inode_new(void);
struct pmem_file *pmem_file_of(struct file *file);

#endif /* PMEM_INODE_H */
