// SPDX-License-Identifier: GPL-2.0-only
/*
 * The door checks every range of addresses that is to become a carveout, before the
 * range is mapped, flushed or written. The request may be wrong, and so may be the
 * device tree: if a boot loader puts something into reserved memory, the kernel uses
 * that memory, with at most one line in its log. So the tree says what was intended,
 * and the kernel's own data what is true.
 *
 * System memory, which the kernel maps, has to pass all of these checks:
 *  - Device tree: exactly one node below /reserved-memory covers the range, and no
 *    other overlaps with it. The kernel reserves such nodes before it allocates
 *    memory. Anything else in the range was there earlier: the kernel image, the
 *    device tree blob or an initrd. If a node has "no-map" but is system memory, the
 *    kernel has refused to unmap it. A node with a "compatible" belongs to a driver,
 *    and must be chosen explicitly.
 *  - struct page: every page is online and PG_reserved. Pages that the kernel uses
 *    are not, nor are pages that were freed since, such as those of an initrd.
 *  - Resources: the range contains only resources named "reserved". This finds the
 *    kernel image and the memory of a crash kernel, which stay PG_reserved.
 *  - Boot data: the live tree points to names and values in the blob. According to
 *    the page tables, none of them is in the range. /chosen says where the initrd
 *    was; if its pages are still reserved, it was kept.
 *
 * Memory that the kernel does not map was excluded by such a node, or by mem= or
 * memmap=. In the latter case, a memory node of the tree must describe it, or, on
 * x86, the table of the firmware. Anything else is device registers, or nothing. Only
 * a driver can request it, explicitly as device memory, and the kernel does not map it.
 *
 * Two things go unnoticed: an initrd that was kept and that only the command line
 * describes, and a /memreserve/ of the blob that overlaps with a node.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ioport.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_reserved_mem.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "door.h"
#include "kcompat.h"

static phys_addr_t last_of(const struct claim *claim)
{
	return claim->base + (claim->size - 1);
}

static bool touches(const struct claim *claim, u64 first, u64 last)
{
	return first <= last_of(claim) && claim->base <= last;
}

static bool covers(const struct claim *claim, u64 first, u64 last)
{
	return first <= claim->base && last_of(claim) <= last;
}

static int add_size(struct resource *ram, void *data)
{
	u64 *bytes = data;

	*bytes += resource_size(ram);
	return 0;
}

/*
 * Bytes of the range that are system memory. region_intersects() is no help, because
 * it ignores holes that no resource describes.
 */
static u64 system_ram_in(const struct claim *claim)
{
	u64 bytes = 0;

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM,
			    claim->base, last_of(claim), &bytes, add_size);
	return bytes;
}

/* How a node relates to the range: disjoint, overlapping with a part, or covering all. */
enum extent_of_node { NODE_ELSEWHERE, NODE_TOUCHES, NODE_COVERS };

static enum extent_of_node compare(const struct claim *claim, u64 first, u64 last)
{
	if (covers(claim, first, last))
		return NODE_COVERS;
	return touches(claim, first, last) ? NODE_TOUCHES : NODE_ELSEWHERE;
}

/*
 * If a node has no fixed address, only the kernel knows where it is. If it has
 * several ranges, the kernel remembers only one of them.
 */
static enum extent_of_node node_extent(const struct claim *claim, struct device_node *node)
{
	struct reserved_mem *rmem = of_reserved_mem_lookup(node);
	enum extent_of_node extent = NODE_ELSEWHERE;
	struct resource reg;
	int i;

	if (rmem && rmem->size)
		extent = compare(claim, rmem->base, rmem->base + (rmem->size - 1));
	for (i = 0; !of_address_to_resource(node, i, &reg); i++)
		extent = max(extent, compare(claim, reg.start, reg.end));
	return extent;
}

/*
 * Find the node below /reserved-memory that contains the range. Returns it with a
 * reference, NULL if no node overlaps, or an error if the nodes do not fit.
 */
static struct device_node *find_holder(const struct claim *claim)
{
	struct device_node *parent, *child, *holder = NULL;
	enum extent_of_node extent, of_holder = NODE_ELSEWHERE;

	parent = of_find_node_by_path("/reserved-memory");
	for_each_available_child_of_node(parent, child) {
		extent = node_extent(claim, child);
		if (extent == NODE_ELSEWHERE)
			continue;
		if (holder) {
			pr_err("%s: both %pOF and %pOF reserve the range\n",
			       claim->name, holder, child);
			of_node_put(holder);
			of_node_put(child);
			holder = ERR_PTR(-EBUSY);
			break;
		}
		holder = of_node_get(child);
		of_holder = extent;
	}
	of_node_put(parent);
	if (of_holder == NODE_TOUCHES && !IS_ERR(holder)) {
		pr_err("%s: %pOF reserves only a part of the range\n",
		       claim->name, holder);
		of_node_put(holder);
		holder = ERR_PTR(-EBUSY);
	}
	return holder;
}

/* May a request that chose @node, or NULL, have the memory of @holder? */
static int check_holder(const struct claim *claim, struct device_node *holder,
			const struct device_node *node)
{
	if (of_property_read_bool(holder, "reusable")) {
		pr_err("%s: the kernel uses the memory of %pOF, which is reusable\n",
		       claim->name, holder);
		return -EBUSY;
	}
	if (holder != node && of_find_property(holder, "compatible", NULL)) {
		pr_err("%s: the memory of %pOF belongs to that node's driver\n",
		       claim->name, holder);
		return -EBUSY;
	}
	return 0;
}

static int check_tree(const struct claim *claim, const struct device_node *node,
		      bool *held, bool *no_map)
{
	struct device_node *holder = find_holder(claim);
	int ret;

	*held = holder;
	if (IS_ERR_OR_NULL(holder))
		return PTR_ERR_OR_ZERO(holder);
	*no_map = of_property_read_bool(holder, "no-map");
	ret = check_holder(claim, holder, node);
	of_node_put(holder);
	return ret;
}

/* Pages to check between calls of cond_resched(). */
#define PAGES_AT_ONCE	4096

static int check_pages(const struct claim *claim)
{
	unsigned long pfn, end = PHYS_PFN(last_of(claim)) + 1;

	for (pfn = PHYS_PFN(claim->base); pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || !PageReserved(page)) {
			pr_err("%s: the range is not reserved: the kernel uses its memory at offset %llu KiB\n",
			       claim->name,
			       (u64)(PFN_PHYS(pfn) - claim->base) >> 10);
			return -EBUSY;
		}
		if (!(pfn % PAGES_AT_ONCE))
			cond_resched();
	}
	return 0;
}

static bool is_reserved(const struct resource *resource)
{
	return resource->name && !strcasecmp(resource->name, "reserved");
}

/* The first of a list of siblings, or a child of it, that is not just reserved; or NULL. */
static const struct resource *find_other(const struct resource *resource)
{
	for (; resource; resource = resource->sibling)
		if (resource->child || !is_reserved(resource))
			return resource->child ?: resource;
	return NULL;
}

/* A resource around or in an inserted range that is not reserved system memory; or NULL. */
static const struct resource *find_stranger(const struct resource *claim)
{
	const struct resource *around = claim->parent, *in = claim->child;

	/* If the system memory resource is the same range, it is now a child. */
	if (around == &iomem_resource)
		return in && in->flags & IORESOURCE_SYSRAM ? find_other(in->child) : in;
	for (; around->parent != &iomem_resource; around = around->parent)
		if (!is_reserved(around))
			return around;
	return find_other(in);
}

/*
 * The resource tree cannot be read without its lock, which is not exported. But a
 * module can insert a resource. Its parents and children stay as long as it does,
 * because memory with reserved pages cannot be unplugged.
 */
static int check_resources(struct resource *ram, void *data)
{
	const struct claim *claim = data;
	struct resource range = {
		.name	= "contig_heaps",
		.start	= ram->start,
		.end	= ram->end,
		.flags	= IORESOURCE_MEM | IORESOURCE_BUSY,
	};
	const struct resource *stranger;
	int ret = 0;

	if (ram->start > last_of(claim))
		return 0;
	if (insert_resource(&iomem_resource, &range)) {
		pr_err("%s: the range is not free: the kernel occupies a part of it, see /proc/iomem\n",
		       claim->name);
		return -EBUSY;
	}
	stranger = find_stranger(&range);
	if (stranger) {
		pr_err("%s: the range is not free: it contains %s\n",
		       claim->name, stranger->name);
		ret = -EBUSY;
	}
	remove_resource(&range);
	return ret;
}

#ifdef CONFIG_OF
/* The header of the blob precedes the first value. */
#define BLOB_HEADER	128

/* Is any page of these bytes in the range? */
static bool sees_in_range(const struct claim *claim, const void *start, size_t len)
{
	unsigned long addr = (unsigned long)start & PAGE_MASK;
	phys_addr_t phys;

	for (; addr < (unsigned long)start + len; addr += PAGE_SIZE)
		if (contig_kernel_phys((void *)addr, &phys) &&
		    touches(claim, phys, phys + (PAGE_SIZE - 1)))
			return true;
	return false;
}

static bool has_blob(const struct claim *claim)
{
	struct device_node *node = NULL;
	struct property *property;

	while ((node = of_find_all_nodes(node))) {
		for_each_property_of_node(node, property) {
			if (sees_in_range(claim, property->name, strlen(property->name) + 1) ||
			    (property->length > 0 &&
			     sees_in_range(claim, property->value - BLOB_HEADER,
					   property->length + BLOB_HEADER))) {
				of_node_put(node);
				return true;
			}
		}
	}
	return false;
}

static bool read_address(const struct device_node *node, const char *name, u64 *address)
{
	int len;
	const __be32 *value = of_get_property(node, name, &len);

	if (!value || (len != sizeof(u32) && len != sizeof(u64)))
		return false;
	*address = of_read_number(value, len / sizeof(*value));
	return true;
}

static bool has_initrd(const struct claim *claim)
{
	struct device_node *chosen = of_find_node_by_path("/chosen");
	u64 start, end;
	bool has;

	has = read_address(chosen, "linux,initrd-start", &start) &&
	      read_address(chosen, "linux,initrd-end", &end) &&
	      start < end && touches(claim, start, end - 1);
	of_node_put(chosen);
	return has;
}

static int check_boot_data(const struct claim *claim)
{
	const char *what = NULL;

	if (has_blob(claim))
		what = "the device tree's blob";
	else if (has_initrd(claim))
		what = "the initrd";
	if (!what)
		return 0;
	pr_err("%s: the range is not free: it contains %s\n", claim->name, what);
	return -EBUSY;
}

/* Does a memory node contain all of the range, or, with @part, any of it? */
static bool is_memory(const struct claim *claim, bool part)
{
	struct device_node *node = NULL;
	struct resource reg;
	int i;

	while ((node = of_find_node_by_type(node, "memory"))) {
		for (i = 0; !of_address_to_resource(node, i, &reg); i++) {
			if (compare(claim, reg.start, reg.end) >=
			    (part ? NODE_TOUCHES : NODE_COVERS)) {
				of_node_put(node);
				return true;
			}
		}
	}
	return false;
}
#else
static int check_boot_data(const struct claim *claim)
{
	return 0;
}

static bool is_memory(const struct claim *claim, bool part)
{
	phys_addr_t phys = claim->base;
	u64 pages = claim->size >> PAGE_SHIFT;

	for (; pages; pages--, phys += PAGE_SIZE) {
		if (contig_firmware_has_ram(phys) == part)
			return part;
		if (!(pages % PAGES_AT_ONCE))
			cond_resched();
	}
	return !part;
}
#endif

static int check_base(const struct claim *claim)
{
	if (claim->base)
		return 0;
	pr_err("%s: no address is set\n", claim->name);
	return -EINVAL;
}

/* Check memory that the kernel does not map. @held: a node reserves it. */
static int check_outside(const struct claim *claim, bool held)
{
	if (held || is_memory(claim, false))
		return 0;
	pr_err("%s: the range is not known to be memory\n",
	       claim->name);
	return -EINVAL;
}

/* Check memory that the kernel maps. @held: a node reserves it, @no_map: with no-map. */
static int check_inside(const struct claim *claim, bool held, bool no_map)
{
	int ret;

	if (!held) {
		pr_err("%s: the range is not reserved: the kernel may use it itself\n",
		       claim->name);
		return -EBUSY;
	}
	if (no_map) {
		pr_err("%s: the range is no-map, but the kernel maps it, because it was already in use\n",
		       claim->name);
		return -EBUSY;
	}
	ret = check_pages(claim);
	return ret ?: walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM, claim->base,
					  (u64)last_of(claim) + CONTIG_BEFORE_KERNEL,
					  (void *)claim, check_resources);
}

/**
 * door_pass() - may a range become a carveout?
 * @claim: the range
 * @node: node below /reserved-memory that was chosen explicitly, or NULL
 *
 * Logs the reason of a failure. Does not access the range.
 *
 * Context: may sleep.
 * Return: 1 if the kernel maps the range; 0 if it is memory that the kernel does
 * not map; -EINVAL if it is not memory, or only partly mapped; -EBUSY if it is in
 * use, for example by the kernel.
 */
int door_pass(const struct claim *claim, const struct device_node *node)
{
	u64 ram = system_ram_in(claim);
	bool held, no_map = false;
	int ret;

	ret = check_base(claim);
	if (ret)
		return ret;
	if (ram && ram != claim->size) {
		pr_err("%s: only a part of the range is system memory\n",
		       claim->name);
		return -EINVAL;
	}
	ret = check_tree(claim, node, &held, &no_map);
	if (!ret)
		ret = ram ? check_inside(claim, held, no_map) :
			    check_outside(claim, held);
	if (!ret)
		ret = check_boot_data(claim);
	return ret ?: !!ram;
}

/**
 * door_pass_device() - may a range be handed out as a device's memory?
 * @claim: as door_pass()
 *
 * The caller must be the driver of the device, so the device is not looked for. Logs
 * the reason of a failure. Does not access the range.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if any of it is memory or reserved memory, or if no address is
 * set.
 */
int door_pass_device(const struct claim *claim)
{
	struct device_node *holder;
	int ret;

	ret = check_base(claim);
	if (ret)
		return ret;
	holder = find_holder(claim);
	if (IS_ERR(holder))
		return -EINVAL;
	of_node_put(holder);
	if (holder || system_ram_in(claim) || is_memory(claim, true)) {
		pr_err("%s: the range is memory, not device registers\n", claim->name);
		return -EINVAL;
	}
	return 0;
}
