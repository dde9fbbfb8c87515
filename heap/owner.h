/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which memory cgroup a page is charged to. None is NULL, and so is the root, which
 * has no limits and is charged nothing to speak of: what nobody is charged for is
 * anybody's.
 *
 * A group can go at any time. The kernel makes its charges its parent's, and nothing
 * is to be done here: a page tells its owner of the moment. So an owner is only valid
 * until rcu_read_unlock().
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

/* Of the first page of a block. Context: RCU read side. */
static inline struct mem_cgroup *owner_of_page(struct page *page)
{
	return owner_unless_root(page_memcg_check(page));
}

/* Who is charged for what is allocated now. Context: process, RCU read side. */
static inline struct mem_cgroup *owner_current(void)
{
	return mem_cgroup_disabled() ? NULL :
	       owner_unless_root(mem_cgroup_from_task(current));
}

/* Has it a limit, or is it in a group that has? Context: RCU read side. */
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
