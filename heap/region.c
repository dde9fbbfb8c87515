// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code shared by all kinds of regions: claiming the memory, lifetime, kernel mappings,
 * and allocation.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/wait.h>

#include "door.h"
#include "kcompat.h"
#include "memory.h"
#include "region.h"
#include "stock.h"

static DEFINE_MUTEX(regions_lock);
static LIST_HEAD(regions);

/* Number of claims that have ended so far. */
static atomic_t regions_unclaimed;
static DECLARE_WAIT_QUEUE_HEAD(regions_gone);

/*
 * Once the region is off the list, others can claim the range, so nothing of ours may
 * access it from then on.
 */
static void region_release(struct kref *ref)
{
	struct region *region = container_of(ref, struct region, ref);
	struct device *dev = region->dev;

	debugfs_remove_recursive(region->debugfs);
	if (region->ops->stop)
		region->ops->stop(region);
	if (region->view)
		memunmap(region->view);
	if (region->resource)
		release_mem_region(region->base, region->size);
	if (region->claimed) {
		mutex_lock(&regions_lock);
		list_del(&region->entry);
		mutex_unlock(&regions_lock);
		atomic_inc(&regions_unclaimed);
		wake_up_all(&regions_gone);
	}
	mutex_destroy(&region->lock);
	region->ops->destroy(region);
	put_device(dev);
}

/**
 * region_init() - initialise a region
 * @region: zeroed; embedded in the structure that ops->destroy() frees
 * @name: its name; copied
 * @ops: operations of its kind
 *
 * The caller must release @region with region_put(), even if this fails.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int region_init(struct region *region, const char *name,
		const struct region_ops *ops)
{
	struct platform_device *pdev;

	kref_init(&region->ref);
	region->ops = ops;
	mutex_init(&region->lock);
	INIT_LIST_HEAD(&region->buffers);
	pdev = platform_device_alloc(name, PLATFORM_DEVID_NONE);
	if (!pdev)
		return -ENOMEM;
	region->dev = &pdev->dev;
	dma_coerce_mask_and_coherent(region->dev, DMA_BIT_MASK(64));
	return dev_set_name(region->dev, "%s", name);
}

/* Map all of a region. A 32-bit kernel may lack the virtual addresses. */
static void *region_remap(const struct region *region, unsigned long flags)
{
	void *vaddr = memremap(region->base, region->size, flags);

	if (!vaddr)
		pr_err("%s: no kernel mapping for %llu bytes\n",
		       region_name(region), region->size);
	return vaddr;
}

/*
 * Flush dirty lines that the boot loader may have left in caches: they would overwrite
 * data that is written through uncached mappings.
 */
static int region_forget_cached(struct region *region)
{
	void *cached = region_remap(region, MEMREMAP_WB);

	if (!cached)
		return -ENOMEM;
	memory_flush(cached, region->base, region->size);
	memunmap(cached);
	return 0;
}

static bool region_has_pages(phys_addr_t base, u64 size)
{
	unsigned long pfn = PHYS_PFN(base);
	unsigned long end = PHYS_PFN(base + size);

	for (; pfn < end; pfn++)
		if (!pfn_valid(pfn))
			return false;
	return true;
}

static bool region_is_high(const struct region *region, u64 offset)
{
	return PageHighMem(pfn_to_page(PHYS_PFN(region->base + offset)));
}

/* The linear map of 32-bit kernels does not cover high memory. */
static int region_map_memory(struct region *region)
{
	bool high = region_is_high(region, 0);

	if (high != region_is_high(region, region->size - 1)) {
		pr_err("%s: only a part of the range is high memory\n",
		       region_name(region));
		return -EINVAL;
	}
	region->mapped = true;
	if (!high)
		return 0;
	region->view = region_remap(region, MEMREMAP_WB);
	return region->view ? 0 : -ENOMEM;
}

/*
 * For memory that the kernel does not map. The driver of a device may already have
 * claimed the resource for device memory, which is never mapped here.
 */
static int region_map_outside(struct region *region)
{
	region->resource = request_mem_region(region->base, region->size,
					      "contig_heaps");
	if (region->device)
		return 0;
	if (!region->resource) {
		pr_err("%s: the range is already in use, see /proc/iomem\n",
		       region_name(region));
		return -EBUSY;
	}
	if (!region_forget_cached(region))
		region->view = region_remap(region, MEMREMAP_WC);
	return region->view ? 0 : -ENOMEM;
}

static bool is_from_kernel(const struct region *region)
{
	return region->from_kernel || region->estimate;
}

/* Find out how the kernel maps the range. If it does not, map it. */
static int region_find_mapping(struct region *region,
			       const struct device_node *node)
{
	const struct claim claim = {
		.name = region_name(region),
		.base = region->base,
		.size = region->size,
	};
	int mapped = 1;

	if (region->device)
		mapped = door_pass_device(&claim);
	else if (!is_from_kernel(region))
		mapped = door_pass(&claim, node);
	if (mapped < 0)
		return mapped;
	return mapped ? region_map_memory(region) : region_map_outside(region);
}

static struct region *find_overlap(phys_addr_t first, phys_addr_t last)
{
	struct region *region;

	lockdep_assert_held(&regions_lock);
	list_for_each_entry(region, &regions, entry)
		if (!region->from_kernel && region->base <= last &&
		    first <= region->base + (region->size - 1))
			return region;
	return NULL;
}

/* Returns 0; -EBUSY for an overlap; -EAGAIN if the other region is being released. */
static int try_to_claim(struct region *region, phys_addr_t last)
{
	struct region *other = NULL;
	int ret = 0;

	mutex_lock(&regions_lock);
	if (!region->from_kernel)
		other = find_overlap(region->base, last);
	if (other) {
		ret = kref_read(&other->ref) ? -EBUSY : -EAGAIN;
	} else {
		list_add_tail(&region->entry, &regions);
		region->claimed = true;
	}
	mutex_unlock(&regions_lock);
	return ret;
}

/*
 * An overlapping region may be in the middle of its release in another task, for
 * example if a file is closed while a device is bound again. Wait for that.
 */
static int claim_range(struct region *region, phys_addr_t last)
{
	int unclaimed, ret;

	do {
		unclaimed = atomic_read(&regions_unclaimed);
		ret = try_to_claim(region, last);
		if (ret == -EAGAIN)
			wait_event(regions_gone,
				   atomic_read(&regions_unclaimed) != unclaimed);
	} while (ret == -EAGAIN);
	return ret;
}

/**
 * region_check_quantum() - check a quantum
 * @name: name of the region or heap, for the log
 * @quantum: bytes
 *
 * Return: 0; -EINVAL, and logs it, unless it is a power of two and at least a page.
 */
int region_check_quantum(const char *name, u64 quantum)
{
	if (contig_is_power_of_2(quantum) && quantum >= PAGE_SIZE)
		return 0;
	pr_err("%s: a quantum of %llu bytes is not a power of two of at least %lu\n",
	       name, quantum, PAGE_SIZE);
	return -EINVAL;
}

/**
 * region_claim() - claim the address range of a region
 * @region: initialised, with @base, @size, @quantum, @estimate, @from_kernel and
 *	@device set
 * @node: node below /reserved-memory that was chosen explicitly, or NULL
 *
 * Checks that the range may be used, unless the memory comes from the kernel, and
 * does not access it before. Then finds out how the kernel maps the range.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a range that is empty, misaligned, only partly system
 * memory, or beyond the address space, or that is not memory (with @device: that is
 * memory); -EBUSY for one that overlaps with another region, or is in use, for example
 * by the kernel; -ENOMEM.
 */
int region_claim(struct region *region, const struct device_node *node)
{
	phys_addr_t last;
	int ret;

	ret = region_check_quantum(region_name(region), region->quantum);
	if (ret)
		return ret;
	if (!region->size ||
	    !IS_ALIGNED(region->base | region->size, region->quantum)) {
		pr_err("%s: base and size must be multiples of the quantum of %llu bytes, and the size not 0\n",
		       region_name(region), region->quantum);
		return -EINVAL;
	}
	if (check_add_overflow(region->base, (phys_addr_t)(region->size - 1),
			       &last) ||
	    region->size - 1 > min_t(u64, PHYS_ADDR_MAX, SIZE_MAX) ||
	    last >> PAGE_SHIFT > ULONG_MAX) {
		pr_err("%s: the range exceeds the address space\n",
		       region_name(region));
		return -EINVAL;
	}

	ret = claim_range(region, last);
	if (ret) {
		pr_err("%s: overlaps with another region\n",
		       region_name(region));
		return ret;
	}

	ret = region_find_mapping(region, node);
	if (ret)
		return ret;
	region->paged = region->mapped ||
			(!region->device &&
			 region_has_pages(region->base, region->size));
	return 0;
}

/**
 * region_publish() - let lookups find a region
 * @region: claimed, and ready for allocations
 *
 * Separate from region_claim(), because code that finds a region allocates from it.
 *
 * Context: may sleep.
 */
void region_publish(struct region *region)
{
	mutex_lock(&regions_lock);
	region->published = true;
	mutex_unlock(&regions_lock);
}

/**
 * region_exists() - is there a region over a range?
 * @base: physical address of the first byte
 * @size: bytes, not 0
 *
 * Context: may sleep.
 * Return: true if any region, even one that is being released, overlaps with the range.
 */
bool region_exists(phys_addr_t base, u64 size)
{
	bool exists;

	mutex_lock(&regions_lock);
	exists = find_overlap(base, base + (size - 1));
	mutex_unlock(&regions_lock);
	return exists;
}

/*
 * The list also contains regions that are being released or created. These cannot be
 * used.
 */
static struct region *get_if_usable(struct region *region)
{
	lockdep_assert_held(&regions_lock);
	return region->published && kref_get_unless_zero(&region->ref) ?
	       region : NULL;
}

/**
 * region_find() - find the region with exactly this range
 * @base: physical address of its first byte
 * @size: bytes
 *
 * Ignores regions with memory from the kernel, which may be all of a CMA area.
 *
 * Context: may sleep.
 * Return: the region with a reference for the caller, or NULL.
 */
struct region *region_find(phys_addr_t base, u64 size)
{
	struct region *region, *found = NULL;

	mutex_lock(&regions_lock);
	list_for_each_entry(region, &regions, entry)
		if (!found && !region->from_kernel && region->base == base &&
		    region->size == size)
			found = get_if_usable(region);
	mutex_unlock(&regions_lock);
	return found;
}

/**
 * region_by_name() - find a region by its name
 * @name: its name
 *
 * Context: may sleep.
 * Return: the region with a reference for the caller, or NULL.
 */
struct region *region_by_name(const char *name)
{
	struct region *region, *found = NULL;

	mutex_lock(&regions_lock);
	list_for_each_entry(region, &regions, entry)
		if (!found && !strcmp(region_name(region), name))
			found = get_if_usable(region);
	mutex_unlock(&regions_lock);
	return found;
}

/**
 * region_get() - take a reference
 * @region: the region
 *
 * Return: @region.
 */
struct region *region_get(struct region *region)
{
	kref_get(&region->ref);
	return region;
}

/**
 * region_put() - drop a reference
 * @region: the region; released with the last reference
 *
 * Context: may sleep.
 */
void region_put(struct region *region)
{
	kref_put(&region->ref, region_release);
}

/**
 * region_vaddr() - get the kernel address of a part of a region
 * @region: the region
 * @phys: a physical address in it
 *
 * Return: an address that is valid up to the end of the region; write-back cached if
 * @region->mapped, otherwise write-combined. NULL for device memory.
 */
void *region_vaddr(const struct region *region, phys_addr_t phys)
{
	if (region->device)
		return NULL;
	if (region->view)
		return region->view + (phys - region->base);
	return phys_to_virt(phys);
}

/**
 * region_has_places() - can callers choose an offset in a region?
 * @region: the region
 *
 * Return: false if the kernel chooses.
 */
bool region_has_places(const struct region *region)
{
	return region->stock && !region->estimate;
}

static int enter(struct region *region)
{
	return region->ops->enter ? region->ops->enter(region) : 0;
}

static void leave(struct region *region)
{
	if (region->ops->leave)
		region->ops->leave(region);
}

static void make_extent(const struct region *region, u64 offset, u64 size,
			struct extents *extents)
{
	*extents = (struct extents) {
		.one.phys	= region->base + offset,
		.one.size	= ALIGN(size, region->quantum),
		.nr		= 1,
	};
}

/**
 * region_alloc() - allocate memory
 * @region: the region
 * @size: bytes, a multiple of the page size
 * @align: alignment of its physical address: a power of two, at least a page
 * @flags: ALLOC_*
 * @extents: filled in; owned by the caller until region_free()
 *
 * The memory is zero. It is one extent unless the region is scattered.
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM if nothing fits; -EINTR after a fatal signal; -EOPNOTSUPP if the
 * region is scattered and @align is more than a page.
 */
int region_alloc(struct region *region, u64 size, u64 align,
		 unsigned int flags, struct extents *extents)
{
	u64 offset;
	int ret;

	if (region->ops->alloc)
		return region->ops->alloc(region, size, align, flags, extents);
	ret = enter(region);
	if (ret)
		return ret;
	ret = stock_alloc(region->stock, size, align, flags, &offset);
	if (ret)
		leave(region);
	else
		make_extent(region, offset, size, extents);
	return ret;
}

/**
 * region_alloc_at() - allocate memory at a given offset
 * @region: the region
 * @offset: offset in the region, in bytes
 * @size: bytes, a multiple of the page size
 * @flags: ALLOC_*
 * @extents: filled in; owned by the caller until region_free()
 *
 * Context: may sleep.
 * Return: as region_alloc(); -EINVAL if @offset is not a multiple of the quantum, or
 * the range is not in the region; -EBUSY if any of it is in use; -EOPNOTSUPP if the
 * kernel chooses the offset.
 */
int region_alloc_at(struct region *region, u64 offset, u64 size,
		    unsigned int flags, struct extents *extents)
{
	int ret;

	if (!region_has_places(region))
		return -EOPNOTSUPP;
	ret = enter(region);
	if (ret)
		return ret;
	ret = stock_alloc_at(region->stock, offset, size, flags);
	if (ret)
		leave(region);
	else
		make_extent(region, offset, size, extents);
	return ret;
}

/**
 * region_free() - free memory
 * @region: the region
 * @extents: all of the memory of one allocation
 *
 * Context: may sleep.
 */
void region_free(struct region *region, const struct extents *extents)
{
	if (region->ops->free) {
		region->ops->free(region, extents);
		return;
	}
	stock_free(region->stock, extents->one.phys - region->base,
		   extents->one.size);
	leave(region);
}

/**
 * region_stat() - get the statistics of a region
 * @region: the region
 * @stat: filled in
 *
 * Context: may sleep.
 */
void region_stat(struct region *region, struct stock_stat *stat)
{
	if (region->ops->stat)
		region->ops->stat(region, stat);
	else
		stock_stat(region->stock, stat);
}

/**
 * region_trim() - return free memory to the kernel
 * @region: the region
 * @held: bytes of free memory that may be left; the reserve stays in any case
 *
 * Context: may sleep.
 */
void region_trim(struct region *region, u64 held)
{
	if (region->ops->trim)
		region->ops->trim(region, held);
}

/**
 * region_next_free() - find free memory by its offset
 * @region: the region
 * @offset: offset at which the search begins
 * @start: filled in with the offset of the first free run at or after @offset
 * @len: filled in with its length in bytes
 *
 * Context: may sleep.
 * Return: false if there is none, or if only the kernel knows.
 */
bool region_next_free(struct region *region, u64 offset, u64 *start, u64 *len)
{
	return region_has_places(region) &&
	       stock_next_free(region->stock, offset, start, len);
}
