// SPDX-License-Identifier: GPL-2.0-only
/* Carveouts: memory that only buffers use; all of it is always in a stock. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/suspend.h>

#include "carveout.h"
#include "cleaner.h"
#include "contiguous.h"
#include "kcompat.h"
#include "region.h"
#include "stock.h"

/**
 * struct carveout - a region whose memory is always there
 * @region: the common part
 * @stock: its memory
 * @hibernation: notifier; registered if hibernation images lack the memory
 * @source: the memory, if it was allocated from the kernel at creation, else NULL
 */
struct carveout {
	struct region region;
	struct stock stock;
	struct notifier_block hibernation;
	struct contiguous *source;
};

static struct carveout *to_carveout(struct region *region)
{
	return container_of(region, struct carveout, region);
}

/*
 * A hibernation image does not contain memory outside of the linear map. After
 * resume, such memory has random contents, or what the kernel that loaded the image
 * left there. So all free memory becomes dirty, and the background thread does not
 * zero any of it until resume.
 */
static int on_hibernation(struct notifier_block *block, unsigned long event,
			  void *unused)
{
	struct carveout *carveout = container_of(block, struct carveout,
						 hibernation);

	if (event == PM_HIBERNATION_PREPARE) {
		cleaner_pause(&carveout->stock, true);
		stock_soil(&carveout->stock);
	} else if (event == PM_POST_HIBERNATION) {
		cleaner_pause(&carveout->stock, false);
	}
	return NOTIFY_OK;
}

static int watch_hibernation(struct carveout *carveout)
{
	int ret;

	carveout->hibernation.notifier_call = on_hibernation;
	ret = register_pm_notifier(&carveout->hibernation);
	if (ret)
		carveout->hibernation.notifier_call = NULL;
	return ret;
}

static void carveout_stop(struct region *region)
{
	struct carveout *carveout = to_carveout(region);

	if (carveout->hibernation.notifier_call)
		unregister_pm_notifier(&carveout->hibernation);
	cleaner_stop(&carveout->stock);
}

static void carveout_destroy(struct region *region)
{
	struct carveout *carveout = to_carveout(region);

	stock_destroy(&carveout->stock);
	contiguous_free(carveout->source);
	kfree(carveout);
}

static const struct region_ops carveout_ops = {
	.kind		= "carveout",
	.stop		= carveout_stop,
	.destroy	= carveout_destroy,
};

static const struct region_ops device_ops = {
	.kind		= "device",
	.stop		= carveout_stop,
	.destroy	= carveout_destroy,
};

static struct carveout *carveout_new(const char *name,
				     const struct region_ops *ops)
{
	struct carveout *carveout = kzalloc(sizeof(*carveout), GFP_KERNEL);
	int ret;

	if (!carveout)
		return ERR_PTR(-ENOMEM);
	ret = region_init(&carveout->region, name, ops);
	if (ret) {
		region_put(&carveout->region);
		return ERR_PTR(ret);
	}
	carveout->region.stock = &carveout->stock;
	return carveout;
}

/* All of it is dirty, because the boot loader may have left data there. */
static int fill_stock(struct carveout *carveout)
{
	struct region *region = &carveout->region;
	struct stock *stock = &carveout->stock;
	int ret;

	ret = stock_init(stock, region_name(region), region->size,
			 region->quantum);
	if (ret)
		return ret;
	stock_place(stock, region->base, region_vaddr(region, region->base),
		    region->mapped && CONTIG_MAY_NOT_SNOOP);
	stock_add(stock, 0, region->size, true);
	return 0;
}

static int carveout_open(struct carveout *carveout, phys_addr_t base, u64 size,
			 u64 quantum, const struct device_node *node)
{
	struct region *region = &carveout->region;
	int ret;

	/* Check this before mapping the range, which takes long if it is that large. */
	if (DIV_ROUND_UP_ULL(size, POOL_MAX_QUANTA) > quantum) {
		pr_err("%s: more than %u quanta, choose a larger quantum\n",
		       region_name(region), POOL_MAX_QUANTA);
		return -EINVAL;
	}
	region->base = base;
	region->size = size;
	region->quantum = quantum;
	ret = region_claim(region, node);
	if (!ret)
		ret = fill_stock(carveout);
	if (!ret && !region->device)
		ret = cleaner_start(&carveout->stock);
	if (!ret && region->view)
		ret = watch_hibernation(carveout);
	if (!ret)
		region_publish(region);
	return ret;
}

static struct region *create(const char *name, phys_addr_t base, u64 size,
			     u64 quantum, const struct device_node *node,
			     bool device)
{
	struct carveout *carveout = carveout_new(name, device ? &device_ops :
							       &carveout_ops);
	int ret;

	if (IS_ERR(carveout))
		return ERR_CAST(carveout);
	carveout->region.device = device;
	ret = carveout_open(carveout, base, size, quantum, node);
	if (ret) {
		region_put(&carveout->region);
		return ERR_PTR(ret);
	}
	return &carveout->region;
}

/**
 * carveout_create() - make a region of reserved memory
 * @name: its name
 * @base: physical address of its first byte
 * @size: bytes
 * @quantum: granularity of allocation in bytes
 * @node: node below /reserved-memory that was chosen explicitly, or NULL
 *
 * The range must be reserved, or memory that the kernel does not map; otherwise it
 * is not accessed. Logs the reason of a failure.
 *
 * Context: may sleep.
 * Return: the region, with one reference for the caller; -EINVAL for a bad
 * range, -EBUSY for one that is in use, -ENOMEM.
 */
struct region *carveout_create(const char *name, phys_addr_t base, u64 size,
			       u64 quantum, const struct device_node *node)
{
	return create(name, base, size, quantum, node, false);
}

/**
 * carveout_create_device() - make a region of a device's memory
 * @name: its name
 * @base: physical address of its first byte
 * @size: bytes
 * @quantum: granularity of allocation in bytes
 *
 * The module never accesses the memory; only mappings of buffers do. Logs the reason
 * of a failure.
 *
 * Context: may sleep.
 * Return: as carveout_create(); -EINVAL also for a range that is memory.
 */
struct region *carveout_create_device(const char *name, phys_addr_t base,
				      u64 size, u64 quantum)
{
	return create(name, base, size, quantum, NULL, true);
}

/**
 * carveout_create_anywhere() - make a region of memory taken from the kernel
 * @name: its name
 * @size: bytes
 * @quantum: granularity of allocation in bytes
 *
 * For machines without reserved memory. The memory is returned to the kernel when
 * the region is released.
 *
 * Context: may sleep.
 * Return: as carveout_create().
 */
struct region *carveout_create_anywhere(const char *name, u64 size, u64 quantum)
{
	struct carveout *carveout = carveout_new(name, &carveout_ops);
	struct contiguous *source;
	int ret;

	if (IS_ERR(carveout))
		return ERR_CAST(carveout);
	source = contiguous_alloc(carveout->region.dev, size, quantum);
	if (IS_ERR(source)) {
		pr_err("%s: cannot allocate %llu contiguous bytes\n",
		       name, size);
		ret = PTR_ERR(source);
		goto put_region;
	}
	carveout->source = source;
	carveout->region.from_kernel = true;
	ret = carveout_open(carveout, contiguous_base(source), size, quantum,
			    NULL);
	if (ret)
		goto put_region;
	return &carveout->region;

put_region:
	region_put(&carveout->region);
	return ERR_PTR(ret);
}
