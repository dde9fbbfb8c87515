// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading contig_heaps, and the log it leaves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "module.h"

#define LOG_READ_ALL	3
#define LOG_CLEAR	5
#define LOG_BYTES	(1 << 20)

/* Returns 0, or -1 with errno as the kernel said. */
int module_load(const char *parameters)
{
	struct utsname kernel;
	char path[256];
	int fd, ret, error;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/contig_heaps.ko",
		 kernel.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, parameters, 0);
	error = errno;
	close(fd);
	errno = error;
	return ret;
}

/* Together with what uses it. */
int module_unload(void)
{
	syscall(SYS_delete_module, "pmem_compat", O_NONBLOCK);
	return syscall(SYS_delete_module, "contig_heaps", O_NONBLOCK);
}

bool module_is_loaded(void)
{
	return !access("/sys/module/contig_heaps", F_OK);
}

void log_clear(void)
{
	klogctl(LOG_CLEAR, NULL, 0);
}

/* Since the last log_clear(). */
bool log_has(const char *text)
{
	char *log = calloc(1, LOG_BYTES);
	bool found;

	if (!log || klogctl(LOG_READ_ALL, log, LOG_BYTES - 1) < 0)
		abort();
	found = strstr(log, text);
	free(log);
	return found;
}

bool node_exists(const char *heap)
{
	char path[128];

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", heap);
	return !access(path, F_OK);
}

/* Does the guest have the overlay odd.dtso? */
bool tree_is_odd(void)
{
	return !access("/proc/device-tree/heap-edge", F_OK);
}
