/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The owner of a page: the memory cgroup that it is charged to. NULL means that it is
 * not charged, or charged to the root group, which has no limits. Any task may get
 * such a page.
 *
 * A group can be removed at any time. The kernel then moves its charges to the parent,
 * and lookups return the parent. So an owner is only valid until rcu_read_unlock().
 */
#ifndef CONTIG_OWNER_H
#define CONTIG_OWNER_H

#include <linux/memcontrol.h>
#include <linux/page_counter.h>
#include <linux/sched.h>

struct page;

#ifdef CONFIG_MEMCG
static inline struct mem_cgroup *owner_unless_root(struct mem_cgroup *group)
{
	return group && parent_mem_cgroup(group) ? group : NULL;
}

/* Owner of a block, given its first page. Context: RCU read side. */
static inline struct mem_cgroup *owner_of_page(struct page *page)
{
	return owner_unless_root(page_memcg_check(page));
}

/* The group that new allocations are charged to. Context: process, RCU read side. */
static inline struct mem_cgroup *owner_current(void)
{
	return mem_cgroup_disabled() ? NULL :
	       owner_unless_root(mem_cgroup_from_task(current));
}

/* Does the group or any group that contains it have a limit? Context: RCU read side. */
static inline bool owner_is_limited(struct mem_cgroup *group)
{
	for (; group; group = parent_mem_cgroup(group))
		if (READ_ONCE(group->memory.max) != PAGE_COUNTER_MAX ||
		    READ_ONCE(group->memory.high) != PAGE_COUNTER_MAX)
			return true;
	return false;
}
#else
static inline struct mem_cgroup *owner_of_page(struct page *page)
{
	return NULL;
}

static inline struct mem_cgroup *owner_current(void)
{
	return NULL;
}

static inline bool owner_is_limited(struct mem_cgroup *group)
{
	return false;
}
#endif

#endif /* CONTIG_OWNER_H */
