/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints. Offsets are relative to a region or a buffer, in bytes.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM contig_heaps

#if !defined(CONTIG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CONTIG_TRACE_H

#include <linux/dma-direction.h>
#include <linux/tracepoint.h>

/* Only trace.c needs the definition. */
struct heap;

TRACE_EVENT(contig_alloc,
	TP_PROTO(const struct heap *heap, u64 len, u64 align, u64 offset,
		 int ret),
	TP_ARGS(heap, len, align, offset, ret),
	TP_STRUCT__entry(
		__array(char, heap, HEAP_NAME_MAX)
		__field(u64, len)
		__field(u64, align)
		__field(u64, offset)
		__field(int, ret)
	),
	TP_fast_assign(
		strscpy(__entry->heap, heap->name, HEAP_NAME_MAX);
		__entry->len = len;
		__entry->align = align;
		__entry->offset = offset;
		__entry->ret = ret;
	),
	TP_printk("heap=%s len=%llu align=%llu offset=%llu ret=%d",
		  __entry->heap, __entry->len, __entry->align,
		  __entry->offset, __entry->ret)
);

TRACE_EVENT(contig_free,
	TP_PROTO(const struct heap *heap, u64 len, u64 offset),
	TP_ARGS(heap, len, offset),
	TP_STRUCT__entry(
		__array(char, heap, HEAP_NAME_MAX)
		__field(u64, len)
		__field(u64, offset)
	),
	TP_fast_assign(
		strscpy(__entry->heap, heap->name, HEAP_NAME_MAX);
		__entry->len = len;
		__entry->offset = offset;
	),
	TP_printk("heap=%s len=%llu offset=%llu",
		  __entry->heap, __entry->len, __entry->offset)
);

TRACE_EVENT(contig_sync,
	TP_PROTO(const struct heap *heap, u64 offset, u64 len,
		 enum dma_data_direction dir, bool start, unsigned int devices,
		 unsigned int passes),
	TP_ARGS(heap, offset, len, dir, start, devices, passes),
	TP_STRUCT__entry(
		__array(char, heap, HEAP_NAME_MAX)
		__field(u64, offset)
		__field(u64, len)
		__field(int, dir)
		__field(bool, start)
		__field(unsigned int, devices)
		__field(unsigned int, passes)
	),
	TP_fast_assign(
		strscpy(__entry->heap, heap->name, HEAP_NAME_MAX);
		__entry->offset = offset;
		__entry->len = len;
		__entry->dir = dir;
		__entry->start = start;
		__entry->devices = devices;
		__entry->passes = passes;
	),
	TP_printk("heap=%s offset=%llu len=%llu dir=%s %s devices=%u passes=%u",
		  __entry->heap, __entry->offset, __entry->len,
		  __print_symbolic(__entry->dir,
				   { DMA_BIDIRECTIONAL, "both" },
				   { DMA_TO_DEVICE, "write" },
				   { DMA_FROM_DEVICE, "read" }),
		  __entry->start ? "start" : "end", __entry->devices,
		  __entry->passes)
);

TRACE_EVENT(contig_zero,
	TP_PROTO(const char *region, u64 offset, u64 len, bool background),
	TP_ARGS(region, offset, len, background),
	TP_STRUCT__entry(
		__array(char, region, HEAP_NAME_MAX)
		__field(u64, offset)
		__field(u64, len)
		__field(bool, background)
	),
	TP_fast_assign(
		strscpy(__entry->region, region, HEAP_NAME_MAX);
		__entry->offset = offset;
		__entry->len = len;
		__entry->background = background;
	),
	TP_printk("region=%s offset=%llu len=%llu %s",
		  __entry->region, __entry->offset, __entry->len,
		  __entry->background ? "background" : "allocation")
);

#endif /* CONTIG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
