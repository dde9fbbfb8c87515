/* SPDX-License-Identifier: GPL-2.0-only */
/* Sources of buffers for drivers: heaps of every kind, and files of legacy nodes of every kind. */
#ifndef IMPORTERS_SOURCE_H
#define IMPORTERS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* Fixture variants: the tests run with buffers from each of these nodes. */
#define SOURCE_KINDS(fixture)						\
	SOURCE_KINDS_LINEAR(fixture);					\
	SOURCE_KINDS_NOMAP(fixture)

/* The same without memory outside of the linear map. */
#define SOURCE_KINDS_LINEAR(fixture)					\
	SOURCE_KINDS_SOLID(fixture);					\
	SOURCE_KINDS_SCATTERED(fixture)

/* Memory outside of the linear map. */
#define SOURCE_KINDS_NOMAP(fixture)					\
	FIXTURE_VARIANT_ADD(fixture, nomap) {				\
		.path = "/dev/dma_heap/audio-uncached",			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, pmem_nomap) {			\
		.path = "/dev/pmem_audio",				\
	}

/*
 * Scattered pages: from both ranges of memory, with both kinds of CPU mappings. No kernel has
 * heaps of its own with these names.
 */
#define SOURCE_KINDS_SCATTERED(fixture)					\
	FIXTURE_VARIANT_ADD(fixture, system) {				\
		.path = "/dev/dma_heap/system-dma32",				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, system_uncached) {			\
		.path = "/dev/dma_heap/system-uncached",		\
	}

/* Contiguous memory in the linear map. */
#define SOURCE_KINDS_SOLID(fixture)					\
	FIXTURE_VARIANT(fixture) {					\
		const char *path;					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, carveout) {			\
		.path = "/dev/dma_heap/adsp",				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, carveout_uncached) {		\
		.path = "/dev/dma_heap/adsp-uncached",			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, cma) {				\
		.path = "/dev/dma_heap/video",				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, cma_uncached) {			\
		.path = "/dev/dma_heap/video-uncached",			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, pmem) {				\
		.path = "/dev/pmem",					\
	};								\
	FIXTURE_VARIANT_ADD(fixture, pmem_buddy) {			\
		.path = "/dev/pmem_smipool",				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, pmem_cma) {			\
		.path = "/dev/pmem_cma",				\
	}

int source_alloc(const char *path, size_t len);
bool source_is_nomap(const char *path);
bool source_is_cached(const char *path);
bool source_is_scattered(const char *path);
const char *source_name(const char *path);

#endif /* IMPORTERS_SOURCE_H */
