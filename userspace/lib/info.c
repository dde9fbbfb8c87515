// SPDX-License-Identifier: MIT
/* Information about a buffer. */
#include <errno.h>
#include <string.h>

#include <linux/contig_heap.h>

#include "internal.h"

API int dmaheap_buffer_info(struct dmaheap_buffer *buffer, struct dmaheap_buffer_info *info)
{
	struct contig_heap_buffer what = { .fd = buffer->fd };
	struct dmaheap_buffer_info known = { .size = sizeof(known) };
	int ret;

	ret = dmaheap_buffer_ioctl(buffer, CONTIG_HEAP_IOCTL_BUFFER, &what);
	if (ret)
		return dmaheap_log(ret, "asking what is known of a buffer");
	known.flags = what.flags & DMAHEAP_INFO_ALL;
	known.bytes = what.size;
	known.age = what.age;
	known.extents = what.extents;
	known.importers = what.importers;
	known.mapped = what.mapped;
	memcpy(known.heap, what.heap, sizeof(known.heap));
	memcpy(known.kind, what.kind, sizeof(known.kind));
	return dmaheap_fill(info, &known, sizeof(known));
}
