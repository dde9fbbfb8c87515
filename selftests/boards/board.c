// SPDX-License-Identifier: GPL-2.0-only
/*
 * Check that the heaps and legacy nodes in a board's device tree work, and that their memory is
 * where the tree says. "board NAME" reads the list from stdin, in the format of "tree heaps".
 * KTAP.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../heap/importer_client.h"
#include "../pmem/pmem.h"

/**
 * struct place - a line of stdin
 * @kind: carveout, no-map, cma, or pmem for a legacy node
 * @name: name of the heap or node
 * @first: lowest possible address of its memory; the only one, except for cma
 * @last: highest possible address
 * @size: bytes
 */
struct place {
	char kind[16];
	char name[48];
	unsigned long long first;
	unsigned long long last;
	unsigned long long size;
};

static const char *board;
static int count;

static void result(bool passed, const char *name, const char *what)
{
	printf("%s %d %s: %s: %s\n", passed ? "ok" : "not ok", ++count, board, name, what);
}

static bool is(const struct place *place, const char *kind)
{
	return !strcmp(place->kind, kind);
}

/* Does an attribute of the heap have this value? */
static bool says(const char *heap, const char *attribute, const char *value)
{
	char *text = heap_attribute(heap, attribute);
	bool same;

	if (!text)
		return false;
	text[strcspn(text, "\n")] = 0;
	same = !strcmp(text, value);
	if (!same)
		printf("# %s of %s is %s, not %s\n", attribute, heap, text, value);
	free(text);
	return same;
}

static bool within(const struct place *place, __u64 address, size_t len)
{
	if (address >= place->first && address + len - 1 <= place->last)
		return true;
	printf("# %zu bytes are at %#llx\n", len, address);
	return false;
}

/* Is the memory zero, and does it keep its contents? */
static bool keeps(void *memory, size_t len)
{
	bool zero = memory != MAP_FAILED && all_bytes(memory, len, 0);

	if (zero)
		fill(memory, len, 1);
	return zero && filled(memory, len, 1);
}

/* Does a device see the CPU's data in the dma-buf? */
static bool device_reads(int fd, const void *memory, size_t len)
{
	int importer = importer_open(), device = importer_any_device(importer);
	int attachment = importer_attach(importer, device, fd);
	void *copy = malloc(len);
	bool same = attachment >= 0 &&
		    importer_map(importer, attachment, HEAP_IMPORTER_BOTH) == 1 &&
		    !importer_dma_read(importer, attachment, 0, copy, len) &&
		    !memcmp(copy, memory, len);

	free(copy);
	close(importer);
	return same;
}

static void test_heap(const struct place *place, const char *name)
{
	/* Others use part of a CMA area. */
	size_t len = is(place, "cma") ? place->size / 2 : place->size;
	char *size = format("%llu", place->size);
	void *memory;
	int fd;

	result(says(name, "size", size) &&
	       says(name, "kind", is(place, "cma") ? "cma" : "carveout"),
	       name, "as the tree has it");
	fd = heap_alloc(name, len, O_RDWR | O_CLOEXEC);
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	result(keeps(memory, len), name, "memory that can be used");
	result(within(place, buffer_address(fd), len), name, "memory of its region");
	result(device_reads(fd, memory, KiB(64)), name, "a device reads it");
	munmap(memory, len);
	close(fd);
	free(size);
}

static void test_node(const struct place *place)
{
	void *memory;
	int fd = pmem_master(place->name, place->size, &memory);

	if (fd < 0)
		die(place->name);
	result(pmem_total(fd) == place->size && pmem_base(place->name) == place->first, place->name,
	       "as the tree has it");
	result(keeps(memory, place->size), place->name, "memory that can be used");
	result(within(place, address_of(fd), place->size), place->name, "memory of its region");
	result(device_sees(fd, memory, KiB(64)), place->name, "a device reads it");
	munmap(memory, place->size);
	close(fd);
}

/* Has the kernel reserved it since boot? */
static bool reserved(const struct place *place)
{
	FILE *file = fopen("/sys/kernel/debug/memblock/reserved", "r");
	unsigned long long first, last;
	bool found = false;
	char line[128];

	if (!file)
		die("memblock");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d: %llx..%llx", &first, &last) == 2)
			found |= first <= place->first && last >= place->last;
	fclose(file);
	return found;
}

static void test_place(const struct place *place)
{
	char *uncached = format("%s-uncached", place->name);

	if (is(place, "carveout") || is(place, "pmem"))
		result(reserved(place), place->name, "reserved since boot");
	if (is(place, "pmem")) {
		test_node(place);
	} else {
		if (!is(place, "no-map"))
			test_heap(place, place->name);
		test_heap(place, uncached);
	}
	free(uncached);
}

int main(int argc, char **argv)
{
	struct place place;

	if (argc != 2)
		return 2;
	board = argv[1];
	setlinebuf(stdout);
	puts("KTAP version 1");
	while (scanf("%15s %47s %llx-%llx %llu", place.kind, place.name, &place.first, &place.last,
		     &place.size) == 5)
		test_place(&place);
	printf("1..%d\n", count);
	return 0;
}
