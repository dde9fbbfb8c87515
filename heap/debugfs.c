// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/contig_heaps/<region>/: "map" draws the region, "buffers" lists
 * its live buffers. It shows offsets into the region, never addresses; the offset of
 * system memory is shown as 0.
 */
#include <linux/ctype.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/dma-buf.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/timekeeping.h>

#include <uapi/linux/dma-buf.h>

#include "buffer_internal.h"
#include "debugfs.h"
#include "region.h"
#include "stock.h"

static struct dentry *root;

static int map_show(struct seq_file *seq, void *unused)
{
	struct region *region = seq->private;

	stock_map(region->stock, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(map);

/* Users choose the names, so make sure that a name cannot fake a line. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (!isascii(*text) || !isprint(*text))
			*text = '?';
}

static void print_attachments(struct buffer *buffer, struct seq_file *seq)
{
	struct attachment *attachment;
	char separator = ' ';

	/* Cache maintenance holds this lock for long: do not wait for it under region->lock. */
	if (!mutex_trylock(&buffer->lock)) {
		seq_puts(seq, " (busy)");
		return;
	}
	list_for_each_entry(attachment, &buffer->attachments, entry) {
		seq_printf(seq, "%c%s%s", separator, dev_name(attachment->dev),
			   attachment->mapped ? "(mapped)" : "");
		separator = ',';
	}
	mutex_unlock(&buffer->lock);
	if (separator == ' ')
		seq_puts(seq, " -");
}

static void buffer_print(struct buffer *buffer, struct seq_file *seq)
{
	s64 age = ktime_ms_delta(ktime_get_boottime(), buffer->born);
	struct dma_buf *dmabuf = buffer->dmabuf;
	char name[DMA_BUF_NAME_LEN] = "-";
	char comm[TASK_COMM_LEN];
	s32 ms;

	spin_lock(&dmabuf->name_lock);
	if (dmabuf->name)
		strscpy(name, dmabuf->name, sizeof(name));
	spin_unlock(&dmabuf->name_lock);
	make_printable(name);
	strscpy(comm, buffer->comm, sizeof(comm));
	make_printable(comm);

	age = div_s64_rem(age, MSEC_PER_SEC, &ms);
	seq_printf(seq, "%12llu %12llu %8lld.%03d %8llu %8d %-16s %-24s",
		   buffer_offset(buffer), buffer->size, age, ms,
		   buffer->inode, buffer->pid, comm, buffer->heap->name);
	print_attachments(buffer, seq);
	seq_printf(seq, " %s\n", name);
}

static int buffers_show(struct seq_file *seq, void *unused)
{
	struct region *region = seq->private;
	struct buffer *buffer;

	seq_printf(seq, "%12s %12s %12s %8s %8s %-16s %-24s %s\n", "offset",
		   "size", "age", "inode", "pid", "comm", "heap",
		   "attachments name");
	mutex_lock(&region->lock);
	list_for_each_entry(buffer, &region->buffers, entry)
		buffer_print(buffer, seq);
	mutex_unlock(&region->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buffers);

/* Heaps on one region may be created at the same time. */
static DEFINE_MUTEX(adding);

static void add(struct region *region)
{
	struct dentry *other = debugfs_lookup(region_name(region), root);

	if (!IS_ERR_OR_NULL(other)) {
		dput(other);
		return;
	}
	region->debugfs = debugfs_create_dir(region_name(region), root);
	if (region->stock)
		debugfs_create_file("map", 0400, region->debugfs, region,
				    &map_fops);
	debugfs_create_file("buffers", 0400, region->debugfs, region,
			    &buffers_fops);
}

/**
 * region_debugfs_add() - show a region in debugfs, unless it is already there
 * @region: the region; its release removes @region->debugfs
 *
 * Silently does nothing without debugfs, or if an older region with that name still
 * has live buffers.
 *
 * Context: may sleep.
 */
void region_debugfs_add(struct region *region)
{
	mutex_lock(&adding);
	if (!region->debugfs)
		add(region);
	mutex_unlock(&adding);
}

/**
 * contig_debugfs_setup() - create the directory, before the first region
 */
void contig_debugfs_setup(void)
{
	root = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

/**
 * contig_debugfs_teardown() - remove the directory, after the last region
 */
void contig_debugfs_teardown(void)
{
	debugfs_remove_recursive(root);
}
