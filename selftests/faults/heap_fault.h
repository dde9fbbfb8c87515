/* SPDX-License-Identifier: GPL-2.0-only */
/* Common to tests that inject faults into operations on heaps: one heap of each kind. */
#ifndef FAULTS_HEAP_FAULT_H
#define FAULTS_HEAP_FAULT_H

#include "../heap/importer_client.h"
#include "../heap/test.h"
#include "fault_test.h"

#define LEN	KiB(256)

FIXTURE(fault) {
	int heap;
	int fd;
	int importer;
	int device;
	int attachment;
	int file;
	void *memory;
	int next;
	bool scattered;
	struct contig_heap_query idle;
	const char *name;
};

HEAP_KINDS(fault);

/* "system" is a heap of the kernel. */
FIXTURE_VARIANT_ADD(fault, system) {
	.name = "system-dma32",
	.flags = CONTIG_HEAP_F_SCATTERED | CONTIG_HEAP_F_ESTIMATE,
};

FIXTURE_VARIANT_ADD(fault, system_uncached) {
	.name = "system-uncached",
	.flags = CONTIG_HEAP_F_SCATTERED | CONTIG_HEAP_F_ESTIMATE | CONTIG_HEAP_F_UNCACHED,
};

FIXTURE_SETUP(fault)
{
	FAULTS_SETUP();
	self->name = variant->name;
	self->scattered = variant->flags & CONTIG_HEAP_F_SCATTERED;
	self->heap = heap_open(variant->name);
	ASSERT_LE(0, self->heap);
	self->importer = importer_open();
	ASSERT_LE(0, self->importer);
	self->fd = heap_alloc(self->heap, LEN);
	ASSERT_LE(0, self->fd);
	self->device = importer_any_device(self->importer);
	ASSERT_LE(0, self->device);
	self->next = next_fd();
	self->idle = heap_query(self->heap);
}

FIXTURE_TEARDOWN(fault)
{
	close(self->importer);
	close(self->fd);
	close(self->heap);
}

typedef FIXTURE_DATA(fault) data;

/* As many buffers and files as before. System memory is shared with others. */
static bool intact(void *context)
{
	data *self = context;
	struct contig_heap_query now = heap_query(self->heap);

	return (self->scattered || now.free == self->idle.free) &&
	       now.buffers == self->idle.buffers &&
	       now.region_buffers == self->idle.region_buffers && next_fd() == self->next;
}

#endif /* FAULTS_HEAP_FAULT_H */
