// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carveouts from a module parameter:
 *
 *	carveout=NAME:SIZE[@BASE][:quantum=BYTES],...
 *
 * With a base, the memory must be kept from the kernel by other means: a node
 * under /reserved-memory, or mem= or memmap= on the command line. Without one,
 * it is allocated from the running kernel.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "bytes.h"
#include "carveout.h"
#include "heap.h"
#include "sources.h"
#include "pair.h"

#define MAX_CARVEOUTS	16

static char *carveout[MAX_CARVEOUTS];
static int nr_carveouts;
module_param_array(carveout, charp, &nr_carveouts, 0400);
MODULE_PARM_DESC(carveout, "carveouts, each as NAME:SIZE[@BASE][:quantum=BYTES] (none)");

/**
 * struct carveout_param - one entry of the parameter
 * @name: its name
 * @size: bytes
 * @base: physical address, if @fixed
 * @quantum: bytes
 * @fixed: a base was given
 */
struct carveout_param {
	char name[HEAP_NAME_MAX];
	u64 size;
	u64 base;
	u64 quantum;
	bool fixed;
};

static int parse(const char *text, struct carveout_param *param)
{
	const char *pos = strchr(text, ':');

	if (!pos || pos == text || pos - text >= sizeof(param->name))
		return -EINVAL;
	memcpy(param->name, text, pos - text);
	param->quantum = PAGE_SIZE;

	if (bytes_parse(pos + 1, &param->size, &pos))
		return -EINVAL;
	if (*pos == '@') {
		param->fixed = true;
		if (bytes_parse(pos + 1, &param->base, &pos))
			return -EINVAL;
	}
	if (str_has_prefix(pos, ":quantum=") &&
	    bytes_parse(pos + strlen(":quantum="), &param->quantum, &pos))
		return -EINVAL;
	return *pos ? -EINVAL : 0;
}

static struct region *create_region(const struct carveout_param *param)
{
	if (!param->fixed)
		return carveout_create_anywhere(param->name, param->size,
						param->quantum);
	/* 32-bit kernels have smaller addresses. */
	if (param->base > PHYS_ADDR_MAX) {
		pr_err("%s: the range exceeds the address space\n", param->name);
		return ERR_PTR(-EINVAL);
	}
	return carveout_create(param->name, param->base, param->size,
			       param->quantum, NULL);
}

static void add_one(const char *text, struct list_head *list)
{
	struct carveout_param param = {};
	int ret;

	if (parse(text, &param)) {
		pr_err("carveout=%s: must be NAME:SIZE[@BASE][:quantum=BYTES], skipped\n",
		       text);
		return;
	}
	ret = pair_add(create_region(&param), param.name, list);
	if (ret)
		pr_err("carveout=%s: skipped, error %pe\n", text, ERR_PTR(ret));
}

/**
 * carveout_params_add() - add the carveouts of the parameter
 * @list: their pairs are added here; entries that fail are skipped
 *
 * Context: may sleep.
 */
void carveout_params_add(struct list_head *list)
{
	int i;

	for (i = 0; i < nr_carveouts; i++)
		add_one(carveout[i], list);
}
