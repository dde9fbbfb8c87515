/* SPDX-License-Identifier: MIT */
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Files of pmem_compat for its nodes. */
#define PMEM_REGIONS	"/sys/kernel/pmem_regions"

bool node_attribute(const char *node, const char *attribute, char *value, size_t len);
uint64_t node_number(const char *node, const char *attribute);
void node_print_tables(const char *node);
void node_describe_tables(const char *node);

#endif /* NODE_H */
