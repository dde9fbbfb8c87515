/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything in which kernels differ for the test importer. */
#ifndef HEAP_IMPORTER_COMPAT_H
#define HEAP_IMPORTER_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/module.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define IMPORTER_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#else
#define IMPORTER_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#endif

/* Until 6.2 the calls took the locks they need, and had no suffix for it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define dma_buf_map_attachment_unlocked		dma_buf_map_attachment
#define dma_buf_unmap_attachment_unlocked	dma_buf_unmap_attachment
#define dma_buf_vmap_unlocked			dma_buf_vmap
#define dma_buf_vunmap_unlocked			dma_buf_vunmap
#endif

#endif /* HEAP_IMPORTER_COMPAT_H */
