// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aliases of heaps, for programs that look for fixed names.
 *
 * The kernel's own heap over the default CMA area was called "linux,cma" or
 * "reserved" before 6.17, depending on how it was configured, and "cma" on
 * Rockchip's kernels. Many programs know no other names. names=VENDOR adds the
 * names that a vendor's programs use. The administrator can add others:
 *
 *	alias=NEW=NAME,...
 *
 * A comma in a name is written twice. That needs neither quotes nor backslashes,
 * which shells, modprobe's files and the kernel command line treat differently.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "alias.h"
#include "cma_area.h"
#include "heap.h"

/**
 * struct alias - an additional name
 * @name: the name
 * @target: the name that it stands for
 * @seen: there has been a heap named @target; never reset
 */
struct alias {
	const char *name;
	const char *target;
	bool seen;
};

/* Names for the default CMA area; programs that may fail to sync get its uncached heap. */
#define AREA(name)		name "=" DEFAULT_CMA_NAME
#define AREA_UNCACHED(name)	AREA(name) "-uncached"

/* A name for system memory below 4 GiB. */
#define LOW(name)		name "=system-dma32"

/* In the format of alias=. */
static const char default_aliases[] = AREA("linux,,cma") "," AREA("reserved") "," AREA("cma");

/**
 * struct profile - names that a vendor's programs look for
 * @vendor: value for names=
 * @aliases: the names, in the format of alias=
 */
struct profile {
	const char *vendor;
	const char *aliases;
};

static const struct profile profiles[] = {
	{ "amlogic", AREA_UNCACHED("heap-codecmm") "," AREA_UNCACHED("heap-gfx") ","
		     AREA("heap-cached-codecmm") },
	{ "mediatek", "mtk_mm=system" },
	{ "qualcomm", "qcom,,system=system," AREA("qcom,,display") },
	{ "raspberrypi", AREA("vidbuf_cached") },
	{ "rockchip", LOW("dma32") "," LOW("dma32_heap") ",dma32_uncached=system-uncached-dma32" },
};

static char *alias;
module_param(alias, charp, 0444);
MODULE_PARM_DESC(alias, "additional names for heaps, each as NEW=NAME, e.g. alias=vidbuf_cached=adsp; a comma in a name is written twice (none)");

#define MAX_VENDORS	16
static char *names[MAX_VENDORS];
static unsigned int nr_names;
module_param_array(names, charp, &nr_names, 0444);
MODULE_PARM_DESC(names, "vendors whose programs' heap names are added: amlogic, mediatek, qualcomm, raspberrypi, rockchip (none)");

/* The strings that @aliases points into: alias=, those of vendors, and the defaults. */
static char *pieces[MAX_VENDORS + 2];
static size_t nr_pieces;
static struct alias *aliases;
static size_t nr_aliases;

/* Split the first entry off @text. */
static char *next_entry(char **text)
{
	char *entry = *text, *from = entry, *to = entry;

	for (; *from; from++) {
		if (*from == ',' && *++from != ',')
			break;
		*to++ = *from;
	}
	/* After the comma that ended the entry, or at the end of the string. */
	*text = from;
	*to = '\0';
	return entry;
}

static bool is_alias(const char *name)
{
	size_t i;

	for (i = 0; i < nr_aliases; i++)
		if (!strcmp(aliases[i].name, name))
			return true;
	return false;
}

static int add(const char *name, const char *target, bool seen)
{
	struct alias *more = krealloc(aliases, (nr_aliases + 1) * sizeof(*more), GFP_KERNEL);

	if (!more)
		return -ENOMEM;
	aliases = more;
	aliases[nr_aliases++] = (struct alias) {
		.name = name, .target = target, .seen = seen,
	};
	return 0;
}

/* Unless an entry is @ours, aliases_report() warns if its heap does not exist. */
static int add_entry(char *entry, bool ours)
{
	char *target = strchr(entry, '=');

	if (target)
		*target++ = '\0';
	if (!target || !*target || !name_is_valid(entry)) {
		pr_err("alias=%s%s%s: must be NEW=NAME, with each comma in a name written twice; skipped\n",
		       entry, target ? "=" : "", target ?: "");
		return 0;
	}
	if (!is_alias(entry))
		return add(entry, target, ours);
	/* An entry of the administrator replaces ours, even if its heap is added later. */
	if (!ours)
		pr_err("alias=%s=%s: another entry has this name; skipped\n", entry, target);
	return 0;
}

static int add_entries(const char *entries, bool ours)
{
	char *text = kstrdup(entries, GFP_KERNEL);
	int ret = 0;

	if (!text)
		return -ENOMEM;
	pieces[nr_pieces++] = text;
	while (!ret && *text)
		ret = add_entry(next_entry(&text), ours);
	return ret;
}

static int add_vendor(const char *vendor)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(profiles); i++)
		if (!strcmp(profiles[i].vendor, vendor))
			return add_entries(profiles[i].aliases, true);
	pr_err("names=%s: unknown vendor; skipped\n", vendor);
	return 0;
}

/**
 * aliases_setup() - read the aliases, before the first heap
 *
 * Logs entries of the parameters that are invalid.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int aliases_setup(void)
{
	int ret = add_entries(alias ?: "", false);
	unsigned int i;

	for (i = 0; !ret && i < nr_names; i++)
		ret = add_vendor(names[i]);
	if (!ret)
		ret = add_entries(default_aliases, true);
	if (ret)
		aliases_teardown();
	return ret;
}

/**
 * aliases_teardown() - undo aliases_setup(), after the last heap
 */
void aliases_teardown(void)
{
	kfree(aliases);
	aliases = NULL;
	nr_aliases = 0;
	while (nr_pieces)
		kfree(pieces[--nr_pieces]);
}

/**
 * aliases_report() - log the aliases whose heap does not exist
 *
 * Called after the first search for heaps. A heap that is added later still gets
 * its aliases.
 */
void aliases_report(void)
{
	size_t i;

	for (i = 0; i < nr_aliases; i++)
		if (!READ_ONCE(aliases[i].seen))
			pr_warn("alias=%s=%s: there is no heap %s\n",
				aliases[i].name, aliases[i].target,
				aliases[i].target);
}

/**
 * name_is_valid() - can this be the name of a heap?
 * @name: the name
 *
 * Return: false if it is too long or no file name.
 */
bool name_is_valid(const char *name)
{
	/* The driver core replaces '!' in device names by '/'. */
	return *name && strlen(name) < HEAP_NAME_MAX && *name != '.' &&
	       !strpbrk(name, "/! \t\n");
}

/**
 * walk_aliases() - call a function for each alias of a name
 * @name: a name of a heap, which may itself be an alias
 * @cached: if the heap is an uncached variant, the corresponding name of the cached
 *	heap; or NULL
 * @alone: no heap on the same memory is cached
 * @add: called for each alias; @alias is valid during the call
 * @data: passed on to @add
 *
 * For each alias of a cached heap, the uncached variant gets the alias with
 * "-uncached" appended. Without a cached heap, it gets the alias itself as well.
 */
void walk_aliases(const char *name, const char *cached, bool alone,
		  void (*add)(const char *alias, void *data), void *data)
{
	char twin[HEAP_NAME_MAX + sizeof("-uncached")];
	struct alias *entry;

	for (entry = aliases; entry < aliases + nr_aliases; entry++) {
		bool exact = !strcmp(name, entry->target);

		if (!exact && !(cached && !strcmp(cached, entry->target)))
			continue;
		WRITE_ONCE(entry->seen, true);
		if (!exact) {
			snprintf(twin, sizeof(twin), "%s-uncached", entry->name);
			add(twin, data);
		}
		if (exact || alone)
			add(entry->name, data);
	}
}
