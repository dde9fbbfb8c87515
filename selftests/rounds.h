/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many rounds a test makes. For test programs of every folder.
 */
#ifndef SELFTESTS_ROUNDS_H
#define SELFTESTS_ROUNDS_H

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Is this a kernel that watches everything, as that of lane debug? */
static inline bool kernel_debugs(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

/* Are our modules late at random, as those that torture/ builds? */
static inline bool modules_are_late(void)
{
	return !access("/sys/module/contig_heaps/parameters/delay_seed", F_OK);
}

/* Is a word on the kernel's command line? */
static inline bool kernel_was_told(const char *word)
{
	char line[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	bool told = fd >= 0 && read(fd, line, sizeof(line) - 1) > 0 && strstr(line, word);

	close(fd);
	return told;
}

/*
 * Of @all rounds, those to make: all of them with "rounds.all" on the command line, or else one in
 * three. A kernel that watches every access and lock takes many times as long for each, and sees in
 * a few what others need luck for: there it is one in eight, and so it is with modules that are late.
 */
static inline int rounds(int all)
{
	int part = kernel_debugs() || modules_are_late() ? 8 : 3;

	if (kernel_was_told("rounds.all"))
		part = 1;
	return (all + part - 1) / part;
}

#endif /* SELFTESTS_ROUNDS_H */
