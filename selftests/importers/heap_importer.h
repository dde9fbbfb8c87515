/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/heap_importer: fake devices that import dma-bufs, for tests.
 *
 * Limitations:
 *  - For tests only: everybody who can open it learns physical addresses.
 *  - The fake devices access memory with the CPU, through the linear map if possible. A real
 *    device would see the same if the machine is coherent, or emulated without caches.
 *  - With an IOMMU, access by DMA address is impossible.
 *
 * Everything belongs to the open file and is released when that is closed. Devices, attachments
 * and kernel mappings are numbered from 0; a number can be reused after its object is released.
 * Devices live as long as the file.
 *
 * Errors of all commands: EFAULT; EINVAL for unused numbers, ranges outside of the buffer and
 * unknown directions; ENOSPC if there are too many objects; and errors of the exporter.
 */
#ifndef HEAP_IMPORTER_H
#define HEAP_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define HEAP_IMPORTER_PATH	"/dev/heap_importer"

/**
 * struct heap_importer_device - a new device
 * @dma_mask: in: bus addresses that it can reach
 * @boundary: in: no segment crosses a multiple of this mask plus 1
 * @max_segment: in: maximum length of a segment
 * @id: out: its number
 * @window: in: number of bytes, from address 0 on, that its bus translates, or 0 for all
 * @shift: in: with a window, bus addresses exceed physical ones by this
 */
struct heap_importer_device {
	__u64 dma_mask;
	__u64 boundary;
	__u32 max_segment;
	__u32 id;
	__u64 window;
	__u64 shift;
};

/**
 * struct heap_importer_attach - attach a device to a dma-buf
 * @fd: in: the dma-buf; the attachment keeps it
 * @device: in: number of the device
 * @id: out: number of the attachment
 * @reserved: 0
 */
struct heap_importer_attach {
	__s32 fd;
	__u32 device;
	__u32 id;
	__u32 reserved;
};

/* As in enum dma_data_direction. */
#define HEAP_IMPORTER_BOTH		0
#define HEAP_IMPORTER_TO_DEVICE		1
#define HEAP_IMPORTER_FROM_DEVICE	2

/**
 * struct heap_importer_map - map an attachment
 * @attachment: in: its number
 * @direction: in: HEAP_IMPORTER_BOTH, _TO_DEVICE or _FROM_DEVICE
 * @segments: out: number of segments for the device
 * @reserved: 0
 *
 * Calls the exporter even if the attachment is already mapped. If that succeeds, the second
 * mapping is removed at once.
 */
struct heap_importer_map {
	__u32 attachment;
	__u32 direction;
	__u32 segments;
	__u32 reserved;
};

/**
 * struct heap_importer_segment - get a segment of a mapped attachment
 * @attachment: in: its number
 * @index: in: index of the segment
 * @address: out: DMA address
 * @len: out: bytes
 */
struct heap_importer_segment {
	__u32 attachment;
	__u32 index;
	__u64 address;
	__u64 len;
};

/**
 * struct heap_importer_access - copy between a buffer and the caller
 * @offset: in: first byte in the buffer
 * @len: in: bytes
 * @user: in: address in the caller
 * @id: in: number of the attachment or of the kernel mapping
 * @write: in: 0 to read the buffer, 1 to write to it
 */
struct heap_importer_access {
	__u64 offset;
	__u64 len;
	__u64 user;
	__u32 id;
	__u32 write;
};

/**
 * struct heap_importer_vmap - map a dma-buf into the kernel
 * @fd: in: the dma-buf; the mapping keeps it
 * @id: out: number of the mapping
 */
struct heap_importer_vmap {
	__s32 fd;
	__u32 id;
};

/**
 * struct heap_importer_cpu - begin or end CPU access like a driver
 * @fd: in: the dma-buf
 * @direction: in: as for struct heap_importer_map
 * @begin: in: 1 to begin, 0 to end
 * @reserved: 0
 */
struct heap_importer_cpu {
	__s32 fd;
	__u32 direction;
	__u32 begin;
	__u32 reserved;
};

/**
 * struct heap_importer_fence - a fence that represents work of a device
 * @fd: out: a sync file with the fence
 * @id: out: number of the fence
 */
struct heap_importer_fence {
	__s32 fd;
	__u32 id;
};

/**
 * struct heap_importer_take - memory for a device, allocated like a driver's
 * @len: in: bytes
 * @address: out: DMA address
 * @device: in: number of the device
 * @reserved: 0
 *
 * Uses dma_alloc_coherent(), so the memory comes from the default CMA area if there is room,
 * otherwise from elsewhere; ENOMEM. It is freed when the file is closed. The kernel warns if
 * anybody else has written to it.
 */
struct heap_importer_take {
	__u64 len;
	__u64 address;
	__u32 device;
	__u32 reserved;
};

#define HEAP_IMPORTER_DEVICE	_IOWR(0xC8, 0, struct heap_importer_device)
#define HEAP_IMPORTER_ATTACH	_IOWR(0xC8, 1, struct heap_importer_attach)
#define HEAP_IMPORTER_DETACH	_IOW(0xC8, 2, __u32)
#define HEAP_IMPORTER_MAP	_IOWR(0xC8, 3, struct heap_importer_map)
#define HEAP_IMPORTER_UNMAP	_IOW(0xC8, 4, __u32)
#define HEAP_IMPORTER_SEGMENT	_IOWR(0xC8, 5, struct heap_importer_segment)
/* By the device of an attachment, with DMA addresses. */
#define HEAP_IMPORTER_DMA	_IOW(0xC8, 6, struct heap_importer_access)
#define HEAP_IMPORTER_VMAP	_IOWR(0xC8, 7, struct heap_importer_vmap)
#define HEAP_IMPORTER_VUNMAP	_IOW(0xC8, 8, __u32)
/* By the kernel, with its own mapping. */
#define HEAP_IMPORTER_KERNEL	_IOW(0xC8, 9, struct heap_importer_access)
#define HEAP_IMPORTER_CPU	_IOW(0xC8, 10, struct heap_importer_cpu)
/* Signaled by the next command, or when the file is closed. */
#define HEAP_IMPORTER_FENCE	_IOR(0xC8, 11, struct heap_importer_fence)
#define HEAP_IMPORTER_SIGNAL	_IOW(0xC8, 12, __u32)
/* From now on, mappings of this device are unexpectedly bounced. Partial syncs are impossible. */
#define HEAP_IMPORTER_COPY	_IOW(0xC8, 13, __u32)
/*
 * Get a reference to the first page of a mapped attachment, until the file is closed. Real
 * importers must not do that.
 */
#define HEAP_IMPORTER_KEEP	_IOW(0xC8, 14, __u32)
#define HEAP_IMPORTER_TAKE	_IOWR(0xC8, 15, struct heap_importer_take)

#endif /* HEAP_IMPORTER_H */
