// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/dma_heap/<heap>/: figures for everybody, none of them an address.
 */
#include <linux/device.h>
#include <linux/math64.h>
#include <linux/sysfs.h>

#include "heap.h"
#include "region.h"
#include "stock.h"
#include "sysfs.h"

static struct stock_stat heap_stat(struct device *dev)
{
	struct heap *heap = dev_get_drvdata(dev);
	struct stock_stat stat;

	region_stat(heap->region, &stat);
	return stat;
}

static ssize_t size_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llu\n", heap_stat(dev).total);
}
static DEVICE_ATTR_RO(size);

static ssize_t free_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llu\n", heap_stat(dev).free);
}
static DEVICE_ATTR_RO(free);

static ssize_t largest_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%llu\n", heap_stat(dev).largest);
}
static DEVICE_ATTR_RO(largest);

static ssize_t held_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llu\n", heap_stat(dev).held);
}
static DEVICE_ATTR_RO(held);

static ssize_t dirty_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%llu\n", heap_stat(dev).dirty);
}
static DEVICE_ATTR_RO(dirty);

static ssize_t quantum_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct heap *heap = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%llu\n", heap->region->quantum);
}
static DEVICE_ATTR_RO(quantum);

/* Percentage of the free memory that is not in the longest free run. */
static ssize_t fragmentation_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	struct stock_stat stat = heap_stat(dev);
	u64 elsewhere = stat.free - stat.largest;

	return sysfs_emit(buf, "%llu\n", stat.free ?
			  div64_u64(elsewhere * 100, stat.free) : 0);
}
static DEVICE_ATTR_RO(fragmentation);

static ssize_t buffers_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct heap *heap = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(heap->buffers));
}
static DEVICE_ATTR_RO(buffers);

/* By this, whoever reads the figures knows which of them are of the same memory. */
static ssize_t region_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct heap *heap = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", region_name(heap->region));
}
static DEVICE_ATTR_RO(region);

static ssize_t kind_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct heap *heap = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", heap->region->ops->kind);
}
static DEVICE_ATTR_RO(kind);

static ssize_t uncached_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct heap *heap = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", heap->uncached);
}
static DEVICE_ATTR_RO(uncached);

static ssize_t region_buffers_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	struct heap *heap = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(heap->region->nr_buffers));
}
static DEVICE_ATTR_RO(region_buffers);

static struct attribute *heap_attrs[] = {
	&dev_attr_size.attr,
	&dev_attr_free.attr,
	&dev_attr_largest.attr,
	&dev_attr_held.attr,
	&dev_attr_dirty.attr,
	&dev_attr_quantum.attr,
	&dev_attr_fragmentation.attr,
	&dev_attr_buffers.attr,
	&dev_attr_region.attr,
	&dev_attr_kind.attr,
	&dev_attr_uncached.attr,
	&dev_attr_region_buffers.attr,
	NULL
};

static const struct attribute_group heap_group = {
	.attrs = heap_attrs,
};

const struct attribute_group *heap_sysfs_groups[] = { &heap_group, NULL };
