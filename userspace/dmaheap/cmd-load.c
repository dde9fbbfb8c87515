// SPDX-License-Identifier: MIT
/* dmaheap load, dmaheap store */
#include <errno.h>
#include <getopt.h>
#include <sys/stat.h>

#include "tool.h"

/*
 * Returns the index of the first argument that is not an option; 0 for a bad option, -1 for help.
 */
static int direct_option(int argc, char **argv, bool *direct)
{
	static const struct option options[] = {
		{ "direct", no_argument, NULL, 'D' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "+Dh", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		if (c != 'D')
			return 0;
		*direct = true;
	}
	return optind;
}

static int load(const char *name, const char *path, bool direct, char **program)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_buffer *buffer;
	struct dmaheap *heap;
	struct stat file;
	int ret;

	if (stat(path, &file))
		return fail(-errno, "%s", path);
	if (!S_ISREG(file.st_mode) || !file.st_size)
		return fail(0, "%s: not a file with a size", path);
	ret = dmaheap_open(name, &heap);
	if (ret)
		return fail(ret, "%s", name);
	ret = dmaheap_alloc(heap, file.st_size, &options, &buffer);
	dmaheap_unref(heap);
	if (ret) {
		int status = fail(ret, "%s: %llu bytes", name, (unsigned long long)file.st_size);

		explain_refusal(ret, name, file.st_size, &options);
		return status;
	}
	ret = load_contents(path, direct, buffer);
	if (!ret && *program)
		ret = run_program(program, buffer);
	else if (!ret)
		hold(buffer);
	dmaheap_buffer_unref(buffer);
	return ret;
}

static int run_load(int argc, char **argv)
{
	bool direct = false;
	int first = direct_option(argc, argv, &direct);

	if (first < 0)
		return show_help();
	if (!first || first + 2 > argc)
		return usage("a heap and a file are expected");
	return load(argv[first], argv[first + 1], direct, argv + first + 2);
}

static int run_store(int argc, char **argv)
{
	struct dmaheap_buffer *buffer;
	bool direct = false;
	unsigned long fd;
	int first = direct_option(argc, argv, &direct), ret;

	if (first < 0)
		return show_help();
	if (!first || first + 2 != argc)
		return usage("a file descriptor and a file are expected");
	if (!parse_number(argv[first], INT32_MAX, &fd))
		return usage("\"%s\" is not a file descriptor", argv[first]);
	ret = dmaheap_buffer_import(NULL, fd, &buffer);
	if (ret)
		return fail(ret, "file descriptor %lu", fd);
	ret = store_contents(argv[first + 1], direct, buffer);
	dmaheap_buffer_unref(buffer);
	return ret;
}

const struct command cmd_load = {
	.name = "load",
	.summary = "load a file into a buffer of its size",
	.help =
"Usage: dmaheap load [OPTION]... HEAP FILE [PROGRAM [ARGUMENT]...]\n\n"
"Allocate a buffer as large as FILE and load FILE into it, without a copy in between. Then run\n"
"PROGRAM, which inherits the dma-buf as the file descriptor in $DMAHEAP_FD, or hold the buffer until\n"
"there is a line, or the end, of standard input.\n\n"
"  -D, --direct  bypass the page cache: the disk writes to the buffer by DMA\n"
"  -h, --help    this text\n",
	.run = run_load,
};

const struct command cmd_store = {
	.name = "store",
	.summary = "write a buffer to a file",
	.help =
"Usage: dmaheap store [OPTION]... FD FILE\n\n"
"Write the whole buffer with the inherited file descriptor FD, such as $DMAHEAP_FD, to FILE; - is\n"
"standard output.\n\n"
"  -D, --direct  bypass the page cache\n"
"  -h, --help    this text\n",
	.run = run_store,
};
