// SPDX-License-Identifier: GPL-2.0-only
/* unprivileged PROGRAM [ARGUMENT]...: run a program as an unprivileged user. */
#include <err.h>
#include <grp.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(125, "a program is missing");
	if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
		err(125, "cannot become a user");
	execvp(argv[1], argv + 1);
	err(126, "%s", argv[1]);
}
