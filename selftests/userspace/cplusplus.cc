// SPDX-License-Identifier: GPL-2.0-only
/* The header in C++: every function can be called, and has C linkage. */
#include <dmaheap.h>

static int each(const char *, void *)
{
	return 0;
}

static int listed(const dmaheap_entry *, void *)
{
	return 0;
}

static void told(int, const char *, void *)
{
}

int main(int argc, char **)
{
	struct dmaheap_options options = DMAHEAP_OPTIONS_INIT;
	struct dmaheap_access access = dmaheap_access();
	struct dmaheap_info info = DMAHEAP_INFO_INIT;
	struct dmaheap_buffer_info known = DMAHEAP_BUFFER_INFO_INIT;
	struct dmaheap_entry entry = DMAHEAP_ENTRY_INIT;
	struct dmaheap_transfer transfer = DMAHEAP_TRANSFER_INIT;
	uint64_t done;
	dmaheap_buffer *buffer = NULL;
	dmaheap *heap = NULL;
	void *data;
	int fd;

	if (dmaheap_open("no-such-heap", &heap) == 0)
		return 1;
	/* Linked, but not run, because there is no heap. */
	if (argc > 1) {
		dmaheap_open_first(NULL, &heap);
		dmaheap_open_fd(0, &heap);
		dmaheap_ref(heap);
		dmaheap_name(heap);
		dmaheap_fd(heap);
		dmaheap_features(heap);
		dmaheap_query(heap, &info);
		dmaheap_for_each(each, NULL);
		dmaheap_list(&entry, listed, NULL);
		dmaheap_set_log(told, NULL);
		dmaheap_alloc(heap, 1, &options, &buffer);
		dmaheap_buffer_import(heap, 0, &buffer);
		dmaheap_buffer_import_pmem(heap, 0, &buffer);
		dmaheap_buffer_export_pmem(buffer, 0);
		dmaheap_buffer_take(heap, 0, &buffer);
		dmaheap_buffer_send(buffer, 0);
		dmaheap_buffer_receive(0, &buffer);
		dmaheap_buffer_ref(buffer);
		dmaheap_buffer_fd(buffer);
		dmaheap_buffer_size(buffer);
		dmaheap_buffer_export(buffer, &fd);
		dmaheap_buffer_set_name(buffer, "");
		dmaheap_buffer_map(buffer, &data);
		dmaheap_buffer_unmap(buffer);
		dmaheap_buffer_map_part(buffer, 0, 1, DMAHEAP_READ, &data);
		dmaheap_buffer_unmap_part(data, 1);
		dmaheap_buffer_sync(buffer, 0, 1, DMAHEAP_RW | DMAHEAP_END);
		dmaheap_access_begin(buffer, 0, 0, DMAHEAP_READ, &access);
		dmaheap_access_end(&access);
		dmaheap_buffer_load(buffer, 0, 0, 0, 0, &done);
		dmaheap_buffer_store(buffer, 0, 0, 0, 0, &done);
		dmaheap_buffer_load_all(buffer, 0, &transfer);
		dmaheap_buffer_store_all(buffer, 0, &transfer);
		dmaheap_buffer_info(buffer, &known);
		dmaheap_buffer_wait(buffer, DMAHEAP_READ, 0);
		dmaheap_buffer_export_fence(buffer, DMAHEAP_READ, &fd);
		dmaheap_buffer_import_fence(buffer, DMAHEAP_READ, fd);
		dmaheap_alloc_first(NULL, 1, &options, &heap, &buffer);
		dmaheap_buffer_unref(buffer);
		dmaheap_unref(heap);
	}
	return *dmaheap_strerror(0) == '\0' || *dmaheap_version() == '\0';
}
