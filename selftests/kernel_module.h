/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Load modules with parameters, and report the errno. For test programs of every
 * folder.
 */
#ifndef SELFTESTS_KERNEL_MODULE_H
#define SELFTESTS_KERNEL_MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/*
 * With DEBUG_KOBJECT_RELEASE, the directory of a driver disappears seconds after its
 * module, and until then, the next driver cannot use its name. In all other cases, this
 * does not wait.
 */
static inline void wait_for_driver_to_go(const char *module)
{
	static const char *const drivers[][2] = {
		{ "contig_heaps", "contig-heap" }, { "pmem_compat", "pmem-compat" },
	};
	char loaded[128], driver[128];
	unsigned int i;

	for (i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		if (strcmp(module, drivers[i][0]))
			continue;
		snprintf(loaded, sizeof(loaded), "/sys/module/%s", module);
		snprintf(driver, sizeof(driver), "/sys/bus/platform/drivers/%s", drivers[i][1]);
		while (access(loaded, F_OK) && !access(driver, F_OK))
			usleep(10000);
	}
}

/* Load an installed module. Returns 0, or -1 with the kernel's errno. */
static inline int insert_module(const char *name, const char *parameters)
{
	struct utsname kernel;
	int fd, ret, error;
	char path[256];

	wait_for_driver_to_go(name);
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
