/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel has said. For test programs of every folder.
 */
#ifndef SELFTESTS_KERNEL_LOG_H
#define SELFTESTS_KERNEL_LOG_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

static inline void log_clear(void)
{
	const int clear = 5;

	klogctl(clear, NULL, 0);
}

/* Since the last log_clear(). */
static inline bool log_has(const char *text)
{
	const int read_all = 3, room = 1 << 20;
	char *log = calloc(1, room);
	bool found;

	if (!log || klogctl(read_all, log, room - 1) < 0)
		abort();
	found = strstr(log, text);
	free(log);
	return found;
}

#endif /* SELFTESTS_KERNEL_LOG_H */
