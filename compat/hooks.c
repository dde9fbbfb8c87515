// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks: functions of a driver that a node calls, until the node is removed or the
 * module of the hooks is unloaded.
 *
 * Such a module may be unloaded without removing its nodes. So each call first checks
 * that the module is not being unloaded, and pins it until the hook has returned.
 *
 * Calls of first_use() and last_use() alternate. The memory of a node is in use from
 * the first allocation until no buffer is left, including buffers that have outlived
 * their file. alloc_lock is not held while a hook runs, so that it can allocate from
 * other nodes. Other tasks that need the memory wait until the hook has returned.
 *
 * Modelled, together with opening and removing a node, by
 * selftests/proofs/models/legacy.pml.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/srcu.h>
#include <linux/wait.h>

#include "../heap/api.h"
#include "hooks.h"

/* Must be followed by hooks_leave(), even if this returns NULL. */
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
 * pmem_hook_ioctl() - pass a command to the driver of a node
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
 * pmem_hook_release() - tell the driver of a node that a file is released
 * @node: the node
 * @inode: inode of the device node
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

/*
 * pmem_kalloc() counts its allocations in node->users. Buffers of files may outlive
 * their file, so ask the heap about these.
 */
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

/* Called with alloc_lock held; drops it while the hook runs. */
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

/* Takes alloc_lock while no hook is running that changes node->use. */
static int lock_unchanging(struct pmem_node *node)
{
	/* The holder may be waiting for a CMA area. */
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
 * pmem_node_use() - prepare to allocate from a node
 * @node: the node
 *
 * Requests the memory from the driver of the node if it is not in use.
 *
 * Context: may sleep; alloc_lock must not be held.
 * Return: 0 with alloc_lock held, to be followed by pmem_node_unuse() after the allocation
 * has succeeded or failed; -ENOMEM if the driver refuses or was unloaded, or the node is
 * retired; -EINTR after a fatal signal.
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
 * pmem_node_unuse() - undo pmem_node_use()
 * @node: the node
 *
 * Live buffers keep the memory in use, except those of kernel-only nodes.
 *
 * Context: may sleep; alloc_lock must be held, and is released.
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

/* Is the memory in use? First returns unused memory to the driver, if necessary. */
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
 * pmem_node_retire() - refuse all further use of a node, unless it is in use
 * @node: the node
 *
 * Context: may sleep.
 * Return: 0: the node is not in use, and will not be; -EBUSY while a file is open or
 * any buffer is live.
 */
int pmem_node_retire(struct pmem_node *node)
{
	/* Check this first, so that files are rarely refused while the node stays. */
	if (has_memory(node))
		return -EBUSY;
	mutex_lock(&node->files_lock);
	WRITE_ONCE(node->retired, list_empty(&node->files));
	mutex_unlock(&node->files_lock);
	if (!READ_ONCE(node->retired))
		return -EBUSY;
	/* Meanwhile, a file may have been opened and closed, and have left a buffer. */
	if (!has_memory(node))
		return 0;
	WRITE_ONCE(node->retired, false);
	return -EBUSY;
}

/**
 * pmem_hooks_setup() - set the hooks of a node
 * @node: a new node, with its heap, that is not visible yet
 * @hooks: the hooks; copied
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
 * pmem_hooks_cut() - stop calling the hooks of a node
 * @node: the node
 *
 * First returns unused memory to the driver, then waits for running hooks. Memory that
 * is still in use is never returned, and nothing more is allocated from the node.
 *
 * Context: may sleep; the caller must hold no lock of this module.
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
 * pmem_hooks_teardown() - undo pmem_hooks_setup()
 * @node: the node, after pmem_hooks_cut()
 *
 * Context: may sleep.
 */
void pmem_hooks_teardown(struct pmem_node *node)
{
	cleanup_srcu_struct(&node->hooks_srcu);
}

/**
 * pmem_hooks_pin() - pin the module of a node's hooks, for a file
 * @node: the node, its files_lock held
 * @owner: filled in with the module, for module_put(), or NULL
 *
 * Return: false if the module is being unloaded.
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
 * Also compares the addresses of the hooks, because platform data does not name their
 * module.
 *
 * Context: may sleep.
 * Return: true if it does, and pmem_hooks_cut() has not been called.
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
