/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions for drivers that were written for the legacy PMEM driver, in the
 * symbol namespace PMEM_COMPAT.
 *
 * The addresses that get_pmem_file() and similar functions return stay valid
 * until put_pmem_file(), whatever the clients do meanwhile: the functions take
 * a reference to the memory, not only to the file.
 */
#ifndef PMEM_KERNEL_H
#define PMEM_KERNEL_H

#include <linux/types.h>

struct file;
struct inode;
struct module;
struct pmem_addr;
struct pmem_region;

/**
 * enum pmem_allocator_type - allocation policies
 * @PMEM_ALLOCATORTYPE_UNSET: not set by the board file, see struct
 *	android_pmem_platform_data
 * @PMEM_ALLOCATORTYPE_BITMAP: first free quanta; the index is the first of them
 * @PMEM_ALLOCATORTYPE_SYSTEM: memory up to a quota
 * @PMEM_ALLOCATORTYPE_ALLORNOTHING: one owner at a time; the index is the length
 * @PMEM_ALLOCATORTYPE_BUDDYBESTFIT: powers of two; the index is the first quantum
 * @PMEM_ALLOCATORTYPE_MAX: not a policy; all policies are less
 */
enum pmem_allocator_type {
	PMEM_ALLOCATORTYPE_UNSET,
	PMEM_ALLOCATORTYPE_BITMAP,
	PMEM_ALLOCATORTYPE_SYSTEM,
	PMEM_ALLOCATORTYPE_ALLORNOTHING,
	PMEM_ALLOCATORTYPE_BUDDYBESTFIT,
	PMEM_ALLOCATORTYPE_MAX,
};

/* Flags of pmem_kalloc(). */
#define PMEM_MEMTYPE_EBI1	1
#define PMEM_MEMTYPE_SMI	2
#define PMEM_MEMTYPE_MASK	0x7
#define PMEM_ALIGNMENT_4K	0x8
#define PMEM_ALIGNMENT_1M	0x10
#define PMEM_ALIGNMENT_MASK	0x18

/* Types of memory in board files. The parameter "memory" assigns a region to each type. */
#define MEMTYPE_NONE		(-1)
#define MEMTYPE_EBI1		PMEM_MEMTYPE_EBI1
#define MEMTYPE_SMI		PMEM_MEMTYPE_SMI
#define MEMTYPE_EBI0		3
#define MEMTYPE_SMI_KERNEL	4

/* Devices with these names have no node; their memory is for pmem_kalloc(). */
#define PMEM_KERNEL_EBI0_DATA_NAME	"pmem_kernel_ebi0"
#define PMEM_KERNEL_EBI1_DATA_NAME	"pmem_kernel_ebi1"
#define PMEM_KERNEL_SMI_DATA_NAME	"pmem_kernel_smi"

/**
 * struct android_pmem_platform_data - description of a device in a board file
 * @name: name of the node under /dev; names that begin with "pmem_kernel"
 *	create regions for pmem_kalloc() only, without a node
 * @start: physical address of reserved memory that the kernel does not use. If
 *	0, the device borrows @size bytes from the region of its @memory_type
 *	while it has allocations
 * @size: bytes
 * @no_allocator: used if @allocator_type is not set; other values than 0 mean
 *	all-or-nothing. 0 means buddy if @start is set, but not @quantum and
 *	@memory_type, as for the first drivers
 * @allocator_type: allocation policy; bitmap for later boards that do not set
 *	it
 * @quantum: bytes, a power of two of at least 4096; 0 for 4096
 * @cached: memory may be mapped cached
 * @buffered: no effect on any supported architecture
 * @unstable: no effect: the memory is never unplugged
 * @map_on_demand: no effect: the kernel's own mapping stays
 * @reusable: no effect: memory without @start is always borrowed; if it comes
 *	from a CMA area, the kernel uses it while nothing is allocated
 * @device_memory: @start is the address of device registers, for which the
 *	driver is responsible. They are not zeroed, not mapped by the
 *	kernel, mapped as device memory for programs, and cannot be
 *	imported. The legacy driver did not have this field
 * @memory_type: MEMTYPE_*; for a kernel-only region, the type that callers of
 *	pmem_kalloc() request
 * @request_region: called before the first allocation, which fails if the
 *	result is not 0
 * @release_region: called when no memory is in use any more, not even by
 *	exported dma-bufs; for every device, not only for those with
 *	@map_on_demand
 * @setup_region: called once; its result is passed to the other two
 *
 * The structure is not needed after the device has been created, but the functions
 * are. When their module is unloaded, the device is removed, and they are not called
 * any more. They are called in any process, with locks of this module held. They may
 * call pmem_kalloc() and pmem_kfree(), except for memory of their own device, but no
 * other function of this header.
 */
struct android_pmem_platform_data {
	const char *name;
	unsigned long start;
	unsigned long size;
	unsigned int no_allocator;
	enum pmem_allocator_type allocator_type;
	unsigned int quantum;
	unsigned int cached;
	unsigned int buffered;
	unsigned int unstable;
	unsigned int map_on_demand;
	unsigned int reusable;
	unsigned int device_memory;
	int memory_type;
	int (*request_region)(void *cookie);
	int (*release_region)(void *cookie);
	void *(*setup_region)(void);
};

int is_pmem_file(struct file *file);
int get_pmem_file(unsigned int fd, unsigned long *start, unsigned long *vaddr,
		  unsigned long *len, struct file **filp);
int get_pmem_fd(int fd, unsigned long *start, unsigned long *len);
int get_pmem_addr(struct file *file, unsigned long *start, unsigned long *vaddr,
		  unsigned long *len);
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
