/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading and unloading contig_heaps, and the log it leaves. */
#ifndef HEAP_MODULE_H
#define HEAP_MODULE_H

#include <stdbool.h>

int module_load(const char *parameters);
int module_unload(void);
bool module_is_loaded(void);
void log_clear(void);
bool log_has(const char *text);
bool node_exists(const char *heap);
bool tree_is_odd(void);

#endif /* HEAP_MODULE_H */
