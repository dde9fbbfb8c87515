/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For drivers that were written against the legacy PMEM driver, in the symbol
 * namespace PMEM_COMPAT.
 *
 * What get_pmem_file() and its kin return stays valid until put_pmem_file(),
 * whatever the clients do meanwhile: the memory is held, not only the file.
 */
#ifndef PMEM_KERNEL_H
#define PMEM_KERNEL_H

#include <linux/types.h>

struct device_node;
struct file;
struct inode;
struct module;
struct pmem_addr;
struct pmem_region;

/**
 * enum pmem_allocator - rules of allocation, numbered as in the last drivers
 * @PMEM_ALLOCATORTYPE_BITMAP: first free quanta; the index is the first of them
 * @PMEM_ALLOCATORTYPE_SYSTEM: memory of the system up to a quota
 * @PMEM_ALLOCATORTYPE_ALLORNOTHING: one owner at a time; the index is the length
 * @PMEM_ALLOCATORTYPE_BUDDYBESTFIT: powers of two; the index is the first page
 */
enum pmem_allocator {
	PMEM_ALLOCATORTYPE_BITMAP,
	PMEM_ALLOCATORTYPE_SYSTEM,
	PMEM_ALLOCATORTYPE_ALLORNOTHING,
	PMEM_ALLOCATORTYPE_BUDDYBESTFIT,
	PMEM_ALLOCATORTYPE_MAX,
};

/* Memory types of kernel-only regions, and what pmem_kalloc() takes as flags. */
#define PMEM_MEMTYPE_EBI1	1
#define PMEM_MEMTYPE_SMI	2
#define PMEM_MEMTYPE_MASK	0x7
#define PMEM_ALIGNMENT_4K	0x8
#define PMEM_ALIGNMENT_1M	0x10
#define PMEM_ALIGNMENT_MASK	0x18

/**
 * struct android_pmem_platform_data - a device as board files described it
 * @name: of the node under /dev; names that begin with "pmem_kernel" make
 *	regions for pmem_kalloc() alone, with no node
 * @start: physical address; the memory must be reserved
 * @size: bytes
 * @allocator_type: rules of allocation
 * @quantum: bytes, a power of two of at least 4096; 0 for 4096
 * @cached: memory may be mapped cached
 * @buffered: of no effect on any architecture that is left
 * @memory_type: PMEM_MEMTYPE_* of a kernel-only region
 * @request_region: called before the first allocation, fails it if not 0
 * @release_region: called after the last allocation is gone
 * @setup_region: called once; its result is passed to the other two
 */
struct android_pmem_platform_data {
	const char *name;
	unsigned long start;
	unsigned long size;
	enum pmem_allocator allocator_type;
	unsigned int quantum;
	unsigned int cached;
	unsigned int buffered;
	unsigned int memory_type;
	int (*request_region)(void *cookie);
	int (*release_region)(void *cookie);
	void *(*setup_region)(void);
};

/**
 * struct pmem_node_config - what a node is made from
 * @name: its name
 * @allocator: rules of allocation
 * @heap: where its memory comes from; the node takes it over on success
 * @size: bytes, or 0 for all memory of @heap
 * @quantum: bytes
 * @cached: memory may be mapped cached
 * @show_phys: physical addresses are for everybody
 * @kernel_only: make no node under /dev
 * @memory_type: PMEM_MEMTYPE_* if @kernel_only
 * @owner: module that the hooks below are of, or NULL
 * @ioctl: takes unknown commands, or NULL
 * @release: called when a file is released, or NULL
 * @request_region: see struct android_pmem_platform_data
 * @release_region: the same
 * @cookie: for these two
 */
struct pmem_node_config {
	const char *name;
	enum pmem_allocator allocator;
	struct heap *heap;
	u64 size;
	u64 quantum;
	bool cached;
	bool show_phys;
	bool kernel_only;
	unsigned int memory_type;
	struct module *owner;
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*release)(struct inode *inode, struct file *file);
	int (*request_region)(void *cookie);
	int (*release_region)(void *cookie);
	void *cookie;
};

int is_pmem_file(struct file *file);
int get_pmem_file(unsigned int fd, unsigned long *start, unsigned long *vaddr,
		  unsigned long *len, struct file **filp);
int get_pmem_fd(int fd, unsigned long *start, unsigned long *len);
int get_pmem_user_addr(struct file *file, unsigned long *start,
		       unsigned long *len);
void put_pmem_file(struct file *file);
void put_pmem_fd(int fd);
void flush_pmem_file(struct file *file, unsigned long offset,
		     unsigned long len);
void flush_pmem_fd(int fd, unsigned long offset, unsigned long len);
int pmem_cache_maint(struct file *file, unsigned int cmd,
		     struct pmem_addr *addr);
int pmem_remap(struct pmem_region *region, struct file *file,
	       unsigned int operation);
int pmem_setup_owned(struct android_pmem_platform_data *data,
		     long (*ioctl)(struct file *file, unsigned int cmd,
				   unsigned long arg),
		     int (*release)(struct inode *inode, struct file *file),
		     struct module *owner);
int pmem_remove(const char *name);
/* The caller cannot be unloaded while a file of the device is open. */
#define pmem_setup(data, ioctl, release)	\
	pmem_setup_owned(data, ioctl, release, THIS_MODULE)

s32 pmem_kalloc(size_t size, u32 flags);
int pmem_kfree(s32 phys);

#endif /* PMEM_KERNEL_H */
