// SPDX-License-Identifier: GPL-2.0-only
/* Trace cache maintenance; declared in cache_trace.h. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../heap/common.h"
#include "cache_trace.h"

#define TRACING		"/sys/kernel/tracing/"
#define PROBES		TRACING "kprobe_events"
#define MAX_CALLS	16

static const char * const events[NR_SIDES] = {
	[FOR_DEVICE] = "for_device",
	[FOR_CPU] = "for_cpu",
	[FLUSH] = "flush",
};

static void switch_events(bool on)
{
	char path[128];
	size_t i;

	for (i = 0; i < NR_SIDES; i++) {
		snprintf(path, sizeof(path), TRACING "events/kprobes/%s/enable", events[i]);
		write_text(path, on ? "1" : "0");
	}
}

/* Wait until released memory is zeroed, because zeros are written back in the background. */
static void settle(void)
{
	char *pattern = format("%s/*/dirty", heap_class());
	glob_t found;
	size_t i;

	if (!glob(pattern, 0, NULL, &found))
		for (i = 0; i < found.gl_pathc; i++)
			while (number_of(read_text(found.gl_pathv[i])))
				usleep(1000);
	globfree(&found);
	free(pattern);
}

/* Start tracing; only on 64-bit arm kernels. */
bool cache_trace_on(void)
{
	settle();
	if (!write_text(PROBES, "p:for_device arch_sync_dma_for_device start=%x0 len=%x1 dir=%x2\n"
			"p:for_cpu arch_sync_dma_for_cpu start=%x0 len=%x1 dir=%x2\n"
			"p:flush memory_flush_lines start=%x1 len=%x2 dir=\\0\n"))
		return false;
	switch_events(true);
	return write_text(TRACING "trace", "");
}

void cache_trace_off(void)
{
	switch_events(false);
	write_text(PROBES, "");
}

static bool parse(char *line, const struct place *place, struct call *call)
{
	char *start = strstr(line, "start="), *len = strstr(line, "len=");
	char *direction = strstr(line, "dir="), name[32];
	size_t i;

	if (line[0] == '#' || !start || !len || !direction)
		return false;
	for (i = 0; i < NR_SIDES; i++) {
		snprintf(name, sizeof(name), " %s:", events[i]);
		if (strstr(line, name))
			break;
	}
	if (i == NR_SIDES)
		return false;
	call->side = i;
	call->start = place_offset(place, strtoull(start + strlen("start="), NULL, 0));
	call->len = strtoull(len + strlen("len="), NULL, 0);
	call->direction = strtoul(direction + strlen("dir="), NULL, 0);
	return true;
}

/* Does it continue the previous call for the next piece? If so, extend the previous call. */
static bool goes_on(struct call *call, const struct call *next)
{
	if (call->side != next->side || call->direction != next->direction ||
	    call->start + call->len != next->start)
		return false;
	call->len += next->len;
	return true;
}

/* The calls since the last time, in order; at most @max. */
int cache_calls(const struct place *place, struct call *call, int max)
{
	char *trace = read_text(TRACING "trace"), *line, *next;
	int count = 0;

	for (line = trace; line && count < max; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (parse(line, place, &call[count]) &&
		    (!count || !goes_on(&call[count - 1], &call[count])))
			count++;
	}
	free(trace);
	write_text(TRACING "trace", "");
	return count;
}

/* Were there @wanted calls since the last time, with exactly these properties? */
bool cache_called(const struct place *place, int wanted, enum side side, __u64 start, __u64 len)
{
	struct call call[MAX_CALLS];
	int count = cache_calls(place, call, MAX_CALLS), i;
	bool good = count == wanted;

	for (i = 0; i < count; i++)
		good &= call[i].side == side && call[i].start == start && call[i].len == len;
	for (i = 0; i < count && !good; i++)
		printf("# %s: %#llx bytes from %#llx on\n", events[call[i].side], call[i].len,
		       call[i].start);
	return good;
}
