// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/dma_heap/<heap>/: statistics for all users, without addresses, and
 * settings for the administrator.
 */
#include <linux/device.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "bytes.h"
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

static struct region *region_of(struct device *dev)
{
	struct heap *heap = dev_get_drvdata(dev);

	return heap->region;
}

static ssize_t held_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llu\n", heap_stat(dev).held);
}

static ssize_t held_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	u64 held;
	int ret = bytes_parse_all(buf, &held);

	if (ret)
		return ret;
	region_trim(region_of(dev), held);
	return count;
}
static DEVICE_ATTR_RW(held);

/* An attribute that shows and changes a field of struct region_keep. */
struct keep_attribute {
	struct device_attribute attr;
	enum region_keep_value which;
};

#define to_keep_attribute(_attr) container_of(_attr, struct keep_attribute, attr)

static ssize_t keep_value_show(struct device *dev, struct device_attribute *attr,
			       char *buf)
{
	const struct region_keep *keep = &region_of(dev)->keep;

	switch (to_keep_attribute(attr)->which) {
	case KEEP_RESERVE:
		return sysfs_emit(buf, "%llu\n", READ_ONCE(keep->reserve));
	case KEEP_MAX:
		return sysfs_emit(buf, "%llu\n", READ_ONCE(keep->max));
	default:
		return sysfs_emit(buf, "%u\n", READ_ONCE(keep->idle_ms));
	}
}

static ssize_t keep_value_store(struct device *dev, struct device_attribute *attr,
				const char *buf, size_t count)
{
	enum region_keep_value which = to_keep_attribute(attr)->which;
	struct region *region = region_of(dev);
	u64 value;
	int ret = bytes_parse_all(buf, &value);

	if (!ret && which == KEEP_IDLE_MS && value > UINT_MAX)
		ret = -ERANGE;
	if (!ret)
		ret = region->ops->set_keep(region, which, value);
	return ret ?: count;
}

#define KEEP_ATTRIBUTE(_name, _which)					\
	static struct keep_attribute keep_attr_##_name = {		\
		__ATTR(_name, 0644, keep_value_show, keep_value_store), _which \
	}

KEEP_ATTRIBUTE(reserve, KEEP_RESERVE);
KEEP_ATTRIBUTE(held_max, KEEP_MAX);
KEEP_ATTRIBUTE(keep, KEEP_IDLE_MS);

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

/* Heaps with the same region share their memory and its statistics. */
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

/* "held" is writable only if the region can return memory to the kernel. */
static umode_t heap_attr_mode(struct kobject *kobj, struct attribute *attr, int n)
{
	const struct region_ops *ops = region_of(kobj_to_dev(kobj))->ops;

	return attr == &dev_attr_held.attr && !ops->trim ? 0444 : attr->mode;
}

static const struct attribute_group heap_group = {
	.attrs = heap_attrs,
	.is_visible = heap_attr_mode,
};

static struct attribute *keep_attrs[] = {
	&keep_attr_reserve.attr.attr,
	&keep_attr_held_max.attr.attr,
	&keep_attr_keep.attr.attr,
	NULL
};

static umode_t keep_attr_mode(struct kobject *kobj, struct attribute *attr, int n)
{
	return region_of(kobj_to_dev(kobj))->ops->set_keep ? attr->mode : 0;
}

static const struct attribute_group keep_group = {
	.attrs = keep_attrs,
	.is_visible = keep_attr_mode,
};

const struct attribute_group *heap_sysfs_groups[] = {
	&heap_group, &keep_group, NULL
};
