// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks: functions of drivers that a node calls, until it is taken away or their
 * module goes.
 *
 * A module that goes without a word takes its hooks with it: whether it has
 * begun to go is asked before each call, and its memory stays until the calls
 * that are under way have returned.
 *
 * A node's driver is asked for its memory and given it back in pairs. The memory of a node is
 * used from the first allocation until no buffer is left, also none that has
 * outlived its file. No lock is held while they run, so that they can allocate
 * from other nodes; whoever needs the memory meanwhile waits.
 *
 * Modelled, with what opens and removes a node, by
 * selftests/proofs/models/legacy.pml.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/srcu.h>
#include <linux/wait.h>

#include "../heap/api.h"
#include "hooks.h"

/* To be followed by hooks_leave(), whatever this returns. */
static const struct pmem_hooks *hooks_enter(struct pmem_node *node, int *idx)
	__acquires(&node->hooks_srcu)
{
	const struct pmem_hooks *hooks;

	*idx = srcu_read_lock(&node->hooks_srcu);
	hooks = srcu_dereference(node->hooks, &node->hooks_srcu);
	return hooks && try_module_get(hooks->owner) ? hooks : NULL;
}

static void hooks_leave(struct pmem_node *node, const struct pmem_hooks *hooks,
			int idx)
	__releases(&node->hooks_srcu)
{
	if (hooks)
		module_put(hooks->owner);
	srcu_read_unlock(&node->hooks_srcu, idx);
}

/**
 * pmem_hook_ioctl() - let a node's driver have a command
 * @node: the node
 * @filp: the file
 * @cmd: the command
 * @arg: its argument
 *
 * Context: may sleep.
 * Return: what the hook returns; -EINVAL if there is none.
 */
long pmem_hook_ioctl(struct pmem_node *node, struct file *filp,
		     unsigned int cmd, unsigned long arg)
{
	const struct pmem_hooks *hooks;
	long ret = -EINVAL;
	int idx;

	hooks = hooks_enter(node, &idx);
	if (hooks && hooks->ioctl)
		ret = hooks->ioctl(filp, cmd, arg);
	hooks_leave(node, hooks, idx);
	return ret;
}

/**
 * pmem_hook_release() - tell a node's driver that a file goes
 * @node: the node
 * @inode: of the device node
 * @filp: the file
 *
 * Context: may sleep.
 * Return: what the hook returns; 0 if there is none.
 */
int pmem_hook_release(struct pmem_node *node, struct inode *inode,
		      struct file *filp)
{
	const struct pmem_hooks *hooks;
	int ret = 0, idx;

	hooks = hooks_enter(node, &idx);
	if (hooks && hooks->release)
		ret = hooks->release(inode, filp);
	hooks_leave(node, hooks, idx);
	return ret;
}

static int request_memory(struct pmem_node *node)
{
	const struct pmem_hooks *hooks;
	int ret = -ENOMEM, idx;

	hooks = hooks_enter(node, &idx);
	if (hooks && (!hooks->first_use ||
		      !hooks->first_use(hooks->cookie)))
		ret = 0;
	hooks_leave(node, hooks, idx);
	return ret;
}

static void give_back_memory(struct pmem_node *node)
{
	const struct pmem_hooks *hooks;
	int idx;

	hooks = hooks_enter(node, &idx);
	if (hooks && hooks->last_use)
		hooks->last_use(hooks->cookie);
	hooks_leave(node, hooks, idx);
}

/* What pmem_kalloc() gave out is counted; buffers of files can go anywhere. */
static bool is_used(struct pmem_node *node)
{
	struct contig_stat stat;

	lockdep_assert_held(&node->alloc_lock);
	if (node->users || node->kernel_only)
		return node->users;
	contig_heap_stat(node->heap, &stat);
	return stat.used;
}

static void set_use(struct pmem_node *node, enum pmem_use use)
{
	lockdep_assert_held(&node->alloc_lock);
	WRITE_ONCE(node->use, use);
	if (use != PMEM_CHANGING)
		wake_up_all(&node->use_changed);
}

/* With alloc_lock held, which is dropped while the hook runs. */
static void give_back_unused(struct pmem_node *node)
{
	lockdep_assert_held(&node->alloc_lock);
	if (node->use != PMEM_USED || is_used(node))
		return;
	set_use(node, PMEM_CHANGING);
	mutex_unlock(&node->alloc_lock);
	give_back_memory(node);
	mutex_lock(&node->alloc_lock);
	set_use(node, PMEM_UNUSED);
}

/* Takes alloc_lock at a moment when no hook is changing the use of the memory. */
static int lock_unchanging(struct pmem_node *node)
{
	/* A CMA area may need long for what somebody else has asked for. */
	int ret = mutex_lock_killable(&node->alloc_lock);

	while (!ret && node->use == PMEM_CHANGING) {
		mutex_unlock(&node->alloc_lock);
		if (wait_event_killable(node->use_changed,
					READ_ONCE(node->use) != PMEM_CHANGING))
			return -EINTR;
		ret = mutex_lock_killable(&node->alloc_lock);
	}
	return ret;
}

/**
 * pmem_node_use() - somebody is about to allocate from a node
 * @node: the node
 *
 * Asks the node's driver for the memory if it is not in use.
 *
 * Context: may sleep; alloc_lock must not be held.
 * Return: 0, with alloc_lock held, to be followed by pmem_node_unuse() when the
 * allocation has been made or has failed; -ENOMEM if the driver refuses or has
 * gone; -EINTR when a fatal signal came.
 */
int pmem_node_use(struct pmem_node *node)
{
	int ret = lock_unchanging(node);

	if (ret)
		return ret;
	if (READ_ONCE(node->retired)) {
		mutex_unlock(&node->alloc_lock);
		return -ENOMEM;
	}
	node->users++;
	if (node->on_demand && node->use == PMEM_UNUSED) {
		set_use(node, PMEM_CHANGING);
		mutex_unlock(&node->alloc_lock);
		ret = request_memory(node);
		mutex_lock(&node->alloc_lock);
		set_use(node, ret ? PMEM_UNUSED : PMEM_USED);
		if (ret) {
			node->users--;
			mutex_unlock(&node->alloc_lock);
		}
	}
	return ret;
}

/**
 * pmem_node_unuse() - the end of what pmem_node_use() began
 * @node: the node
 *
 * Buffers that were allocated meanwhile keep the memory in use, but for those of
 * kernel-only nodes.
 *
 * Context: may sleep; alloc_lock is held, and dropped.
 */
void pmem_node_unuse(struct pmem_node *node)
{
	lockdep_assert_held(&node->alloc_lock);
	node->users--;
	give_back_unused(node);
	mutex_unlock(&node->alloc_lock);
}

static void buffer_released(void *data)
{
	struct pmem_node *node = data;

	mutex_lock(&node->alloc_lock);
	give_back_unused(node);
	mutex_unlock(&node->alloc_lock);
}

/* Gives unused memory back to the driver first, if that has yet to be done. */
static bool has_memory(struct pmem_node *node)
{
	bool some;

	if (lock_unchanging(node))
		return true;
	give_back_unused(node);
	some = is_used(node) || node->use != PMEM_UNUSED;
	mutex_unlock(&node->alloc_lock);
	return some;
}

/**
 * pmem_node_retire() - refuse to be used any more, unless somebody does
 * @node: the node
 *
 * Context: may sleep.
 * Return: 0: nothing of the node is in use, nor will be; -EBUSY while a file is
 * open or a buffer lives, whoever holds it.
 */
int pmem_node_retire(struct pmem_node *node)
{
	/* So that hardly anybody is turned away for nothing. */
	if (has_memory(node))
		return -EBUSY;
	mutex_lock(&node->files_lock);
	WRITE_ONCE(node->retired, list_empty(&node->files));
	mutex_unlock(&node->files_lock);
	if (!READ_ONCE(node->retired))
		return -EBUSY;
	/* A file may have come, left a buffer, and gone again. */
	if (!has_memory(node))
		return 0;
	WRITE_ONCE(node->retired, false);
	return -EBUSY;
}

/**
 * pmem_hooks_setup() - give a node its hooks
 * @node: a node that nobody knows yet, with its heap
 * @hooks: the hooks, which are copied
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int pmem_hooks_setup(struct pmem_node *node, const struct pmem_hooks *hooks)
{
	int ret = init_srcu_struct(&node->hooks_srcu);

	if (ret)
		return ret;
	init_waitqueue_head(&node->use_changed);
	node->own_hooks = *hooks;
	node->on_demand = hooks->first_use || hooks->last_use;
	node->hooked = node->on_demand || hooks->ioctl || hooks->release;
	if (node->hooked)
		rcu_assign_pointer(node->hooks, &node->own_hooks);
	if (node->on_demand)
		contig_heap_watch(node->heap, buffer_released, node);
	return 0;
}

/**
 * pmem_hooks_cut() - call no hook of a node any more
 * @node: the node
 *
 * Waits for those that run. Unused memory is given back to its driver before;
 * memory that is still used never is, and nothing more is allocated from it.
 *
 * Context: may sleep; none of our locks may be held.
 */
void pmem_hooks_cut(struct pmem_node *node)
{
	if (!node->hooked)
		return;
	mutex_lock(&node->alloc_lock);
	give_back_unused(node);
	mutex_unlock(&node->alloc_lock);
	mutex_lock(&node->files_lock);
	WRITE_ONCE(node->retired, true);
	rcu_assign_pointer(node->hooks, NULL);
	mutex_unlock(&node->files_lock);
	synchronize_srcu(&node->hooks_srcu);
	if (node->on_demand)
		contig_heap_unwatch(node->heap);
}

/**
 * pmem_hooks_teardown() - the end of pmem_hooks_setup()
 * @node: the node, its hooks cut
 *
 * Context: may sleep.
 */
void pmem_hooks_teardown(struct pmem_node *node)
{
	cleanup_srcu_struct(&node->hooks_srcu);
}

/**
 * pmem_hooks_pin() - hold the module of a node's hooks, for a file
 * @node: the node, its files_lock held
 * @owner: filled in with the module, for module_put(), or NULL
 *
 * Return: false if the module is about to go.
 */
bool pmem_hooks_pin(struct pmem_node *node, struct module **owner)
{
	const struct pmem_hooks *hooks;

	hooks = rcu_dereference_protected(node->hooks,
					  lockdep_is_held(&node->files_lock));
	*owner = hooks ? hooks->owner : NULL;
	return try_module_get(*owner);
}

/**
 * pmem_hooks_are_of() - does a node have hooks of a module?
 * @node: the node
 * @module: the module
 *
 * Board files do not say whose their hooks are, but those are where their module
 * is.
 *
 * Context: may sleep.
 * Return: true if so, and they have not been cut.
 */
bool pmem_hooks_are_of(struct pmem_node *node, const struct module *module)
{
	const struct pmem_hooks *hooks;
	bool are = false;

	mutex_lock(&node->files_lock);
	hooks = rcu_dereference_protected(node->hooks,
					  lockdep_is_held(&node->files_lock));
	if (hooks)
		are = hooks->owner == module ||
		      within_module((unsigned long)hooks->ioctl, module) ||
		      within_module((unsigned long)hooks->release, module) ||
		      within_module((unsigned long)hooks->first_use, module) ||
		      within_module((unsigned long)hooks->last_use, module);
	mutex_unlock(&node->files_lock);
	return are;
}
