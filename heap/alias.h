/* SPDX-License-Identifier: GPL-2.0-only */
/* Valid heap names, and aliases of heaps: alias.c. */
#ifndef CONTIG_ALIAS_H
#define CONTIG_ALIAS_H

#include <linux/types.h>

int aliases_setup(void);
void aliases_teardown(void);
void aliases_report(void);
bool name_is_valid(const char *name);
void walk_aliases(const char *name, const char *cached, bool alone,
		  void (*add)(const char *alias, void *data), void *data);

#endif /* CONTIG_ALIAS_H */
