/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of /dev/device_memory. */
#ifndef DEVICE_MEMORY_H
#define DEVICE_MEMORY_H

#include <linux/ioctl.h>

#define DEVICE_MEMORY_PATH	"/dev/device_memory"

/* All of the memory as a dma-buf; returns an fd. */
#define DEVICE_MEMORY_ALLOC	_IO(0xC9, 0)
/* The result of contig_place() for the driver: 1 if there is a kernel address, otherwise 0. */
#define DEVICE_MEMORY_VADDR	_IOW(0xC9, 1, int)

#endif /* DEVICE_MEMORY_H */
