/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel log. For test programs of every folder. */
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

/* How often was this logged since the last log_clear()? */
static inline unsigned int log_count(const char *text)
{
	const int read_all = 3, room = 1 << 20;
	char *log = calloc(1, room), *pos;
	unsigned int count = 0;

	if (!log || klogctl(read_all, log, room - 1) < 0)
		abort();
	for (pos = log; (pos = strstr(pos, text)); pos += strlen(text))
		count++;
	free(log);
	return count;
}

static inline bool log_has(const char *text)
{
	return log_count(text);
}

#endif /* SELFTESTS_KERNEL_LOG_H */
