/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Ioctls of contiguous heaps, in addition to DMA_HEAP_IOCTL_ALLOC.
 *
 * Limitations:
 *  - These commands work on the nodes of this module under /dev/dma_heap. The
 *    kernel's own heaps return EINVAL or ENOTTY. VERSION and the commands that
 *    take a dma-buf also work on /dev/contig_buffer, which anyone may open: a
 *    process that was given a buffer needs no access to a heap.
 *  - A dma-buf passed to any of them must come from this module.
 *  - Nothing here reveals a physical address. CONTIG_HEAP_IOCTL_PLACE shows at
 *    most the bits below the size of a PMD, and none of 32 MiB and above. The
 *    number of page faults of a mapping reveals those anyway. Where the kernel
 *    maps buffers only by single pages, it shows no bits above the page offset.
 *  - Only the kernel knows how much of a CMA area is free. For a CMA heap,
 *    @free and @largest of struct contig_heap_query are upper bounds: they
 *    count all memory that this module has not allocated
 *    (CONTIG_HEAP_F_ESTIMATE is set). @held, the part that the heap keeps for
 *    the next buffers, is exact.
 *  - A heap of system memory has CONTIG_HEAP_F_SCATTERED: its buffers need not
 *    be contiguous, and have no offset. @total is the memory of the machine,
 *    @free an estimate of how much can be allocated.
 *
 * Every structure has the same layout for 32-bit and 64-bit callers, and may
 * grow at its end: the size in the command number tells the module which fields
 * the caller knows. Fields that the caller does not know are taken as 0. Fields
 * that the module does not know must be 0; otherwise the call fails with E2BIG.
 * A structure larger than a page fails with E2BIG too. This applies to the
 * commands of this header; DMA_HEAP_IOCTL_ALLOC ignores any bytes after its
 * structure, as it always has.
 */
#ifndef _UAPI_LINUX_CONTIG_HEAP_H
#define _UAPI_LINUX_CONTIG_HEAP_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define CONTIG_HEAP_IOC_MAGIC	0xC7

/* struct contig_heap_query, @flags */
#define CONTIG_HEAP_F_UNCACHED	(1U << 0)  /* CPU mappings are write-combined */
#define CONTIG_HEAP_F_CMA	(1U << 1)  /* backed by a CMA area */
#define CONTIG_HEAP_F_NO_MAP	(1U << 2)  /* memory outside the linear map */
#define CONTIG_HEAP_F_ESTIMATE	(1U << 3)  /* @free, @largest: upper bounds */
#define CONTIG_HEAP_F_SCATTERED	(1U << 4)  /* buffers need not be contiguous */

/**
 * struct contig_heap_query - the state of a heap's memory; all fields are out
 * @total: bytes of the heap's region
 * @free: bytes that are not allocated
 * @largest: bytes of the longest free run
 * @dirty: free bytes that are not yet zeroed
 * @quantum: unit of allocation in bytes; sizes are rounded up to a multiple of
 *           it
 * @flags: CONTIG_HEAP_F_*
 * @buffers: live buffers that were allocated from this heap
 * @region_buffers: live buffers of all heaps on the same region
 * @reserved: 0
 * @held: free bytes that the heap already has; it allocates the rest of @free
 *	from the kernel when needed. @held includes @dirty.
 *
 * A heap and its uncached variant share a region; all fields except @buffers
 * describe the region. @total, @free, @dirty and @held are read at one moment,
 * the numbers of buffers at a later one.
 */
struct contig_heap_query {
	__u64 total;
	__u64 free;
	__u64 largest;
	__u64 dirty;
	__u64 quantum;
	__u32 flags;
	__u32 buffers;
	__u32 region_buffers;
	__u32 reserved;
	__u64 held;
};

/**
 * struct contig_heap_alloc - allocation with an alignment
 * @len: in: bytes, rounded up to whole pages
 * @align: in: alignment of the buffer's physical address in bytes, a power of
 *	two; 0 means one page
 * @fd: in: 0; out: the dma-buf
 * @fd_flags: in: O_RDONLY, O_RDWR, O_CLOEXEC as for DMA_HEAP_IOCTL_ALLOC
 * @heap_flags: in: 0
 */
struct contig_heap_alloc {
	__u64 len;
	__u64 align;
	__u32 fd;
	__u32 fd_flags;
	__u64 heap_flags;
};

/**
 * struct contig_heap_sync - DMA_BUF_IOCTL_SYNC for a part of a buffer
 * @offset: in: first byte
 * @len: in: bytes, not 0
 * @fd: in: a dma-buf of this module
 * @flags: in: DMA_BUF_SYNC_READ, _WRITE or both, with DMA_BUF_SYNC_START or _END
 *
 * START waits for the fences in the dma-buf, as DMA_BUF_IOCTL_SYNC does: a read
 * waits for devices that write the buffer, a write also for devices that read
 * it. Fences cover the whole buffer. START waits before it maintains caches;
 * END does not wait.
 *
 * Whole cache lines are maintained: bytes outside the range that lie in the
 * same cache lines are maintained too.
 */
struct contig_heap_sync {
	__u64 offset;
	__u64 len;
	__s32 fd;
	__u32 flags;
};

/**
 * struct contig_heap_place - offset of a buffer's start within a huge page
 * @fd: in: a dma-buf of this module
 * @flags: in: 0
 * @modulus: in: bytes, a power of two, at most what one PMD maps and at most
 *	32 MiB; at most a page where the kernel has no huge entries for buffers
 * @phase: out: the physical address of the first byte modulo @modulus
 *
 * Only a mapping whose address equals @phase modulo the size of a PMD can have
 * huge page table entries.
 */
struct contig_heap_place {
	__s32 fd;
	__u32 flags;
	__u64 modulus;
	__u64 phase;
};

/**
 * struct contig_heap_transfer - read a file into a buffer, or write it back
 * @fd: in: a dma-buf of this module
 * @file: in: any file with data: regular, block device, pipe, socket
 * @offset: in: first byte in the buffer
 * @file_offset: in: first byte in the file; 0 for pipes and sockets. The file
 *               position is neither used nor changed
 * @len: in: bytes, not 0
 * @flags: in: 0
 * @done: out: bytes transferred
 * @reserved: in: 0
 *
 * The program needs no copy of the data. If the file is open with O_DIRECT, its
 * device transfers the data to or from the buffer by DMA, and the page cache
 * does not grow; @offset, @file_offset and @len must then be multiples of the
 * device's block size. Memory outside the linear map costs one copy.
 *
 * The call is a CPU access: it waits for fences and maintains caches as SYNC
 * does with START and END. It transfers the data in slices, so that a signal
 * ends it soon.
 *
 * @done is less than @len at the end of the file, if no space is left, or after
 * a signal or an error in the middle. To get the error, call again for the
 * rest. The rest of the buffer is unchanged, except that with O_DIRECT, a file
 * system may write zeros beyond the end of the file.
 */
struct contig_heap_transfer {
	__s32 fd;
	__s32 file;
	__u64 offset;
	__u64 file_offset;
	__u64 len;
	__u64 done;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct contig_heap_buffer - the state of a buffer
 * @fd: in: a dma-buf of this module
 * @flags: in: 0; out: CONTIG_HEAP_F_* of its memory
 * @size: out: bytes
 * @age: out: nanoseconds since it was allocated, including time in suspend
 * @extents: out: number of contiguous pieces that its memory consists of
 * @importers: out: devices that are attached to it
 * @mapped: out: how many of them have it mapped
 * @reserved: in and out: 0
 * @heap: out: first name of the heap it was allocated from, which may have been
 *        removed. Ends with a NUL
 * @kind: out: kind of the memory, as in sysfs. Ends with a NUL
 */
struct contig_heap_buffer {
	__s32 fd;
	__u32 flags;
	__u64 size;
	__u64 age;
	__u32 extents;
	__u32 importers;
	__u32 mapped;
	__u32 reserved;
	char heap[64];
	char kind[16];
};

/* Version of the interface in this header; it only ever increases. */
#define CONTIG_HEAP_VERSION	2

/**
 * struct contig_heap_version - what the module supports; all fields are out
 * @version: CONTIG_HEAP_VERSION of the module
 * @reserved: 0
 * @commands: bit N is set if the command with number N exists
 */
struct contig_heap_version {
	__u32 version;
	__u32 reserved;
	__u64 commands;
};

/*
 * All: EFAULT for a bad pointer; E2BIG as described at the top.
 *
 * QUERY, ALLOC: ENODEV if the heap was removed while its node was open.
 * Commands that take a dma-buf still work on existing buffers.
 *
 * ALLOC: EINVAL for a len of 0, an align that is not a power of two, an fd that
 * is not 0, and unknown flags; ENOMEM if no free run is long enough; EMFILE,
 * ENFILE; EINTR if killed meanwhile; EOPNOTSUPP for an align of more than a
 * page on a heap with CONTIG_HEAP_F_SCATTERED.
 *
 * SYNC: EBADF for no file; EINVAL for a file that is not a dma-buf of this
 * module, for a len of 0, for bytes outside the buffer and for bad flags; EINTR
 * if a signal came while START waited and its handler was not installed with
 * SA_RESTART. The access has not begun then: call again.
 *
 * PLACE: EBADF for no file; EINVAL for a file that is not a dma-buf of this
 * module, for flags, and for a modulus that is too large or not a power of two;
 * EOPNOTSUPP for a buffer with CONTIG_HEAP_F_SCATTERED; ENOTTY from older
 * modules.
 *
 * LOAD, STORE: EBADF if either is not an open file, or @file is not open for
 * reading (LOAD) or writing (STORE); EACCES if the dma-buf is not open for
 * writing (LOAD) or reading (STORE); EINVAL for a dma-buf of another exporter,
 * a @file without data, a len of 0, bytes outside the buffer or beyond the
 * largest offset of a file, bad flags, and unaligned offsets with O_DIRECT;
 * ESPIPE for an offset into a pipe or socket; EOPNOTSUPP for device memory;
 * EINTR as for SYNC; if nothing was transferred, the error of reading or
 * writing the file: EIO, EAGAIN, ENOSPC, EFBIG, EPIPE.
 *
 * BUFFER: EBADF for no file; EINVAL for a file that is not a dma-buf of this
 * module, and if @flags or @reserved is not 0; EINTR if killed meanwhile.
 *
 * VERSION: ENOTTY from older modules, which lack LOAD, STORE and BUFFER too.
 */
#define CONTIG_HEAP_IOCTL_QUERY	\
	_IOR(CONTIG_HEAP_IOC_MAGIC, 0, struct contig_heap_query)
#define CONTIG_HEAP_IOCTL_ALLOC	\
	_IOWR(CONTIG_HEAP_IOC_MAGIC, 1, struct contig_heap_alloc)
#define CONTIG_HEAP_IOCTL_SYNC	\
	_IOW(CONTIG_HEAP_IOC_MAGIC, 2, struct contig_heap_sync)
#define CONTIG_HEAP_IOCTL_PLACE	\
	_IOWR(CONTIG_HEAP_IOC_MAGIC, 3, struct contig_heap_place)
#define CONTIG_HEAP_IOCTL_LOAD	\
	_IOWR(CONTIG_HEAP_IOC_MAGIC, 4, struct contig_heap_transfer)
#define CONTIG_HEAP_IOCTL_STORE	\
	_IOWR(CONTIG_HEAP_IOC_MAGIC, 5, struct contig_heap_transfer)
#define CONTIG_HEAP_IOCTL_VERSION	\
	_IOR(CONTIG_HEAP_IOC_MAGIC, 6, struct contig_heap_version)
#define CONTIG_HEAP_IOCTL_BUFFER	\
	_IOWR(CONTIG_HEAP_IOC_MAGIC, 7, struct contig_heap_buffer)

#endif /* _UAPI_LINUX_CONTIG_HEAP_H */
