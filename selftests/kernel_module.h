/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading a module with parameters and with an errno. For test programs of every folder.
 */
#ifndef SELFTESTS_KERNEL_MODULE_H
#define SELFTESTS_KERNEL_MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* One that is installed. Returns 0, or -1 with errno as the kernel said. */
static inline int load_module(const char *name, const char *parameters)
{
	struct utsname kernel;
	int fd, ret, error;
	char path[256];

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/%s.ko", kernel.release, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, parameters, 0);
	error = errno;
	close(fd);
	errno = error;
	return ret;
}

#endif /* SELFTESTS_KERNEL_MODULE_H */
