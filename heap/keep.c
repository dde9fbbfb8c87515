// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parameters for memory that stays warm:
 *
 *	keep=MILLISECONDS
 *	reserve=[REGION:]SIZE,...
 *
 * Without a region, SIZE is the reserve of the default CMA area. Both can be changed
 * later in sysfs, for each region.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "bytes.h"
#include "cma_area.h"
#include "keep.h"

static unsigned int keep = 5000;
module_param(keep, uint, 0444);
MODULE_PARM_DESC(keep, "milliseconds after which unused held memory returns to the kernel; 0: when the kernel needs it (5000)");

#define MAX_RESERVES	16

static char *reserve[MAX_RESERVES];
static int nr_reserves;
module_param_array(reserve, charp, &nr_reserves, 0444);
MODULE_PARM_DESC(reserve, "memory that CMA heaps never return to the kernel, each as [REGION:]SIZE (none)");

/**
 * keep_idle_ms() - how long unused memory stays warm
 *
 * Return: milliseconds; 0: until the kernel needs it.
 */
unsigned int keep_idle_ms(void)
{
	return keep;
}

/* The region of the entry has existed. */
static bool seen[MAX_RESERVES];

/* The size in an entry, or NULL if the entry is for another region. */
static const char *size_for(const char *entry, const char *region)
{
	const char *colon = strrchr(entry, ':');
	size_t len = colon ? colon - entry : 0;

	if (!colon)
		return strcmp(region, DEFAULT_CMA_NAME) ? NULL : entry;
	return strlen(region) == len && !strncmp(region, entry, len) ?
	       colon + 1 : NULL;
}

static int parse_size(const char *text, u64 *size)
{
	if (bytes_parse_all(text, size) || *size > U64_MAX - PAGE_SIZE)
		return -EINVAL;
	*size = PAGE_ALIGN(*size);
	return 0;
}

/**
 * keep_reserve() - get the reserve of a region
 * @region: its name
 *
 * Logs invalid entries.
 *
 * Return: bytes, a multiple of the page size; 0 if there is no entry.
 */
u64 keep_reserve(const char *region)
{
	u64 size = 0;
	int i;

	for (i = 0; i < nr_reserves; i++) {
		const char *text = size_for(reserve[i], region);

		if (!text)
			continue;
		seen[i] = true;
		if (!parse_size(text, &size))
			return size;
		pr_err("reserve=%s: must be [REGION:]SIZE, skipped\n",
		       reserve[i]);
	}
	return 0;
}

/**
 * keep_report() - log the entries whose region has not existed so far
 */
void keep_report(void)
{
	int i;

	for (i = 0; i < nr_reserves; i++)
		if (!seen[i])
			pr_info("reserve=%s: no such CMA region yet\n",
				reserve[i]);
}
