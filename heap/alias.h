/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONTIG_ALIAS_H
#define CONTIG_ALIAS_H

#define DEFAULT_CMA_NAME	"default_cma_region"

int aliases_check(void);
void walk_aliases(const char *name,
		  void (*add)(const char *alias, void *data), void *data);

#endif /* CONTIG_ALIAS_H */
