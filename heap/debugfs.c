// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/contig_heaps/<region>/: "map" draws the region, "buffers"
 * lists what lives in it. Places are offsets into the region, never addresses.
 */
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "buffer.h"
#include "debugfs.h"
#include "region.h"

static struct dentry *root;

static int map_show(struct seq_file *seq, void *unused)
{
	struct region *region = seq->private;

	region->ops->map(region, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(map);

static int buffers_show(struct seq_file *seq, void *unused)
{
	buffers_print(seq->private, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buffers);

/**
 * region_debugfs_add() - show a region in debugfs
 * @region: the region; whoever releases it removes @region->debugfs
 *
 * Without debugfs, nothing is shown and nothing is said about it; nor if there
 * is a region of that name, which lives on until its last buffer is gone.
 */
void region_debugfs_add(struct region *region)
{
	struct dentry *other = debugfs_lookup(region_name(region), root);

	if (!IS_ERR_OR_NULL(other)) {
		dput(other);
		return;
	}
	region->debugfs = debugfs_create_dir(region_name(region), root);
	if (region->ops->map)
		debugfs_create_file("map", 0400, region->debugfs, region,
				    &map_fops);
	debugfs_create_file("buffers", 0400, region->debugfs, region,
			    &buffers_fops);
}

/**
 * contig_debugfs_setup() - before the first region
 */
void contig_debugfs_setup(void)
{
	root = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

/**
 * contig_debugfs_teardown() - after the last region
 */
void contig_debugfs_teardown(void)
{
	debugfs_remove_recursive(root);
}
