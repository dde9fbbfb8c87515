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

/*
 * Of @all rounds, those to make on this kernel. One that watches every access and lock takes
 * many times as long for each, and sees in a few what others need luck for: there it is one in
 * eight. With "rounds.all" on the command line it is all of them everywhere.
 */
static inline int rounds(int all)
{
	char line[4096] = "";
	int fd;

	if (!kernel_debugs())
		return all;
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, line, sizeof(line) - 1) > 0 && strstr(line, "rounds.all")) {
		close(fd);
		return all;
	}
	close(fd);
	return (all + 7) / 8;
}

#endif /* SELFTESTS_ROUNDS_H */
