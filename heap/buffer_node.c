// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/contig_buffer: the ioctls that need a dma-buf but no heap. They work only on
 * buffers whose file descriptor the caller has, so every user may open the node.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "buffer_node.h"
#include "command.h"

static long buffer_node_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	return command_run(NULL, cmd, (void __user *)arg);
}

static const struct file_operations buffer_node_fops = {
	.owner		= THIS_MODULE,
	.open		= nonseekable_open,
	.unlocked_ioctl	= buffer_node_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice buffer_node = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "contig_buffer",
	.fops	= &buffer_node_fops,
	.mode	= 0666,
};

/**
 * buffer_node_setup() - create the node
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int buffer_node_setup(void)
{
	return misc_register(&buffer_node);
}

/**
 * buffer_node_teardown() - remove the node
 *
 * Context: may sleep.
 */
void buffer_node_teardown(void)
{
	misc_deregister(&buffer_node);
}
