/* SPDX-License-Identifier: MIT */
/* Common to the library's files. */
#ifndef DMAHEAP_INTERNAL_H
#define DMAHEAP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "dmaheap.h"

/* Exported by the version script; all other symbols are hidden. */
#define API	__attribute__((visibility("default")))

/* A name below /dev/dma_heap, with its terminator. */
#define NAME_SIZE	256

/* Same as in the kernel, including the terminator. */
#define BUFFER_NAME_SIZE	32

#ifdef DMAHEAP_TEST_ROOT
const char *dmaheap_root(void);
#else
#define dmaheap_root()	""
#endif

/**
 * struct dmaheap - an open heap
 * @refs: references
 * @fd: its node
 * @features: DMAHEAP_CAN_*
 * @uncached: buffers are write-combined
 * @cma: an alignment costs memory
 * @udmabuf: this is DMAHEAP_UDMABUF, not a heap
 * @lock: protects @twin
 * @twin: the heap on the same memory with the other kind of mappings, after its first use
 * @name: name under /dev/dma_heap, or ""
 *
 * Constant, except @refs and @twin.
 */
struct dmaheap {
	atomic_uint refs;
	int fd;
	uint32_t features;
	bool uncached;
	bool cma;
	bool udmabuf;
	pthread_mutex_t lock;
	struct dmaheap *twin;
	char name[NAME_SIZE];
};

/**
 * struct dmaheap_buffer - a dma-buf
 * @refs: references
 * @heap: the heap for syncing parts, with a reference; or NULL
 * @fd: the dma-buf
 * @writable: @fd is open for writing
 * @aligned: its memory is known to be aligned for a huge page table entry
 * @size: bytes
 * @lock: protects the following fields
 * @maps: number of uses of the mapping
 * @data: the mapping, if @maps is not 0
 */
struct dmaheap_buffer {
	atomic_uint refs;
	struct dmaheap *heap;
	int fd;
	bool writable;
	bool aligned;
	uint64_t size;
	pthread_mutex_t lock;
	unsigned int maps;
	void *data;
};

extern const char *const dmaheap_default_names[];

/*
 * All of DMAHEAP_INFO_*; the kernel's bits have the same values, but users must not rely on that.
 */
#define DMAHEAP_INFO_ALL	(DMAHEAP_INFO_UNCACHED | DMAHEAP_INFO_CMA | DMAHEAP_INFO_NO_MAP | \
				 DMAHEAP_INFO_ESTIMATE | DMAHEAP_INFO_SCATTERED)

int dmaheap_ioctl(int fd, unsigned long command, void *arg);
int dmaheap_buffer_ioctl(const struct dmaheap_buffer *buffer, unsigned long command, void *arg);
int dmaheap_log(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
int dmaheap_fill(void *result, const void *known, uint32_t size);
int dmaheap_accept(const void *given, void *known, uint32_t size);
int dmaheap_udmabuf_alloc(int device, uint64_t size);
int dmaheap_twin(struct dmaheap *heap, struct dmaheap **twin);
int dmaheap_buffer_new(struct dmaheap *heap, int fd, struct dmaheap_buffer **buffer);
size_t dmaheap_huge_size(void);
void *dmaheap_map(const struct dmaheap_buffer *buffer, uint64_t offset, size_t size, int prot);

#endif /* DMAHEAP_INTERNAL_H */
