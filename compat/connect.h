/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_CONNECT_H
#define PMEM_CONNECT_H

#include "pmem.h"

int pmem_connect(struct pmem_file *file, int fd);
int pmem_change(struct pmem_file *file, const struct pmem_region *region,
		bool map);
void pmem_disconnect(struct pmem_file *file);

#endif /* PMEM_CONNECT_H */
