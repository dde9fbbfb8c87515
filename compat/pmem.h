/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The legacy PMEM interface over contiguous heaps.
 *
 * Who owns what. A node is one /dev/pmem*. Each open of it makes a file (struct
 * pmem_file; dup, fork and SCM_RIGHTS share it), which is empty, a master (it
 * has an allocation, which is a dma-buf), or connected (it shows parts of a
 * master). Masters and connected files each hold a reference on the dma-buf as
 * long as they can reach its memory. A connected file does not hold its master:
 * when the master goes, its connected files are revoked, that is, they lose
 * their regions and their reference, and show garbage from then on.
 *
 * A view is one user mapping of a file in one address space, however many VMAs
 * it has been cut into. VMAs hold their file, so a file with views is never
 * released. What a page of a view shows is decided when it is touched, from the
 * state of the file: memory of the dma-buf, or the view's garbage page. Whoever
 * changes that state takes the pages out of all page tables, under the lock of
 * the file, so that they are touched anew. Nothing is ever put into a page table
 * from outside a fault or an mmap.
 *
 * A child after fork gets views of its own, which show nothing but garbage.
 *
 * Layers, lowest first. A file has a header of its own, and calls what is in the
 * lines above its own, nothing else:
 *
 *   hooks, inode, phys, range	functions of drivers; whose a file is; numbers for
 *				addresses; what a connected file shows
 *   node, alloc, connect	nodes by name; their memory; masters and clients
 *   view, share, sysfs		user mappings; dma-bufs; what is told of nodes
 *   cache			maintenance of what a user address shows
 *   ioctl
 *   file			what the kernel calls for an open file
 *   device			nodes under /dev
 *   node_param, platform_data	where nodes come from
 *   driver, kapi_node		the same
 *   module
 *
 * kapi_file is right above cache, kapi_alloc above alloc and node: what drivers
 * call. cma_mem and cma_test, devices of another kind, have phys in common with
 * the rest.
 *
 * Lock order, outermost first:
 *
 *   setup_lock		which nodes drivers have made
 *   node->lock		who is connected to whom
 *   mmap_lock, the lock of a VMA	(never taken below the next one)
 *   file->lock		state of one file; of two only below node->lock, where
 *			the second one is the master's or the client's
 *   node->alloc_lock	what is allocated on a node
 *   the locks of the heaps
 *   node->files_lock	who is open, and what of that sysfs shows
 *   names_lock, the list of pmem_kalloc()
 *
 * node->lock and mmap_lock are never held together. No user memory is accessed
 * below any of our locks. A driver's hook runs below file->lock at most, or what
 * its own caller holds; open() takes files_lock alone, so that it waits for no
 * allocation: the kernel opens one misc device at a time.
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
 * struct pmem_memory - memory that a file is about
 * @dmabuf: a reference on it; NULL if there is none, or none any more
 * @len: bytes as clients see it; not always whole pages
 * @phys: physical address of the first byte
 * @handle: what clients without privileges see instead; a reference on it, also
 *	after the memory is gone
 * @index: index in the allocator, see enum pmem_allocator_type
 * @uncached: must not be mapped cached, because its heap does not
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
 * @owner: module that they are of; held by every open file. NULL if that is not
 *	known, and for those of the kernel itself
 * @ioctl: takes the commands that PMEM does not know, or NULL
 * @release: called when a file is released, or NULL
 * @first_use: request_region of struct android_pmem_platform_data, or NULL
 * @last_use: release_region of the same, or NULL
 * @cookie: for these two
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
 * enum pmem_use - whether a node's driver has been asked for the memory
 * @PMEM_UNUSED: no
 * @PMEM_CHANGING: it is being asked, or given it back
 * @PMEM_USED: it has given it
 */
enum pmem_use {
	PMEM_UNUSED,
	PMEM_CHANGING,
	PMEM_USED,
};

/**
 * struct pmem_node - one device
 * @misc: its device node; not registered if @kernel_only
 * @ref: held by who made the node and by every file
 * @kobj: its directory under /sys/kernel/pmem_regions
 * @name: name of both
 * @id: number of the node, in the order of their creation
 * @named: in the list of names in use; protected by names_lock in node.c
 * @setup: in the list of those that drivers made, if it is one; protected by
 *	setup_lock in kapi_node.c
 * @allocator: rules by which it allocates
 * @quantum: bytes of a quantum
 * @size: bytes of its memory, or the quota of the system allocator
 * @cached: its memory may be mapped cached
 * @show_phys: physical addresses are for everybody
 * @kernel_only: for pmem_kalloc() alone
 * @memory_type: of a kernel-only node, for pmem_kalloc()
 * @heap: where its memory comes from; owned
 * @hooked: has, or had, hooks
 * @on_demand: its driver is asked for the memory
 * @own_hooks: functions of its driver
 * @hooks: @own_hooks as long as they may be called, else NULL; changed under
 *	@files_lock
 * @hooks_srcu: held for reading by whoever calls one
 * @lock: protects the links between files
 * @files_lock: protects @files and @retired, and the ranges of all files against
 *	sysfs
 * @files: open files, newest first, by their @entry
 * @retired: nothing new may be opened or allocated; changed under @files_lock
 * @alloc_lock: protects what follows
 * @slots: allocations of bitmap and buddy nodes
 * @slot_ids: numbers in use
 * @users: allocations that are being made, and those of pmem_kalloc()
 * @use: whether its driver has been asked for the memory
 * @use_changed: woken when that is no longer changing
 * @debugfs: its file there
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
 * @inode: owns the address space by which all views of the file are found
 * @uncached: opened with O_SYNC
 * @owner: module of the node's hooks, which the file holds; or NULL
 * @entry: in node->files; protected by node->files_lock
 * @master: whom it is connected to, NULL if to nobody any more; protected by
 *	node->lock. No reference is held; the master clears it when it goes
 * @clients: files connected to it, by @client; protected by node->lock
 * @client: in master->clients; protected by node->lock
 * @lock: protects what follows
 * @memory: valid if @allocated
 * @allocated: has memory, or had it until it was revoked
 * @connected: is or was connected; for ever
 * @imported: the memory is none of the node's own
 * @slot: the node's record of the memory, or NULL
 * @master_fd: number that the master had for who connected
 * @mapped: has been mapped as a master
 * @submapped: has been mapped as a connected file; for ever
 * @view: the view of a connected file while it is mapped, else NULL
 * @user_start: where that was made, else 0; its process may have moved it since
 * @user_len: bytes that it had then, else 0
 * @ranges: what is recorded to be shown of the master; changed under
 *	node->files_lock, too
 * @nr_ranges: length of that list
 * @shown: a bit for each page of the master that is shown; NULL until the first
 *	mapping of a connected file
 * @pid: thread that mapped it last as a master; sysfs reads it without a lock
 * @pins: users inside the kernel
 * @pinned: the dma-buf that they hold, while @pins is not 0
 * @vmap: its mapping for them, likewise
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
