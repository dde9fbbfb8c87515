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

struct file;
struct inode;
struct module;
struct pmem_addr;
struct pmem_region;

/**
 * enum pmem_allocator_type - rules of allocation
 * @PMEM_ALLOCATORTYPE_UNSET: a board that does not say, see
 *	struct android_pmem_platform_data
 * @PMEM_ALLOCATORTYPE_BITMAP: first free quanta; the index is the first of them
 * @PMEM_ALLOCATORTYPE_SYSTEM: memory of the system up to a quota
 * @PMEM_ALLOCATORTYPE_ALLORNOTHING: one owner at a time; the index is the length
 * @PMEM_ALLOCATORTYPE_BUDDYBESTFIT: powers of two; the index is the first page
 */
enum pmem_allocator_type {
	PMEM_ALLOCATORTYPE_UNSET,
	PMEM_ALLOCATORTYPE_BITMAP,
	PMEM_ALLOCATORTYPE_SYSTEM,
	PMEM_ALLOCATORTYPE_ALLORNOTHING,
	PMEM_ALLOCATORTYPE_BUDDYBESTFIT,
	PMEM_ALLOCATORTYPE_MAX,
};

/* What pmem_kalloc() takes as flags. */
#define PMEM_MEMTYPE_EBI1	1
#define PMEM_MEMTYPE_SMI	2
#define PMEM_MEMTYPE_MASK	0x7
#define PMEM_ALIGNMENT_4K	0x8
#define PMEM_ALIGNMENT_1M	0x10
#define PMEM_ALIGNMENT_MASK	0x18

/* Types of memory as board files call them. The parameter "memory" says where each of them is. */
#define MEMTYPE_NONE		(-1)
#define MEMTYPE_EBI1		PMEM_MEMTYPE_EBI1
#define MEMTYPE_SMI		PMEM_MEMTYPE_SMI
#define MEMTYPE_EBI0		3
#define MEMTYPE_SMI_KERNEL	4

/* Devices of these names have no node, but memory for pmem_kalloc(). */
#define PMEM_KERNEL_EBI0_DATA_NAME	"pmem_kernel_ebi0"
#define PMEM_KERNEL_EBI1_DATA_NAME	"pmem_kernel_ebi1"
#define PMEM_KERNEL_SMI_DATA_NAME	"pmem_kernel_smi"

/**
 * struct android_pmem_platform_data - a device as board files described it
 * @name: of the node under /dev; names that begin with "pmem_kernel" make
 *	regions for pmem_kalloc() alone, with no node
 * @start: physical address of memory that is reserved, but not by the kernel for
 *	itself. If 0, the device borrows @size bytes from the region of its
 *	@memory_type, while anything is allocated
 * @size: bytes
 * @no_allocator: boards that set none of @allocator_type, @quantum and
 *	@memory_type are of the first drivers: 0 means buddy, all else
 *	all-or-nothing
 * @allocator_type: rules of allocation; later boards that do not set it get
 *	bitmap
 * @quantum: bytes, a power of two of at least 4096; 0 for 4096
 * @cached: memory may be mapped cached
 * @buffered: of no effect on any architecture that is left
 * @unstable: of no effect: memory of devices is never unplugged
 * @map_on_demand: of no effect: what the kernel maps is no matter of devices
 * @reusable: of no effect where @start is set; otherwise memory is always lent,
 *	and where the region is a CMA area, the kernel uses it meanwhile
 * @device_memory: @start is registers of a device, which its driver vouches for,
 *	and no memory: never zeroed, not mapped for the kernel, mapped for programs
 *	as registers are, not importable. Legacy drivers did not have the field
 * @memory_type: MEMTYPE_*; of a kernel-only region, what pmem_kalloc() asks for
 * @request_region: called before the first allocation, fails it if not 0
 * @release_region: called when all memory is unused again, also by dma-bufs
 *	that were exported; for every device, not only for those with
 *	@map_on_demand
 * @setup_region: called once; its result is passed to the other two
 *
 * Not needed after the device has been made, apart from the functions. Those of
 * a module are called no more when it goes, and its device is taken away. They
 * are called in any process, below locks of this module, and may call
 * pmem_kalloc() and pmem_kfree(), for other memory than their device's, but
 * nothing else that is declared here.
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
