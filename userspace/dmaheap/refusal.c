// SPDX-License-Identifier: MIT
/* Explain why an allocation failed, and what helps. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "tool.h"

static void hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void hint(const char *format, ...)
{
	va_list args;

	fputs("dmaheap: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* There is not enough memory: in total, at present, or contiguous. */
static void explain_memory(const struct heap_state *state, uint64_t size)
{
	char all[32], free_[32], largest[32];

	size_text(state->size, all, sizeof(all));
	size_text(state->free, free_, sizeof(free_));
	size_text(state->largest, largest, sizeof(largest));
	hint("%s has %s: %s free, %s in one piece", state->region, all, free_, largest);
	if (size > state->size && is_elastic(state))
		hint("the region is too small: reserve more with cma=SIZE on the kernel's command line");
	else if (size > state->size)
		hint("the region is too small: reserve more when contig_heaps is loaded, "
		     "or in the device tree");
	else if (size > state->free)
		hint("\"dmaheap buffers %s\" shows the buffers that use the rest", state->name);
	else if (size > state->largest)
		hint("\"dmaheap map %s\" shows what is in the way", state->name);
	else
		hint("the kernel could not migrate its pages: try again, "
		     "or set \"reserve\" to keep memory available");
}

/**
 * explain_refusal() - print more than the error about a failed allocation
 * @error: a negative errno
 * @name: name of the heap
 * @size: size in bytes
 * @options: options of the allocation
 */
void explain_refusal(int error, const char *name, uint64_t size,
		     const struct dmaheap_options *options)
{
	struct heap_state state;

	if (heap_read(name, &state))
		return;
	if (error == -ENOMEM && state.ours && strcmp(state.kind, "system"))
		explain_memory(&state, size);
	if (error != -EOPNOTSUPP)
		return;
	if (options->flags & DMAHEAP_ALLOC_CACHED)
		hint("its memory has no cached heap: it is outside the linear map (no-map)");
	else if (options->flags & DMAHEAP_ALLOC_UNCACHED)
		hint("its memory has no uncached heap");
	else if (options->align)
		hint("only heaps of contig_heaps can align");
}
