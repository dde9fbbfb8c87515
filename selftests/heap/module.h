/* SPDX-License-Identifier: GPL-2.0-only */
/* Load and unload contig_heaps. */
#ifndef HEAP_MODULE_H
#define HEAP_MODULE_H

#include <stdbool.h>

#include "../kernel_log.h"

/* Returns 0, or -1 with the kernel's errno. */
int module_load(const char *parameters);
int module_unload(void);
bool module_is_loaded(void);
bool module_gone(void);
bool node_exists(const char *heap);
bool tree_is_odd(void);

/* A fixture for tests that load the module themselves. */
#define UNLOADED_FIXTURE(fixture)		\
	FIXTURE(fixture) {			\
	};					\
	FIXTURE_SETUP(fixture)			\
	{					\
		ASSERT_TRUE(module_gone());	\
		log_clear();			\
	}					\
	FIXTURE_TEARDOWN(fixture)		\
	{					\
		module_gone();			\
	}

#endif /* HEAP_MODULE_H */
