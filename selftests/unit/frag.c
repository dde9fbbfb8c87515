// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print how the pool and its peers perform on the traces: steps until the first failed allocation,
 * and memory in use at that time. This is a tool; pool_test checks that the pool is better.
 *
 *	frag [--csv] [SEEDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

static void print_row(const char *format, enum trace_kind kind,
		      enum peer_kind peer, const struct replay *r, u32 seeds)
{
	printf(format, trace_names[kind], peer_names[peer],
	       (double)r->steps / seeds,
	       (double)r->used / seeds * 4096 / (1 << 20),
	       100.0 * r->used / seeds / REPLAY_QUANTA, r->later, r->sooner);
}

int main(int argc, char **argv)
{
	bool csv = argc > 1 && !strcmp(argv[1], "--csv");
	u32 seeds = argc > 1 + csv ? strtoul(argv[1 + csv], NULL, 0) :
				     REPLAY_SEEDS;
	struct replay results[PEER_KINDS];
	unsigned int kind, peer;

	if (!seeds)
		return 2;
	if (csv)
		puts("trace,allocator,steps,mib,percent,pool_later,pool_sooner");
	else
		printf("first failure, mean of %u seeds, pool of 128 MiB\n"
		       "%-7s %-12s %8s %7s %6s  %s\n", seeds, "trace",
		       "allocator", "steps", "MiB", "%", "pool later/sooner");
	for (kind = 0; kind < TRACE_KINDS; kind++) {
		replay_kind(kind, seeds, results);
		for (peer = 0; peer < PEER_KINDS; peer++)
			print_row(csv ? "%s,%s,%.0f,%.2f,%.2f,%u,%u\n" :
				  "%-7s %-12s %8.0f %7.2f %6.2f  %3u /%3u\n",
				  kind, peer, &results[peer], seeds);
	}
	return 0;
}
