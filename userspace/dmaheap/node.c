// SPDX-License-Identifier: MIT
/* Legacy PMEM nodes, according to pmem_compat's files in sysfs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "node.h"
#include "tool.h"

/* The first line of a node's attribute; false if there is none. */
bool node_attribute(const char *node, const char *attribute, char *value, size_t len)
{
	char *text = read_file(PMEM_REGIONS "/%s/%s", node, attribute);

	if (!text)
		return false;
	snprintf(value, len, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return true;
}

uint64_t node_number(const char *node, const char *attribute)
{
	char value[64];

	return node_attribute(node, attribute, value, sizeof(value)) ?
	       strtoull(value, NULL, 10) : 0;
}

/* Call a function for each line of an attribute that has @start followed by a digit. */
static void for_each_row(const char *node, const char *attribute, const char *start,
			 void (*row)(const char *line, uint64_t quantum))
{
	char *text = read_file(PMEM_REGIONS "/%s/%s", node, attribute), *rest = text, *line;
	uint64_t quantum = node_number(node, "quantum_size");
	size_t len = strlen(start);

	while (rest && (line = strsep(&rest, "\n")))
		if (!strncmp(line, start, len) && isdigit((unsigned char)line[len]))
			row(line, quantum);
	free(text);
}

/**
 * struct table - an attribute that only some allocators have
 * @attribute: its name
 * @start: prefix of each row, before its first number
 * @key: its name in JSON
 * @title: its title for people
 * @print: print a row
 * @json: print a row as JSON
 */
struct table {
	const char *attribute, *start, *key, *title;
	void (*print)(const char *line, uint64_t quantum);
	void (*json)(const char *line, uint64_t quantum);
};

static void print_place(uint64_t offset, uint64_t size)
{
	char place[32], text[32];

	printf("    %10s %10s", place_text(offset, place, sizeof(place)),
	       size_text(size, text, sizeof(text)));
}

static void json_place(uint64_t offset, uint64_t size)
{
	json_number("offset", offset);
	json_number("size", size);
}

/* ID, first quantum, quanta. */
static bool parse_allocation(const char *line, unsigned int *id, unsigned long long *index,
			     unsigned long long *quanta)
{
	return sscanf(line, "%u %llu %llu", id, index, quanta) == 3;
}

static void print_allocation(const char *line, uint64_t quantum)
{
	unsigned long long index, quanta;
	unsigned int id;

	if (!parse_allocation(line, &id, &index, &quanta))
		return;
	print_place(index * quantum, quanta * quantum);
	printf("  index %u\n", id);
}

static void json_allocation(const char *line, uint64_t quantum)
{
	unsigned long long index, quanta;
	unsigned int id;

	if (!parse_allocation(line, &id, &index, &quanta))
		return;
	json_begin_object(NULL);
	json_number("index", id);
	json_place(index * quantum, quanta * quantum);
	json_end();
}

/* First quantum, order, bytes, whether it is allocated. */
static bool parse_block(const char *line, unsigned long long *index, unsigned long long *size,
			unsigned int *allocated)
{
	return sscanf(line, "%llu %*u %llu %u", index, size, allocated) == 3;
}

static void print_block(const char *line, uint64_t quantum)
{
	unsigned long long index, size;
	unsigned int allocated;

	if (!parse_block(line, &index, &size, &allocated))
		return;
	print_place(index * quantum, size);
	puts(allocated ? "  allocated" : "  free");
}

static void json_block(const char *line, uint64_t quantum)
{
	unsigned long long index, size;
	unsigned int allocated;

	if (!parse_block(line, &index, &size, &allocated))
		return;
	json_begin_object(NULL);
	json_place(index * quantum, size);
	json_bool("allocated", allocated);
	json_end();
}

/* The next "(OFFSET,LENGTH)"; false after the last one. */
static bool next_part(const char **line, unsigned long long *offset, unsigned long long *len)
{
	const char *part = strchr(*line, '(');

	if (!part || sscanf(part, "(%llx,%llx)", offset, len) != 2)
		return false;
	*line = part + 1;
	return true;
}

/* "pid PID:", parts. */
static void print_file(const char *line, uint64_t quantum)
{
	unsigned long long offset, len;

	(void)quantum;
	printf("    %.*s\n", (int)strcspn(line, ":"), line);
	while (next_part(&line, &offset, &len)) {
		print_place(offset, len);
		putchar('\n');
	}
}

static void json_file(const char *line, uint64_t quantum)
{
	unsigned long long offset, len;

	(void)quantum;
	json_begin_object(NULL);
	json_number("pid", strtoul(line + strlen("pid "), NULL, 10));
	json_begin_array("parts");
	while (next_part(&line, &offset, &len)) {
		json_begin_object(NULL);
		json_place(offset, len);
		json_end();
	}
	json_end();
	json_end();
}

static const struct table tables[] = {
	{ "bits_allocated", "", "allocations", "allocations", print_allocation, json_allocation },
	{ "buddy_bitmap_dump", "", "blocks", "blocks", print_block, json_block },
	{ "mapped_regions", "pid ", "files", "files and the parts they show", print_file, json_file },
};

static bool has_table(const char *node, const struct table *table)
{
	char value[64];

	return node_attribute(node, table->attribute, value, sizeof(value));
}

/* Print allocations, and what files show. */
void node_print_tables(const char *node)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		if (!has_table(node, &tables[i]))
			continue;
		printf("%s:\n", tables[i].title);
		for_each_row(node, tables[i].attribute, tables[i].start, tables[i].print);
	}
}

/* Print the same, as members of the current object. */
void node_describe_tables(const char *node)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		if (!has_table(node, &tables[i]))
			continue;
		json_begin_array(tables[i].key);
		for_each_row(node, tables[i].attribute, tables[i].start, tables[i].json);
		json_end();
	}
}
