// SPDX-License-Identifier: GPL-2.0-only
/* Load and unload contig_heaps. */
#include "../kernel_module.h"
#include "module.h"

int module_load(const char *parameters)
{
	return insert_module("contig_heaps", parameters);
}

/* Also unloads its users. */
int module_unload(void)
{
	syscall(SYS_delete_module, "pmem_compat", O_NONBLOCK);
	return syscall(SYS_delete_module, "contig_heaps", O_NONBLOCK);
}

bool module_is_loaded(void)
{
	return !access("/sys/module/contig_heaps", F_OK);
}

/* Unloads the module if it is loaded; returns false on failure. */
bool module_gone(void)
{
	return !module_is_loaded() || !module_unload();
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
