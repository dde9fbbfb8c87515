/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/edu_importer: QEMU's "edu" device reads and writes dma-bufs, for tests.
 *
 * Limitations:
 *  - For tests only: everybody who can open it learns bus addresses, and can make the device read
 *    and write any address.
 *  - Transfers at most EDU_IMPORTER_MAX bytes at once, which always takes a tenth of a second.
 *  - One device. Attachments belong to the open file, one per file.
 *
 * The device has some memory: transfers to the device write to it, and transfers from the device
 * read from it.
 *
 * Errors of all commands: EFAULT; EINVAL if the state or the buffer does not permit the command,
 * and for unknown directions; EBUSY for a second attachment or mapping; EINTR after a fatal
 * signal; and errors of the exporter.
 */
#ifndef EDU_IMPORTER_H
#define EDU_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EDU_IMPORTER_PATH	"/dev/edu_importer"
#define EDU_IMPORTER_MAX	2048

/* Directions of the DMA API. */
#define EDU_IMPORTER_BOTH		0
#define EDU_IMPORTER_TO_DEVICE		1
#define EDU_IMPORTER_FROM_DEVICE	2

/**
 * struct edu_importer_segment - a part of the mapping
 * @index: in: its number, from 0
 * @translated: out: 1 if there is an IOMMU
 * @address: out: bus address
 * @len: out: bytes
 */
struct edu_importer_segment {
	__u32 index;
	__u32 translated;
	__u64 address;
	__u64 len;
};

/**
 * struct edu_importer_transfer - a DMA transfer
 * @at: in: offset in the buffer, or a bus address for EDU_IMPORTER_RAW
 * @len: in: bytes
 * @direction: in: either to or from the device
 */
struct edu_importer_transfer {
	__u64 at;
	__u32 len;
	__u32 direction;
};

/* in: a dma-buf */
#define EDU_IMPORTER_ATTACH	_IOW('E', 0, __s32)
/* in: the direction */
#define EDU_IMPORTER_MAP	_IOW('E', 1, __u32)
#define EDU_IMPORTER_SEGMENT	_IOWR('E', 2, struct edu_importer_segment)
#define EDU_IMPORTER_TRANSFER	_IOW('E', 3, struct edu_importer_transfer)
/* Works without a mapping. */
#define EDU_IMPORTER_RAW	_IOW('E', 4, struct edu_importer_transfer)
#define EDU_IMPORTER_UNMAP	_IO('E', 5)
#define EDU_IMPORTER_DETACH	_IO('E', 6)
/* in: 0 for a device that does not snoop caches, until the file is closed */
#define EDU_IMPORTER_SNOOP	_IOW('E', 7, __u32)

#endif /* EDU_IMPORTER_H */
