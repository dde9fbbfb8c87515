// SPDX-License-Identifier: MIT
/* dmaheap: inspect and use dma-buf heaps. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct command *const commands[] = {
	&cmd_list, &cmd_info, &cmd_map, &cmd_buffers, &cmd_alloc, &cmd_load, &cmd_store, &cmd_watch,
	&cmd_trim, &cmd_sync, &cmd_pmem, &cmd_bench, &cmd_doctor,
};

static const struct command *current;

/* Report a wrong use of the tool. */
int usage(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "dmaheap%s%s: ", current ? " " : "", current ? current->name : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry \"dmaheap%s%s --help\".\n", current ? " " : "",
		current ? current->name : "");
	return USAGE;
}

/* getopt has already printed the error. */
int bad_option(void)
{
	fprintf(stderr, "Try \"dmaheap %s --help\".\n", current->name);
	return USAGE;
}

static int status_of(int error)
{
	switch (-error) {
	case ENOENT:
		return MISSING;
	case EACCES:
	case EPERM:
		return DENIED;
	case EOPNOTSUPP:
	case ENOTTY:
		return UNSUPPORTED;
	default:
		return FAILED;
	}
}

/*
 * Print the failed operation, with the text of a negative errno unless that is 0. Returns the
 * status.
 */
int fail(int error, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "dmaheap: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (error)
		fprintf(stderr, ": %s", dmaheap_strerror(error));
	fputc('\n', stderr);
	return error ? status_of(error) : FAILED;
}

static int general_help(void)
{
	size_t i;

	puts("Usage: dmaheap COMMAND [OPTION]... [ARGUMENT]...\n\n"
	     "Inspect and use the dma-buf heaps of this machine.\n\nCommands:");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n  -h, --help     this text; after a command, help for that command (also: help COMMAND)\n"
	     "  -V, --version  versions of the tool and the library\n\n"
	     "Exit status: 0 success, 1 failure, 2 usage error, 3 no such heap, node or process,\n"
	     "4 permission denied, 5 not supported.");
	return OK;
}

int show_help(void)
{
	fputs(current->help, stdout);
	return OK;
}

/*
 * Parse options of commands that only have --help and, with @json, --json. Returns GO_ON or a
 * status.
 */
int plain_options(int argc, char **argv, bool *json)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, json ? "jh" : "h", json ? options : options + 1,
				NULL)) != -1) {
		if (c == 'h')
			return show_help();
		if (c != 'j')
			return bad_option();
		*json = true;
	}
	return GO_ON;
}

/* Check that all output was written. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "dmaheap: cannot write: %s\n", strerror(errno));
		return status ? status : FAILED;
	}
	return status;
}

static bool is_one_of(const char *text, const char *shorter, const char *longer)
{
	return !strcmp(text, shorter) || !strcmp(text, longer);
}

/* Set the current command; false if there is none of that name. */
static bool find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands) && !current; i++)
		if (!strcmp(name, commands[i]->name))
			current = commands[i];
	return current;
}

int main(int argc, char **argv)
{
	char whole[32];

	if (argc < 2)
		return usage("a command is missing");
	if (is_one_of(argv[1], "-h", "--help") || (!strcmp(argv[1], "help") && argc == 2))
		return finish(general_help());
	if (is_one_of(argv[1], "-V", "--version") || !strcmp(argv[1], "version")) {
		printf("dmaheap %s, libdmaheap %s\n", DMAHEAP_VERSION_TEXT, dmaheap_version());
		return finish(OK);
	}
	if (!strcmp(argv[1], "help")) {
		if (!find_command(argv[2]))
			return usage("unknown command \"%s\"", argv[2]);
		return finish(show_help());
	}
	if (!find_command(argv[1]))
		return usage("unknown command \"%s\"", argv[1]);
	/* getopt uses this name in messages. */
	snprintf(whole, sizeof(whole), "dmaheap %s", current->name);
	argv[1] = whole;
	return finish(current->run(argc - 1, argv + 1));
}
