/* SPDX-License-Identifier: GPL-2.0-only */
/* Our additions to the kselftest harness; include once per program. */
#ifndef HEAP_TEST_H
#define HEAP_TEST_H

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>

#include <kselftest_harness.h>

#include "../rounds.h"
#include "common.h"

/* Test times depend on the machine; the runner detects hangs. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	(-1)

/*
 * All kinds of heaps of the board: a fixture that declares its variants with this runs on each.
 * The heap must report @flags.
 */
#ifdef __x86_64__
/* The kernel does not map memory that memmap= reserves. */
#define HEAP_KINDS(fixture)						\
	FIXTURE_VARIANT(fixture) {					\
		const char *name;					\
		__u32 flags;						\
	};								\
	FIXTURE_VARIANT_ADD(fixture, nomap) {				\
		.name = "adsp-uncached",				\
		.flags = CONTIG_HEAP_F_UNCACHED | CONTIG_HEAP_F_NO_MAP,	\
	}
#else
#define HEAP_KINDS(fixture)						\
	FIXTURE_VARIANT(fixture) {					\
		const char *name;					\
		__u32 flags;						\
	};								\
	FIXTURE_VARIANT_ADD(fixture, carveout) {			\
		.name = "adsp",						\
	};								\
	FIXTURE_VARIANT_ADD(fixture, carveout_uncached) {		\
		.name = "adsp-uncached",				\
		.flags = CONTIG_HEAP_F_UNCACHED,			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, nomap) {				\
		.name = "audio-uncached",				\
		.flags = CONTIG_HEAP_F_UNCACHED | CONTIG_HEAP_F_NO_MAP,	\
	};								\
	FIXTURE_VARIANT_ADD(fixture, cma) {				\
		.name = "video",					\
		.flags = CONTIG_HEAP_F_CMA | CONTIG_HEAP_F_ESTIMATE,	\
	};								\
	FIXTURE_VARIANT_ADD(fixture, cma_uncached) {			\
		.name = "video-uncached",				\
		.flags = CONTIG_HEAP_F_CMA | CONTIG_HEAP_F_ESTIMATE |	\
			 CONTIG_HEAP_F_UNCACHED,			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, default_cma) {			\
		.name = "default_cma_region",				\
		.flags = CONTIG_HEAP_F_CMA | CONTIG_HEAP_F_ESTIMATE,	\
	};								\
	FIXTURE_VARIANT_ADD(fixture, default_cma_uncached) {		\
		.name = "default_cma_region-uncached",			\
		.flags = CONTIG_HEAP_F_CMA | CONTIG_HEAP_F_ESTIMATE |	\
			 CONTIG_HEAP_F_UNCACHED,			\
	}
#endif

/* A fixture that only opens a heap of each kind. */
#define HEAP_FIXTURE(fixture)						\
	FIXTURE(fixture) {						\
		int heap;						\
	};								\
	HEAP_KINDS(fixture);						\
	FIXTURE_SETUP(fixture)						\
	{								\
		self->heap = heap_open(variant->name);			\
		ASSERT_LE(0, self->heap);				\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		close(self->heap);					\
	}

/* The call must return -1 with errno e. */
#define ASSERT_ERRNO(e, call)						\
	do {								\
		ASSERT_EQ(-1, (call));					\
		ASSERT_EQ(e, errno);					\
	} while (0)

#define EXPECT_ERRNO(e, call)						\
	do {								\
		int ret = (call);					\
		int error = errno;					\
									\
		EXPECT_EQ(-1, ret);					\
		if (ret == -1)						\
			EXPECT_EQ(e, error);				\
	} while (0)

#endif /* HEAP_TEST_H */
