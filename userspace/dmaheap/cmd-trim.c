// SPDX-License-Identifier: MIT
/* dmaheap trim */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

/* Find the heap's file in either class; false if there is none that is writable. */
static bool find_file(const char *heap, char *path, size_t len)
{
	static const char *const classes[] = { "dma_heap", "contig_heap" };
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		snprintf(path, len, "%s/sys/class/%s/%s/held", root(), classes[i], heap);
		if (!stat(path, &st))
			return st.st_mode & 0222;
	}
	return false;
}

/* Returns 0 or a negative errno. */
static int write_size(const char *path, uint64_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = dprintf(fd, "%llu\n", (unsigned long long)size) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int trim(const char *heap, uint64_t size)
{
	struct heap_state before, after;
	char path[4096], gone[32], held[32];
	int ret = heap_read(heap, &before);

	if (ret)
		return fail(ret, "%s", heap);
	if (!before.ours)
		return fail(-EOPNOTSUPP, "%s", heap);
	if (!find_file(heap, path, sizeof(path)))
		return fail(0, "%s: its memory is of the kind \"%s\", which cannot go back to the kernel",
			    heap, before.kind), UNSUPPORTED;
	ret = write_size(path, size);
	if (!ret)
		ret = heap_read(heap, &after);
	if (ret)
		return fail(ret, "%s: cannot return memory", heap);
	printf("%s returned to the kernel, %s still held\n",
	       size_text(before.held > after.held ? before.held - after.held : 0, gone,
			 sizeof(gone)),
	       size_text(after.held, held, sizeof(held)));
	return OK;
}

static int run(int argc, char **argv)
{
	uint64_t size = 0;
	int ret = plain_options(argc, argv, NULL);

	if (ret != GO_ON)
		return ret;
	if (optind + 1 != argc && optind + 2 != argc)
		return usage("HEAP [SIZE] is expected");
	if (optind + 2 == argc && !parse_size(argv[optind + 1], &size))
		return usage("bad size \"%s\"", argv[optind + 1]);
	return trim(argv[optind], size);
}

const struct command cmd_trim = {
	.name = "trim",
	.summary = "return free memory to the kernel",
	.help =
"Usage: dmaheap trim HEAP [SIZE]\n\n"
"Return free memory that the heap holds to the kernel, until at most SIZE is held; 0 by default. A\n"
"reserve is kept. This works for heaps of CMA areas and of system memory, and only for root.\n\n"
"  -h, --help  this text\n",
	.run = run,
};
