/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PMEM_NODE_PARAM_H
#define PMEM_NODE_PARAM_H

void pmem_params_add(void);
void pmem_params_remove(void);

#endif /* PMEM_NODE_PARAM_H */
