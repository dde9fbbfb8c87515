// SPDX-License-Identifier: MIT
/* dmaheap watch */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define BAR	24

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static bool is_wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static const struct heap_state *find(const struct heap_state *states, size_t count,
				     const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(states[i].name, name))
			return &states[i];
	return NULL;
}

/* "+4.0 MiB" in use since the last look, or nothing. */
static void print_change(const struct heap_state *now, const struct heap_state *before)
{
	char text[32];

	if (!before || before->free == now->free)
		return;
	if (now->free < before->free)
		printf("  +%s", size_text(before->free - now->free, text, sizeof(text)));
	else
		printf("  -%s", size_text(now->free - before->free, text, sizeof(text)));
}

static void show(const struct heap_state *states, size_t count, const struct heap_state *before,
		 size_t nr_before, char **names, bool colour)
{
	size_t i;

	printf("%-28s %*s %10s %10s %10s %7s\n", "HEAP", -(BAR + 2), "USED : DIRTY . CLEAN", "FREE",
	       "LARGEST", "DIRTY", "BUFFERS");
	for (i = 0; i < count; i++) {
		char free_[32], largest[32], dirty[32];

		if (!states[i].ours || !is_wanted(states[i].name, names))
			continue;
		printf("%-28s ", states[i].name);
		draw_bar(&states[i], BAR, colour);
		printf(" %10s %10s %10s %7llu", size_text(states[i].free, free_, sizeof(free_)),
		       size_text(states[i].largest, largest, sizeof(largest)),
		       size_text(states[i].dirty, dirty, sizeof(dirty)),
		       (unsigned long long)states[i].buffers);
		print_change(&states[i], find(before, nr_before, states[i].name));
		puts(colour ? "\033[K" : "");
	}
}

static int watch(char **names, unsigned long count, uint64_t interval_ms)
{
	struct timespec pause = {
		.tv_sec = interval_ms / 1000,
		.tv_nsec = interval_ms % 1000 * 1000000,
	};
	bool screen = isatty(STDOUT_FILENO), colour = use_colour(NULL);
	struct heap_state *states, *before = NULL;
	size_t nr, nr_before = 0;
	unsigned long round;
	int ret = 0;

	for (round = 0; !stop && (!count || round < count); round++) {
		if (round) {
			nanosleep(&pause, NULL);
			if (stop)
				break;
		}
		ret = heaps_read(&states, &nr);
		if (ret)
			break;
		if (screen)
			fputs(round ? "\033[H" : "\033[H\033[2J", stdout);
		else if (round)
			putchar('\n');
		show(states, nr, before, nr_before, names, colour);
		if (screen)
			fputs("\033[J", stdout);
		fflush(stdout);
		free(before);
		before = states;
		nr_before = nr;
		if (ferror(stdout))
			break;
	}
	free(before);
	return ret ? fail(ret, "cannot look for heaps") : OK;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "interval", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const struct sigaction action = { .sa_handler = on_signal };
	unsigned long count = 0, interval = 1000;
	struct heap_state state;
	int c, ret, i;

	while ((c = getopt_long(argc, argv, "n:i:h", options, NULL)) != -1) {
		if (c == 'h')
			return show_help();
		if (c == 'n') {
			if (!parse_number(optarg, 1000000000, &count) || !count)
				return usage("--count takes a number");
		} else if (c == 'i') {
			if (!parse_number(optarg, 86400000, &interval) || !interval)
				return usage("--interval takes milliseconds");
		} else {
			return usage("bad option");
		}
	}
	for (i = optind; i < argc; i++) {
		ret = heap_read(argv[i], &state);
		if (ret)
			return fail(ret, "%s", argv[i]);
		if (!state.ours)
			return fail(-EOPNOTSUPP, "%s", argv[i]);
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return watch(argv + optind, count, interval);
}

const struct command cmd_watch = {
	.name = "watch",
	.summary = "heaps as they change",
	.help =
"Usage: dmaheap watch [--count=N] [--interval=MS] [HEAP]...\n\n"
"Show use and zeroing of all heaps that keep figures, or of those that are named, again and again\n"
"until interrupted. Behind a line stands what came (+) or went (-) since the last look. No\n"
"permission is needed.\n\n"
"  -n, --count=N      look N times\n"
"  -i, --interval=MS  milliseconds between two looks (1000)\n"
"  -h, --help         this text\n",
	.run = run,
};
