// SPDX-License-Identifier: MIT
/* dmaheap doctor */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tool.h"

/* Names that programs look for, and which. */
static const struct {
	const char *name, *who;
} expected[] = {
	{ "linux,cma", "libcamera, Kodi, rpicam-apps" },
	{ "reserved", "libcamera, Kodi" },
	{ "default_cma_region", "programs for kernels since 6.17" },
};

static unsigned int problems;

static void good(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define SAY(prefix)						\
	do {							\
		va_list args;					\
								\
		fputs(prefix, stdout);				\
		va_start(args, format);				\
		vprintf(format, args);				\
		va_end(args);					\
		putchar('\n');					\
	} while (0)

static void good(const char *format, ...)
{
	SAY("ok       ");
}

static void note(const char *format, ...)
{
	SAY("note     ");
}

static void problem(const char *format, ...)
{
	SAY("PROBLEM  ");
	problems++;
}

static void hint(const char *format, ...)
{
	SAY("         ");
}

static bool exists(const char *name)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", root(), name);
	return !stat(path, &st);
}

static void check_modules(void)
{
	struct utsname name;
	bool loaded = exists("/sys/module/contig_heaps");

	if (!uname(&name))
		note("Linux %s on %s", name.release, name.machine);
	if (loaded) {
		good("contig_heaps is loaded");
	} else if (exists("/dev/dma_heap")) {
		note("contig_heaps is not loaded: there are the kernel's own heaps only");
		hint("modprobe contig_heaps, for carveouts and contiguous memory");
	} else {
		problem("there is no /dev/dma_heap: the kernel has no heaps, and contig_heaps is not loaded");
		hint("modprobe contig_heaps; at every boot: echo contig_heaps >/etc/modules-load.d/contig_heaps.conf");
	}
	if (exists("/sys/class/contig_heap"))
		note("the kernel has heaps of its own; those of contig_heaps have the class contig_heap");
	if (exists("/sys/kernel/pmem_regions"))
		good("pmem_compat is loaded");
	else
		note("pmem_compat is not loaded; only clients of /dev/pmem need it");
	if (exists("/dev/udmabuf"))
		note("there is /dev/udmabuf, which some programs take when they find no heap");
}

/* Is the user in the group, now? */
static bool in_group(gid_t gid)
{
	int count = getgroups(0, NULL), i;
	gid_t *groups = count > 0 ? calloc(count, sizeof(*groups)) : NULL;
	bool found = getegid() == gid;

	if (groups)
		count = getgroups(count, groups);
	for (i = 0; groups && i < count; i++)
		found |= groups[i] == gid;
	free(groups);
	return found;
}

static void why_not_openable(const struct heap_state *state)
{
	char group[64];

	group_name(state->gid, group, sizeof(group));
	problem("%s: you may not open it (mode %04o, user %u, group %s)", state->name,
		(unsigned int)state->mode, (unsigned int)state->uid, group);
	if ((state->mode & 060) != 060 || !state->gid) {
		hint("no group may use it; in /etc/udev/rules.d/60-pmem-heaps.rules:");
		hint("SUBSYSTEM==\"dma_heap\", GROUP=\"video\", MODE=\"0660\"");
		hint("SUBSYSTEM==\"contig_heap\", GROUP=\"video\", MODE=\"0660\"");
		hint("then: udevadm control --reload && udevadm trigger --subsystem-match=dma_heap --subsystem-match=contig_heap");
	} else if (!in_group(state->gid)) {
		hint("usermod -aG %s USER, and log in again", group);
	}
}

static void check_heap(const struct heap_state *state)
{
	struct dmaheap *heap;
	int ret;

	if (!state->openable) {
		why_not_openable(state);
		return;
	}
	ret = dmaheap_open(state->name, &heap);
	if (ret) {
		problem("%s: cannot be opened: %s", state->name, dmaheap_strerror(ret));
		return;
	}
	dmaheap_unref(heap);
	if (state->ours && !state->free)
		problem("%s: all of its memory is in use (\"dmaheap buffers\" tells by whom)",
			state->name);
	else if (state->ours && state->fragmentation > 75)
		problem("%s: its free memory is in small pieces (\"dmaheap map %s\" shows them)",
			state->name, state->name);
	else
		good("%s can be used", state->name);
}

static void check_names(const struct heap_state *states, size_t count)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		if (heap_find(states, count, expected[i].name))
			continue;
		note("there is no heap \"%s\", which is what is looked for by: %s",
		     expected[i].name, expected[i].who);
		hint("it comes with the kernel's default CMA area (cma=64M on the kernel's command line),");
		hint("or give a heap that name: modprobe contig_heaps alias=NEW=HEAP");
	}
}

/* Why a heap is not there. */
static int diagnose_missing(const char *name)
{
	if (strchr(name, ','))
		hint("a name with a comma can be no alias= of contig_heaps");
	hint("by device tree: a node with compatible = \"linux,contig-heap\", label = \"%s\" and",
	     name);
	hint("memory-region = <&...>, which points into /reserved-memory;");
	hint("without one: modprobe contig_heaps carveout=%s:16M", name);
	hint("if it is configured already, the kernel's log tells why it was skipped: dmesg | grep contig_heaps");
	return MISSING;
}

static int check_one(const char *name)
{
	struct heap_state state;
	int ret = heap_read(name, &state);

	if (ret == -ENOENT) {
		problem("%s: %s", name, dmaheap_strerror(ret));
		return diagnose_missing(name);
	}
	if (ret)
		return fail(ret, "%s", name);
	check_heap(&state);
	return problems ? FAILED : OK;
}

static int check_all(void)
{
	struct heap_state *states;
	size_t count, i;
	int ret;

	check_modules();
	ret = heaps_read(&states, &count);
	if (ret && ret != -ENOENT)
		return fail(ret, "cannot look for heaps");
	if (!ret) {
		if (!count)
			problem("/dev/dma_heap is empty");
		for (i = 0; i < count; i++)
			check_heap(&states[i]);
		check_names(states, count);
		free(states);
	}
	if (geteuid())
		note("places of buffers and other users' processes are for root to see");
	else if (!exists("/sys/kernel/debug/contig_heaps") && exists("/sys/module/contig_heaps"))
		note("debugfs is not mounted: mount -t debugfs debugfs /sys/kernel/debug");
	printf("%u problem%s\n", problems, problems == 1 ? "" : "s");
	return problems ? FAILED : OK;
}

static int run(int argc, char **argv)
{
	int ret = plain_options(argc, argv, NULL);

	if (ret != GO_ON)
		return ret;
	if (optind + 1 < argc)
		return usage("one heap at most is expected");
	return optind < argc ? check_one(argv[optind]) : check_all();
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "what this kernel offers, and what is wrong",
	.help =
"Usage: dmaheap doctor [HEAP]\n\n"
"Look at modules, nodes, names and permissions, and say what is wrong and what to do about it;\n"
"with a HEAP, why that one cannot be used. Nothing is changed. Run it as the user in question.\n"
"The status is 0 if there is no problem.\n\n"
"  -h, --help  this text\n",
	.run = run,
};
