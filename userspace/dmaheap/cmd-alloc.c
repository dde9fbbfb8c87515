// SPDX-License-Identifier: MIT
/* dmaheap alloc */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

#define MAX_HEAPS	16
/* Maximum length of a buffer's name in bytes, as in the kernel. */
#define MAX_NAME	31

/**
 * struct job - what to do with the buffer
 * @options: how to allocate it
 * @heaps: heaps to try, in this order; ends with NULL
 * @nr_others: number of heaps after the first one
 * @fill: write @value to all of it
 * @value: a byte
 * @input: file to load its contents from, or NULL
 * @output: file to store its contents in, or NULL
 * @direct: bypass the page cache for both files
 * @pmem: legacy node; make the buffer the allocation of a file of it, or NULL
 * @dump: number of bytes to dump
 * @hold: keep it until a line or the end of standard input
 */
struct job {
	struct dmaheap_options options;
	const char *heaps[MAX_HEAPS + 1];
	unsigned int nr_others;
	bool fill;
	unsigned char value;
	const char *input, *output, *pmem;
	bool direct;
	uint64_t dump;
	bool hold;
};

static void dump(const unsigned char *data, uint64_t len)
{
	uint64_t line;
	unsigned int i;

	for (line = 0; line < len; line += 16) {
		printf("%08llx ", (unsigned long long)line);
		for (i = 0; i < 16; i++)
			if (line + i < len)
				printf(" %02x", data[line + i]);
			else
				fputs("   ", stdout);
		fputs("  |", stdout);
		for (i = 0; i < 16 && line + i < len; i++)
			putchar(isprint(data[line + i]) ? data[line + i] : '.');
		puts("|");
	}
}

static int change_contents(const struct job *job, struct dmaheap_buffer *buffer)
{
	struct dmaheap_access access;
	int ret;

	if (job->fill) {
		ret = dmaheap_access_begin(buffer, 0, 0, DMAHEAP_WRITE, &access);
		if (ret)
			return fail(ret, "cannot write to the buffer");
		memset(access.data, job->value, access.len);
		ret = dmaheap_access_end(&access);
		if (ret)
			return fail(ret, "cannot write to the buffer");
	}
	return job->input ? load_contents(job->input, job->direct, buffer) : OK;
}

static int show_contents(const struct job *job, struct dmaheap_buffer *buffer)
{
	struct dmaheap_access access;
	int ret;

	if (job->dump) {
		ret = dmaheap_access_begin(buffer, 0, 0, DMAHEAP_READ, &access);
		if (ret)
			return fail(ret, "cannot read the buffer");
		dump(access.data, job->dump < access.len ? job->dump : access.len);
		dmaheap_access_end(&access);
	}
	return job->output ? store_contents(job->output, job->direct, buffer) : OK;
}

/* Open a PMEM file that shares the memory, until the tool exits. */
static int give_to_pmem(const char *node, struct dmaheap_buffer *buffer)
{
	char path[256];
	int fd, ret;

	if (strchr(node, '/'))
		return usage("--pmem takes the name of a node");
	snprintf(path, sizeof(path), "/dev/%s", node);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail(-errno, "%s", path);
	ret = dmaheap_buffer_export_pmem(buffer, fd);
	return ret ? fail(ret, "%s", path) : OK;
}

static int use(const struct job *job, struct dmaheap_buffer *buffer, char **program)
{
	int ret = change_contents(job, buffer);

	if (!ret && job->pmem)
		ret = give_to_pmem(job->pmem, buffer);
	if (!ret && job->hold)
		hold(buffer);
	if (!ret && *program)
		ret = run_program(program, buffer);
	if (!ret)
		ret = show_contents(job, buffer);
	return ret;
}

static int parse(int argc, char **argv, struct job *job)
{
	static const struct option options[] = {
		{ "align", required_argument, NULL, 'a' },
		{ "cached", no_argument, NULL, 'c' },
		{ "uncached", no_argument, NULL, 'u' },
		{ "or", required_argument, NULL, 'O' },
		{ "name", required_argument, NULL, 'n' },
		{ "fill", required_argument, NULL, 'f' },
		{ "input", required_argument, NULL, 'i' },
		{ "output", required_argument, NULL, 'o' },
		{ "direct", no_argument, NULL, 'D' },
		{ "dump", optional_argument, NULL, 'd' },
		{ "pmem", required_argument, NULL, 'p' },
		{ "hold", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long byte;
	int c;

	/* Do not parse options of the program. */
	while ((c = getopt_long(argc, argv, "+a:cuO:n:f:i:o:Dd::p:wh", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			if (!parse_size(optarg, &job->options.align) || !job->options.align ||
			    job->options.align & (job->options.align - 1))
				return usage("--align takes a power of two");
			break;
		case 'c':
			job->options.flags |= DMAHEAP_ALLOC_CACHED;
			break;
		case 'u':
			job->options.flags |= DMAHEAP_ALLOC_UNCACHED;
			break;
		case 'O':
			if (job->nr_others + 1 == MAX_HEAPS)
				return usage("at most %d heaps can be tried", MAX_HEAPS);
			job->heaps[++job->nr_others] = optarg;
			break;
		case 'n':
			if (strlen(optarg) > MAX_NAME)
				return usage("--name takes at most %d bytes", MAX_NAME);
			job->options.name = optarg;
			break;
		case 'f':
			if (!parse_number(optarg, 255, &byte))
				return usage("--fill takes a byte, 0 to 255");
			job->fill = true;
			job->value = byte;
			break;
		case 'i':
			job->input = optarg;
			break;
		case 'o':
			job->output = optarg;
			break;
		case 'D':
			job->direct = true;
			break;
		case 'd':
			job->dump = 256;
			if (optarg && (!parse_size(optarg, &job->dump) || !job->dump))
				return usage("--dump takes a size");
			break;
		case 'p':
			job->pmem = optarg;
			break;
		case 'w':
			job->hold = true;
			break;
		case 'h':
			return -1;
		default:
			return bad_option();
		}
	}
	if ((job->options.flags & (DMAHEAP_ALLOC_CACHED | DMAHEAP_ALLOC_UNCACHED)) ==
	    (DMAHEAP_ALLOC_CACHED | DMAHEAP_ALLOC_UNCACHED))
		return usage("--cached and --uncached exclude each other");
	if (optind + 2 > argc)
		return usage("a heap and a size are expected");
	job->heaps[0] = argv[optind];
	return OK;
}

/* SIZE, or the size of the input file. */
static int find_size(const char *text, const char *input, uint64_t *size)
{
	struct stat file;

	if (strcmp(text, "-")) {
		if (!parse_size(text, size) || !*size)
			return usage("\"%s\" is not a size", text);
		return OK;
	}
	if (!input)
		return usage("a size of - needs --input");
	if (strcmp(input, "-") ? stat(input, &file) : fstat(STDIN_FILENO, &file))
		return fail(-errno, "%s", input);
	if (!S_ISREG(file.st_mode) || !file.st_size)
		return fail(0, "%s: not a file with a size", input);
	*size = file.st_size;
	return OK;
}

static int refused(int error, const struct job *job, uint64_t size)
{
	int status = fail(error, "%s%s: %llu bytes", job->heaps[0],
			  job->nr_others ? " and the others" : "", (unsigned long long)size);

	if (!job->nr_others)
		explain_refusal(error, job->heaps[0], size, &job->options);
	return status;
}

static int run(int argc, char **argv)
{
	struct job job = { .options = DMAHEAP_OPTIONS_INIT };
	struct dmaheap_buffer *buffer;
	struct dmaheap *heap;
	char **program;
	uint64_t size;
	int ret = parse(argc, argv, &job);

	if (ret)
		return ret < 0 ? show_help() : ret;
	ret = find_size(argv[optind + 1], job.input, &size);
	if (ret)
		return ret;
	ret = dmaheap_alloc_first(job.heaps, size, &job.options, &heap, &buffer);
	if (ret)
		return refused(ret, &job, size);
	if (job.nr_others)
		printf("from %s\n", dmaheap_name(heap));
	program = argv + optind + 2;
	ret = use(&job, buffer, *program && !strcmp(*program, "--") ? program + 1 : program);
	dmaheap_buffer_unref(buffer);
	dmaheap_unref(heap);
	return ret;
}

const struct command cmd_alloc = {
	.name = "alloc",
	.summary = "allocate a buffer, fill it, show it, hold it",
	.help =
"Usage: dmaheap alloc [OPTION]... HEAP SIZE [PROGRAM [ARGUMENT]...]\n\n"
"Allocate a buffer of SIZE bytes (K, M, G, T: powers of 1024; -: the size of the file of --input).\n"
"Then, in this order: fill it, read its contents, share it with a PMEM file, hold it, run PROGRAM,\n"
"show and write its contents. PROGRAM inherits the dma-buf as the file descriptor in $DMAHEAP_FD; if\n"
"it fails, its exit status is returned.\n\n"
"  -a, --align=BYTES   align the physical address to a power of two\n"
"  -c, --cached        use the cached heap of the pair that shares this memory\n"
"  -u, --uncached      use the write-combined heap of that pair\n"
"  -O, --or=HEAP       another heap to try if the previous ones cannot; prints which one was used\n"
"  -n, --name=NAME     name that tools show, at most 31 bytes\n"
"  -f, --fill=BYTE     fill with a byte, 0 to 255\n"
"  -i, --input=FILE    fill from a file, up to its end; - is standard input\n"
"  -p, --pmem=NODE     open /dev/NODE, and make the buffer the memory of that file\n"
"  -w, --hold          wait for a line, or the end, of standard input\n"
"  -d, --dump[=BYTES]  show the first bytes (256) in hexadecimal\n"
"  -o, --output=FILE   write the whole buffer to a file; - is standard output\n"
"  -D, --direct        bypass the page cache for these files\n"
"  -h, --help          this text\n",
	.run = run,
};
