/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between the kernels we build for, and nothing else.
 * Other files call these functions and contain no version checks.
 */
#ifndef CONTIG_KCOMPAT_H
#define CONTIG_KCOMPAT_H

#include <linux/cc_platform.h>
#include <linux/cma.h>
#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/huge_mm.h>
#include <linux/io.h>
#include <linux/iosys-map.h>
#include <linux/iommu.h>
#include <linux/libnvdimm.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/swap.h>
#include <linux/swiotlb.h>
#include <linux/timer.h>
#include <linux/uio.h>
#include <linux/version.h>

#include <asm/cacheflush.h>
#ifdef CONFIG_ARM64
#include <asm/cpufeature.h>
#include <asm/sysreg.h>
#endif
#ifdef CONFIG_X86
#include <asm/e820/api.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/iommu-dma.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define CONTIG_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#define CONTIG_EXPORT(sym)	EXPORT_SYMBOL_NS_GPL(sym, "CONTIG_HEAPS")
#define PMEM_EXPORT(sym)	EXPORT_SYMBOL_NS_GPL(sym, "PMEM_COMPAT")
#else
#define CONTIG_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#define CONTIG_EXPORT(sym)	EXPORT_SYMBOL_NS_GPL(sym, CONTIG_HEAPS)
#define PMEM_EXPORT(sym)	EXPORT_SYMBOL_NS_GPL(sym, PMEM_COMPAT)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define CONTIG_DEVNODE_CONST	const
#else
#define CONTIG_DEVNODE_CONST
#endif

/* Can a device bypass the caches? If none can, caches need no maintenance. */
#define CONTIG_MAY_NOT_SNOOP	IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE)

/*
 * May the same page be mapped both cached and write-combined, with a flush in
 * between? x86 refuses write-combined mappings of system memory.
 */
#define CONTIG_UNCACHED_ALIAS	(!IS_ENABLED(CONFIG_X86) && CONTIG_MAY_NOT_SNOOP)

/*
 * Are write-combined mappings coherent with devices that snoop? Elsewhere such a
 * mapping bypasses the caches that the device snoops.
 */
#define CONTIG_WC_IS_SNOOPED	IS_ENABLED(CONFIG_X86)

/* Order of the largest block of the page allocator. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define CONTIG_MAX_PAGE_ORDER	MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define CONTIG_MAX_PAGE_ORDER	MAX_ORDER
#else
#define CONTIG_MAX_PAGE_ORDER	(MAX_ORDER - 1)
#endif

#ifdef CONFIG_CMA
/**
 * contig_pageblocks() - get the flags of pageblocks
 * @pfn: a valid page frame
 * @index: filled in with the index of the pageblock of @pfn in the returned bitmap
 *
 * Return: a bitmap with NR_PAGEBLOCK_BITS for each pageblock.
 */
static inline unsigned long *contig_pageblocks(unsigned long pfn, unsigned long *index)
{
#ifdef CONFIG_SPARSEMEM
	*index = (pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order;
	return section_to_usemap(__pfn_to_section(pfn));
#else
	struct zone *zone = page_zone(pfn_to_page(pfn));

	*index = (pfn - ALIGN_DOWN(zone->zone_start_pfn, pageblock_nr_pages)) >> pageblock_order;
	return zone->pageblock_flags;
#endif
}

/*
 * Do the flags of a pageblock say that it belongs to CMA? Only CMA uses pageblocks of this migrate
 * type. While CMA allocates part of a block, the block is isolated. On older kernels, that replaces
 * the migrate type; on newer ones, it is a separate flag.
 */
static inline bool contig_flags_of_cma(unsigned long flags)
{
#ifdef PAGEBLOCK_MIGRATETYPE_MASK
	return (flags & PAGEBLOCK_MIGRATETYPE_MASK) == MIGRATE_CMA;
#else
	unsigned long type = flags & MIGRATETYPE_MASK;

	return type == MIGRATE_CMA || type == MIGRATE_ISOLATE;
#endif
}
#endif

/*
 * Direct access to CMA. Releasing 0 pages changes nothing, and tells whether the page belongs to
 * the area.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0) && defined(CONFIG_DMA_CMA)
#define CONTIG_HAS_CMA	1
static inline struct page *contig_cma_alloc(struct device *dev, unsigned long nr,
					    unsigned int order)
{
	return cma_alloc(dev_get_cma_area(dev), nr, order, true);
}

static inline bool contig_cma_release(struct device *dev, struct page *page, unsigned long nr)
{
	return cma_release(dev_get_cma_area(dev), page, nr);
}
#else
#define CONTIG_HAS_CMA	0
static inline struct page *contig_cma_alloc(struct device *dev, unsigned long nr,
					    unsigned int order)
{
	return NULL;
}

static inline bool contig_cma_release(struct device *dev, struct page *page, unsigned long nr)
{
	return false;
}
#endif

static inline bool contig_cma_has(struct device *dev, struct page *page)
{
	return contig_cma_release(dev, page, 0);
}

/* .remove of a platform driver returned a meaningless int until 6.11. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define CONTIG_PLATFORM_REMOVE(fn)						\
static void fn##_entry(struct platform_device *pdev)				\
{										\
	fn(pdev);								\
}
#else
#define CONTIG_PLATFORM_REMOVE(fn)						\
static int fn##_entry(struct platform_device *pdev)				\
{										\
	fn(pdev);								\
	return 0;								\
}
#endif

/* is_power_of_2() of 32-bit kernels ignores the upper half of a u64. */
static inline bool contig_is_power_of_2(u64 n)
{
	return n && !(n & (n - 1));
}

static inline void contig_vm_flags_set(struct vm_area_struct *vma,
				       unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/**
 * contig_forget_copied() - drop the page tables that fork() copied for a VMA
 * @vma: a VMA of page frames, in its open()
 *
 * Up to Linux 6.8, fork() calls open() after it has copied the page tables. Later
 * kernels call it before, and do not copy them if the child has VM_WIPEONFORK.
 */
static inline void contig_forget_copied(struct vm_area_struct *vma)
{
	contig_vm_flags_set(vma, VM_WIPEONFORK);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	zap_vma_ptes(vma, vma->vm_start, vma->vm_end - vma->vm_start);
#endif
}

/*
 * Can PMDs map page frames? Only if such an entry can be marked as special: on other kernels,
 * get_user_pages_fast() would pin the memory, because it does not look at the VMA.
 */
#if defined(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) && defined(CONFIG_TRANSPARENT_HUGEPAGE)
#define CONTIG_HUGE		1
#define CONTIG_HUGE_OP(fn)	(fn)
#else
#define CONTIG_HUGE		0
#define CONTIG_HUGE_OP(fn)	(0 ? (fn) : NULL)
#endif

/**
 * contig_insert_pmd() - map page frames with one PMD
 * @vmf: a fault in a VMA of page frames that contains all of the PMD
 * @pfn: the first frame, aligned to a PMD
 *
 * Accesses through the entry never fault, not even to set the accessed or dirty flag.
 *
 * Return: the result for huge_fault().
 */
static inline vm_fault_t contig_insert_pmd(struct vm_fault *vmf,
					   unsigned long pfn)
{
#if !CONTIG_HUGE
	return VM_FAULT_FALLBACK;
#else
	bool write = vmf->vma->vm_flags & VM_WRITE;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return vmf_insert_pfn_pmd(vmf, pfn, write);
#else
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write);
#endif
#endif
}

/**
 * contig_get_unmapped_area() - find an address at which PMDs can map a file
 * @file: the file
 * @addr: address that the caller prefers
 * @len: bytes
 * @pgoff: page offset that the result must be congruent to, modulo a PMD
 * @flags: of mmap()
 *
 * Only works with CONTIG_HUGE.
 *
 * Return: an address, or a negative errno.
 */
static inline unsigned long
contig_get_unmapped_area(struct file *file, unsigned long addr,
			 unsigned long len, unsigned long pgoff,
			 unsigned long flags)
{
#if CONTIG_HUGE
	return thp_get_unmapped_area(file, addr, len, pgoff, flags);
#else
	return -ENODEV;
#endif
}

/*
 * Since 6.2, callers of dma_buf_vmap() and dma_buf_vunmap() must hold the dma_resv of the dma-buf.
 * Callers of these two functions do not hold it.
 */
static inline int contig_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return dma_buf_vmap_unlocked(dmabuf, map);
#else
	return dma_buf_vmap(dmabuf, map);
#endif
}

static inline void contig_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	dma_buf_vunmap_unlocked(dmabuf, map);
#else
	dma_buf_vunmap(dmabuf, map);
#endif
}

/* Since 6.8, vfs_iter_write() itself calls file_start_write() and file_end_write(). */
static inline ssize_t contig_file_write(struct file *file, struct iov_iter *iter,
					loff_t *pos)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return vfs_iter_write(file, iter, pos, 0);
#else
	ssize_t ret;

	file_start_write(file);
	ret = vfs_iter_write(file, iter, pos, 0);
	file_end_write(file);
	return ret;
#endif
}

/* Deactivates a timer and waits until its function has returned. */
static inline void contig_timer_stop(struct timer_list *timer)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	timer_delete_sync(timer);
#else
	del_timer_sync(timer);
#endif
}

/**
 * struct contig_shrinker - a shrinker, embedded in what it shrinks
 * @registered: the kernel's structure; since 6.7, the kernel allocates it
 */
struct contig_shrinker {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	struct shrinker *registered;
#else
	struct shrinker registered;
#endif
};

static inline struct contig_shrinker *contig_shrinker_of(struct shrinker *shrinker)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return shrinker->private_data;
#else
	return container_of(shrinker, struct contig_shrinker, registered);
#endif
}

/**
 * contig_shrinker_add() - register a shrinker
 * @own: the shrinker
 * @name: for debugfs, after the module's name
 * @count: returns how many pages could be freed
 * @scan: frees some of them
 * @seeks: 1 if the memory costs a little to get again: the kernel takes little of it while it
 *	finds memory elsewhere, but everything before it kills a process. 0 if the memory should go
 *	first: the kernel takes half of it each time that memory is short
 *
 * Return: 0 or -ENOMEM.
 */
static inline int
contig_shrinker_add(struct contig_shrinker *own, const char *name,
		    unsigned long (*count)(struct shrinker *, struct shrink_control *),
		    unsigned long (*scan)(struct shrinker *, struct shrink_control *),
		    int seeks)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	struct shrinker *shrinker = shrinker_alloc(0, KBUILD_MODNAME "-%s", name);

	if (!shrinker)
		return -ENOMEM;
	own->registered = shrinker;
	shrinker->private_data = own;
#else
	struct shrinker *shrinker = &own->registered;
#endif
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = seeks;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_register(shrinker);
	return 0;
#else
	return register_shrinker(shrinker, KBUILD_MODNAME "-%s", name);
#endif
}

/* For @scan: reports freed pages that the kernel does not count by itself. */
static inline void contig_shrinker_gave(unsigned long pages)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	mm_account_reclaimed_pages(pages);
#else
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
#endif
}

/* Unregisters a shrinker; neither of its functions runs afterwards. */
static inline void contig_shrinker_remove(struct contig_shrinker *own)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_free(own->registered);
#else
	unregister_shrinker(&own->registered);
#endif
}

static inline struct class *contig_class_create(const char *name)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return class_create(name);
#else
	return class_create(THIS_MODULE, name);
#endif
}

/**
 * contig_pgprot_young_dirty() - avoid the first faults of a new mapping
 * @prot: protection of a shared mapping
 * @write: the mapping is writable
 *
 * Cores that do not manage the accessed and dirty flags in hardware fault at the
 * first access to each page whose entry lacks them.
 *
 * Return: @prot with the accessed flag and, for @write, the dirty flag set.
 */
static inline pgprot_t contig_pgprot_young_dirty(pgprot_t prot, bool write)
{
#if defined(CONFIG_ARM64) || defined(CONFIG_X86_64)
	pte_t pte = pte_mkyoung(pfn_pte(0, prot));

	if (write)
		pte = pte_mkdirty(pte);
	prot = pte_pgprot(pte);
#elif defined(CONFIG_ARM)
	prot = __pgprot(pgprot_val(prot) | L_PTE_YOUNG | (write ? L_PTE_DIRTY : 0));
#endif
	return prot;
}

#ifdef CONFIG_ARM64
/*
 * The kernel exports no function that cleans and invalidates a line in one instruction. With two,
 * writes in between would be lost. The step is the smallest line size of all cores.
 */
#define contig_for_each_line(op, vaddr, size)					\
do {										\
	unsigned long _shift = read_sanitised_ftr_reg(SYS_CTR_EL0) >> 16 & 0xf;	\
	unsigned long _line = 4UL << _shift;					\
	unsigned long _at = (unsigned long)(vaddr);				\
	unsigned long _end = _at + (size);					\
										\
	dmb(osh);								\
	for (_at = ALIGN_DOWN(_at, _line); _at < _end; _at += _line)		\
		asm volatile("dc " op ", %0" : : "r" (_at) : "memory");		\
	dsb(sy);								\
} while (0)
#endif

#ifdef CONFIG_RISCV_DMA_NONCOHERENT
/*
 * cbo.flush cleans and invalidates a block in one instruction. For cores that have
 * vendor instructions instead of Zicbom, the kernel exports only the two separate
 * operations: a write to a line between them is lost.
 */
static inline void contig_flush_riscv(void *vaddr, size_t size)
{
	unsigned long block = riscv_cbom_block_size;
	unsigned long end = (unsigned long)vaddr + size, at;

	if (!block) {
		arch_wb_cache_pmem(vaddr, size);
		arch_invalidate_pmem(vaddr, size);
		return;
	}
	/* Complete all earlier stores, including uncached ones, before the flush. */
	mb();
	for (at = ALIGN_DOWN((unsigned long)vaddr, block); at < end; at += block)
		asm volatile(".insn i 0x0f, 2, x0, %0, 2" : : "r" (at) : "memory");
	/* Complete the flush before anything that follows. */
	mb();
}
#endif

/**
 * contig_flush_dcache() - clean and invalidate memory in all caches
 * @vaddr: first byte, in a cached kernel mapping
 * @phys: its physical address
 * @size: bytes
 *
 * Afterwards no cache holds a line of the range, so none can hide what a device
 * wrote to memory, or overwrite it later. Does nothing where every device snoops and
 * all mappings are cached.
 */
static inline void contig_flush_dcache(void *vaddr, phys_addr_t phys,
				       size_t size)
{
#if defined(CONFIG_ARM)
	__cpuc_flush_dcache_area(vaddr, size);
	/*
	 * The outer cache uses physical addresses. Before it is flushed, the cores may have fetched
	 * stale lines from it again, so flush the inner caches once more.
	 */
	if (IS_ENABLED(CONFIG_OUTER_CACHE) && outer_cache.flush_range) {
		outer_flush_range(phys, phys + size);
		__cpuc_flush_dcache_area(vaddr, size);
	}
#elif defined(CONFIG_ARM64)
	contig_for_each_line("civac", vaddr, size);
#elif defined(CONFIG_X86)
	clflush_cache_range(vaddr, size);
#elif defined(CONFIG_RISCV_DMA_NONCOHERENT)
	contig_flush_riscv(vaddr, size);
#elif defined(CONFIG_PPC) && defined(CONFIG_ARCH_HAS_PMEM_API)
	/* Despite its name, this also cleans each line. */
	arch_invalidate_pmem(vaddr, size);
#elif defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE)
#error "no way to clean and invalidate the data cache on this architecture"
#endif
}

/**
 * contig_clean_dcache() - write memory back from all caches
 * @vaddr: first byte, in a cached kernel mapping
 * @phys: its physical address
 * @size: bytes
 *
 * Afterwards memory has what the CPU wrote. Caches may keep the lines.
 */
static inline void contig_clean_dcache(void *vaddr, phys_addr_t phys,
				       size_t size)
{
#if defined(CONFIG_ARM64)
	contig_for_each_line("cvac", vaddr, size);
#elif defined(CONFIG_RISCV_DMA_NONCOHERENT) ||					\
	(defined(CONFIG_PPC) && defined(CONFIG_ARCH_HAS_PMEM_API))
	arch_wb_cache_pmem(vaddr, size);
#elif !defined(CONFIG_X86)
	contig_flush_dcache(vaddr, phys, size);
#endif
}

/*
 * Bytes that the kernel uses directly before its code, outside of the "Kernel code" resource. On
 * arm, the initial page tables are there.
 */
#ifdef CONFIG_ARM
#define CONTIG_BEFORE_KERNEL	((u64)SZ_32K)
#else
#define CONTIG_BEFORE_KERNEL	((u64)0)
#endif

/**
 * contig_kernel_phys() - translate any kernel address
 * @addr: the address
 * @phys: filled in with its physical address, or that of its page
 *
 * On arm and arm64, the processor does the translation: the device tree blob has a mapping of its
 * own, in blocks of any size, that no exported kernel function translates.
 *
 * Return: false if nothing is mapped there.
 */
static inline bool contig_kernel_phys(const void *addr, phys_addr_t *phys)
{
#if defined(CONFIG_ARM64)
	unsigned long flags;
	u64 par;

	local_irq_save(flags);
	asm volatile("at s1e1r, %0" : : "r" (addr));
	isb();
	par = read_sysreg_par();
	local_irq_restore(flags);
	*phys = par & GENMASK_ULL(51, 12);
	return !(par & 1);
#elif defined(CONFIG_ARM) && __LINUX_ARM_ARCH__ >= 7
	unsigned long flags;
	u64 par;

	local_irq_save(flags);
	asm volatile("mcr p15, 0, %0, c7, c8, 0" : : "r" (addr));
	isb();
#ifdef CONFIG_ARM_LPAE
	asm volatile("mrrc p15, 0, %Q0, %R0, c7" : "=r" (par));
	*phys = par & GENMASK_ULL(39, 12);
#else
	par = 0;
	asm volatile("mrc p15, 0, %Q0, c7, c4, 0" : "+r" (par));
	*phys = par & GENMASK_ULL(31, 12);
#endif
	local_irq_restore(flags);
	return !(par & 1);
#else
	if (is_vmalloc_addr(addr)) {
		*phys = PFN_PHYS(vmalloc_to_pfn(addr));
		return true;
	}
	*phys = virt_to_phys((void *)addr);
	return virt_addr_valid(addr);
#endif
}

/**
 * contig_firmware_has_ram() - does the firmware describe a page as memory?
 * @phys: its address
 *
 * Up to Linux 6.12, the result does not depend on the kernel command line. Later kernels do not
 * export the firmware's table. On those, a page counts as memory if the kernel's own table has it
 * as reserved, which is what memmap= does, except below 4 GiB where every PC has its interrupt
 * controllers and flash. The PCI configuration space is also reserved there, but cannot be claimed.
 *
 * Return: false also where there is no such description.
 */
static inline bool contig_firmware_has_ram(phys_addr_t phys)
{
#if defined(CONFIG_X86) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	return (phys < 0xfec00000ULL || phys >= SZ_4G) &&
	       e820__mapped_any(phys, phys + 1, E820_TYPE_RESERVED) &&
	       e820__mapped_any(phys + PAGE_SIZE - 1, phys + PAGE_SIZE, E820_TYPE_RESERVED);
#elif defined(CONFIG_X86)
	return e820__mapped_raw_any(phys, phys + 1, E820_TYPE_RAM) &&
	       e820__mapped_raw_any(phys + PAGE_SIZE - 1, phys + PAGE_SIZE, E820_TYPE_RAM);
#else
	return false;
#endif
}

/**
 * contig_map_discards() - does mapping for a device discard dirty cache lines?
 *
 * If so, and a device that was to fill a whole buffer fills only a part of it, the
 * rest has the old contents of memory, not what the CPU wrote.
 *
 * Return: true if the DMA API invalidates without cleaning when a device is to
 * write.
 */
static inline bool contig_map_discards(void)
{
	return IS_ENABLED(CONFIG_ARM);
}

/**
 * contig_dma_translates() - does the DMA API map for a device through an IOMMU?
 * @dev: the device
 *
 * A domain that a driver has attached itself does not count if the DMA API uses
 * direct mappings.
 *
 * Return: true if it does.
 */
static inline bool contig_dma_translates(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (!domain || !(domain->type & __IOMMU_DOMAIN_PAGING))
		return false;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	if (use_dma_iommu(dev))
		return true;
#endif
	return get_dma_ops(dev);
}

/**
 * contig_dma_bounces() - does a device need bounce buffers for a range?
 * @dev: the device
 * @phys: physical address
 * @size: bytes
 *
 * This is a prediction. Once the range is mapped, contig_dma_bounced() tells for sure.
 *
 * Return: true if the DMA API would copy to and from a bounce buffer, instead of
 * letting @dev access the range.
 */
static inline bool contig_dma_bounces(struct device *dev, phys_addr_t phys,
				      size_t size)
{
	dma_addr_t dma;

	if (contig_dma_translates(dev))
		return dev_is_pci(dev) && to_pci_dev(dev)->untrusted;
	/* Devices of a confidential guest can only access memory shared with the host. */
	if (is_swiotlb_force_bounce(dev) ||
	    cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT) || !dev->dma_mask)
		return true;
	dma = phys_to_dma(dev, phys);
	/* The device's bus cannot reach the address. */
	if (dma == DMA_MAPPING_ERROR)
		return true;
	return dma + size - 1 > min_not_zero(*dev->dma_mask, dev->bus_dma_limit);
}

/**
 * contig_dma_bounced() - is a part of a mapping in a bounce buffer?
 * @dev: the device
 * @phys: physical address of what was mapped
 * @dma: where the DMA API mapped it
 *
 * The kernel does not export which addresses are bounce buffers. But without an
 * IOMMU, a device sees memory at one address only. Behind an IOMMU, the address
 * does not tell; there, whole pages are bounced for untrusted devices only.
 *
 * Return: true if @dma is not where @phys itself is.
 */
static inline bool contig_dma_bounced(struct device *dev, phys_addr_t phys,
				      dma_addr_t dma)
{
	if (contig_dma_translates(dev))
		return contig_dma_bounces(dev, phys, 1);
	return dma != phys_to_dma(dev, phys);
}

#endif /* CONTIG_KCOMPAT_H */
