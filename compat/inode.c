// SPDX-License-Identifier: GPL-2.0-only
/*
 * An inode for each open file. All opens of a device share the inode of the
 * device node, and with it the list of VMAs by which pages are taken out of
 * page tables; a file with an inode of its own finds just its own VMAs.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include "pmem.h"

#define PMEM_FS_MAGIC	0x706d656d

static int pmem_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, PMEM_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type pmem_fs = {
	.name			= "pmem_compat",
	.owner			= THIS_MODULE,
	.init_fs_context	= pmem_fs_init_context,
	.kill_sb		= kill_anon_super,
};

/* The mount pins the module, so it is there only while files are open. */
static struct vfsmount *pmem_fs_mount;
static int pmem_fs_users;

/**
 * pmem_inode_new() - make an inode
 *
 * Context: may sleep.
 * Return: the inode, for pmem_inode_put(), or an errno.
 */
struct inode *pmem_inode_new(void)
{
	struct inode *inode;
	int ret = simple_pin_fs(&pmem_fs, &pmem_fs_mount, &pmem_fs_users);

	if (ret)
		return ERR_PTR(ret);
	inode = alloc_anon_inode(pmem_fs_mount->mnt_sb);
	if (IS_ERR(inode))
		simple_release_fs(&pmem_fs_mount, &pmem_fs_users);
	return inode;
}

/**
 * pmem_inode_put() - let go of an inode
 * @inode: from pmem_inode_new()
 *
 * Context: may sleep.
 */
void pmem_inode_put(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&pmem_fs_mount, &pmem_fs_users);
}
