/* SPDX-License-Identifier: GPL-2.0-only */
/* All differences between kernels that affect the test importer. */
#ifndef HEAP_IMPORTER_COMPAT_H
#define HEAP_IMPORTER_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/dma-direct.h>
#include <linux/module.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define IMPORTER_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#else
#define IMPORTER_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#endif

/* Until 6.2, these functions took their locks themselves, and had no suffix. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define dma_buf_map_attachment_unlocked		dma_buf_map_attachment
#define dma_buf_unmap_attachment_unlocked	dma_buf_unmap_attachment
#define dma_buf_vmap_unlocked			dma_buf_vmap
#define dma_buf_vunmap_unlocked			dma_buf_vunmap
#endif

/* A bus whose addresses exceed physical ones by @shift. */
static inline void importer_set_region(struct bus_dma_region *map, u64 size, u64 shift)
{
	map->dma_start = shift;
	map->size = size;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
	map->offset = -shift;
#endif
}

/* Does the device snoop caches? Must not be changed while it has mappings. */
static inline void importer_set_snoops(struct device *dev, bool snoops)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	dev_assign_dma_coherent(dev, snoops);
#elif defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE)
	dev->dma_coherent = snoops;
#endif
	/* The DMA API reads the setting when the DMA mask is set. */
	dma_set_mask(dev, dma_get_mask(dev));
}

#endif /* HEAP_IMPORTER_COMPAT_H */
