/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The legacy PMEM interface on top of contiguous heaps.
 *
 * Ownership: a node is one /dev/pmem*. Each open() of it creates a file (struct
 * pmem_file; dup, fork and SCM_RIGHTS share it). A file is empty, a master (it has an
 * allocation, which is a dma-buf), or connected (it shows parts of a master). Masters
 * and connected files each hold a reference on the dma-buf as long as they can access
 * its memory. A connected file does not hold its master: when the master is closed,
 * its connected files are revoked. They lose their regions and their reference, and
 * show garbage from then on.
 *
 * A view is one user mapping of a file in one address space, even if it has been split
 * into several VMAs. VMAs hold their file, so a file with views is never released. A
 * page fault decides what a page of a view shows, from the state of the file: memory
 * of the dma-buf, or the garbage page of the view. Code that changes this state unmaps
 * the pages from all page tables, with the lock of the file held, so that they fault
 * again. Only faults and mmap() insert page table entries.
 *
 * After fork(), a child gets its own views, which only show garbage.
 *
 * Layers, lowest first. Each file has its own header, and only calls files in the lines
 * above its own:
 *
 *   hooks, inode, phys, range	functions of drivers; identifying our files; handles
 *				for addresses; what a connected file shows
 *   node, alloc, connect	nodes by name; their memory; masters and clients
 *   view, share, sysfs		user mappings; dma-bufs; information about nodes
 *   cache			cache maintenance by user addresses
 *   ioctl
 *   file			file operations
 *   device			nodes under /dev
 *   node_param, platform_data	sources of nodes
 *   driver, kapi_node		more sources of nodes
 *   module
 *
 * Drivers call kapi_file, which is right above cache, and kapi_alloc, which is above
 * alloc and node. cma_mem and cma_test are devices of another kind; cma_mem only uses
 * phys.
 *
 * Lock order, outermost first:
 *
 *   setup_lock		nodes that drivers have created
 *   node->lock		links between masters and connected files
 *   mmap_lock, VMA lock	(never taken with the next one held)
 *   file->lock		state of one file; two of them only with node->lock held, the
 *			master's first
 *   node->alloc_lock	allocations of a node
 *   the locks of the heaps
 *   names_lock		all nodes
 *   node->files_lock	open files, and what sysfs shows of them
 *   allocs_lock		allocations of pmem_kalloc()
 *
 * node->lock and mmap_lock are never held together. No user memory is accessed with
 * any of our locks held. A hook of a driver may run with setup_lock, file->lock or the
 * watch_lock of the heap held, and any lock of its caller. open() only takes
 * files_lock, so that it does not wait for an allocation: the kernel opens one misc
 * device at a time.
 */
#ifndef PMEM_H
#define PMEM_H

#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/iosys-map.h>
#include <linux/kobject.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/srcu.h>
#include <linux/wait.h>

#include "../heap/api.h"
#include "pmem_kernel.h"

#define PMEM_NAME_MAX	32

struct pmem_handle;
struct pmem_slot;
struct pmem_view;

/**
 * struct pmem_memory - the memory of a file
 * @dmabuf: the memory, with a reference; NULL if there is none, or it was revoked
 * @len: bytes as clients see it; not always whole pages
 * @phys: physical address of the first byte
 * @handle: shown to unprivileged clients instead of @phys; its reference is kept even
 *	after the memory was revoked
 * @index: index in the allocator, see enum pmem_allocator_type
 * @uncached: must not be mapped cached, because the heap is uncached
 * @foreign: not in the node's own region
 */
struct pmem_memory {
	struct dma_buf *dmabuf;
	u64 len;
	phys_addr_t phys;
	struct pmem_handle *handle;
	u64 index;
	bool uncached;
	bool foreign;
};

/**
 * struct pmem_hooks - functions of a driver that a device calls
 * @owner: their module, pinned by every open file. NULL if it is not known, or if they
 *	are built in
 * @ioctl: called for commands that PMEM does not know, or NULL
 * @release: called when a file is released, or NULL
 * @first_use: request_region of struct android_pmem_platform_data, or NULL
 * @last_use: release_region of struct android_pmem_platform_data, or NULL
 * @cookie: argument of @first_use and @last_use
 */
struct pmem_hooks {
	struct module *owner;
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*release)(struct inode *inode, struct file *file);
	int (*first_use)(void *cookie);
	int (*last_use)(void *cookie);
	void *cookie;
};

/**
 * enum pmem_use - whether the memory of a node is requested from its driver
 * @PMEM_UNUSED: it is not
 * @PMEM_CHANGING: a hook is running that requests or returns it
 * @PMEM_USED: it is
 */
enum pmem_use {
	PMEM_UNUSED,
	PMEM_CHANGING,
	PMEM_USED,
};

/**
 * struct pmem_node - one device
 * @misc: its device node; not registered if @kernel_only
 * @ref: held by the creator of the node, by every file and by pmem_kalloc()
 * @kobj: its directory under /sys/kernel/pmem_regions
 * @name: name of @misc and @kobj
 * @id: number of the node, in the order of creation
 * @named: in the list of names in use; protected by names_lock in node.c
 * @setup: in the list of nodes that drivers have created, if it is one; protected by
 *	setup_lock in kapi_node.c
 * @allocator: allocation policy
 * @quantum: bytes of a quantum
 * @size: bytes of its memory, or the quota of the system allocator
 * @cached: its memory may be mapped cached
 * @show_phys: all callers may see physical addresses
 * @kernel_only: only for pmem_kalloc()
 * @memory_type: type of a kernel-only node, for pmem_kalloc()
 * @heap: where its memory comes from; owned
 * @hooked: has or had hooks
 * @on_demand: memory is requested from its driver and returned to it
 * @own_hooks: functions of its driver
 * @hooks: @own_hooks as long as they may be called, else NULL; changed under
 *	@files_lock
 * @hooks_srcu: held for reading while a hook is called
 * @lock: protects the links between files
 * @files_lock: protects @files and @retired, and the ranges of all files against
 *	sysfs
 * @files: open files, newest first, by their @entry
 * @retired: nothing new may be opened or allocated; changed under @files_lock
 * @alloc_lock: protects @slots, @slot_ids, @users and @use
 * @slots: allocations of bitmap and buddy nodes
 * @slot_ids: numbers in use
 * @users: number of allocations in progress, and of those of pmem_kalloc()
 * @use: whether the memory is requested from its driver
 * @use_changed: woken when @use is no longer PMEM_CHANGING
 * @debugfs: its file in debugfs
 */
struct pmem_node {
	struct miscdevice misc;
	struct kref ref;
	struct kobject *kobj;
	char name[PMEM_NAME_MAX];
	int id;
	struct list_head named;
	struct list_head setup;
	enum pmem_allocator_type allocator;
	u64 quantum;
	u64 size;
	bool cached;
	bool show_phys;
	bool kernel_only;
	int memory_type;
	struct heap *heap;
	bool hooked;
	bool on_demand;
	struct pmem_hooks own_hooks;
	const struct pmem_hooks __rcu *hooks;
	struct srcu_struct hooks_srcu;
	struct mutex lock;
	struct mutex files_lock;
	struct list_head files;
	bool retired;
	struct mutex alloc_lock;
	struct list_head slots;
	struct ida slot_ids;
	unsigned int users;
	enum pmem_use use;
	wait_queue_head_t use_changed;
	struct dentry *debugfs;
};

/**
 * struct pmem_file - one open file description
 * @node: its node; a reference is held
 * @file: the file itself
 * @inode: its address space finds all views of the file
 * @uncached: opened with O_SYNC
 * @owner: module of the node's hooks, pinned by the file; or NULL
 * @entry: in node->files; protected by node->files_lock
 * @master: the file that it is connected to, or NULL; protected by node->lock. No
 *	reference is held; the master clears it when it is closed
 * @clients: files connected to it, by @client; protected by node->lock
 * @client: in master->clients; protected by node->lock
 * @lock: protects the following fields
 * @memory: valid if @allocated
 * @allocated: has memory, or had it until it was revoked
 * @connected: is or was connected; never cleared
 * @imported: the memory was imported
 * @slot: the node's record of the memory, or NULL
 * @master_fd: file descriptor with which it was connected to the master
 * @mapped: has been mapped as a master
 * @submapped: has been mapped as a connected file; never cleared
 * @view: the view of a connected file while it is mapped, else NULL
 * @user_start: address at which @view was mapped, else 0; the process may have moved
 *	it since
 * @user_len: bytes that @view had then, else 0
 * @ranges: recorded regions of the master; node->files_lock must also be held to
 *	change it
 * @nr_ranges: length of @ranges
 * @shown: a bit for each page of the master, set if it is shown; NULL until the first
 *	mapping of a connected file
 * @pid: thread that last mapped it as a master; sysfs reads it without a lock
 * @pins: number of users in the kernel
 * @pinned: the dma-buf that they hold, while @pins is not 0
 * @vmap: kernel mapping of @pinned, while @pins is not 0
 */
struct pmem_file {
	struct pmem_node *node;
	struct file *file;
	struct inode *inode;
	bool uncached;
	struct module *owner;
	struct list_head entry;
	struct pmem_file *master;
	struct list_head clients;
	struct list_head client;
	struct mutex lock;
	struct pmem_memory memory;
	bool allocated;
	bool connected;
	bool imported;
	struct pmem_slot *slot;
	int master_fd;
	bool mapped;
	bool submapped;
	struct pmem_view *view;
	unsigned long user_start;
	unsigned long user_len;
	struct list_head ranges;
	unsigned int nr_ranges;
	unsigned long *shown;
	pid_t pid;
	unsigned int pins;
	struct dma_buf *pinned;
	struct iosys_map vmap;
};

#endif /* PMEM_H */
