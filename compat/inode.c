// SPDX-License-Identifier: GPL-2.0-only
/*
 * An inode for each open file. unmap_mapping_range() finds VMAs through the inode, and
 * all opens of a device share the inode of the device node. With an inode of its own,
 * a file finds only its own VMAs. The inodes also identify our files, because no other
 * file has one of this file system.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include "inode.h"

#define PMEM_FS_MAGIC	0x706d656d

static int pmem_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, PMEM_FS_MAGIC) ? 0 : -ENOMEM;
}

/* No owner: the mount lasts until the module is unloaded, so it must not pin it. */
static struct file_system_type pmem_fs = {
	.name			= "pmem_compat",
	.init_fs_context	= pmem_fs_init_context,
	.kill_sb		= kill_anon_super,
};

static struct vfsmount *pmem_fs_mount;

/**
 * pmem_inode_setup() - prepare for the first inode
 *
 * Return: 0 or a negative errno.
 */
int pmem_inode_setup(void)
{
	pmem_fs_mount = kern_mount(&pmem_fs);
	return PTR_ERR_OR_ZERO(pmem_fs_mount);
}

/**
 * pmem_inode_teardown() - undo pmem_inode_setup(), when no inode is left
 */
void pmem_inode_teardown(void)
{
	kern_unmount(pmem_fs_mount);
}

/**
 * pmem_inode_new() - create an inode
 *
 * Context: may sleep.
 * Return: the inode, to be released with iput(), or an errno.
 */
struct inode *pmem_inode_new(void)
{
	return alloc_anon_inode(pmem_fs_mount->mnt_sb);
}

/**
 * pmem_file_of() - get the struct pmem_file of a file
 * @file: any file
 *
 * Return: the pmem file, or NULL if @file is not a PMEM file.
 */
struct pmem_file *pmem_file_of(struct file *file)
{
	return file->f_mapping->host->i_sb == pmem_fs_mount->mnt_sb ?
	       file->private_data : NULL;
}
