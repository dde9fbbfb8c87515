/* SPDX-License-Identifier: GPL-2.0-only */
/* Our additions to the kselftest harness; include once per program. */
#ifndef PMEM_TEST_H
#define PMEM_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <kselftest_harness.h>

#include "../rounds.h"
#include "pmem.h"

/* Test times depend on the machine; the runner detects hangs. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	(-1)

/* All kinds of devices of the board: a fixture with this runs on each of them. */
#define NODE_KINDS(fixture)						\
	FIXTURE_VARIANT(fixture) {					\
		const char *name;					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, bitmap) {				\
		.name = "pmem",						\
	};								\
	FIXTURE_VARIANT_ADD(fixture, bitmap_nomap) {			\
		.name = "pmem_audio",					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, bitmap_cma) {			\
		.name = "pmem_cma",					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, buddy) {				\
		.name = "pmem_smipool",					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, all_or_nothing) {			\
		.name = "pmem_camera",					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, system) {				\
		.name = "pmem_sys",					\
	}

/* A fixture for tests that start with all memory free, and end with no process left. */
#define IDLE_SETUP()							\
	ASSERT_TRUE(all_free(true))

#define IDLE_FIXTURE(fixture)						\
	FIXTURE(fixture) {						\
		int unused;						\
	};								\
	FIXTURE_SETUP(fixture)						\
	{								\
		IDLE_SETUP();						\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		peers_end();						\
	}

/* A fixture for tests that load pmem_compat with parameters. */
#define UNLOADED_FIXTURE(fixture)					\
	FIXTURE(fixture) {						\
		int unused;						\
	};								\
	FIXTURE_SETUP(fixture)						\
	{								\
		IDLE_SETUP();						\
		ASSERT_TRUE(pmem_unload());				\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		peers_end();						\
		EXPECT_TRUE(pmem_unload());				\
		EXPECT_EQ(0, pmem_load(""));				\
		EXPECT_TRUE(all_free(true));				\
	}

/* The idle fixture for each kind of device, with an open file. */
#define NODE_FIXTURE(fixture)						\
	FIXTURE(fixture) {						\
		const struct node *node;				\
		const char *name;					\
		int fd;							\
	};								\
	NODE_KINDS(fixture);						\
	FIXTURE_SETUP(fixture)						\
	{								\
		IDLE_SETUP();						\
		self->name = variant->name;				\
		self->node = node_of(variant->name);			\
		self->fd = pmem_open(variant->name);			\
		ASSERT_LE(0, self->fd);					\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		peers_end();						\
	}

/* The errno of a call that returned -1, or 0 if it returned something else. */
static inline int failure(long ret)
{
	return ret == -1 ? errno : 0;
}

#define ASSERT_ERRNO(e, call)	ASSERT_EQ(e, failure(call))
#define EXPECT_ERRNO(e, call)	EXPECT_EQ(e, failure(call))
#define EXPECT_MAP_FAILED(e, call)	EXPECT_ERRNO(e, (long)(call))

/* The result of a command: {offset, len}, {total, largest}. */
#define EXPECT_REGION(expected_offset, expected_len, call)		\
	do {								\
		struct pmem_region seen = (call);			\
									\
		EXPECT_EQ((unsigned long)(expected_offset), seen.offset); \
		EXPECT_EQ((unsigned long)(expected_len), seen.len);	\
	} while (0)

#define EXPECT_FREE(expected_total, expected_largest, fd)		\
	do {								\
		struct pmem_freespace seen = pmem_free_space(fd);	\
									\
		EXPECT_EQ((unsigned long)(expected_total), seen.total);	\
		EXPECT_EQ((unsigned long)(expected_largest), seen.largest); \
	} while (0)

#endif /* PMEM_TEST_H */
