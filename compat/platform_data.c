// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes from platform data of board files, and a parameter for their memory:
 *
 *	memory=TYPE:REGION,...
 *
 * TYPE is ebi0, ebi1, smi or smi_kernel. REGION is a region of contig_heaps, from
 * which devices of that type borrow memory if they have no address.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../heap/api.h"
#include "device.h"
#include "node.h"
#include "platform_data.h"
#include "pmem_kernel.h"

static const char * const type_names[] = {
	[MEMTYPE_EBI1]		= "ebi1",
	[MEMTYPE_SMI]		= "smi",
	[MEMTYPE_EBI0]		= "ebi0",
	[MEMTYPE_SMI_KERNEL]	= "smi_kernel",
};

static char *memory[ARRAY_SIZE(type_names)];
static int nr_memory;
module_param_array(memory, charp, &nr_memory, 0444);
MODULE_PARM_DESC(memory, "regions from which devices without an address borrow memory, each as TYPE:REGION (none)");

/* Get the region for a type of memory, or NULL. */
static const char *region_of(int type)
{
	size_t len;
	int i;

	if (type < 1 || type >= ARRAY_SIZE(type_names))
		return NULL;
	len = strlen(type_names[type]);
	for (i = 0; i < nr_memory; i++)
		if (!strncmp(memory[i], type_names[type], len) &&
		    memory[i][len] == ':')
			return memory[i] + len + 1;
	return NULL;
}

static bool is_kernel_only(const char *name)
{
	return str_has_prefix(name, "pmem_kernel");
}

/* Older board files set no memory_type; the names of kernel-only regions imply it. */
static int type_of(const struct android_pmem_platform_data *data)
{
	if (data->memory_type > 0 || !is_kernel_only(data->name))
		return data->memory_type;
	return str_has_prefix(data->name, PMEM_KERNEL_SMI_DATA_NAME) ?
	       MEMTYPE_SMI : MEMTYPE_EBI1;
}

static enum pmem_allocator_type
allocator_of(const struct android_pmem_platform_data *data)
{
	if (data->allocator_type)
		return data->allocator_type;
	if (data->no_allocator)
		return PMEM_ALLOCATORTYPE_ALLORNOTHING;
	/* The first drivers only had no_allocator; without it, the policy was buddy. */
	if (data->start && !data->quantum && !type_of(data))
		return PMEM_ALLOCATORTYPE_BUDDYBESTFIT;
	return PMEM_ALLOCATORTYPE_BITMAP;
}

static struct heap *open_heap(const struct android_pmem_platform_data *data,
			      const struct pmem_node_config *config)
{
	const char *region;

	if (config->allocator == PMEM_ALLOCATORTYPE_SYSTEM)
		return contig_heap_open(data->name, "default_cma_region",
					!data->cached);
	if (data->start && data->device_memory)
		return contig_heap_open_device(data->name, data->start,
					       data->size, config->quantum);
	if (data->start)
		return contig_heap_open_at(data->name, data->start, data->size,
					   config->quantum, !data->cached);
	region = region_of(config->memory_type);
	if (!region) {
		pr_err("%s: no start, and memory= has no region for its type\n",
		       data->name);
		return ERR_PTR(-EINVAL);
	}
	return pmem_open_lent(config, contig_heap_open(data->name, region,
						       !data->cached));
}

/**
 * pmem_node_from_data() - create a node from platform data
 * @data: the description; not needed afterwards
 * @hooks: the hooks that are not in @data, and the module of all hooks
 *
 * Context: may sleep.
 * Return: the node, or as pmem_setup_owned().
 */
struct pmem_node *
pmem_node_from_data(const struct android_pmem_platform_data *data,
		    const struct pmem_hooks *hooks)
{
	struct pmem_node_config config = {
		.name		= data->name,
		.size		= data->size,
		.quantum	= max_t(u64, data->quantum ?: SZ_4K, PAGE_SIZE),
		.cached		= data->cached,
		.hooks		= *hooks,
	};

	if (!data->name || !data->size)
		return ERR_PTR(-EINVAL);
	config.memory_type = type_of(data);
	config.allocator = allocator_of(data);
	if (config.allocator >= PMEM_ALLOCATORTYPE_MAX)
		return ERR_PTR(-EINVAL);
	config.kernel_only = is_kernel_only(data->name);
	config.hooks.first_use = data->request_region;
	config.hooks.last_use = data->release_region;
	config.heap = open_heap(data, &config);
	if (IS_ERR(config.heap))
		return ERR_CAST(config.heap);
	if (data->setup_region)
		config.hooks.cookie = data->setup_region();
	return pmem_node_create(&config);
}
