/* SPDX-License-Identifier: GPL-2.0-only */
/* The number of rounds of a test. For test programs of every folder. */
#ifndef SELFTESTS_ROUNDS_H
#define SELFTESTS_ROUNDS_H

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Is this a debug kernel, like that of lane debug? */
static inline bool kernel_debugs(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

/* Do our modules have the random delays of torture/? */
static inline bool modules_are_late(void)
{
	return !access("/sys/module/contig_heaps/parameters/delay_seed", F_OK);
}

/* Is @word on the kernel's command line? */
static inline bool kernel_was_told(const char *word)
{
	char line[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	bool told = fd >= 0 && read(fd, line, sizeof(line) - 1) > 0 && strstr(line, word);

	close(fd);
	return told;
}

/*
 * How many of @all rounds to run: all of them with "rounds.all" on the command line,
 * otherwise a third. Debug kernels are many times slower, but find bugs in fewer
 * rounds: an eighth there, and with delayed modules.
 */
static inline int rounds(int all)
{
	int part = kernel_debugs() || modules_are_late() ? 8 : 3;

	if (kernel_was_told("rounds.all"))
		part = 1;
	return (all + part - 1) / part;
}

#endif /* SELFTESTS_ROUNDS_H */
