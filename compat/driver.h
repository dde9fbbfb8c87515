/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_DRIVER_H
#define PMEM_DRIVER_H

void pmem_driver_setup(void);
void pmem_driver_teardown(void);

#endif /* PMEM_DRIVER_H */
