/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_PLATFORM_DATA_H
#define PMEM_PLATFORM_DATA_H

struct android_pmem_platform_data;
struct pmem_hooks;
struct pmem_node;

struct pmem_node *
pmem_node_from_data(const struct android_pmem_platform_data *data,
		    const struct pmem_hooks *hooks);

#endif /* PMEM_PLATFORM_DATA_H */
