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
#include "../uapi/linux/android_pmem.h"
#include "pmem_kernel.h"

#define PMEM_NAME_MAX	32

struct seq_file;

/**
 * struct pmem_handle - a range of numbers in place of physical addresses
 * @users: files and blocks that show it; see pmem_handle_put()
 * @value: the first number: not 0, page aligned
 * @units: how long the range is, see phys.c
 *
 * Two that live have no number in common.
 */
struct pmem_handle {
	refcount_t users;
	u32 value;
	unsigned int units;
};

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
 * struct pmem_slot - an allocation as the node's allocator sees it
 * @entry: in node->slots, by @index of a buddy node, else by @id
 * @id: number of the slot, the lowest that was free
 * @index: first quantum
 * @quanta: number of them
 *
 * All protected by node->alloc_lock.
 */
struct pmem_slot {
	struct list_head entry;
	int id;
	u64 index;
	u64 quanta;
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
 * @own_commands: its driver has commands of its own
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
	bool own_commands;
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
 * struct pmem_range - a region that PMEM_MAP recorded
 * @entry: in file->ranges, newest first
 * @offset: bytes into the allocation, page aligned
 * @len: bytes, page aligned, not 0
 */
struct pmem_range {
	struct list_head entry;
	u64 offset;
	u64 len;
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
	struct list_head ranges;
	unsigned int nr_ranges;
	unsigned long *shown;
	pid_t pid;
	unsigned int pins;
	struct dma_buf *pinned;
	struct iosys_map vmap;
};

/* node.c */
struct pmem_node *pmem_node_create(const struct pmem_node_config *config);
void pmem_node_remove(struct pmem_node *node);
struct pmem_node *pmem_node_get(struct pmem_node *node);
void pmem_node_put(struct pmem_node *node);
struct pmem_node *pmem_node_shown(const struct kobject *kobj);
struct pmem_node *pmem_node_for_kernel(int memory_type,
				       unsigned int skip);
struct pmem_node *pmem_node_hooked(const struct module *module);

/* hooks.c */
int pmem_hooks_setup(struct pmem_node *node,
		     const struct pmem_node_config *config);
void pmem_hooks_cut(struct pmem_node *node);
void pmem_hooks_teardown(struct pmem_node *node);
bool pmem_hooks_pin(struct pmem_node *node, struct module **owner);
bool pmem_hooks_are_of(struct pmem_node *node, const struct module *module);
long pmem_hook_ioctl(struct pmem_node *node, struct file *filp,
		     unsigned int cmd, unsigned long arg);
int pmem_hook_release(struct pmem_node *node, struct inode *inode,
		      struct file *filp);
int pmem_node_use(struct pmem_node *node);
void pmem_node_unuse(struct pmem_node *node);
int pmem_node_retire(struct pmem_node *node);

/* file.c */
extern const struct file_operations pmem_fops;

/* connect.c */
int pmem_connect(struct pmem_file *file, int fd);
int pmem_change(struct pmem_file *file, const struct pmem_region *region,
		bool map);
void pmem_disconnect(struct pmem_file *file);

/* alloc.c */
int pmem_allocate(struct pmem_file *file, u64 len, u64 align);
void pmem_free(struct pmem_file *file);
void pmem_zeros_to_memory(struct dma_buf *dmabuf);
void pmem_free_space(struct pmem_node *node, u64 *total, u64 *largest);
bool pmem_next_block(struct pmem_node *node, u64 from, u64 *index,
		     unsigned int *order);

/* range.c */
int pmem_range_change(struct pmem_file *file, u64 offset, u64 len, bool map);
int pmem_ranges_show(struct pmem_file *file);
bool pmem_range_shown(struct pmem_file *file, u64 offset);
void pmem_ranges_drop(struct pmem_file *file);

/* view.c */
int pmem_mmap(struct file *filp, struct vm_area_struct *vma);
unsigned long pmem_get_unmapped_area(struct file *filp, unsigned long addr,
				     unsigned long len, unsigned long pgoff,
				     unsigned long flags);
unsigned long pmem_user_part(struct pmem_file *file, struct dma_buf *dmabuf,
			     unsigned long addr, unsigned long len,
			     u64 *offset);
void pmem_view_where(struct pmem_file *file, unsigned long *start,
		     unsigned long *len);

/* ioctl.c */
long pmem_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);
long pmem_compat_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);

/* layout.c */
int pmem_get_region(unsigned long arg, bool narrow, struct pmem_region *region);
int pmem_put_region(unsigned long arg, bool narrow, u64 offset, u64 len);
int pmem_get_addr(unsigned long arg, bool narrow, struct pmem_addr *addr);
int pmem_get_sync_region(unsigned long arg, bool narrow,
			 struct pmem_sync_region *sync);
int pmem_get_allocation(unsigned long arg, bool narrow,
			struct pmem_allocation *allocation);
int pmem_put_freespace(unsigned long arg, bool narrow, u64 total, u64 largest);

/* phys.c */
bool pmem_may_see_phys(bool everybody);
bool pmem_fits(u64 phys, u64 len, bool narrow);
struct pmem_handle *pmem_handle_new(u64 size);
struct pmem_handle *pmem_handle_get(struct pmem_handle *handle);
void pmem_handle_put(struct pmem_handle *handle);

/* cache.c */
void pmem_cache_flush(struct pmem_file *file, u64 offset, u64 len);
int pmem_cache_maintain(struct pmem_file *file, unsigned int nr,
			const struct pmem_addr *addr);
int pmem_cache_inv(struct pmem_file *file, unsigned long start,
		   unsigned long len);
void pmem_cache_sync(struct pmem_file *file, const struct pmem_sync_region *sync,
		     bool map);

/* share.c */
int pmem_export(struct pmem_file *file, void __user *arg);
int pmem_import(struct pmem_file *file, void __user *arg);

/* sysfs.c */
int pmem_sysfs_setup(void);
void pmem_sysfs_teardown(void);
int pmem_sysfs_add(struct pmem_node *node);
void pmem_sysfs_del(struct pmem_node *node);

/* inode.c */
int pmem_inode_setup(void);
void pmem_inode_teardown(void);
struct inode *pmem_inode_new(void);
struct pmem_file *pmem_file_of(struct file *file);

/* node_param.c, platform_data.c: where nodes come from */
struct heap *pmem_open_region(const struct pmem_node_config *config,
			      const char *region, bool lent);
struct pmem_node *
pmem_node_from_data(const struct android_pmem_platform_data *data,
		    const struct pmem_hooks *hooks);

/* driver.c, node_param.c, cma_mem.c, cma_test.c, kapi_node.c */
int pmem_driver_setup(void);
void pmem_driver_teardown(void);
void pmem_params_add(void);
void pmem_params_remove(void);
int cma_mem_setup(void);
void cma_mem_teardown(void);
int cma_test_setup(void);
void cma_test_teardown(void);
int pmem_kernel_nodes_setup(void);
void pmem_kernel_nodes_teardown(void);

#endif /* PMEM_H */
