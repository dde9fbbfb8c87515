// SPDX-License-Identifier: GPL-2.0-only
/*
 * Further names for heaps, because programs look for fixed ones.
 *
 * The default CMA area was called "linux,cma" or "reserved" by the kernel's own
 * heap before 6.17, depending on how it was configured, and many programs know
 * no other names. Anything else is for the administrator to say.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/string.h>

#include "alias.h"
#include "heap.h"

#define MAX_ALIASES	16

static const char * const default_cma_aliases[] = { "linux,cma", "reserved" };

static char *alias[MAX_ALIASES];
static int nr_aliases;
module_param_array(alias, charp, &nr_aliases, 0444);
MODULE_PARM_DESC(alias, "further names for heaps, each as NEW=HEAP, e.g. alias=vidbuf_cached=adsp (none)");

/**
 * aliases_check() - look at what the administrator wrote
 *
 * Return: 0 or -EINVAL.
 */
int aliases_check(void)
{
	int i;

	for (i = 0; i < nr_aliases; i++) {
		const char *heap = strchr(alias[i], '=');

		if (!heap || heap == alias[i] || !heap[1] ||
		    heap - alias[i] >= HEAP_NAME_MAX) {
			pr_err("alias=%s: has to be NEW=HEAP\n", alias[i]);
			return -EINVAL;
		}
	}
	return 0;
}

/**
 * walk_aliases() - go through the further names of a heap
 * @name: name of the heap
 * @add: called for each of them; @alias is valid during the call
 * @data: passed on to @add
 */
void walk_aliases(const char *name,
		  void (*add)(const char *alias, void *data), void *data)
{
	char buf[HEAP_NAME_MAX];
	int i;

	if (!strcmp(name, DEFAULT_CMA_NAME))
		for (i = 0; i < ARRAY_SIZE(default_cma_aliases); i++)
			add(default_cma_aliases[i], data);

	for (i = 0; i < nr_aliases; i++) {
		size_t len = strchr(alias[i], '=') - alias[i];

		if (strcmp(alias[i] + len + 1, name))
			continue;
		memcpy(buf, alias[i], len);
		buf[len] = '\0';
		add(buf, data);
	}
}
