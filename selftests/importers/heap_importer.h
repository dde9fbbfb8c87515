/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/heap_importer: fake devices that import dma-bufs, for tests.
 *
 * Limits first:
 *  - For tests only: whoever may open it learns physical addresses.
 *  - The fake devices read and write memory with the CPU, through the linear
 *    map where there is one. That is what a device would see as long as the
 *    machine is coherent, or emulated without caches.
 *  - Behind an IOMMU there is no access by DMA addresses.
 *
 * Everything belongs to the open file and goes when that is closed. Devices,
 * attachments and kernel mappings are numbered from 0; a number is free again
 * when what it stood for is gone. Devices live as long as the file.
 *
 * Errors of all: EFAULT; EINVAL for numbers that stand for nothing, ranges
 * outside of the buffer and unknown directions; ENOSPC when there are too many;
 * and what the exporter returned.
 */
#ifndef HEAP_IMPORTER_H
#define HEAP_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define HEAP_IMPORTER_PATH	"/dev/heap_importer"

/**
 * struct heap_importer_device - a new device
 * @dma_mask: in: bus addresses it reaches
 * @boundary: in: no segment crosses a multiple of this mask plus 1
 * @max_segment: in: bytes of its longest segment
 * @id: out: its number
 * @window: in: bytes from address 0 on that its bus translates, or 0 for all there are
 * @shift: in: with a window, by how much bus addresses are larger than physical ones
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

/* The kernel's enum dma_data_direction. */
#define HEAP_IMPORTER_BOTH		0
#define HEAP_IMPORTER_TO_DEVICE		1
#define HEAP_IMPORTER_FROM_DEVICE	2

/**
 * struct heap_importer_map - map an attachment
 * @attachment: in: its number
 * @direction: in: HEAP_IMPORTER_BOTH, _TO_DEVICE or _FROM_DEVICE
 * @segments: out: how many segments the device sees
 * @reserved: 0
 *
 * The exporter is asked even if the attachment is mapped already. Should it
 * agree, the second mapping is given back at once.
 */
struct heap_importer_map {
	__u32 attachment;
	__u32 direction;
	__u32 segments;
	__u32 reserved;
};

/**
 * struct heap_importer_segment - look at a segment of a mapped attachment
 * @attachment: in: its number
 * @index: in: which segment
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
 * struct heap_importer_cpu - begin or end CPU access as a driver would
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
 * struct heap_importer_fence - a fence that stands for work of a device
 * @fd: out: a sync file with the fence
 * @id: out: number of the fence
 */
struct heap_importer_fence {
	__s32 fd;
	__u32 id;
};

/**
 * struct heap_importer_take - memory for a device alone, as its driver gets it
 * @len: in: bytes
 * @address: out: DMA address
 * @device: in: number of the device
 * @reserved: 0
 *
 * By dma_alloc_coherent(), so from the default CMA area if there is room, and from elsewhere if
 * not; ENOMEM. It is kept until the file is closed. The kernel complains if somebody has written to
 * it by then.
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
/* By the device of an attachment, at DMA addresses. */
#define HEAP_IMPORTER_DMA	_IOW(0xC8, 6, struct heap_importer_access)
#define HEAP_IMPORTER_VMAP	_IOWR(0xC8, 7, struct heap_importer_vmap)
#define HEAP_IMPORTER_VUNMAP	_IOW(0xC8, 8, __u32)
/* By the kernel, through a mapping of its own. */
#define HEAP_IMPORTER_KERNEL	_IOW(0xC8, 9, struct heap_importer_access)
#define HEAP_IMPORTER_CPU	_IOW(0xC8, 10, struct heap_importer_cpu)
/* Signalled by the next one, or when the file is closed. */
#define HEAP_IMPORTER_FENCE	_IOR(0xC8, 11, struct heap_importer_fence)
#define HEAP_IMPORTER_SIGNAL	_IOW(0xC8, 12, __u32)
/*
 * What this device maps is copied elsewhere from then on, for no reason that anybody could foresee.
 * No part of a buffer can be handed over.
 */
#define HEAP_IMPORTER_COPY	_IOW(0xC8, 13, __u32)
/*
 * Get a reference to the first page of what an attachment has mapped, until the file is closed. No
 * importer should.
 */
#define HEAP_IMPORTER_KEEP	_IOW(0xC8, 14, __u32)
#define HEAP_IMPORTER_TAKE	_IOWR(0xC8, 15, struct heap_importer_take)

#endif /* HEAP_IMPORTER_H */
