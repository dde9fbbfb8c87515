// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/pmem_regions/<node>/, with exactly the format of the last legacy drivers,
 * and the debugfs file of the first ones.
 *
 * "base" is 0 for readers that may not see physical addresses.
 */
#include <linux/debugfs.h>
#include <linux/kobject.h>
#include <linux/log2.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "../heap/api.h"
#include "alloc.h"
#include "node.h"
#include "phys.h"
#include "pmem.h"
#include "range.h"
#include "sysfs.h"

static struct kobject *regions;

#define FOR_BITMAP	BIT(PMEM_ALLOCATORTYPE_BITMAP)
#define FOR_BUDDY	BIT(PMEM_ALLOCATORTYPE_BUDDYBESTFIT)
#define FOR_ALL		BIT(PMEM_ALLOCATORTYPE_ALLORNOTHING)
#define FOR_ANY		(FOR_BITMAP | FOR_BUDDY | FOR_ALL | BIT(PMEM_ALLOCATORTYPE_SYSTEM))

/**
 * struct pmem_attribute - a file in a node's directory
 * @kobj_attr: its name and mode
 * @show: prints its contents
 * @allocators: mask of the allocators whose nodes have it
 */
struct pmem_attribute {
	struct kobj_attribute kobj_attr;
	ssize_t (*show)(struct pmem_node *node, char *buf);
	unsigned long allocators;
};

static ssize_t attr_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	struct pmem_node *node = pmem_node_shown(kobj);

	if (!node)
		return -ENODEV;
	return container_of(attr, struct pmem_attribute, kobj_attr)->show(node, buf);
}

#define PMEM_ATTR(_name, _allocators)					\
	static const struct pmem_attribute attr_##_name = {		\
		.kobj_attr = {						\
			.attr = {					\
				.name = __stringify(_name),		\
				.mode = 0444,				\
			},						\
			.show = attr_show,				\
		},							\
		.show = _name##_show,					\
		.allocators = _allocators,				\
	}

static ssize_t base_show(struct pmem_node *node, char *buf)
{
	struct contig_stat stat = {};

	if (pmem_may_see_phys(node->show_phys))
		contig_heap_stat(node->heap, &stat);
	return sysfs_emit(buf, "%llu(0x%llx)\n", (u64)stat.base,
			  (u64)stat.base);
}
PMEM_ATTR(base, FOR_ANY);

static ssize_t size_show(struct pmem_node *node, char *buf)
{
	return sysfs_emit(buf, "%llu(0x%llx)\n", node->size, node->size);
}
PMEM_ATTR(size, FOR_ANY);

static ssize_t allocator_type_show(struct pmem_node *node, char *buf)
{
	static const char * const names[] = {
		[PMEM_ALLOCATORTYPE_BITMAP] = "Bitmap",
		[PMEM_ALLOCATORTYPE_SYSTEM] = "System heap",
		[PMEM_ALLOCATORTYPE_ALLORNOTHING] = "All or Nothing",
		[PMEM_ALLOCATORTYPE_BUDDYBESTFIT] = "Buddy Bestfit",
	};

	return sysfs_emit(buf, "%s\n", names[node->allocator]);
}
PMEM_ATTR(allocator_type, FOR_ANY);

#define MAPPED_HEADER	"pid #: mapped regions (offset, len) (offset,len)...\n"

static ssize_t mapped_regions_show(struct pmem_node *node, char *buf)
{
	struct pmem_range *range;
	struct pmem_file *file;
	ssize_t len = sysfs_emit(buf, MAPPED_HEADER);

	mutex_lock(&node->files_lock);
	list_for_each_entry(file, &node->files, entry) {
		len += sysfs_emit_at(buf, len, "pid %d:",
				     READ_ONCE(file->pid));
		list_for_each_entry(range, &file->ranges, entry)
			len += sysfs_emit_at(buf, len, "(%llx,%llx) ",
					     range->offset, range->len);
		len += sysfs_emit_at(buf, len, "\n");
	}
	mutex_unlock(&node->files_lock);
	return len;
}
PMEM_ATTR(mapped_regions, FOR_ANY);

static ssize_t allocated_show(struct pmem_node *node, char *buf)
{
	u64 total, largest;
	int ret = pmem_free_space(node, &total, &largest);

	return ret ?: sysfs_emit(buf, "is %sallocated\n", total ? "NOT " : "");
}
PMEM_ATTR(allocated, FOR_ALL);

static ssize_t quantum_size_show(struct pmem_node *node, char *buf)
{
	return sysfs_emit(buf, "%llu (0x%llx)\n", node->quantum, node->quantum);
}
PMEM_ATTR(quantum_size, FOR_BITMAP | FOR_BUDDY);

static ssize_t total_entries_show(struct pmem_node *node, char *buf)
{
	return sysfs_emit(buf, "%llu\n", node->size >> ilog2(node->quantum));
}
PMEM_ATTR(total_entries, FOR_BITMAP | FOR_BUDDY);

static ssize_t free_quanta_show(struct pmem_node *node, char *buf)
{
	u64 total, largest;
	int ret = pmem_free_space(node, &total, &largest);

	return ret ?: sysfs_emit(buf, "%llu\n", total >> ilog2(node->quantum));
}
PMEM_ATTR(free_quanta, FOR_BITMAP);

static ssize_t bits_allocated_show(struct pmem_node *node, char *buf)
{
	struct pmem_slot *slot;
	ssize_t len;
	int ret = mutex_lock_killable(&node->alloc_lock);

	if (ret)
		return ret;
	len = sysfs_emit(buf, "id: %d\nbitnum\tindex\tquanta allocated\n",
			 node->id);
	list_for_each_entry(slot, &node->slots, entry)
		len += sysfs_emit_at(buf, len, "%d\t%llu\t%llu\n", slot->id,
				     slot->index, slot->quanta);
	mutex_unlock(&node->alloc_lock);
	return len;
}
PMEM_ATTR(bits_allocated, FOR_BITMAP);

static ssize_t emit_block(char *buf, ssize_t len, struct pmem_node *node,
			  u64 index, unsigned int order, bool allocated)
{
	return sysfs_emit_at(buf, len, "%llu\t%u\t%llu\t%d\n", index, order,
			     node->quantum << order, allocated);
}

static ssize_t buddy_bitmap_dump_show(struct pmem_node *node, char *buf)
{
	struct pmem_slot *slot;
	u64 index, from = 0, end;
	unsigned int order;
	ssize_t len;
	int ret = mutex_lock_killable(&node->alloc_lock);

	if (ret)
		return ret;
	len = sysfs_emit(buf, "index\torder\tlength\tallocated\n");
	slot = list_first_entry_or_null(&node->slots, struct pmem_slot, entry);
	for (;;) {
		bool free = pmem_next_block(node, from, &index, &order);

		end = free ? index : U64_MAX;
		while (slot && slot->index < end) {
			len += emit_block(buf, len, node, slot->index,
					  ilog2(slot->quanta), true);
			slot = list_is_last(&slot->entry, &node->slots) ?
			       NULL : list_next_entry(slot, entry);
		}
		if (!free)
			break;
		len += emit_block(buf, len, node, index, order, false);
		from = index + (1ULL << order);
	}
	mutex_unlock(&node->alloc_lock);
	return len;
}
PMEM_ATTR(buddy_bitmap_dump, FOR_BUDDY);

static const struct pmem_attribute * const attrs[] = {
	&attr_base, &attr_size, &attr_allocator_type, &attr_mapped_regions,
	&attr_allocated, &attr_quantum_size, &attr_total_entries,
	&attr_free_quanta, &attr_bits_allocated, &attr_buddy_bitmap_dump,
};

static int debugfs_show(struct seq_file *seq, void *unused)
{
	char *buf = (char *)__get_free_page(GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	mapped_regions_show(seq->private, buf);
	seq_puts(seq, buf);
	free_page((unsigned long)buf);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(debugfs);

/* The kernel allocated the kobject, and may free it after the module is unloaded. */
static void dir_del(struct pmem_node *node)
{
	kobject_del(node->kobj);
	kobject_put(node->kobj);
}

/**
 * pmem_sysfs_add() - add a node to sysfs and debugfs
 * @node: the node, its name claimed
 *
 * Context: may sleep.
 * Return: 0, to be followed by pmem_sysfs_del(); -ENOMEM.
 */
int pmem_sysfs_add(struct pmem_node *node)
{
	struct kobject *kobj = kobject_create_and_add(node->name, regions);
	int i, ret = 0;

	if (!kobj)
		return -ENOMEM;
	WRITE_ONCE(node->kobj, kobj);
	for (i = 0; !ret && i < ARRAY_SIZE(attrs); i++)
		if (attrs[i]->allocators & BIT(node->allocator))
			ret = sysfs_create_file(kobj, &attrs[i]->kobj_attr.attr);
	if (ret) {
		dir_del(node);
		return ret;
	}
	node->debugfs = debugfs_create_file(node->name, 0444, NULL, node,
					    &debugfs_fops);
	return 0;
}

/**
 * pmem_sysfs_del() - remove a node from sysfs and debugfs
 * @node: the node, its name still claimed
 *
 * Waits for readers.
 *
 * Context: may sleep.
 */
void pmem_sysfs_del(struct pmem_node *node)
{
	debugfs_remove(node->debugfs);
	dir_del(node);
}

/**
 * pmem_sysfs_setup() - create the directory, before the first node
 *
 * Return: 0 or -ENOMEM.
 */
int pmem_sysfs_setup(void)
{
	regions = kobject_create_and_add("pmem_regions", kernel_kobj);
	return regions ? 0 : -ENOMEM;
}

/**
 * pmem_sysfs_teardown() - remove the directory, after the last node
 */
void pmem_sysfs_teardown(void)
{
	/* Even if a reference is left, free the name, so that the module can be loaded again. */
	kobject_del(regions);
	kobject_put(regions);
}
