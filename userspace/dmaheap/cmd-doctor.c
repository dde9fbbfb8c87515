// SPDX-License-Identifier: MIT
/* dmaheap doctor */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "finding.h"
#include "tool.h"

#define UNCACHED	"-uncached"
#define DEFAULT_AREA	"default_cma_region"
#define SYSTEM		"system"

/* Names that programs open, and the programs; those of the default CMA area come first. */
static const struct {
	const char *name, *who;
} expected[] = {
	{ "linux,cma", "libcamera, older Kodi, rpicam-apps" },
	{ "reserved", "libcamera, older Kodi" },
	{ DEFAULT_AREA, "programs for kernels since 6.17" },
	{ "cma", "mpp, librga" },
	{ SYSTEM, "Android's allocators, Kodi, mpp, librga" },
};

#define AREA_NAMES	4

static bool exists(const char *name)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", root(), name);
	return !stat(path, &st);
}

static bool heap_exists(const char *name)
{
	struct heap_state state;

	return !heap_read(name, &state);
}

static bool loaded(void)
{
	return exists("/sys/module/contig_heaps");
}

static bool has_device_tree(void)
{
	return exists("/proc/device-tree");
}

/* --- modules */

/* The value of a parameter, to be freed; NULL if it is not set or not readable. */
static char *parameter(const char *name)
{
	char *text = read_file("/sys/module/contig_heaps/parameters/%s", name);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	if (text && (!*text || !strcmp(text, "(null)"))) {
		free(text);
		text = NULL;
	}
	return text;
}

/* Counts as installed if that cannot be determined. */
static bool is_installed(const char *release)
{
	char *text = read_file("/lib/modules/%s/modules.dep", release);
	bool found = !text || strstr(text, "/contig_heaps.ko");

	free(text);
	return found;
}

static bool is_locked_down(void)
{
	char *text = read_file("/sys/kernel/security/lockdown");
	bool locked = text && !strstr(text, "[none]");

	free(text);
	return locked;
}

static void hint_load(void)
{
	struct utsname name;

	if (!uname(&name) && !is_installed(name.release)) {
		advise("contig_heaps is not installed for this kernel; in the project's directory:");
		advise("make && sudo make modules_install");
	}
	if (is_locked_down())
		advise("the kernel is locked down (Secure Boot) and loads signed modules only: mokutil --sb-state");
	advise("sudo modprobe contig_heaps");
	advise("at every boot: echo contig_heaps | sudo tee /etc/modules-load.d/contig_heaps.conf");
}

/* Parameters take effect when the module is loaded. */
static void hint_reload(void)
{
	if (!loaded()) {
		hint_load();
		return;
	}
	advise("then, with no buffer in use:");
	if (exists("/sys/module/pmem_compat"))
		advise("sudo modprobe -r pmem_compat contig_heaps && sudo modprobe contig_heaps && sudo modprobe pmem_compat");
	else
		advise("sudo modprobe -r contig_heaps && sudo modprobe contig_heaps");
}

/* Advise to add an entry to a list, keeping the existing ones. */
static void hint_parameter(const char *name, const char *entry)
{
	char *now = parameter(name);

	advise("echo 'options contig_heaps %s=%s%s%s' | sudo tee -a /etc/modprobe.d/contig_heaps.conf",
	     name, now ? now : "", now ? "," : "", entry);
	if (!strcmp(name, "carveout") && loaded() && geteuid())
		advise("(add the existing carveouts, which only root can see)");
	free(now);
	hint_reload();
}

static void hint_log(void)
{
	advise("if you have configured it, the kernel log says why it was skipped:");
	advise("sudo dmesg | grep -E 'contig[_-]heap'");
}

/* Return the first entry of a list; doubled commas in a name are replaced by single ones. */
static char *next_entry(char **rest)
{
	char *entry = *rest, *from = entry, *to = entry;

	for (; *from; from++) {
		if (*from == ',' && *++from != ',')
			break;
		*to++ = *from;
	}
	*rest = from;
	*to = '\0';
	return entry;
}

static bool either_exists(const char *name)
{
	char uncached[300];

	snprintf(uncached, sizeof(uncached), "%s" UNCACHED, name);
	return heap_exists(name) || heap_exists(uncached);
}

/* The module ignores an alias= that is misspelt or names no heap. */
static void check_aliases(void)
{
	char *text = parameter("alias"), *rest = text;

	while (rest && *rest) {
		char *entry = next_entry(&rest), *heap = strchr(entry, '=');

		if (!heap) {
			problem("alias=%s has no effect: it is not NEW=NAME", entry);
			advise("if a name contains a comma, write the comma twice");
			continue;
		}
		*heap++ = '\0';
		if (either_exists(entry))
			continue;
		if (either_exists(heap))
			problem("alias=%s=%s has no effect", entry, heap);
		else
			problem("alias=%s=%s has no effect: there is no heap \"%s\"", entry, heap,
				heap);
		hint_log();
	}
	free(text);
}

static void check_modules(void)
{
	struct utsname name;

	if (!uname(&name))
		note("Linux %s on %s", name.release, name.machine);
	if (loaded()) {
		good("contig_heaps is loaded");
		check_aliases();
	} else if (exists("/dev/dma_heap")) {
		note("contig_heaps is not loaded: only the kernel's own heaps are available");
		hint_load();
	} else {
		problem("there is no /dev/dma_heap: the kernel has no heaps, and contig_heaps is not loaded");
		hint_load();
	}
	if (exists("/sys/class/contig_heap"))
		note("the kernel has its own heaps; the heaps of contig_heaps have the class contig_heap");
	if (exists("/sys/kernel/pmem_regions"))
		good("pmem_compat is loaded");
	else
		note("pmem_compat is not loaded; only clients of /dev/pmem need it");
	if (exists("/dev/udmabuf"))
		note("/dev/udmabuf exists; some programs use it if they find no heap");
}

/* --- existing heaps */

/* The state of a heap: one of these, or the negative errno of opening it. */
enum { USABLE, CLOSED, FULL, SCATTERED };

static int examine(const struct heap_state *state)
{
	struct dmaheap *heap;
	int ret;

	if (!state->openable)
		return CLOSED;
	ret = dmaheap_open(state->name, &heap);
	if (ret)
		return ret;
	dmaheap_unref(heap);
	if (state->ours && !state->free)
		return FULL;
	return state->ours && state->fragmentation > 75 ? SCATTERED : USABLE;
}

/* Is the user currently in the group? */
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

static void hint_access(const struct heap_state *state)
{
	static const char *const folders[] = { "/etc", "/usr/lib", "/lib" };
	char group[64], rules[64];
	size_t i;

	if ((state->mode & 060) == 060 && state->gid) {
		if (!in_group(state->gid))
			advise("sudo usermod -aG %s $USER, and log in again",
			     group_name(state->gid, group, sizeof(group)));
		return;
	}
	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(rules, sizeof(rules), "%s/udev/rules.d/60-pmem-heaps.rules", folders[i]);
		if (exists(rules))
			break;
	}
	if (i < ARRAY_SIZE(folders)) {
		advise("%s exists, but was not applied:", rules);
	} else {
		advise("no group has access; put this into /etc/udev/rules.d/61-dma-heaps.rules:");
		advise("SUBSYSTEM==\"dma_heap\", GROUP=\"video\", MODE=\"0660\"");
		advise("SUBSYSTEM==\"contig_heap\", GROUP=\"video\", MODE=\"0660\"");
		advise("and apply it:");
	}
	advise("sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=dma_heap --subsystem-match=contig_heap");
}

static void report_problem(const struct heap_state *state, int verdict, const char *names)
{
	char group[64];

	switch (verdict) {
	case CLOSED:
		problem("%s: you cannot open it (mode %04o, user %u, group %s)", names,
			(unsigned int)state->mode, (unsigned int)state->uid,
			group_name(state->gid, group, sizeof(group)));
		hint_access(state);
		break;
	case FULL:
		problem("%s: no memory is free (\"dmaheap buffers\" shows the processes that hold it)", names);
		break;
	case SCATTERED:
		problem("%s: the free memory is in small pieces (\"dmaheap map %s\" shows them)",
			names, state->name);
		break;
	default:
		problem("%s: cannot be opened: %s", names, dmaheap_strerror(verdict));
	}
}

static bool same_problem(const struct heap_state *a, const struct heap_state *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid;
}

/* Report a problem of several heaps only once. */
static void check_heaps(const struct heap_state *states, size_t count)
{
	int *verdicts = calloc(count, sizeof(*verdicts));
	char *names = malloc(count * (sizeof(states->name) + 2));
	size_t i, j;

	for (i = 0; verdicts && names && i < count; i++) {
		verdicts[i] = examine(&states[i]);
		if (verdicts[i] == USABLE)
			good("%s can be used", states[i].name);
	}
	for (i = 0; verdicts && names && i < count; i++) {
		int verdict = verdicts[i];
		char *end = names;

		if (verdict == USABLE)
			continue;
		for (j = i; j < count; j++) {
			if (verdicts[j] != verdict || !same_problem(&states[i], &states[j]))
				continue;
			end += sprintf(end, "%s%s", end == names ? "" : ", ", states[j].name);
			verdicts[j] = USABLE;
		}
		report_problem(&states[i], verdict, names);
	}
	free(names);
	free(verdicts);
}

/* --- missing heaps */

static bool is_area_name(const char *name)
{
	size_t i;

	for (i = 0; i < AREA_NAMES; i++)
		if (!strcmp(name, expected[i].name))
			return true;
	return false;
}

static bool is_off(const char *name)
{
	char *value = parameter(name);
	bool off = value && !strcmp(value, "N");

	free(value);
	return off;
}

static void hint_switch_on(const char *name)
{
	advise("contig_heaps was loaded with %s=N: remove that from /etc/modprobe.d and from the kernel's",
	     name);
	advise("command line");
	hint_reload();
}

/* Explain why the heaps of the default CMA area are missing. */
static void hint_area(void)
{
	char *memory = read_file("/proc/meminfo");
	const char *line = memory ? strstr(memory, "CmaTotal:") : NULL;

	if (is_off("cma")) {
		hint_switch_on("cma");
	} else if (memory && !line) {
		advise("this kernel has no CMA (CONFIG_CMA)");
	} else if (memory && !strtoul(line + strlen("CmaTotal:"), NULL, 10)) {
		advise("the kernel has no CMA area: add cma=64M to its command line, and reboot. With GRUB, that is");
		advise("GRUB_CMDLINE_LINUX in /etc/default/grub, followed by: sudo update-grub");
		if (!loaded())
			hint_load();
	} else if (!loaded()) {
		hint_load();
	} else {
		hint_log();
	}
	free(memory);
}

static void check_area_names(const struct heap_state *states, size_t count)
{
	size_t i, found = 0;

	for (i = 0; i < AREA_NAMES; i++)
		found += !!heap_find(states, count, expected[i].name);
	if (!found && loaded()) {
		problem("no heap \"linux,cma\", \"reserved\" or \"" DEFAULT_AREA "\" (needed by %s)",
			expected[0].who);
		hint_area();
	}
	for (i = 0; found && i < AREA_NAMES; i++)
		if (!heap_find(states, count, expected[i].name))
			note("no heap named \"%s\" (needed by %s)", expected[i].name,
			     expected[i].who);
}

static bool is_system_name(const char *name)
{
	return !strncmp(name, SYSTEM, strlen(SYSTEM));
}

/* Explain why the heaps of system memory are missing. */
static void hint_system(void)
{
	if (!loaded())
		hint_load();
	else if (is_off("system"))
		hint_switch_on("system");
	else
		hint_log();
}

static void check_names(const struct heap_state *states, size_t count)
{
	size_t i;

	check_area_names(states, count);
	for (i = AREA_NAMES; i < ARRAY_SIZE(expected); i++) {
		if (heap_find(states, count, expected[i].name))
			continue;
		note("no heap named \"%s\" (needed by %s)", expected[i].name, expected[i].who);
		hint_system();
	}
}

/* Is this the missing variant of an existing heap? */
static bool is_other_variant(const char *name)
{
	size_t len = strlen(name), end = strlen(UNCACHED);
	char other[300];

	if (len > end && !strcmp(name + len - end, UNCACHED)) {
		snprintf(other, sizeof(other), "%.*s", (int)(len - end), name);
		if (!heap_exists(other))
			return false;
		advise("it exists only as \"%s\": this machine can only map that memory cached", other);
		return true;
	}
	snprintf(other, sizeof(other), "%s" UNCACHED, name);
	if (!heap_exists(other))
		return false;
	advise("it exists only as \"%s\", because its memory is no-map: use that name", other);
	return true;
}

/* The user must complete this, because the right heap is unknown. */
static void hint_alias(const char *name)
{
	char entry[600], *end = entry;

	for (; *name; name++) {
		if (*name == ',')
			*end++ = ',';
		*end++ = *name;
	}
	strcpy(end, "=HEAP");
	hint_parameter("alias", entry);
}

static void hint_name(const char *name)
{
	char entry[300];

	if (has_device_tree()) {
		advise("in the device tree: a node with compatible = \"linux,contig-heap\", label = \"%s\" and",
		     name);
		advise("memory-region = <&...>, which points to a node under /reserved-memory");
	}
	/* alias= supports commas in names, carveout= does not. */
	if (strchr(name, ',')) {
		advise("as an additional name of an existing heap:");
		hint_alias(name);
		return;
	}
	advise("as a carveout of 16 MiB:");
	snprintf(entry, sizeof(entry), "%s:16M", name);
	hint_parameter("carveout", entry);
}

static int diagnose_missing(const char *name)
{
	problem("no heap named \"%s\"", name);
	if (is_other_variant(name))
		return MISSING;
	check_aliases();
	if (is_area_name(name)) {
		hint_area();
		return MISSING;
	}
	if (is_system_name(name) && !heap_exists(SYSTEM)) {
		hint_system();
		return MISSING;
	}
	hint_name(name);
	if (loaded())
		hint_log();
	return MISSING;
}

static int check_one(const char *name)
{
	struct heap_state state;
	int ret = heap_read(name, &state);

	if (ret == -ENOENT)
		return diagnose_missing(name);
	if (ret)
		return fail(ret, "%s", name);
	check_heaps(&state, 1);
	return problems() ? FAILED : OK;
}

static int check_all(bool json)
{
	struct heap_state *states;
	size_t count;
	int ret;

	check_modules();
	ret = heaps_read(&states, &count);
	if (ret && ret != -ENOENT)
		return fail(ret, "cannot list heaps");
	if (!ret) {
		if (!count)
			problem("/dev/dma_heap is empty");
		check_heaps(states, count);
		check_names(states, count);
		free(states);
	}
	if (geteuid())
		note("only root can see buffer offsets and other users' processes");
	else if (!exists("/sys/kernel/debug/contig_heaps") && loaded())
		note("debugfs is not mounted: mount -t debugfs debugfs /sys/kernel/debug");
	if (!json)
		printf("%u problem%s\n", problems(), problems() == 1 ? "" : "s");
	return problems() ? FAILED : OK;
}

static int run(int argc, char **argv)
{
	bool json = false;
	int ret = plain_options(argc, argv, &json);

	if (ret != GO_ON)
		return ret;
	if (optind + 1 < argc)
		return usage("at most one heap is expected");
	findings_begin(json);
	ret = optind < argc ? check_one(argv[optind]) : check_all(json);
	findings_end();
	return ret;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "check heaps and say what to do",
	.help =
"Usage: dmaheap doctor [--json] [HEAP]\n\n"
"Check modules, parameters, nodes, names and permissions; say what is wrong and what to do about\n"
"it. With HEAP, say why that heap cannot be used. Nothing is changed. Run it as the user who has\n"
"the problem. The exit status is 0 if there is no problem.\n\n"
"  -j, --json  print JSON: the kind, text and advice of each finding\n"
"  -h, --help  this text\n",
	.run = run,
};
