/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cache maintenance as a kprobe tells of it. For test programs of every folder.
 */
#ifndef SELFTESTS_FLUSH_TRACE_H
#define SELFTESTS_FLUSH_TRACE_H

#include <stdlib.h>
#include <string.h>

/* Bytes that were flushed, by a trace with events "flush" that have a "len". */
static inline size_t flushed_in(const char *trace)
{
	size_t bytes = 0;

	while (trace && (trace = strstr(trace, " flush:"))) {
		trace = strstr(trace, "len=");
		if (trace)
			bytes += strtoull(trace + strlen("len="), NULL, 0);
	}
	return bytes;
}

#endif /* SELFTESTS_FLUSH_TRACE_H */
