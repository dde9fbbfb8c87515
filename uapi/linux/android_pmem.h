/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The interface of the PMEM driver of Android 1 to 4, for clients of /dev/pmem*.
 *
 * Numbers, names and layouts are those of the legacy driver: a client's source
 * compiles unchanged and an old binary runs unchanged. New commands are at the
 * end.
 *
 * Limitations:
 *  - Only callers with CAP_SYS_RAWIO see physical addresses, unless the node
 *    has "phys" or "physical-addresses". Others, and 32-bit callers for memory
 *    above 4 GiB, see a handle: a stable number that is not 0 and not an
 *    address. Arithmetic on it works, passing it to hardware does not.
 *  - A command that is not listed here returns EINVAL, not ENOTTY, as before.
 *  - The commands of the HW3D device go to the driver that registered that
 *    device; without one they return EINVAL.
 *
 * The size encoded in a command's number is always 4, whatever its argument is.
 * In the first version of the header, PMEM_GET_PHYS, PMEM_MAP, PMEM_GET_SIZE,
 * PMEM_UNMAP and PMEM_GET_TOTAL_SIZE encoded the size of a pointer; these
 * numbers work as well.
 */
#ifndef _UAPI_LINUX_ANDROID_PMEM_H
#define _UAPI_LINUX_ANDROID_PMEM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PMEM_IOCTL_MAGIC	'p'

/* out: struct pmem_region: address and size of the allocation, or {0, 0} */
#define PMEM_GET_PHYS		_IOW(PMEM_IOCTL_MAGIC, 1, unsigned int)
/* in: struct pmem_region: show this part of the master in a connected file */
#define PMEM_MAP		_IOW(PMEM_IOCTL_MAGIC, 2, unsigned int)
/* out: struct pmem_region: the same as PMEM_GET_PHYS */
#define PMEM_GET_SIZE		_IOW(PMEM_IOCTL_MAGIC, 3, unsigned int)
/* in: struct pmem_region: hide a part shown with the same offset and len */
#define PMEM_UNMAP		_IOW(PMEM_IOCTL_MAGIC, 4, unsigned int)
/* in: the length itself, in bytes */
#define PMEM_ALLOCATE		_IOW(PMEM_IOCTL_MAGIC, 5, unsigned int)
/* in: the master's file descriptor itself */
#define PMEM_CONNECT		_IOW(PMEM_IOCTL_MAGIC, 6, unsigned int)
/* out: struct pmem_region: {0, size of the device} */
#define PMEM_GET_TOTAL_SIZE	_IOW(PMEM_IOCTL_MAGIC, 7, unsigned int)

/* in: struct pmem_region: clean and invalidate; a bad region is ignored */
#define PMEM_CACHE_FLUSH	_IOW(PMEM_IOCTL_MAGIC, 8, unsigned int)

/* For "hw3d" only; the first shares its number with PMEM_CACHE_FLUSH. */
#define HW3D_REVOKE_GPU		_IOW(PMEM_IOCTL_MAGIC, 8, unsigned int)
#define HW3D_GRANT_GPU		_IOW(PMEM_IOCTL_MAGIC, 9, unsigned int)
#define HW3D_WAIT_FOR_INTERRUPT	_IOW(PMEM_IOCTL_MAGIC, 10, unsigned int)

/* in: struct pmem_addr: clean and invalidate, clean, invalidate */
#define PMEM_CLEAN_INV_CACHES	_IOW(PMEM_IOCTL_MAGIC, 11, unsigned int)
#define PMEM_CLEAN_CACHES	_IOW(PMEM_IOCTL_MAGIC, 12, unsigned int)
#define PMEM_INV_CACHES		_IOW(PMEM_IOCTL_MAGIC, 13, unsigned int)

/* out: struct pmem_freespace */
#define PMEM_GET_FREE_SPACE	_IOW(PMEM_IOCTL_MAGIC, 14, unsigned int)
/* in: struct pmem_allocation */
#define PMEM_ALLOCATE_ALIGNED	_IOW(PMEM_IOCTL_MAGIC, 15, unsigned int)

/*
 * in: struct pmem_sync_region: call before and after a device's access
 * (Marvell). Fails only for a bad pointer: a range that is not in the
 * allocation is ignored.
 */
#define PMEM_MAP_REGION		_IOW(PMEM_IOCTL_MAGIC, 16, unsigned int)
#define PMEM_UNMAP_REGION	_IOW(PMEM_IOCTL_MAGIC, 17, unsigned int)

/* in: struct pmem_region whose offset is a user address (Samsung) */
#define PMEM_CACHE_INV		_IOW(PMEM_IOCTL_MAGIC, 20, unsigned int)

/**
 * struct pmem_region - a part of an allocation
 * @offset: bytes from its start; a physical address for PMEM_GET_PHYS and
 *	PMEM_GET_SIZE; a user address for PMEM_CACHE_INV
 * @len: bytes
 */
struct pmem_region {
	unsigned long offset;
	unsigned long len;
};

/**
 * struct pmem_addr - a part of an allocation for cache maintenance
 * @vaddr: address of the byte at @offset in a mapping of the caller, of any
 *         file; not 0
 * @offset: bytes from the start of the allocation
 * @length: bytes
 *
 * If @vaddr and @offset do not match, both ranges are maintained.
 */
struct pmem_addr {
	unsigned long vaddr;
	unsigned long offset;
	unsigned long length;
};

/**
 * struct pmem_freespace - free memory of a device
 * @total: free bytes
 * @largest: bytes of the longest free run
 */
struct pmem_freespace {
	unsigned long total;
	unsigned long largest;
};

/**
 * struct pmem_allocation - an allocation with an alignment
 * @size: bytes
 * @align: alignment of the physical address: a power of two, 4 KiB to 1 MiB
 */
struct pmem_allocation {
	unsigned long size;
	unsigned int align;
};

/**
 * struct pmem_sync_region - a part of an allocation that a device accesses
 * @region: the part
 * @dir: 1 to the device, 2 from the device, 0 both
 */
struct pmem_sync_region {
	struct pmem_region region;
	int dir;
};

/* New commands, which are not part of the legacy interface. */

/**
 * struct pmem_dmabuf - a dma-buf as the allocation of a file
 * @fd: out for PMEM_EXPORT_DMABUF, in for PMEM_IMPORT_DMABUF
 * @fd_flags: in for export: O_RDWR, and O_CLOEXEC if wanted; 0 for import
 *
 * The layout is the same for 32-bit and 64-bit callers.
 *
 * PMEM_EXPORT_DMABUF: a new file descriptor for the dma-buf behind the file's
 * allocation, open for reading and writing. EINVAL without an allocation, on a
 * connected file, and for other flags; EACCES if the file itself is not open for
 * reading and writing; EMFILE.
 *
 * PMEM_IMPORT_DMABUF: makes a dma-buf of a contiguous heap the allocation of a
 * file that has none. EBADF for no file; EINVAL for another kind of file, for a
 * dma-buf of another exporter, if the file has an allocation or is connected,
 * and for flags; EOPNOTSUPP for a dma-buf of system memory, which is not
 * contiguous; EACCES for a dma-buf that is not open for reading and writing;
 * ENOMEM.
 */
struct pmem_dmabuf {
	__s32 fd;
	__u32 fd_flags;
};

#define PMEM_EXPORT_DMABUF	_IOWR(PMEM_IOCTL_MAGIC, 64, struct pmem_dmabuf)
#define PMEM_IMPORT_DMABUF	_IOW(PMEM_IOCTL_MAGIC, 65, struct pmem_dmabuf)

#endif /* _UAPI_LINUX_ANDROID_PMEM_H */
