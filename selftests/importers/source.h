/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the buffers come from that drivers are to import: heaps of every kind, and files of
 * legacy nodes of every kind.
 */
#ifndef IMPORTERS_SOURCE_H
#define IMPORTERS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* The variants of a fixture: its tests run with buffers from each of these nodes. */
#define SOURCE_KINDS(fixture)						\
	SOURCE_KINDS_LINEAR(fixture);					\
	SOURCE_KINDS_NOMAP(fixture)

/* As above without memory outside of the kernel's linear map. */
#define SOURCE_KINDS_LINEAR(fixture)					\
	SOURCE_KINDS_SOLID(fixture);					\
	SOURCE_KINDS_SCATTERED(fixture)

/* Memory outside of it. */
#define SOURCE_KINDS_NOMAP(fixture)					\
	FIXTURE_VARIANT_ADD(fixture, nomap) {				\
		.path = "/dev/dma_heap/audio-uncached",			\
	};								\
	FIXTURE_VARIANT_ADD(fixture, pmem_nomap) {			\
		.path = "/dev/pmem_audio",				\
	}

/*
 * Pages from wherever they are: both ranges of them, and both kinds of CPU mappings. These names no
 * kernel has heaps of its own for.
 */
#define SOURCE_KINDS_SCATTERED(fixture)					\
	FIXTURE_VARIANT_ADD(fixture, system) {				\
		.path = "/dev/dma_heap/system-dma32",				\
	};								\
	FIXTURE_VARIANT_ADD(fixture, system_uncached) {			\
		.path = "/dev/dma_heap/system-uncached",		\
	}

/* Memory in one piece, in the linear map. */
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
