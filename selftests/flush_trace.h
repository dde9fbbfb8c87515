/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace cache maintenance with kprobes on functions of our modules. No emulator has
 * caches that would show it, and the kernel's functions cannot be probed everywhere.
 * For test programs of every folder.
 */
#ifndef SELFTESTS_FLUSH_TRACE_H
#define SELFTESTS_FLUSH_TRACE_H

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util.h"

#define FLUSH_TRACE_DIR	"/sys/kernel/tracing/"

/* CLEANED keeps the cache lines, FLUSHED does not. */
#define CLEANED		" clean:"
#define FLUSHED		" flush:"

/* Start tracing; false if that is impossible. */
static inline bool flush_trace_start(void)
{
	struct utsname kernel;
	char registers, *probes;
	bool done;

	if (uname(&kernel))
		return false;
	registers = strncmp(kernel.machine, "armv7", strlen("armv7")) ? 'x' : 'r';
	probes = format("p:clean memory_clean_lines phys=%%%c1 len=%%%c2\n"
			"p:flush memory_flush_lines phys=%%%c1 len=%%%c2\n",
			registers, registers, registers, registers);
	done = write_text(FLUSH_TRACE_DIR "kprobe_events", probes) &&
	       write_text(FLUSH_TRACE_DIR "events/kprobes/enable", "1") &&
	       write_text(FLUSH_TRACE_DIR "trace", "");
	free(probes);
	return done;
}

/* The same, only for maintenance on behalf of this process. */
static inline bool flush_trace_start_own(void)
{
	char *pid = format("%d", getpid());
	bool done = write_text(FLUSH_TRACE_DIR "set_event_pid", pid) && flush_trace_start();

	free(pid);
	return done;
}

static inline void flush_trace_end(void)
{
	write_text(FLUSH_TRACE_DIR "events/kprobes/enable", "0");
	write_text(FLUSH_TRACE_DIR "kprobe_events", "");
	write_text(FLUSH_TRACE_DIR "set_event_pid", "");
}

/* What was traced since the last call; to be freed. */
static inline char *flush_trace_take(void)
{
	char *trace = read_text(FLUSH_TRACE_DIR "trace");

	write_text(FLUSH_TRACE_DIR "trace", "");
	return trace;
}

static inline unsigned long long traced_number(const char **line, const char *name)
{
	*line = strstr(*line, name);
	if (!*line)
		die(name);
	return strtoull(*line + strlen(name), NULL, 0);
}

/* How many bytes of [start, start + size), a physical range, have this event? */
static inline unsigned long long traced_in(const char *trace, const char *event,
					   unsigned long long start, unsigned long long size)
{
	unsigned long long bytes = 0, end = start + size;

	while (trace && (trace = strstr(trace, event))) {
		unsigned long long from = traced_number(&trace, "phys=");
		unsigned long long to = from + traced_number(&trace, "len=");

		from = from > start ? from : start;
		to = to < end ? to : end;
		if (from < to)
			bytes += to - from;
	}
	return bytes;
}

/* How many bytes of the range were either cleaned or flushed? */
static inline unsigned long long maintained_in(const char *trace, unsigned long long start,
					       unsigned long long size)
{
	return traced_in(trace, CLEANED, start, size) + traced_in(trace, FLUSHED, start, size);
}

/* How many bytes have this event, at any address? */
static inline unsigned long long traced(const char *trace, const char *event)
{
	return traced_in(trace, event, 0, ~0ULL);
}

#endif /* SELFTESTS_FLUSH_TRACE_H */
